"""Own texts that somebody brings in a file."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extraction import ledger
from extraction.own_texts import import_own
from extraction.pieces import read_pieces
from extraction.pipeline import ExtractionError
from voice.lines import LinesError
from voice.triplet import read_triplets


def _import(folder: Path, content: str) -> Path:
    (folder / "own.txt").write_text(content)
    import_own(folder / "own.txt", folder / "data", "email")
    return folder / "data"


def test_a_line_is_a_text(tmp_path: Path) -> None:
    data = _import(tmp_path, "cant make it, sorry. talk later\n\nlol\nwhat time is it\n")
    pieces = list(read_pieces(data / "own.jsonl"))
    assert [(piece.id, piece.own, piece.unit) for piece in pieces] == [
        ("own:1:0", "cant make it, sorry.", "sentence"),
        ("own:1:1", "talk later", "sentence"),
        ("own:1:m", "cant make it, sorry. talk later", "message"),
        ("own:4:m", "what time is it", "message"),
    ]
    triplets = list(read_triplets(data / "triplets.jsonl"))
    assert [triplet.own for triplet in triplets] == [piece.own for piece in pieces]
    assert all(triplet.neutral != triplet.own and triplet.origin == "rules" for triplet in triplets)
    counts = ledger.read(data / "ledger.json").sources["own"]
    assert (counts.rows_read, counts.rows_used, dict(counts.rows_rejected)) == (4, 2, {"empty": 1, "reaction": 1})


def test_jsonl_says_more_of_a_text(tmp_path: Path) -> None:
    rows = [
        {"id": "m7", "own": "hey\n\nlate again", "register": "chat", "unit": "message", "thread": "+12025550100",
         "sent_at": "2020-05-01"},
        {"own": "not a soul here", "unit": "sentence"},
        {"text": "no own"},
    ]  # fmt: skip
    first, second = read_pieces(_import(tmp_path, "\n".join(map(json.dumps, rows))) / "own.jsonl")
    assert (first.id, first.own, first.register, first.sent_at) == (
        "own:m7:m", "hey\n\nlate again", "chat", datetime(2020, 5, 1, tzinfo=UTC),
    )  # fmt: skip
    assert first.thread is not None
    assert "555" not in first.thread
    assert (second.id, second.register, second.unit, second.thread) == ("own:2:0", "email", "sentence", None)


def test_two_texts_with_one_id_are_an_error(tmp_path: Path) -> None:
    rows = [{"id": 1, "own": "one thing"}, {"id": 1, "own": "another thing"}]
    with pytest.raises(LinesError, match="line 2: the id"):
        _import(tmp_path, "\n".join(map(json.dumps, rows)))


@pytest.mark.parametrize(("content", "expected"), [("", "the file is empty"), ("\nlol\n", "empty 1, reaction 1")])
def test_nothing_is_written_when_there_is_nothing(tmp_path: Path, content: str, expected: str) -> None:
    with pytest.raises(ExtractionError, match=expected):
        _import(tmp_path, content)
    assert not (tmp_path / "data").exists()
