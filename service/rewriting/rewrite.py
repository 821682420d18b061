"""The core path: text -> masked text -> segments -> engine -> text.

In: a text and a voice, or a conversation. Out: Pieces in the order of the text, the last one with a finish reason. What
takes long over a long text is done in a thread, so that others are answered meanwhile.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from service.engines import Engine, Sampling
from service.long import in_thread
from service.rewriting.bounds import Bounds
from service.rewriting.care import USUAL, Care
from service.rewriting.growing import as_they_come, paragraphs
from service.rewriting.judging import Judging
from service.rewriting.ladder import Answers, Ladder
from service.rewriting.pace import Pace
from service.rewriting.piece import Piece
from service.rewriting.request import Request
from service.rewriting.segments import AT_ONCE, Segment, cut, split
from service.rewriting.turns import Share, Turns
from service.voices import Voice
from voice.facts.masking import Masked, mask
from voice.facts.named import names_of
from voice.facts.people import Names
from voice.manifest import VoiceManifest
from voice.pleasantries import is_pleasantry
from voice.triplet import Register

BUSY = 4  # texts under way beyond which a segment gets one candidate at first
MOST_CALLS = 128  # of the engine at once, where nobody says otherwise
MOST_CHARS_A_TOKEN = 16  # on average over a text; real ones have about 4
AHEAD = 64  # segments of a text that are begun before the first of them is done


@dataclass(frozen=True, slots=True)
class Order:
    """In whose voice and how; `sampling.max_tokens` bounds a segment, `limit_tokens` a whole answer."""

    voice: Voice
    register: Register
    sampling: Sampling
    limit_tokens: int | None = None
    care: Care = USUAL
    answers: int = 1  # that differ, where as many rewrites may go out
    share: Share | None = None  # of the engine's turns, which all answers to one request have in common
    most_tokens: int | None = None  # of a draft, beyond which its rest goes out as it came; other texts were counted


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text that is masked and cut: `drops` says whether courtesies that stand by themselves are left out.

    Only the first `fitting` segments are rewritten, and `rest`, which is not even cut, is not: the text is longer than
    what the order allows.
    """

    segments: list[Segment]
    values: dict[str, str]
    drops: bool
    fitting: int
    rest: str = ""


class Rewriter:
    """Rewrites texts, many segments of one at the same time: as many as the engine has `turns`."""

    def __init__(self, engine: Engine, turns: Turns | None = None) -> None:
        self._engine = engine
        self.turns = turns or Turns(MOST_CALLS)
        self.judging = Judging()
        self._pace = Pace()
        self._under_way = 0

    async def prepare(self, text: str, order: Order) -> Prepared:
        """Mask a text and cut it, as every answer of this order's voice and register begins."""
        drops = not order.voice.manifest.writes_pleasantries and not await in_thread(text, _only_pleasantries, text)
        return await self._prepared(text, order, drops)

    async def _prepared(self, text: str, order: Order, drops: bool, *, later: bool = False) -> Prepared:
        voice = order.voice
        most_chars = len(text) if order.most_tokens is None else MOST_CHARS_A_TOKEN * order.most_tokens
        text, rest = text[:most_chars], text[most_chars:]
        masked = await in_thread(text, _masked, text, voice.manifest)
        segments = await cut(masked.text, voice.manifest.system[order.register], self._engine.count, later=later)
        fits = len(segments)
        if order.most_tokens is not None:
            fits = await fitting([segment.text for segment in segments], order.most_tokens, self._engine.count)
        return Prepared(segments, masked.values, drops, fits, rest)

    def rewrite(self, text: str | Prepared, order: Order) -> AsyncGenerator[Piece]:
        """The text in the voice.

        It goes whole, by paragraphs or by sentences, as the voice and its length allow (segments.py), and further down
        that ladder where no rewrite passes the guard (ladder.py). The first piece of an answer is cut at the limit; a
        later one that would pass it is left out with all that follow. Closing the iterator frees the engine.
        """
        deadline = asyncio.get_running_loop().time() + order.care.seconds
        return self._bounded(self._whole(text, self._shared(order), deadline), order)

    def rewrite_growing(self, parts: AsyncGenerator[str | dict[str, Any]], order: Order) -> AsyncGenerator[Piece]:
        """A text that is still being written, paragraph by paragraph as they come; what is no text goes on untouched.

        What `parts` fails with is raised in its place. The time for rewriting begins anew with each paragraph: how long
        it takes to write them is not counted.
        """
        return self._bounded(self._growing(parts, self._shared(order)), order)

    def _shared(self, order: Order) -> Order:
        return order if order.share else replace(order, share=self.turns.share())

    async def _whole(self, text: str | Prepared, order: Order, deadline: float) -> AsyncGenerator[Piece]:
        prepared = text if isinstance(text, Prepared) else await self.prepare(text, order)
        async with aclosing(self._pieces(prepared, order, deadline)) as pieces:
            async for piece in pieces:
                yield piece

    async def _growing(self, parts: AsyncGenerator[str | dict[str, Any]], order: Order) -> AsyncGenerator[Piece]:
        texts: list[str] = []
        loop = asyncio.get_running_loop()
        left = order.most_tokens

        async def begun(number: int, part: str | dict[str, Any]) -> list[Piece]:
            if not isinstance(part, str):
                return [Piece("", passed=part)]
            nonlocal left
            texts.append(part)
            drops, deadline = not order.voice.manifest.writes_pleasantries, loop.time() + order.care.seconds
            prepared = await self._prepared(part, replace(order, most_tokens=left), drops, later=number > 0)
            if left is not None:
                left = max(0, left - await self._engine.count(part))
            return [piece async for piece in self._pieces(prepared, order, deadline, (number,))]

        said = False
        async with aclosing(as_they_come(paragraphs(parts), begun)) as done:
            async for pieces in done:
                for piece in pieces:
                    said = said or bool(piece.text.strip() or piece.passed)
                    yield piece
        if texts and not said:  # nothing but courtesies, each of which was left out
            deadline = loop.time() + order.care.seconds
            prepared = await self._prepared("".join(texts), order, drops=False)
            async for piece in self._pieces(prepared, order, deadline):
                yield piece

    async def _pieces(
        self, prepared: Prepared, order: Order, deadline: float, path: tuple[int, ...] = ()
    ) -> AsyncGenerator[Piece]:
        share = order.share or self.turns.share()
        first = max(order.answers, 1 if self._under_way > BUSY or order.care.guard == "off" else order.care.candidates)
        request = Request(
            order.voice, order.register, order.sampling, order.limit_tokens, order.care, deadline, share,
            first, order.answers, prepared.values, prepared.drops, _words(prepared.segments),
        )  # fmt: skip
        ladder = Ladder(self._engine, self._pace, self.judging, request)
        work = (
            ladder.rewrite(segment, (*path, place)) if place < prepared.fitting else ladder.leave(segment)
            for place, segment in enumerate(prepared.segments)
        )
        async with aclosing(_in_order(work)) as pieces:
            async for piece in pieces:
                yield piece
        if prepared.rest:
            rest = Piece(prepared.rest, 0, await self._engine.count(prepared.rest), "fallback", kinds=("room",))
            for answer in range(order.answers):
                yield replace(rest, choice=answer)

    async def _bounded(self, pieces: AsyncGenerator[Piece], order: Order) -> AsyncGenerator[Piece]:
        """What of the pieces may go out, then for each answer one with its finish reason."""
        bounds = [Bounds(self._engine.count, order.limit_tokens, order.sampling.stop) for _ in range(order.answers)]
        self._under_way += 1
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    bound = bounds[piece.choice]
                    if not bound.finish and (admitted := await bound.admit(piece)) is not None:
                        yield admitted
                    if all(one.finish for one in bounds):
                        break
        finally:
            self._under_way -= 1
        for answer, bound in enumerate(bounds):
            yield Piece("", finish_reason=bound.finish or "stop", choice=answer)

    async def converse(
        self, messages: Sequence[tuple[str, str]], sampling: Sampling, share: Share | None = None
    ) -> AsyncGenerator[Piece]:
        """The bare model's answer, in parts as they come."""
        parts = self._engine.converse(messages, sampling)
        async with (share or self.turns.share()).turn(), aclosing(parts):
            async for part in parts:
                yield Piece(part.text, part.prompt_tokens, part.completion_tokens, None, part.finish_reason)


async def fitting(texts: Sequence[str], most_tokens: int, count: Callable[[str], Awaitable[int]]) -> int:
    """How many of the texts have no more tokens together; a token is a byte at least."""
    if sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) <= most_tokens:
        return len(texts)
    for number, text in enumerate(texts):
        most_tokens -= await count(text)
        if most_tokens < 0:
            return number
        if number % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)
    return len(texts)


def _words(segments: Iterable[Segment]) -> int:
    return sum(len(segment.text.split()) for segment in segments if segment.rewrite)


def _masked(text: str, manifest: VoiceManifest) -> Masked:
    return mask(text, Names(names_of(text)) if manifest.masks_names else None, manifest.rules)


def _only_pleasantries(text: str) -> bool:
    return all(is_pleasantry(segment.text) for segment in split(text, "sentence") if segment.rewrite)


async def _in_order(work: Iterable[Coroutine[Any, Any, Answers]]) -> AsyncGenerator[Piece]:
    """The pieces of each, AHEAD of them worked on at the same time; what a later one failed with is raised at once: the
    sooner the caller hears of it.

    Where a courtesy was left out at the beginning of an answer, the white space after it goes, too.
    """
    said: set[int] = set()  # answers that have begun
    dropped: set[int] = set()
    waiting = iter(work)
    begun = deque(asyncio.create_task(one) for one in islice(waiting, AHEAD))
    try:
        while begun:
            answers = await begun[0]
            begun.popleft()
            for other in begun:
                if other.done():
                    other.result()
            begun.extend(asyncio.create_task(one) for one in islice(waiting, 1))
            for answer, pieces in enumerate(answers):
                for piece in pieces:
                    if piece.verdict == "dropped":
                        dropped.add(answer)
                    opens = answer in dropped and answer not in said
                    yield replace(piece, text=piece.text.lstrip() if opens else piece.text, choice=answer)
                    if piece.text:
                        said.add(answer)
    finally:
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
