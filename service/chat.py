"""What POST /v1/chat/completions does: who answers, from what, whole or as a stream.

In: a ChatRequest and the names around it. Out: the HTTP answer.
"""

import json
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.answer import Answer
from service.door import place_of
from service.errors import InvalidRequest, PromptTooLong
from service.long import in_thread
from service.metrics import UNKNOWN, Record
from service.protocol import UPSTREAMS_OWN, ChatRequest, conversation, last_user_text, refuse_halves, refuse_unsupported
from service.rewriting.care import USUAL
from service.rewriting.choices import side_by_side
from service.rewriting.piece import Piece
from service.rewriting.rewrite import MOST_CHARS_A_TOKEN, Order, Prepared, Rewriter, fitting
from service.state import Service
from service.stream import EventStream, resumed, until_hung_up, with_pauses
from service.target import Bare, Drafted, Names, Target, choose
from voice.shipped import Shipping

KEEP_ALIVE_S = 15.0
TURN_TOKENS = 4  # of a turn, for its frame


async def complete(request: Request, body: ChatRequest, names: Names) -> Response:
    """The answer to a request."""
    service: Service = request.app.state.service
    record: Record = request.state.record
    service.require_started()
    raw = await request.body()
    refuse_halves(raw)
    record.voice = names.first_known(service.voices) or UNKNOWN  # in case that choosing fails
    target = choose(names, service.voices, service.engine.model, service.settings.default)
    refuse_unsupported(body, UPSTREAMS_OWN if isinstance(target, Drafted) else ())
    record.voice = target.label
    make = await _made(service, body, target, raw)
    place = place_of(request.scope)
    if not place.take_now():
        await until_hung_up(request, place.take())
    answer, pieces = Answer(target, record.usage, body.n or 1), make()
    shipping = None if isinstance(target, Bare) else service.shipping
    if not body.stream:
        content = await until_hung_up(request, answer.collect(pieces))
        return JSONResponse(content, background=BackgroundTask(_note, shipping, answer.texts) if shipping else None)
    paced = with_pauses(_noted(pieces, shipping) if shipping else pieces, KEEP_ALIVE_S)
    # An error before the first piece is still an HTTP status, which a caller can act on.
    first = await until_hung_up(request, anext(paced))
    return EventStream(answer.chunks(resumed(first, paced), body.includes_usage), paced, record)


async def _made(service: Service, body: ChatRequest, target: Target, raw: bytes) -> Callable[[], AsyncGenerator[Piece]]:
    """What begins the answer; all that is wrong with the request is raised here, before it waits for its turn."""
    sampling, answers = body.sampling(service.settings), body.n or 1
    rewriter, most = service.rewriter, service.settings.max_input_tokens
    share = rewriter.turns.share()
    if isinstance(target, Bare):
        turns = conversation(body)
        await _require_length(service, [text for _, text in turns])
        limited = [body.limited(sampling, answer) for answer in range(answers)]
        return lambda: side_by_side([rewriter.converse(turns, one, share) for one in limited])
    rewrite, care = target.rewrite if isinstance(target, Drafted) else target, body.care(service.settings)
    order = Order(rewrite.voice, rewrite.register, sampling, body.output_limit, care, answers, share)
    if isinstance(target, Drafted):
        drafted = replace(order, most_tokens=most)
        return lambda: _drafted(rewriter, json.loads(raw), target, drafted, bool(body.stream), most)
    text = last_user_text(body)
    await _require_length(service, [text])
    prepared = await _prepared(rewriter, text, order, most)
    return lambda: rewriter.rewrite(prepared, order)


async def _prepared(rewriter: Rewriter, text: str, order: Order, most: int) -> Prepared:
    """A text that is ready for these answers; InvalidRequest where that would take more than `most` rewrites.

    No text of `most` tokens has more pieces: one answer of one candidate is always given.
    """
    prepared = await rewriter.prepare(text, order)
    pieces = sum(segment.rewrite for segment in prepared.segments[: prepared.fitting])
    candidates = max(order.answers, order.care.candidates)
    if candidates > USUAL.candidates and pieces * candidates > most:
        raise InvalidRequest(
            f"The text has {pieces} pieces; with n={order.answers} and candidates={order.care.candidates} that is "
            f"{pieces * candidates} rewrites, more than {most}. Ask for fewer, or send it in parts.",
            param="n" if order.answers > 1 else "candidates",
        )
    return prepared


async def _drafted(
    rewriter: Rewriter, body: dict[str, Any], target: Drafted, order: Order, stream: bool, most: int
) -> AsyncGenerator[Piece]:
    """The draft in the voice; paragraph by paragraph as it is written where one answer streams, else as a whole."""
    if stream and order.answers == 1:
        found = rewriter.rewrite_growing(target.upstream.parts(body, target.draft), order)
    else:
        text, passed = await target.upstream.whole(body, target.draft)
        for choice in range(order.answers if passed else 0):
            yield Piece("", passed=passed, choice=choice)
        found = rewriter.rewrite(await _prepared(rewriter, text, order, most), order)
    async with aclosing(found) as pieces:
        async for piece in pieces:
            yield piece


async def _noted(pieces: AsyncGenerator[Piece], shipping: Shipping) -> AsyncGenerator[Piece]:
    """The pieces; what of them went out is added to what was shipped."""
    texts: defaultdict[int, str] = defaultdict(str)
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                texts[piece.choice] += piece.text
                yield piece
    finally:
        await _note(shipping, list(texts.values()))


async def _note(shipping: Shipping, texts: Sequence[str]) -> None:
    """Add what went out to what was shipped; a caller does not wait for that."""
    for text in texts:
        await in_thread(text, shipping.add, text)


async def _require_length(service: Service, texts: Sequence[str]) -> None:
    """PromptTooLong when there is more to read than may be; what is far too long is not even counted."""
    most = service.settings.max_input_tokens
    left = most - TURN_TOKENS * (len(texts) - 1)
    fits = sum(map(len, texts)) <= MOST_CHARS_A_TOKEN * left
    if fits and await fitting(texts, left, service.engine.count) == len(texts):
        return
    raise PromptTooLong(
        f"The text has more than the {most} tokens that may be sent at once. Send it in parts, or raise "
        f"NIC_VOICE_MAX_INPUT_TOKENS.",
        param="messages",
    )
