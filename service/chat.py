"""What POST /v1/chat/completions does.

In: OpenAI's request. Out: the last user message in a voice, or the bare model's answer; whole or as a stream.
"""

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from service.engines import Sampling
from service.errors import BodyTooLarge, ClientGone, InvalidRequest, RequestError, unexpected
from service.metrics import UNKNOWN, Record
from service.protocol import Answer, ChatRequest, conversation, last_user_text, parse, usage
from service.rewrite import Piece
from service.state import Service
from service.stream import DONE, KEEP_ALIVE, EventStream, event, resumed, until_hung_up, with_pauses
from service.target import Names, choose
from service.voices import Voice

KEEP_ALIVE_S = 15.0
DISCARDED_BYTES = 64 << 20
BASE = "base"  # the bare model's label in metrics and logs


async def complete(request: Request, header: str | None, query: str | None) -> Response:
    """The answer to a request; `header` and `query` are what X-Voice and ?voice= say."""
    service: Service = request.app.state.service
    record: Record = request.state.record
    service.require_started()
    body = parse(await _read(request, service.settings.max_body_bytes))
    hop = "x-nic-voice-hop" in request.headers
    names = Names(voice=body.voice, model=body.model, header=header, query=query, hop=hop)
    named = (service.voices.canonical(name) for name in (names.voice, names.model, names.header, names.query) if name)
    record.voice = next(filter(None, named), UNKNOWN)  # in case that choosing fails
    speaker = choose(names, service.voices, service.engine.model)
    record.voice = speaker.name if speaker else BASE
    tally = Tally(record)
    pieces = with_pauses(_pieces(service, body, speaker), KEEP_ALIVE_S)
    answer = Answer(speaker.name if speaker else service.engine.model)
    if not body.stream:
        await until_hung_up(request, tally.drain(pieces))
        return JSONResponse(answer.whole(tally.text, tally.finish_reason, tally.usage, tally.report(speaker)))
    # An error before the first piece is still an HTTP status, which a caller can act on.
    first = await until_hung_up(request, anext(pieces))
    options = body.stream_options
    events = _events(answer, first, pieces, tally, speaker, bool(options and options.include_usage))
    return EventStream(events, pieces)


class Tally:
    """What was shipped of an answer."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self._texts: list[str] = []
        self._segments: list[dict[str, Any]] = []
        self.finish_reason = "stop"

    def add(self, piece: Piece) -> None:
        """Count a piece that goes out."""
        self._texts.append(piece.text)
        self.record.prompt_tokens += piece.prompt_tokens
        self.record.completion_tokens += piece.completion_tokens
        self.finish_reason = piece.finish_reason or self.finish_reason
        if piece.verdict:
            self._segments.append({"index": len(self._segments), "verdict": piece.verdict})

    async def drain(self, pieces: AsyncGenerator[Piece | None]) -> None:
        """Count all pieces."""
        async for piece in pieces:
            if piece is not None:
                self.add(piece)

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(self._texts)

    @property
    def usage(self) -> dict[str, int]:
        """OpenAI's usage object."""
        return usage(self.record.prompt_tokens, self.record.completion_tokens)

    def report(self, speaker: Voice | None) -> dict[str, Any] | None:
        """What the answer says of the voice; None for the bare model."""
        if speaker is None:
            return None
        return {"name": speaker.name, "adapter": speaker.adapter.version, "segments": self._segments}


def _pieces(service: Service, body: ChatRequest, speaker: Voice | None) -> AsyncGenerator[Piece]:
    """The answer's pieces; everything that is wrong with the request is raised here, before any of them."""
    settings = service.settings
    sampling = Sampling(
        max_tokens=settings.max_output_tokens,
        temperature=settings.temperature if body.temperature is None else body.temperature,
        top_p=1.0 if body.top_p is None else body.top_p,
        seed=body.seed,
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
    text = last_user_text(body)
    return service.rewriter.rewrite(text, speaker, register, sampling, body.output_limit)


async def _events(
    answer: Answer,
    first: Piece | None,
    pieces: AsyncGenerator[Piece | None],
    tally: Tally,
    speaker: Voice | None,
    include_usage: bool,
) -> AsyncGenerator[str]:
    """The stream: role, content piece by piece, finish, usage if asked for, [DONE]; an error ends it without [DONE]."""
    no_usage = {"usage": None} if include_usage else {}
    status = ClientGone.status  # unless the end is reached
    try:
        yield event(answer.chunk({"role": "assistant", "content": ""}, **no_usage))
        async for piece in resumed(first, pieces):
            if piece is None:
                yield KEEP_ALIVE
                continue
            tally.add(piece)
            if piece.text:
                yield event(answer.chunk({"content": piece.text}, **no_usage))
        report = {"voice": tally.report(speaker)} if speaker else {}
        if include_usage:
            yield event(answer.chunk({}, tally.finish_reason, **no_usage))
            yield event(answer.usage_chunk(tally.usage, **report))
        else:
            yield event(answer.chunk({}, tally.finish_reason, **report))
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
