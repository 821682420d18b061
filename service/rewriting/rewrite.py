"""The core path: text -> segments -> engine -> text.

In: a text and a voice, or a conversation. Out: Pieces in the order of the text, the last one with a finish reason.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from service.engines import Engine, Sampling
from service.rewriting.bounds import Bounds, allowed_tokens
from service.rewriting.piece import Piece
from service.rewriting.segments import Segment, cut
from service.voices import Voice
from voice.prompt import Prompt
from voice.triplet import Register, Unit


class Rewriter:
    """Rewrites texts, all segments of one at the same time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def rewrite(
        self, text: str, voice: Voice, register: Register, sampling: Sampling, limit_tokens: int | None = None
    ) -> AsyncGenerator[Piece]:
        """The text in the voice; `sampling.max_tokens` bounds a segment, `limit_tokens` the whole answer.

        The text goes whole, by paragraphs or by sentences, as the voice and its length allow (segments.py). The first
        segment is cut at the limit; a later one that would pass it is left out with all that follow. A segment whose
        rewrite is empty or does not end goes out as it came in. Closing the iterator frees the engine.
        """
        request = _Request(voice, register, sampling, limit_tokens)
        segments = await cut(text, request.texts, self._engine.count)
        tasks = [asyncio.create_task(self._segment(index, segment, request)) for index, segment in enumerate(segments)]
        bounds = Bounds(self._engine.count, limit_tokens, sampling.stop)
        try:
            for task in tasks:
                done = await task
                _raise_any(tasks)
                if (piece := await bounds.admit(done)) is not None:
                    yield piece
                if bounds.finish:
                    break
            yield Piece("", finish_reason=bounds.finish or "stop")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def converse(self, messages: Sequence[tuple[str, str]], sampling: Sampling) -> AsyncGenerator[Piece]:
        """The bare model's answer, in parts as they come."""
        parts = self._engine.converse(messages, replace(sampling, seed=_seed(sampling, 0)))
        async with aclosing(parts):
            async for part in parts:
                yield Piece(part.text, part.prompt_tokens, part.completion_tokens, None, part.finish_reason)

    async def _segment(self, index: int, segment: Segment, request: "_Request") -> Piece:
        """One segment; finish_reason 'length' says that it was cut at the whole answer's limit."""
        lead_tokens = await self._engine.count(segment.lead) if segment.lead else 0
        text_tokens = await self._engine.count(segment.text) if segment.text else 0
        as_it_came = segment.lead + segment.text
        if not segment.rewrite:
            return Piece(as_it_came, 0, lead_tokens + text_tokens, "copied" if segment.text else None)
        own_limit = None if request.limit_tokens is None else max(1, request.limit_tokens - lead_tokens)
        sampling = replace(
            request.sampling,
            max_tokens=allowed_tokens(text_tokens, request.sampling.max_tokens, own_limit),
            seed=_seed(request.sampling, index),
            stop=(),  # looked for in the whole answer, which the engine does not see
        )
        done = await self._engine.generate(request.ask(segment), request.voice.adapter, sampling)
        own = done.text.strip()
        at_limit = own_limit is not None and done.completion_tokens >= own_limit
        if not own or (done.finish_reason == "length" and not at_limit):
            return Piece(as_it_came, done.prompt_tokens, lead_tokens + text_tokens, "copied")
        finish = done.finish_reason if done.finish_reason == "length" else None
        return Piece(segment.lead + own, done.prompt_tokens, lead_tokens + done.completion_tokens, "kept", finish)


@dataclass(frozen=True, slots=True)
class _Request:
    """What all segments of one text have in common."""

    voice: Voice
    register: Register
    sampling: Sampling
    limit_tokens: int | None

    @property
    def texts(self) -> dict[Unit, str]:
        """The system texts of the register, by the units that the voice knows in it."""
        return self.voice.manifest.system[self.register]

    def ask(self, segment: Segment) -> Prompt:
        return Prompt(self.texts[segment.unit(self.texts)], segment.text)


def _raise_any(tasks: Sequence["asyncio.Task[Piece]"]) -> None:
    """Raise what a later segment failed with: the sooner the caller hears of it the better."""
    for task in tasks:
        if task.done():
            task.result()


def _seed(sampling: Sampling, index: int) -> int | None:
    """A seed of its own for each segment, the same for the same request."""
    if sampling.seed is None:
        return None
    return int.from_bytes(hashlib.blake2b(f"{sampling.seed} {index}".encode(), digest_size=7).digest())
