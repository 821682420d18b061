"""The second stage of extraction: own.jsonl -> triplets.jsonl and ledger.json, which counts both stages.

In: the folder with own.jsonl and own.ledger.json, and who has drafts. Out: the triplets, ordered as the pieces are. It
needs no database, and equal pieces and drafts give equal bytes.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
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
from voice.triplet import RULES, Triplet, dump_triplets

FILE_NAME = "triplets.jsonl"
SHORT_WORDS = 3  # nobody drafts a text as short in another way than the rules


class Drafter(Protocol):
    """Who has drafts of pieces."""

    def look_up(self, piece: Piece) -> list[Draft] | str:
        """Its drafts of a piece, the best one first, or why there is none."""


def add_neutral(out: Path, drafters: Sequence[Drafter] = (), *, drafted_only: bool = False) -> Ledger:
    """The second stage: out/own.jsonl -> out/triplets.jsonl and out/ledger.json.

    The neutral side of a piece is the draft that own.jsonl has for it, else that of the first drafter who has one, else
    that of the rules; with `drafted_only` longer texts than SHORT_WORDS get none of the rules, and are left out.
    """
    first = ledgers.read(out / ledgers.OWN_FILE_NAME)
    stage = _NeutralStage(drafters, drafted_only)
    with atomic_write(out / ledgers.FILE_NAME) as ledger_file, atomic_write(out / FILE_NAME) as triplets_file:
        written, sha256 = dump_triplets(triplets_file, stage.triplets(files.read_pieces(out / files.FILE_NAME)))
        if not written:
            raise ExtractionError(f"No piece of {out / files.FILE_NAME} got a neutral side that holds its facts.")
        sources, drafts = stage.counted(first.sources), stage.counted_drafts(first.drafts)
        ledger = dataclasses.replace(
            first, sources=sources, sha256=sha256, drafts=drafts, origins=dict(sorted(stage.origins.items())),
            without_draft=dict(sorted(stage.without_draft.items())), further_versions=stage.further_versions,
        )  # fmt: skip
        ledger_file.write(ledger.to_json().encode())
        flush(ledger_file)
    return ledger


def triplet_of(piece: Piece, neutral: str, origin: str, version: int = 1) -> Triplet:
    """The triplet that a piece and its neutral side make; `version` counts the neutral sides of a piece from 1."""
    return Triplet(
        id=piece.id if version == 1 else f"{piece.id}v{version}", source=piece.source, register=piece.register,
        unit=piece.unit, thread=piece.thread, sent_at=piece.sent_at, origin=origin,
        system=system_text(piece.register, piece.unit), neutral=neutral, own=piece.own,
        masked_by=piece.masked_by,
    )  # fmt: skip


class _NeutralStage:
    """The second stage on its way: what it dropped, and which rows that leaves without a triplet."""

    def __init__(self, drafters: Sequence[Drafter], drafted_only: bool) -> None:
        self.origins: Counter[str] = Counter()
        self.without_draft: Counter[str] = Counter()
        self.further_versions = 0
        self._drafters = drafters
        self._drafted_only = drafted_only
        self._used: set[str] = set()
        self._dropped: defaultdict[Reason, list[Piece]] = defaultdict(list)
        self._drafts_lacking = 0

    def triplets(self, pieces: Iterator[Piece]) -> Iterator[Triplet]:
        """The triplets of each piece but for those that have no neutral side, or one that lacks their facts."""
        for piece in pieces:
            neutral = self._neutral(piece)
            versions = [draft for draft in neutral if not invented(draft.text, piece.own)]
            if not versions:
                self._dropped[Reason.INVENTED_FACT if neutral else Reason.NO_DRAFT].append(piece)
                continue
            self._used.add(piece.row)
            self.further_versions += len(versions) - 1
            for number, draft in enumerate(versions, start=1):
                self.origins[draft.model] += 1
                yield triplet_of(piece, draft.text, draft.model, number)

    def _neutral(self, piece: Piece) -> list[Draft]:
        """The neutral sides of a piece: the draft that it has, if that holds its facts, else a drafter's, else that
        of the rules; none if these are not to serve.
        """
        if piece.draft and piece.model:
            if not invented(piece.draft, piece.own):
                return [Draft(piece.draft, piece.model)]
            self._drafts_lacking += 1
        why_none = ""
        for drafter in self._drafters:
            found = drafter.look_up(piece)
            if not isinstance(found, str):
                return found
            why_none = found
        if why_none:
            self.without_draft[why_none] += 1
        if self._drafted_only and len(piece.own.split()) > SHORT_WORDS:
            return []
        return [Draft(neutralise(piece.own, piece.register, piece.id, piece.unit), RULES)]

    def counted_drafts(self, first: dict[str, int]) -> dict[str, int]:
        """What became of the drafts that were brought."""
        if not first:
            return {}
        return first | {"used": first["used"] - self._drafts_lacking, "without_a_fact": self._drafts_lacking}

    def counted(self, first: dict[str, Counts]) -> dict[str, Counts]:
        """The counts of both stages together, by source."""
        counts = {name: count.copy() for name, count in first.items()}
        for reason, dropped in self._dropped.items():
            ledgers.reject_pieces(counts, dropped, self._used, reason)
        for name, count in counts.items():
            count.check(name)
        return counts
