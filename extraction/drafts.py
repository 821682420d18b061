"""Drafts that a big model wrote for an owner's texts, from a file: the best neutral sides there are.

In: JSONL lines {"id", "draft", "model"}, whose ids are those of own.jsonl. Out: the pieces with their drafts, and how
many drafts found none.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from extraction.pieces import Piece
from extraction.units import MESSAGE, UnitChoice
from voice.lines import json_object, read_lines

_FIELDS = ("id", "draft", "model")


@dataclass(frozen=True, slots=True)
class Draft:
    """A text as `model` would have put it."""

    text: str
    model: str


def read_drafts(path: Path) -> dict[str, Draft]:
    """The drafts of a file by the ids of their pieces; LinesError names a wrong or repeated one."""
    lines = read_lines(path)
    drafts: dict[str, Draft] = {}
    for number, line in enumerate(lines.lines, start=1):
        row = json_object(line)
        if row is None or not all(isinstance(row.get(field), str) and row[field].strip() for field in _FIELDS):
            raise lines.fault(number, 'not a draft. Each line must be {"id": ..., "draft": ..., "model": ...}.')
        if row["id"] in drafts:
            raise lines.fault(number, "the id of this draft stands above already. Leave one of the two.")
        drafts[row["id"]] = Draft(row["draft"].strip(), row["model"].strip())
    return drafts


def with_drafts(pieces: Sequence[Piece], drafts: dict[str, Draft], choice: UnitChoice) -> tuple[list[Piece], int]:
    """The pieces, those that have a draft with it, and how many drafts there are for no piece.

    Where a row's only text is one sentence, and the draft is for the other unit than chance chose, the draft decides.
    """
    in_row = Counter(piece.row for piece in pieces)
    found: list[Piece] = []
    used = 0
    for piece in pieces:
        other = _other_unit(piece) if choice == "both" and in_row[piece.row] == 1 else piece
        asked = piece if piece.id in drafts or other.id not in drafts else other
        draft = drafts.get(asked.id)
        used += draft is not None
        found.append(replace(asked, draft=draft.text, model=draft.model) if draft else piece)
    return found, len(drafts) - used


def _other_unit(piece: Piece) -> Piece:
    if piece.unit == "sentence":
        return replace(piece, id=f"{piece.row}:{MESSAGE}", unit="message")
    return replace(piece, id=f"{piece.row}:0", unit="sentence")
