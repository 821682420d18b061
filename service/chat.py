"""What POST /v1/chat/completions does.

In: OpenAI's request. Out: the last user message in a voice, or the bare model's answer; whole or as a stream.
"""

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from service.choices import side_by_side
from service.door import place_of
from service.draft import Draft
from service.engines import Sampling
from service.errors import BodyTooLarge, ClientGone, InvalidRequest, PromptTooLong, RequestError, unexpected
from service.metrics import UNKNOWN, Record
from service.protocol import Answer, ChatRequest, conversation, last_user_text, parse, usage
from service.rewrite import Piece
from service.state import Service
from service.stream import DONE, KEEP_ALIVE, EventStream, event, resumed, until_hung_up, with_pauses
from service.target import Names, choose, needs_draft
from service.voices import Voice

KEEP_ALIVE_S = 15.0
DISCARDED_BYTES = 64 << 20
MOST_CHARS_A_TOKEN = 16  # on average over a text; real ones have about 4
BASE = "base"  # the bare model's label in metrics and logs


async def complete(request: Request, header: str | None, query: str | None) -> Response:
    """The answer to a request; `header` and `query` are what X-Voice and ?voice= say."""
    service: Service = request.app.state.service
    record: Record = request.state.record
    service.require_started()
    raw = await _read(request, service.settings.max_body_bytes)
    body = parse(raw)
    hop, upstream = "x-nic-voice-hop" in request.headers, service.upstream.configured
    names = Names(voice=body.voice, model=body.model, header=header, query=query, hop=hop, upstream=upstream)
    named = (service.voices.canonical(name) for name in (names.voice, names.model, names.header, names.query) if name)
    record.voice = next(filter(None, named), UNKNOWN)  # in case that choosing fails
    speaker = choose(names, service.voices, service.engine.model)
    record.voice = speaker.name if speaker else BASE
    count = _count(body, service.settings.max_choices)
    drafted = speaker is not None and needs_draft(names, service.voices, service.engine.model)
    draft = service.upstream.draft(raw, shared=count > 1) if drafted else None
    sources = [_pieces(service, body, speaker, draft, index) for index in range(count)]
    place = place_of(request.scope)
    if not place.take_now():
        await until_hung_up(request, place.take())
    if draft is None:
        await _check_length(service, body, speaker)
    tally = Tally(record, count, draft)
    pieces = with_pauses(side_by_side(sources), KEEP_ALIVE_S)
    answer = Answer(speaker.name if speaker else service.engine.model)
    if not body.stream:
        await until_hung_up(request, tally.drain(pieces))
        return JSONResponse(answer.whole(tally.said, tally.usage, tally.report(speaker)))
    # An error before the first piece is still an HTTP status, which a caller can act on.
    first = await until_hung_up(request, anext(pieces))
    options = body.stream_options
    events = _events(answer, first, pieces, tally, speaker, bool(options and options.include_usage))
    return EventStream(events, pieces)


class Tally:
    """What was shipped of an answer."""

    def __init__(self, record: Record, count: int = 1, draft: Draft | None = None) -> None:
        self.record = record
        self._draft = draft
        self._texts: list[list[str]] = [[] for _ in range(count)]
        self._reasons = ["stop"] * count
        self._segments: list[dict[str, Any]] = []

    def add(self, choice: int, piece: Piece) -> None:
        """Count a piece that goes out."""
        self._texts[choice].append(piece.text)
        self.record.prompt_tokens += piece.prompt_tokens
        self.record.completion_tokens += piece.completion_tokens
        self._reasons[choice] = piece.finish_reason or self._reasons[choice]
        if piece.verdict:
            self._segments.append({"choice": choice, "verdict": piece.verdict})

    async def drain(self, pieces: AsyncGenerator[tuple[int, Piece] | None]) -> None:
        """Count all pieces."""
        async for found in pieces:
            if found is not None:
                self.add(*found)

    @property
    def said(self) -> list[tuple[str, str]]:
        """Text and finish reason of each choice; a draft that was cut off makes all of them so."""
        cut = self._draft is not None and self._draft.finish_reason == "length"
        texts = ("".join(parts) for parts in self._texts)
        return [(text, "length" if cut else reason) for text, reason in zip(texts, self._reasons, strict=True)]

    @property
    def count(self) -> int:
        """How many choices the answer has."""
        return len(self._texts)

    @property
    def usage(self) -> dict[str, int]:
        """OpenAI's usage object."""
        return usage(self.record.prompt_tokens, self.record.completion_tokens)

    def report(self, speaker: Voice | None) -> dict[str, Any] | None:
        """What the answer says of the voice; None for the bare model."""
        if speaker is None:
            return None
        report = {"name": speaker.name, "adapter": speaker.adapter.version, "segments": self._numbered()}
        return {**report, "draft": self._draft.report} if self._draft else report

    def _numbered(self) -> list[dict[str, Any]]:
        """The segments, those of each choice counted from 0; the choice is named when there are several."""
        found = []
        for choice in range(len(self._texts)):
            own = [segment for segment in self._segments if segment["choice"] == choice]
            found += [{**segment, "index": index} for index, segment in enumerate(own)]
        if len(self._texts) == 1:
            for segment in found:
                del segment["choice"]
        return found


def _count(body: ChatRequest, most: int) -> int:
    """How many answers are asked for."""
    count = body.n or 1
    if count > most:
        message = f"This server gives at most {most} answers to a request (NIC_VOICE_MAX_CHOICES)."
        raise InvalidRequest(message, param="n")
    return count


async def _check_length(service: Service, body: ChatRequest, speaker: Voice | None) -> None:
    """PromptTooLong when there is more to read than may be; what is far too long is not even counted."""
    most = service.settings.max_input_tokens
    texts = [last_user_text(body)] if speaker else [text for _, text in conversation(body)]
    tokens = 0
    if sum(map(len, texts)) <= MOST_CHARS_A_TOKEN * most:
        for text in texts:
            tokens += await service.engine.count(text)
        if tokens <= most:
            return
    message = f"The text has more than the {most} tokens that may be sent at once. Send it in parts, or raise "
    raise PromptTooLong(f"{message}NIC_VOICE_MAX_INPUT_TOKENS.", param="messages")


def _pieces(
    service: Service, body: ChatRequest, speaker: Voice | None, draft: Draft | None = None, choice: int = 0
) -> AsyncGenerator[Piece]:
    """The pieces of one answer; everything that is wrong with the request is raised here, before any of them."""
    settings = service.settings
    sampling = Sampling(
        max_tokens=settings.max_output_tokens,
        temperature=settings.temperature if body.temperature is None else body.temperature,
        top_p=1.0 if body.top_p is None else body.top_p,
        seed=None if body.seed is None else body.seed + choice,
        stop=body.stops,
    )
    if speaker is None:
        limited = replace(sampling, max_tokens=body.output_limit or sampling.max_tokens)
        return service.rewriter.converse(conversation(body), limited)
    register = body.register_ or speaker.manifest.default_register
    known = speaker.manifest.registers
    if register not in known:
        message = f"Voice '{speaker.name}' was not trained in this register. Known: {', '.join(known)}."
        raise InvalidRequest(message, param="register")
    text = draft.segments(speaker.manifest.unit) if draft else last_user_text(body)
    return service.rewriter.rewrite(text, speaker, register, sampling, body.output_limit)


async def _events(
    answer: Answer,
    first: tuple[int, Piece] | None,
    pieces: AsyncGenerator[tuple[int, Piece] | None],
    tally: Tally,
    speaker: Voice | None,
    include_usage: bool,
) -> AsyncGenerator[str]:
    """The stream: role, content piece by piece, finish, usage if asked for, [DONE]; an error ends it without [DONE]."""
    no_usage = {"usage": None} if include_usage else {}
    status = ClientGone.status  # unless the end is reached
    try:
        for choice in range(tally.count):
            yield event(answer.chunk({"role": "assistant", "content": ""}, index=choice, **no_usage))
        async for found in resumed(first, pieces):
            if found is None:
                yield KEEP_ALIVE
                continue
            choice, piece = found
            tally.add(choice, piece)
            if piece.text:
                tally.record.said()
                yield event(answer.chunk({"content": piece.text}, index=choice, **no_usage))
        report = {"voice": tally.report(speaker)} if speaker else {}
        for choice, (_, reason) in enumerate(tally.said):
            last = report if choice == tally.count - 1 and not include_usage else {}
            yield event(answer.chunk({}, reason, choice, **no_usage, **last))
        if include_usage:
            yield event(answer.usage_chunk(tally.usage, **report))
        yield DONE
        status = 200
    except RequestError as error:
        status = error.status
        yield event(error.envelope())
    except Exception as error:  # noqa: BLE001 - the status is out already, and the caller has to hear that it failed
        failure = unexpected(error, tally.record.id)
        status = failure.status
        yield event(failure.envelope())
    finally:
        tally.record.status = status


async def _read(request: Request, most_bytes: int) -> bytes:
    """The body; BodyTooLarge when it is.

    What is too much is read and thrown away, up to a point: many clients look for no answer before all is sent.
    """
    body, read_bytes = bytearray(), 0
    try:
        async for part in request.stream():
            read_bytes += len(part)
            if read_bytes <= most_bytes:
                body += part
            elif read_bytes > most_bytes + DISCARDED_BYTES:
                break
    except ClientDisconnect as error:
        raise ClientGone("The client hung up.") from error
    if read_bytes > most_bytes:
        raise BodyTooLarge(f"The body is larger than {most_bytes} bytes. Send less, or raise NIC_VOICE_MAX_BODY_BYTES.")
    return bytes(body)
