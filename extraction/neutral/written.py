"""Own texts -> drafts by an adapter of the small base model, own -> draft: the neutral sides that cost nothing.

In: pieces, and who writes: the way back that comes with the package (`back`), or one that has gone on from it with the
drafts that a big model wrote for this owner (`learned`). Out: for each piece the first drafts that stood every check,
as many as are wanted, or none. What was written before a kill is kept and not written again.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from extraction.drafts import Draft
from extraction.neutral.answers import Answer, Answers, key_of
from extraction.neutral.choice import spread
from extraction.neutral.question import why_bad
from extraction.neutral.stage import triplet_of
from extraction.pieces import Piece
from voice.facts.compare import invented
from voice.judges.verdict import Judges
from voice.prompt import BACK_SYSTEM
from voice.split import split
from voice.triplet import RULES, Triplet

BACK, LEARNED = "back", "learned"
TRIES = 3  # the first greedy
TEMPERATURE = 0.6  # of the others
AT_ONCE = 128  # texts, after which what was written is kept
LEAST = 0.4  # how likely a draft by a small model says the same, by its words alone


class Writer(Protocol):
    """Who writes: voice.judges.reader.Reader."""

    def write(self, texts: Sequence[str], temperature: float, seed: int) -> list[str]:
        """A draft of each text."""


@dataclass(frozen=True, slots=True)
class Who:
    """A writer, loaded when it first writes; `origin` is BACK or LEARNED, `version` the SHA-256 of its adapter."""

    origin: str
    version: str
    load: Callable[[], Writer]
    judges: Judges


def known_drafts(pieces: Iterable[Piece], triplets: Iterable[Triplet]) -> dict[str, Draft]:
    """The drafts that there are, by the ids of their pieces: those of own.jsonl, and the neutral sides of triplets
    that a big model wrote for the same text.
    """
    written = {
        (triplet.id, triplet.own): Draft(triplet.neutral, triplet.origin)
        for triplet in triplets
        if triplet.origin not in (RULES, BACK, LEARNED)
    }
    known = {}
    for piece in pieces:
        if piece.draft and piece.model and not invented(piece.draft, piece.own):
            known[piece.id] = Draft(piece.draft, piece.model)
        elif (piece.id, piece.own) in written:
            known[piece.id] = written[piece.id, piece.own]
    return known


def lessons(pieces: Sequence[Piece], known: dict[str, Draft], share: float, most: int) -> list[Triplet]:
    """Triplets that teach the way from the own text to its draft; none of what training is going to hold out."""
    forward = [triplet_of(piece, piece.own, LEARNED) for piece in pieces]
    held_out = {triplet.id for triplet in split(forward, share, most).held_out}
    return [
        replace(triplet, system=BACK_SYSTEM, neutral=triplet.own, own=known[triplet.id].text)
        for triplet in forward
        if triplet.id in known and triplet.id not in held_out
    ]


class WrittenDrafts:
    """Has the drafts written that are not kept yet, and finds those that are.

    `most` is how many drafts of a text are given out, from 1 to TRIES; drafts by another adapter are not taken for this
    one's.
    """

    def __init__(self, who: Who, answers: Path, known: dict[str, Draft], most: int = 1) -> None:
        self._who, self._known, self._most = who, known, most
        self._answers = Answers(answers)

    def look_up(self, piece: Piece) -> list[Draft] | str:
        """The drafts of a piece, or why there is none: a known one by its model, else the adapter's."""
        if piece.id in self._known:
            return [self._known[piece.id]]
        answers = [self._answers.get(self._key(piece, place)) for place in range(self._most)]
        if answers[0] is None:
            return "not_asked"
        good = [Draft(answer.draft, self._who.origin) for answer in answers if answer and answer.draft is not None]
        return good or str(answers[0].reason)

    def open(self, pieces: Sequence[Piece]) -> list[Piece]:
        """The pieces that nothing is known of yet, the worthiest first; of equal texts one."""
        found = {self._key(piece, 0): piece for piece in spread(pieces) if self.look_up(piece) == "not_asked"}
        return list(found.values())

    def fill(
        self,
        pieces: Sequence[Piece],
        minutes: float | None = None,
        on_progress: Callable[[int], None] = lambda done: None,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        """Write drafts of these pieces, as many as the minutes allow; after the first few `say` gets an estimate."""
        writer, started_s = self._who.load(), time.monotonic()
        for start in range(0, len(pieces), AT_ONCE):
            some = pieces[start : start + AT_ONCE]
            self._answers.keep(self._written(writer, some))
            done, spent_s = start + len(some), time.monotonic() - started_s
            on_progress(done)
            if start == 0 and len(pieces) > AT_ONCE:
                whole = spent_s / 60 * len(pieces) / done
                say(f"All {len(pieces):,} texts would take about {whole:,.0f} minutes.")
            if minutes is not None and spent_s >= 60 * minutes:
                return

    def close(self) -> None:
        """Close the file of answers."""
        self._answers.close()

    def _written(self, writer: Writer, pieces: Sequence[Piece]) -> list[tuple[bytes, Answer]]:
        """What is to be kept of these pieces, after up to TRIES rounds for those that lack drafts."""
        good: list[list[str]] = [[] for _ in pieces]
        reasons = [""] * len(pieces)
        tries = [0] * len(pieces)
        for number in range(TRIES):
            waiting = [place for place, drafts in enumerate(good) if len(drafts) < self._most]
            texts = [pieces[place].own for place in waiting]
            drafts = writer.write(texts, TEMPERATURE if number else 0.0, number) if texts else []
            for place, draft in zip(waiting, drafts, strict=True):
                tries[place] += 1
                reason = why_bad(pieces[place].own, draft, self._who.judges, LEAST)
                if reason is None and draft not in good[place]:
                    good[place].append(draft)
                reasons[place] = reason or reasons[place]
        kept = []
        for place, piece in enumerate(pieces):
            answers = [Answer(draft, None, tries[place]) for draft in good[place]]
            for number, answer in enumerate(answers or [Answer(None, reasons[place], tries[place])]):
                kept.append((self._key(piece, number), answer))
        return kept

    def _key(self, piece: Piece, place: int) -> bytes:
        numbered = [str(place)] if place else []
        return key_of(piece.own, piece.register, piece.unit, self._who.origin, self._who.version, *numbered)
