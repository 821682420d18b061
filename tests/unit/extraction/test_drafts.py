import json
from pathlib import Path

import pytest

from extraction.drafts import Draft, read_drafts, with_drafts
from extraction.pieces import Piece
from voice.lines import LinesError
from voice.triplet import Unit


def piece(number: str, unit: Unit) -> Piece:
    return Piece(f"s:1:{number}", "s", "chat", unit, None, None, "late again")


def test_a_draft_decides_the_unit_of_a_single_sentence() -> None:
    draft = Draft("I am late again.", "big")
    found, unused = with_drafts([piece("0", "sentence")], {"s:1:m": draft, "s:2:m": draft}, "both")
    assert [(one.id, one.unit, one.draft, one.model) for one in found] == [
        ("s:1:m", "message", "I am late again.", "big"),
    ]
    assert unused == 1
    found, unused = with_drafts([piece("0", "sentence")], {"s:1:m": draft}, "sentence")
    assert (found[0].id, found[0].draft, unused) == ("s:1:0", None, 1)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            [{"id": "s:1:0", "draft": "A.", "model": "big"}, {"id": "s:1:0", "draft": "B.", "model": "big"}],
            "line 2: the id",
        ),
        ([{"id": "s:1:0", "draft": " ", "model": "big"}], "line 1: not a draft"),
        ([{"id": "s:1:0", "draft": "A."}], "line 1: not a draft"),
        ([{"id": 1, "draft": "A.", "model": "big"}], "line 1: not a draft"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, lines: list[dict[str, object]], expected: str) -> None:
    (tmp_path / "drafts.jsonl").write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(LinesError, match=expected):
        read_drafts(tmp_path / "drafts.jsonl")
