"""What POST /v1/chat/completions does: who answers, from what, whole or as a stream.

In: a ChatRequest and the names around it. Out: the HTTP answer.
"""

from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.answer import Answer
from service.door import place_of
from service.errors import PromptTooLong
from service.metrics import UNKNOWN, Record
from service.protocol import ChatRequest, conversation, last_user_text, refuse_unsupported
from service.state import Service
from service.stream import EventStream, resumed, until_hung_up, with_pauses
from service.target import Bare, Names, choose

KEEP_ALIVE_S = 15.0
MOST_CHARS_A_TOKEN = 16  # on average over a text; real ones have about 4


async def complete(request: Request, body: ChatRequest, names: Names) -> Response:
    """The answer to a request."""
    service: Service = request.app.state.service
    record: Record = request.state.record
    service.require_started()
    refuse_unsupported(body)
    record.voice = names.first_known(service.voices) or UNKNOWN  # in case that choosing fails
    target = choose(names, service.voices, service.engine.model, service.settings.default)
    record.voice = target.label
    place = place_of(request.scope)
    if not place.take_now():
        await until_hung_up(request, place.take())
    answer = Answer(target, record.usage)
    sampling = body.sampling(service.settings)
    texts = [text for _, text in conversation(body)] if isinstance(target, Bare) else [last_user_text(body)]
    await _require_length(service, texts)
    if isinstance(target, Bare):
        limited = replace(sampling, max_tokens=body.output_limit or sampling.max_tokens)
        pieces = service.rewriter.converse(conversation(body), limited)
    else:
        text = last_user_text(body)
        care = body.care(service.settings)
        pieces = service.rewriter.rewrite(text, target.voice, target.register, sampling, body.output_limit, care)
    if not body.stream:
        return JSONResponse(await until_hung_up(request, answer.collect(pieces)))
    paced = with_pauses(pieces, KEEP_ALIVE_S)
    # An error before the first piece is still an HTTP status, which a caller can act on.
    first = await until_hung_up(request, anext(paced))
    return EventStream(answer.chunks(resumed(first, paced), body.includes_usage), paced, record)


async def _require_length(service: Service, texts: Sequence[str]) -> None:
    """PromptTooLong when there is more to read than may be; what is far too long is not even counted."""
    most, tokens = service.settings.max_input_tokens, 0
    if sum(map(len, texts)) <= MOST_CHARS_A_TOKEN * most:
        for text in texts:
            tokens += await service.engine.count(text)
        if tokens <= most:
            return
    raise PromptTooLong(
        f"The text has more than the {most} tokens that may be sent at once. Send it in parts, or raise "
        f"NIC_VOICE_MAX_INPUT_TOKENS.",
        param="messages",
    )
