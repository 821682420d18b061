"""One segment on its way down the ladder: rewritten and judged, drawn again, in smaller pieces, or as it came.

In: a segment of a masked text. Out: for each answer that was asked for the Pieces that stand for the segment, with its
identifiers put back.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from service.engines import Completion, Engine
from service.errors import EngineFailed, PromptTooLong
from service.long import in_thread
from service.rewriting.bounds import allowed_tokens
from service.rewriting.candidates import Candidate, against, ranked
from service.rewriting.care import Care
from service.rewriting.judging import Judging
from service.rewriting.pace import Pace
from service.rewriting.piece import REWRITTEN, Outcome, Piece
from service.rewriting.request import STRENGTHS, Request
from service.rewriting.saved import Saved, retyped, saved
from service.rewriting.segments import Segment, finer
from voice.facts.masking import Masked, renumbered, restore
from voice.hand import Hand
from voice.judges.verdict import Verdict, masked_alike
from voice.pleasantries import is_pleasantry
from voice.prompt import Prompt

T = TypeVar("T")
Answers = list[list[Piece]]  # what stands for a segment, in each answer


class Ladder:
    """Rewrites the segments of one request."""

    def __init__(self, engine: Engine, pace: Pace, judging: Judging, request: Request) -> None:
        self._engine = engine
        self._pace = pace
        self._judging = judging
        self._request = request

    async def rewrite(self, segment: Segment, path: tuple[int, ...]) -> Answers:
        """The pieces that stand for a segment; `path` says where in the text it is, which decides its seeds.

        A finish_reason 'length' says that it was cut at the limit of the whole answer.
        """
        request = self._request
        if segment.part != "body" and request.hand and request.care.guard != "off":
            return self._all(await self._by_hand(segment, request.hand))
        segment = segment.as_body()
        if not segment.rewrite:
            return self._all(await self._as_it_came(segment, "copied" if segment.text else None))
        if self._request.drops and is_pleasantry(segment.text):
            return self._all(Piece("", verdict="dropped"))
        drawn, good, late, room = await self._drawn(segment, path)
        if good:
            return await self._shipped(segment, good, drawn)
        smaller = [] if late else self._smaller(segment)
        if not smaller:
            refused = await self._refused(segment, drawn, room=room, late=late)
            return self._all(replace(refused, extra_tokens=_tokens(drawn)))
        parts = await _together(self.rewrite(part, (*path, place)) for place, part in enumerate(smaller))
        found = [[piece for part in parts for piece in part[answer]] for answer in range(self._request.answers)]
        answers = [await self._joined(segment, pieces, drawn) for pieces in found]
        opening = answers[0][0]
        answers[0][0] = replace(opening, extra_tokens=opening.extra_tokens + _tokens(drawn))
        return answers

    async def leave(self, segment: Segment) -> Answers:
        """The piece that stands for a segment beyond what may be rewritten at once."""
        if not segment.as_body().rewrite:
            return await self.rewrite(segment, ())
        return self._all(await self._refused(segment, [], room=False))

    async def _drawn(
        self, segment: Segment, path: tuple[int, ...]
    ) -> tuple[list[Candidate], list[Candidate], bool, bool]:
        """All candidates, those that may go out with the best first, and whether time or room was not enough."""
        masked = renumbered(segment.text, self._request.values)
        drawn: list[Candidate] = []
        good: list[Candidate] = []
        try:
            async with asyncio.timeout_at(self._request.deadline):
                for numbers in self._request.rounds:
                    if not await self._is_time_for(masked.text):
                        return drawn, good, True, True
                    drawn += await self._draw(segment, masked, path, numbers)
                    good = ranked(drawn, self._request.care.rank, self._request.voice.verifier)
                    if len(good) >= self._request.answers or not self._request.draws_again(drawn, segment.rung):
                        break
        except TimeoutError:
            return drawn, good, True, True
        except PromptTooLong:
            return drawn, good, False, False
        return drawn, good, False, True

    async def _is_time_for(self, text: str) -> bool:
        """Whether a rewrite of the text would be there in time; where nothing is under way nobody knows."""
        if self._request.share.engine_is_idle:
            return True
        left_s = self._request.deadline - asyncio.get_running_loop().time()
        return self._pace.expected_s(await self._engine.count(text)) < left_s

    async def _draw(self, segment: Segment, masked: Masked, path: tuple[int, ...], numbers: range) -> list[Candidate]:
        """Candidates in one go, judged together."""
        request, count = self._request, self._engine.count
        prompt = Prompt(request.texts[segment.unit(request.texts)], masked.text)
        limit = request.limit_tokens
        limit = None if limit is None else max(1, limit - (await count(segment.lead) if segment.lead else 0))
        tokens = await count(masked.text)
        if tokens > request.sampling.max_tokens:
            raise PromptTooLong("A segment is longer than what an answer may be.")
        most = allowed_tokens(tokens, request.sampling.max_tokens, limit)
        done = await _together(self._asked(prompt, path, number, most) for number in numbers)
        drawn = [Candidate.of(number, one, masked, limit) for number, one in zip(numbers, done, strict=True)]
        rewrites = {one.masked: one.cut for one in drawn if not one.fault}
        verdicts = await self._verdicts(masked.text, rewrites, request.care_of(segment.text), prompt.system)
        return [replace(one, verdict=None if one.fault else verdicts.get(one.masked)) for one in drawn]

    async def _asked(self, prompt: Prompt, path: tuple[int, ...], number: int, most: int) -> Completion:
        request = self._request
        adapter, sampling = request.adapter_of(number), request.sampling_of(path, number, most)
        clock = asyncio.get_running_loop().time
        begun_s = clock()
        async with request.share.turn():
            try:
                done = await self._engine.generate(prompt, adapter, sampling)
                self._pace.took(done.completion_tokens, clock() - begun_s)
                return done
            except EngineFailed:
                if adapter == request.voice.adapter:
                    raise
            # a model server that has the voice as it was trained alone
            warm = request.sampling_of(path, number + len(STRENGTHS), most)
            return await self._engine.generate(prompt, request.voice.adapter, warm)

    async def _verdicts(self, text: str, rewrites: dict[str, bool], care: Care, prompt: str = "") -> dict[str, Verdict]:
        """The verdict on each rewrite, given with whether it was cut off; none where the guard is off."""
        judges = self._request.voice.judges
        if care.guard == "off" or not rewrites:
            return {}
        found = await self._judging.verdicts(judges, text, list(rewrites.items()), care.guard, prompt, care.same)
        return dict(zip(rewrites, found, strict=True))

    async def _shipped(self, segment: Segment, good: Sequence[Candidate], drawn: Sequence[Candidate]) -> Answers:
        """For each answer a candidate of its own, the best first; the last one again where there are not so many."""
        chosen = [good[min(answer, len(good) - 1)] for answer in range(self._request.answers)]
        numbers = {one.number for one in chosen}
        others = [one for one in drawn if one.number not in numbers]
        first, *rest = [await self._piece(segment, one) for one in chosen]
        return [[replace(first, extra_tokens=_tokens(others))], *([piece] for piece in rest)]

    async def _piece(self, segment: Segment, one: Candidate) -> Piece:
        text, tokens = segment.lead + one.text, one.done.completion_tokens
        if segment.lead or self._request.values:
            tokens = await self._engine.count(text)
        outcome: Outcome = "resampled" if one.number else "kept"
        same = one.verdict.same if one.verdict else None
        return Piece(
            text, one.done.prompt_tokens, tokens, outcome, "length" if one.cut else None, same, came=self._came(segment)
        )

    async def _joined(self, segment: Segment, pieces: list[Piece], drawn: Sequence[Candidate]) -> list[Piece]:
        """The pieces of a segment; the segment by the owner's hand alone where they, read together, may not go out, or
        say less than the first candidate for it.
        """
        if not drawn or self._request.care.guard == "off" or all(piece.verdict not in REWRITTEN for piece in pieces):
            return pieces
        text = restore(segment.text, self._request.values)
        rewrite = "".join(piece.text for piece in pieces).strip()
        judges = self._request.voice.judges
        before, after = await in_thread(text, masked_alike, text, rewrite, judges.rules)
        try:
            async with asyncio.timeout_at(self._request.deadline):
                verdict = (await self._verdicts(before, {after: False}, self._request.care)).get(after)
        except TimeoutError:
            verdict = None
        whole = next((one.verdict for one in drawn if one.verdict), None)
        if verdict and not verdict.refused and (whole is None or verdict.same >= whole.same):
            return pieces
        wasted = sum(piece.extra_tokens for piece in pieces)
        wasted += sum(piece.completion_tokens for piece in pieces if piece.verdict in REWRITTEN)
        return [replace(await self._refused(segment, drawn), extra_tokens=wasted)]

    async def _refused(
        self, segment: Segment, drawn: Sequence[Candidate], *, room: bool = True, late: bool = False
    ) -> Piece:
        """What stands for a segment without a good rewrite: one that was mended, its own words as the owner types them,
        or the segment as it came, with what spoke against the best rewrite of it.
        """
        same, kinds = against(drawn) if room else (None, ("room",))
        masked = renumbered(segment.text, self._request.values)
        if room and (found := await self._saved(masked.text, drawn, late)):
            written = segment.lead + restore(found.masked, masked.values)
            tokens = await self._engine.count(written)
            return Piece(written, 0, tokens, found.outcome, same=found.same, came=self._came(segment))
        piece = await self._as_it_came(segment, "fallback")
        return replace(piece, same=same, kinds=kinds)

    async def _saved(self, text: str, drawn: Sequence[Candidate], late: bool) -> Saved | None:
        """What may go out instead of a good rewrite, masked; where there is no time to read, what its words tell."""
        request, judges = self._request, self._request.voice.judges
        if not request.hand or request.care.guard == "off":
            return None
        care = request.care_of(text)
        try:
            async with asyncio.timeout_at(None if late else request.deadline):
                return await saved(self._judging, judges, request.hand, text, drawn, care, late=late)
        except TimeoutError:
            return await saved(self._judging, judges, request.hand, text, drawn, care, late=True)

    async def _by_hand(self, segment: Segment, hand: Hand) -> Piece:
        """A greeting, a sign-off or a heading, as the owner writes them."""
        written = retyped(hand, segment, self._request.values)
        if written == restore(segment.text, self._request.values):
            return await self._as_it_came(segment, "copied")
        if not written:
            return Piece("", verdict="dropped")
        written = segment.lead + written
        return Piece(written, 0, await self._engine.count(written), "light", came=self._came(segment))

    async def _as_it_came(self, segment: Segment, outcome: Outcome | None) -> Piece:
        text = self._came(segment)
        return Piece(text, 0, await self._engine.count(text) if text else 0, outcome)

    def _came(self, segment: Segment) -> str:
        return restore(segment.lead + segment.text, self._request.values)

    def _all(self, piece: Piece) -> Answers:
        """The same in each answer."""
        return [[piece] for _ in range(self._request.answers)]

    def _smaller(self, segment: Segment) -> list[Segment]:
        """The segment one rung down; two where that would ask for the same again."""
        smaller = finer(segment)
        texts = self._request.texts
        if len(smaller) == 1 and (smaller[0].text, smaller[0].unit(texts)) == (segment.text, segment.unit(texts)):
            return self._smaller(smaller[0])
        return smaller


def _tokens(candidates: Iterable[Candidate]) -> int:
    return sum(one.done.completion_tokens for one in candidates)


async def _together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What all of it gives, in order; when one fails or nobody waits any more, the others are cancelled."""
    first, *rest = work
    if not rest:
        return [await first]
    tasks = [asyncio.create_task(one) for one in (first, *rest)]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
