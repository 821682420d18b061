"""The core path: text -> segments -> engine -> text, without HTTP.

In: a text and a voice, or a conversation. Out: Pieces in the order of the text, the last one with a finish reason.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

from service.engines import Engine, FinishReason, Sampling
from service.segments import Segment, split
from service.voices import Voice
from voice.prompt import Prompt
from voice.triplet import Register, Unit

Verdict = Literal["kept", "copied"]

# A rewrite is about as long as its input; one that runs on far beyond it is a model talking to itself.
ALLOWANCE_FACTOR = 2
ALLOWANCE_TOKENS = 32


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the answer; `verdict` is None for white space, for the end and for the bare model's words."""

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    verdict: Verdict | None = None
    finish_reason: FinishReason | None = None


class Rewriter:
    """Rewrites texts, all segments of one at the same time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def rewrite(
        self, text: str, voice: Voice, register: Register, sampling: Sampling, limit_tokens: int | None = None
    ) -> AsyncGenerator[Piece]:
        """The text in the voice; `sampling.max_tokens` bounds a segment, `limit_tokens` the whole answer.

        The first segment is cut at the limit; a later one that would pass it is left out with all that follow. A
        segment whose rewrite is empty or does not end goes out as it came in. Closing the iterator frees the engine.
        """
        prompts = _Prompts(voice, register, sampling, limit_tokens)
        tasks = [asyncio.create_task(self._segment(i, s, prompts)) for i, s in enumerate(split(text, prompts.unit))]
        said, left_tokens = "", limit_tokens
        finish: FinishReason = "stop"
        try:
            for task in tasks:
                piece = await task
                _raise_any(tasks)
                if left_tokens is not None:
                    left_tokens -= piece.completion_tokens
                    if left_tokens < 0:
                        finish = "length"
                        if not said:
                            yield await self._cut(piece, left_tokens + piece.completion_tokens)
                        break
                cut = _stop_at(said, piece.text, sampling.stop)
                if cut is not None:
                    tokens = await self._engine.count(piece.text[:cut])
                    yield replace(piece, text=piece.text[:cut], completion_tokens=tokens, finish_reason=None)
                    break
                yield replace(piece, finish_reason=None)
                if piece.finish_reason == "length":
                    finish = "length"
                    break
                said += piece.text
            yield Piece("", finish_reason=finish)
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

    async def _cut(self, piece: Piece, limit_tokens: int) -> Piece:
        """The longest beginning of a piece that stays within the limit."""
        fits, too_long = 0, len(piece.text) + 1
        while too_long - fits > 1:
            middle = (fits + too_long) // 2
            if await self._engine.count(piece.text[:middle]) <= limit_tokens:
                fits = middle
            else:
                too_long = middle
        text = piece.text[:fits]
        return replace(piece, text=text, completion_tokens=await self._engine.count(text), finish_reason=None)

    async def _segment(self, index: int, segment: Segment, prompts: "_Prompts") -> Piece:
        """One segment; finish_reason 'length' says that it was cut at the whole answer's limit."""
        lead_tokens = await self._engine.count(segment.lead) if segment.lead else 0
        text_tokens = await self._engine.count(segment.text) if segment.text else 0
        as_it_came = segment.lead + segment.text
        if not segment.rewrite:
            return Piece(as_it_came, 0, lead_tokens + text_tokens, "copied" if segment.text else None)
        own_limit = None if prompts.limit_tokens is None else max(1, prompts.limit_tokens - lead_tokens)
        allowed = min(prompts.sampling.max_tokens, ALLOWANCE_FACTOR * text_tokens + ALLOWANCE_TOKENS)
        sampling = replace(
            prompts.sampling,
            max_tokens=allowed if own_limit is None else min(allowed, own_limit),
            seed=_seed(prompts.sampling, index),
            stop=(),  # looked for in the whole answer, which the engine does not see
        )
        done = await self._engine.generate(prompts.ask(segment.text), prompts.voice.adapter, sampling)
        own = done.text.strip()
        at_limit = own_limit is not None and done.completion_tokens >= own_limit
        if not own or (done.finish_reason == "length" and not at_limit):
            return Piece(as_it_came, done.prompt_tokens, lead_tokens + text_tokens, "copied")
        finish = done.finish_reason if done.finish_reason == "length" else None
        return Piece(segment.lead + own, done.prompt_tokens, lead_tokens + done.completion_tokens, "kept", finish)


@dataclass(frozen=True, slots=True)
class _Prompts:
    """What all segments of one text have in common."""

    voice: Voice
    register: Register
    sampling: Sampling
    limit_tokens: int | None

    @property
    def unit(self) -> Unit:
        return self.voice.manifest.unit

    def ask(self, text: str) -> Prompt:
        return Prompt(self.voice.manifest.system[self.register], text)


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


def _stop_at(said: str, text: str, stops: Sequence[str]) -> int | None:
    """Where in `text` the answer has to end because a stop string begins there, or has begun in what was said."""
    found = [(said + text).find(stop, max(0, len(said) - len(stop) + 1)) for stop in stops]
    places = [place for place in found if place >= 0]
    return max(0, min(places) - len(said)) if places else None
