"""The second stage of extraction: own.jsonl -> triplets.jsonl and ledger.json, which counts both stages.

In: the folder with own.jsonl and own.ledger.json, and who has drafts. Out: the triplets, ordered as the pieces are. It
needs no database, and equal pieces and drafts give equal bytes.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from extraction import ledger as ledgers
from extraction import pieces as files
from extraction.drafts import Draft
from extraction.errors import ExtractionError
from extraction.ledger import Counts, Ledger
from extraction.neutral.rules import neutralise
from extraction.pieces import Piece
from extraction.reason import Reason
from voice.atomic import atomic_write, flush
from voice.facts.compare import invented
from voice.prompt import system_text
from voice.triplet import Triplet, dump_triplets

FILE_NAME = "triplets.jsonl"
ORIGIN = "rules"


class Drafter(Protocol):
    """Who has drafts of pieces."""

    def look_up(self, piece: Piece) -> Draft | str:
        """Its draft of a piece, or why there is none."""


def add_neutral(out: Path, drafter: Drafter | None = None) -> Ledger:
    """The second stage: out/own.jsonl -> out/triplets.jsonl and out/ledger.json.

    The neutral side of a piece is the draft that own.jsonl has for it, else the drafter's, else that of the rules.
    """
    first = ledgers.read(out / ledgers.OWN_FILE_NAME)
    stage = _NeutralStage(drafter)
    with atomic_write(out / ledgers.FILE_NAME) as ledger_file, atomic_write(out / FILE_NAME) as triplets_file:
        written, sha256 = dump_triplets(triplets_file, stage.triplets(files.read_pieces(out / files.FILE_NAME)))
        if not written:
            raise ExtractionError(f"No piece of {out / files.FILE_NAME} got a neutral side that holds its facts.")
        sources, drafts = stage.counted(first.sources), stage.counted_drafts(first.drafts)
        ledger = dataclasses.replace(
            first, sources=sources, sha256=sha256, drafts=drafts, origins=dict(sorted(stage.origins.items())),
            without_draft=dict(sorted(stage.without_draft.items())),
        )  # fmt: skip
        ledger_file.write(ledger.to_json().encode())
        flush(ledger_file)
    return ledger


def triplet_of(piece: Piece, neutral: str, origin: str) -> Triplet:
    """The triplet that a piece and its neutral side make."""
    return Triplet(
        id=piece.id, source=piece.source, register=piece.register, unit=piece.unit, thread=piece.thread,
        sent_at=piece.sent_at, origin=origin, system=system_text(piece.register, piece.unit), neutral=neutral,
        own=piece.own,
    )  # fmt: skip


class _NeutralStage:
    """The second stage on its way: what it dropped, and which rows that leaves without a triplet."""

    def __init__(self, drafter: Drafter | None) -> None:
        self.origins: Counter[str] = Counter()
        self.without_draft: Counter[str] = Counter()
        self._drafter = drafter
        self._used: set[str] = set()
        self._dropped: list[Piece] = []
        self._drafts_lacking = 0

    def triplets(self, pieces: Iterator[Piece]) -> Iterator[Triplet]:
        """A triplet for each piece but for those whose facts the neutral side lacks."""
        for piece in pieces:
            neutral, origin = self._neutral(piece)
            if invented(neutral, piece.own):
                self._dropped.append(piece)
                continue
            self._used.add(piece.row)
            self.origins[origin] += 1
            yield triplet_of(piece, neutral, origin)

    def _neutral(self, piece: Piece) -> tuple[str, str]:
        """The neutral side of a piece and its origin: a draft that has all its facts, else the rules."""
        if piece.draft and piece.model:
            if not invented(piece.draft, piece.own):
                return piece.draft, piece.model
            self._drafts_lacking += 1
        if self._drafter:
            found = self._drafter.look_up(piece)
            if isinstance(found, Draft):
                return found.text, found.model
            self.without_draft[found] += 1
        return neutralise(piece.own, piece.register, piece.id, piece.unit), ORIGIN

    def counted_drafts(self, first: dict[str, int]) -> dict[str, int]:
        """What became of the drafts that were brought."""
        if not first:
            return {}
        return first | {"used": first["used"] - self._drafts_lacking, "without_a_fact": self._drafts_lacking}

    def counted(self, first: dict[str, Counts]) -> dict[str, Counts]:
        """The counts of both stages together, by source."""
        counts = {name: count.copy() for name, count in first.items()}
        ledgers.reject_pieces(counts, self._dropped, self._used, Reason.INVENTED_FACT)
        for name, count in counts.items():
            count.check(name)
        return counts
