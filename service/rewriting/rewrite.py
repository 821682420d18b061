"""The core path: text -> masked text -> segments -> engine -> text.

In: a text and a voice, or a conversation. Out: Pieces in the order of the text, the last one with a finish reason.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from service.engines import Engine, Sampling
from service.rewriting.bounds import Bounds
from service.rewriting.care import USUAL, Care
from service.rewriting.growing import as_they_come, paragraphs
from service.rewriting.ladder import Ladder, Request
from service.rewriting.piece import Piece
from service.rewriting.segments import cut, split
from service.voices import Voice
from voice.facts.masking import mask
from voice.facts.named import names_of
from voice.facts.people import Names
from voice.pleasantries import is_pleasantry
from voice.triplet import Register


@dataclass(frozen=True, slots=True)
class Order:
    """In whose voice and how; `sampling.max_tokens` bounds a segment, `limit_tokens` the whole answer."""

    voice: Voice
    register: Register
    sampling: Sampling
    limit_tokens: int | None = None
    care: Care = USUAL


class Rewriter:
    """Rewrites texts, all segments of one at the same time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rewrite(self, text: str, order: Order) -> AsyncGenerator[Piece]:
        """The text in the voice.

        It goes whole, by paragraphs or by sentences, as the voice and its length allow (segments.py), and further down
        that ladder where no rewrite passes the guard (ladder.py). The first piece is cut at the limit; a later one that
        would pass it is left out with all that follow. Closing the iterator frees the engine.
        """
        drops = not order.voice.manifest.writes_pleasantries and not _only_pleasantries(text)
        deadline = asyncio.get_running_loop().time() + order.care.seconds
        return self._bounded(self._pieces(text, order, deadline, drops), order)

    def rewrite_growing(self, parts: AsyncGenerator[str | dict[str, Any]], order: Order) -> AsyncGenerator[Piece]:
        """A text that is still being written, paragraph by paragraph as they come; what is no text goes on untouched.

        What `parts` fails with is raised in its place. The time for rewriting begins anew with each paragraph: how long
        it takes to write them is not counted.
        """
        return self._bounded(self._growing(parts, order), order)

    async def _growing(self, parts: AsyncGenerator[str | dict[str, Any]], order: Order) -> AsyncGenerator[Piece]:
        texts: list[str] = []
        loop = asyncio.get_running_loop()

        async def begun(number: int, part: str | dict[str, Any]) -> list[Piece]:
            if not isinstance(part, str):
                return [Piece("", passed=part)]
            texts.append(part)
            drops, deadline = not order.voice.manifest.writes_pleasantries, loop.time() + order.care.seconds
            return [piece async for piece in self._pieces(part, order, deadline, drops, (number,))]

        said = False
        async with aclosing(as_they_come(paragraphs(parts), begun)) as done:
            async for pieces in done:
                for piece in pieces:
                    said = said or bool(piece.text.strip() or piece.passed)
                    yield piece
        if texts and not said:  # nothing but courtesies, each of which was left out
            deadline = loop.time() + order.care.seconds
            async for piece in self._pieces("".join(texts), order, deadline, drops=False):
                yield piece

    async def _pieces(
        self, text: str, order: Order, deadline: float, drops: bool, path: tuple[int, ...] = ()
    ) -> AsyncGenerator[Piece]:
        voice = order.voice
        masked = mask(text, Names(names_of(text)) if voice.manifest.masks_names else None)
        request = Request(
            voice, order.register, order.sampling, order.limit_tokens, order.care, deadline, masked.values, drops
        )
        segments = await cut(masked.text, request.texts, self._engine.count)
        ladder = Ladder(self._engine, request)
        work = [ladder.rewrite(segment, (*path, place)) for place, segment in enumerate(segments)]
        async with aclosing(_in_order(work)) as pieces:
            async for piece in pieces:
                yield piece

    async def _bounded(self, pieces: AsyncGenerator[Piece], order: Order) -> AsyncGenerator[Piece]:
        """What of the pieces may go out, then one with the finish reason."""
        bounds = Bounds(self._engine.count, order.limit_tokens, order.sampling.stop)
        async with aclosing(pieces):
            async for piece in pieces:
                if (admitted := await bounds.admit(piece)) is not None:
                    yield admitted
                if bounds.finish:
                    break
        yield Piece("", finish_reason=bounds.finish or "stop")

    async def converse(self, messages: Sequence[tuple[str, str]], sampling: Sampling) -> AsyncGenerator[Piece]:
        """The bare model's answer, in parts as they come."""
        parts = self._engine.converse(messages, sampling)
        async with aclosing(parts):
            async for part in parts:
                yield Piece(part.text, part.prompt_tokens, part.completion_tokens, None, part.finish_reason)


def _only_pleasantries(text: str) -> bool:
    return all(is_pleasantry(segment.text) for segment in split(text, "sentence") if segment.rewrite)


async def _in_order(work: Sequence[Coroutine[Any, Any, list[Piece]]]) -> AsyncGenerator[Piece]:
    """The pieces of each, all worked on at the same time; what a later one failed with is raised at once: the sooner
    the caller hears of it.

    Where a courtesy was left out at the beginning, the white space after it goes, too.
    """
    said = dropped = False
    tasks = [asyncio.create_task(one) for one in work] if len(work) > 1 else []
    try:
        for one in tasks or work:
            pieces = await one
            for other in tasks:
                if other.done():
                    other.result()
            for piece in pieces:
                dropped = dropped or piece.verdict == "dropped"
                yield replace(piece, text=piece.text.lstrip()) if dropped and not said else piece
                said = said or bool(piece.text)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
