"""One segment on its way down the ladder: rewritten and judged, drawn again, in smaller pieces, or as it came.

In: a segment of a masked text. Out: the Pieces that stand for it, with their identifiers put back.
"""

import asyncio
import hashlib
import re
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from service.engines import Completion, Engine, Sampling
from service.errors import PromptTooLong
from service.long import in_thread
from service.rewriting.bounds import allowed_tokens
from service.rewriting.care import Care
from service.rewriting.piece import Piece, Verdict
from service.rewriting.segments import Segment, finer
from service.rewriting.turns import Share
from service.voices import Voice
from voice.ends import with_greeting_of, with_question_mark_of
from voice.facts.compare import Difference
from voice.facts.hiding import hidden
from voice.facts.masking import Masked, canonical, renumbered, restore
from voice.pleasantries import is_pleasantry
from voice.prompt import Prompt
from voice.triplet import Register, Unit

T = TypeVar("T")

MORE = 4  # candidates that are drawn when none of the first ones may go out
# What some rewrites lack and can be put back: whom the text greets, the mark of its question.
_MENDS = {"name": with_greeting_of, "question": with_question_mark_of}
_WARM = 0.7  # temperature at which candidates differ


@dataclass(frozen=True, slots=True)
class Request:
    """What all segments of a text have in common; `values` are those of its placeholders, `deadline` the loop's."""

    voice: Voice
    register: Register
    sampling: Sampling
    limit_tokens: int | None
    care: Care
    deadline: float
    share: Share
    values: dict[str, str] = field(default_factory=dict)
    drops: bool = False  # whether courtesies that stand by themselves are left out

    @property
    def texts(self) -> dict[Unit, str]:
        """The system texts of the register, by the units that the voice knows in it."""
        return self.voice.manifest.system[self.register]

    def sampling_of(self, path: tuple[int, ...], number: int, max_tokens: int) -> Sampling:
        """How to draw the candidate of that number for the segment at that place: the same for the same request."""
        seed = self.sampling.seed
        if seed is not None:
            place = " ".join(map(str, (seed, *path, number)))
            seed = int.from_bytes(hashlib.blake2b(place.encode(), digest_size=7).digest())
        warm = max(self.sampling.temperature, _WARM) if number else self.sampling.temperature
        # Stops are for the whole answer.
        return replace(self.sampling, max_tokens=max_tokens, temperature=warm, seed=seed, stop=())


class Ladder:
    """Rewrites the segments of one request."""

    def __init__(self, engine: Engine, request: Request) -> None:
        self._engine = engine
        self._request = request

    async def rewrite(self, segment: Segment, path: tuple[int, ...]) -> list[Piece]:
        """The pieces that stand for a segment; `path` says where in the text it is, which decides its seeds.

        A finish_reason 'length' says that it was cut at the limit of the whole answer.
        """
        if not segment.rewrite:
            return [await self._as_it_came(segment, "copied" if segment.text else None)]
        if self._request.drops and is_pleasantry(segment.text):
            return [Piece("", verdict="dropped")]
        masked = renumbered(segment.text, self._request.values)
        shown, wrong, spent = Masked(masked.text), Difference(), 0
        first = self._request.care.candidates
        try:
            async with asyncio.timeout_at(self._request.deadline):
                for numbers in (range(first), range(first, first + MORE)):
                    drawn = await self._draw(segment, masked, shown, path, numbers)
                    spent += sum(candidate.done.completion_tokens for candidate in drawn)
                    if good := [candidate for candidate in drawn if not candidate.wrong]:
                        return [await self._shipped(segment, self._best(segment, good), spent)]
                    wrong = drawn[-1].wrong
                    shown = hidden(masked.text, {kind for candidate in drawn for kind in candidate.wrong.missing})
        except TimeoutError:
            return [await self._as_it_came(segment, "fallback", wrong, spent)]
        except PromptTooLong:
            wrong = Difference(missing=("room",))
        smaller = self._smaller(segment)
        if not smaller:
            return [await self._as_it_came(segment, "fallback", wrong, spent)]
        found = await _together(self.rewrite(part, (*path, place)) for place, part in enumerate(smaller))
        opening, *rest = (piece for pieces in found for piece in pieces)
        return [replace(opening, extra_tokens=opening.extra_tokens + spent), *rest]

    async def leave(self, segment: Segment) -> list[Piece]:
        """The piece that stands for a segment beyond what may be rewritten at once."""
        if not segment.rewrite:
            return await self.rewrite(segment, ())
        return [await self._as_it_came(segment, "fallback", Difference(missing=("room",)))]

    async def _draw(
        self, segment: Segment, masked: Masked, shown: Masked, path: tuple[int, ...], numbers: range
    ) -> list["_Candidate"]:
        """Candidates in one go, judged; the first one at the caller's temperature, the others warmer.

        `shown` is what the model sees: the masked text, or that with facts hidden which it has garbled.
        """
        request, count = self._request, self._engine.count
        prompt = Prompt(request.texts[segment.unit(request.texts)], shown.text)
        limit = request.limit_tokens
        limit = None if limit is None else max(1, limit - (await count(segment.lead) if segment.lead else 0))
        tokens = await count(masked.text)
        if tokens > request.sampling.max_tokens:
            raise PromptTooLong("A segment is longer than what an answer may be.")
        most = allowed_tokens(tokens, request.sampling.max_tokens, limit)
        drawn = await _together(self._asked(prompt, request.sampling_of(path, number, most)) for number in numbers)
        texts = [restore(canonical(done.text.strip(), shown.text), shown.values) for done in drawn]
        return [
            await in_thread(masked.text + text, self._judged, masked, prompt, done, text, limit, number)
            for number, done, text in zip(numbers, drawn, texts, strict=True)
        ]

    async def _asked(self, prompt: Prompt, sampling: Sampling) -> Completion:
        async with self._request.share.turn():
            return await self._engine.generate(prompt, self._request.voice.adapter, sampling)

    def _judged(
        self, masked: Masked, prompt: Prompt, done: Completion, text: str, limit: int | None, number: int
    ) -> "_Candidate":
        cut = done.finish_reason == "length" and limit is not None and done.completion_tokens >= limit
        if not text:
            wrong = Difference(missing=("text",))
        elif done.finish_reason == "length" and not cut:
            wrong = Difference(missing=("end",))
        else:
            wrong = self._wrong(masked.text, text, prompt)
            mended = text
            for kind in wrong.missing:
                if mend := _MENDS.get(kind):
                    mended = mend(masked.text, mended)
            if mended != text and not self._wrong(masked.text, mended, prompt):
                wrong, text = Difference(), mended
            if cut:  # what the caller's limit has cut off is not missing
                wrong, text = replace(wrong, missing=()), re.sub(r"<\w*$", "", text)
        return _Candidate(done, restore(text, masked.values), wrong, cut, number > 0)

    def _wrong(self, text: str, rewrite: str, prompt: Prompt) -> Difference:
        care, judges = self._request.care, self._request.voice.judges
        return judges.difference(text, rewrite, care.guard, prompt.system, care.unexplained_share)

    def _best(self, segment: Segment, good: list["_Candidate"]) -> "_Candidate":
        """The candidate most in the owner's style; of equals the one that says most of the text, then the first."""
        if len(good) == 1:
            return good[0]
        voice, text = self._request.voice, restore(segment.text, self._request.values)
        scores = voice.verifier.score([candidate.text for candidate in good])
        lost = [len(voice.judges.alignment.lost(text, candidate.text)) for candidate in good]
        return good[max(range(len(good)), key=lambda place: (round(float(scores[place])), -lost[place]))]

    async def _shipped(self, segment: Segment, best: "_Candidate", spent: int) -> Piece:
        text = segment.lead + best.text
        tokens = best.done.completion_tokens
        if segment.lead or self._request.values:
            tokens = await self._engine.count(text)
        return Piece(
            text, best.done.prompt_tokens, tokens, "resampled" if best.resampled else "kept",
            "length" if best.cut else None, extra_tokens=spent - best.done.completion_tokens,
        )  # fmt: skip

    async def _as_it_came(
        self, segment: Segment, verdict: Verdict | None, wrong: Difference | None = None, spent: int = 0
    ) -> Piece:
        text = restore(segment.lead + segment.text, self._request.values)
        tokens = await self._engine.count(text) if text else 0
        wrong = wrong or Difference()
        return Piece(text, 0, tokens, verdict, None, wrong.missing, wrong.invented, spent)

    def _smaller(self, segment: Segment) -> list[Segment]:
        """The segment one rung down; two where that would ask for the same again."""
        smaller = finer(segment)
        texts = self._request.texts
        if len(smaller) == 1 and (smaller[0].text, smaller[0].unit(texts)) == (segment.text, segment.unit(texts)):
            return self._smaller(smaller[0])
        return smaller


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


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One rewrite of a segment, its identifiers put back, and what is wrong with it."""

    done: Completion
    text: str
    wrong: Difference
    cut: bool
    resampled: bool
