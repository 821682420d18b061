"""The core path: text -> masked text -> segments -> engine -> text.

In: a text and a voice, or a conversation. Out: Pieces in the order of the text, the last one with a finish reason.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from service.engines import Engine, Sampling
from service.rewriting.bounds import Bounds
from service.rewriting.care import USUAL, Care
from service.rewriting.ladder import Ladder, Request
from service.rewriting.piece import Piece
from service.rewriting.segments import cut, split
from service.voices import Voice
from voice.facts.masking import mask
from voice.facts.named import names_of
from voice.facts.people import Names
from voice.pleasantries import is_pleasantry
from voice.triplet import Register


class Rewriter:
    """Rewrites texts, all segments of one at the same time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def rewrite(
        self,
        text: str,
        voice: Voice,
        register: Register,
        sampling: Sampling,
        limit_tokens: int | None = None,
        care: Care = USUAL,
    ) -> AsyncGenerator[Piece]:
        """The text in the voice; `sampling.max_tokens` bounds a segment, `limit_tokens` the whole answer.

        The text goes whole, by paragraphs or by sentences, as the voice and its length allow (segments.py), and further
        down that ladder where no rewrite passes the guard (ladder.py). The first piece is cut at the limit; a later
        one that would pass it is left out with all that follow. Closing the iterator frees the engine.
        """
        masked = mask(text, Names(names_of(text)) if voice.manifest.masks_names else None)
        deadline = asyncio.get_running_loop().time() + care.seconds
        drops = not voice.manifest.writes_pleasantries and not _only_pleasantries(masked.text)
        request = Request(voice, register, sampling, limit_tokens, care, deadline, masked.values, drops)
        segments = await cut(masked.text, request.texts, self._engine.count)
        ladder = Ladder(self._engine, request)
        tasks = [asyncio.create_task(ladder.rewrite(segment, (place,))) for place, segment in enumerate(segments)]
        bounds = Bounds(self._engine.count, limit_tokens, sampling.stop)
        try:
            async with aclosing(_in_order(tasks)) as pieces:
                async for piece in pieces:
                    if (admitted := await bounds.admit(piece)) is not None:
                        yield admitted
                    if bounds.finish:
                        break
            yield Piece("", finish_reason=bounds.finish or "stop")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def converse(self, messages: Sequence[tuple[str, str]], sampling: Sampling) -> AsyncGenerator[Piece]:
        """The bare model's answer, in parts as they come."""
        parts = self._engine.converse(messages, sampling)
        async with aclosing(parts):
            async for part in parts:
                yield Piece(part.text, part.prompt_tokens, part.completion_tokens, None, part.finish_reason)


def _only_pleasantries(text: str) -> bool:
    return all(is_pleasantry(segment.text) for segment in split(text, "sentence") if segment.rewrite)


async def _in_order(tasks: Sequence["asyncio.Task[list[Piece]]"]) -> AsyncGenerator[Piece]:
    """The pieces of each task; what a later one failed with is raised at once: the sooner the caller hears of it.

    Where a courtesy was left out at the beginning, the white space after it goes, too.
    """
    said = dropped = False
    for task in tasks:
        pieces = await task
        for other in tasks:
            if other.done():
                other.result()
        for piece in pieces:
            dropped = dropped or piece.verdict == "dropped"
            yield replace(piece, text=piece.text.lstrip()) if dropped and not said else piece
            said = said or bool(piece.text)
