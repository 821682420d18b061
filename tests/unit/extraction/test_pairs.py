"""Pairs that somebody already has."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extraction.pairs import PairsError, import_pairs
from voice.lines import LinesError
from voice.triplet import read_triplets


def _write(folder: Path, content: str) -> Path:
    path = folder / "pairs.tsv"
    path.write_bytes(content.encode())
    return path


def test_a_line_becomes_a_triplet(tmp_path: Path) -> None:
    path = _write(tmp_path, "I will be late.\tgonna be late\nThat is fine.\tfine :)\n")
    out = tmp_path / "out" / "pairs.jsonl"
    summary = import_pairs(path, out, "email")
    first, second = read_triplets(out)
    assert (first.id, first.source, first.register, first.unit, first.origin) == (
        "pairs:1:0",
        "pairs",
        "email",
        "sentence",
        "pairs",
    )
    assert (first.neutral, first.own, first.thread, first.sent_at) == ("I will be late.", "gonna be late", None, None)
    assert (second.id, second.own) == ("pairs:2:0", "fine :)")
    assert (summary.read, summary.written, summary.dropped) == (2, 2, {})
    assert summary.sha256 == hashlib.sha256(out.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("no tab here", "not_one_tab"),
        ("", "not_one_tab"),
        ("one\ttwo\tthree", "not_one_tab"),
        ("\town only", "empty_side"),
        ("neutral only\t  ", "empty_side"),
        ("Good.\tgood", "duplicate"),
        ("It costs money.\tcosts 40", "invented_fact"),
    ],
)
def test_a_line_that_cannot_be_used_is_counted(tmp_path: Path, line: str, expected: str) -> None:
    summary = import_pairs(_write(tmp_path, f"Good.\tgood\n{line}\n"), tmp_path / "out.jsonl", "chat")
    assert (summary.read, summary.written, summary.dropped) == (2, 1, {expected: 1})


def test_a_line_of_jsonl_says_more_of_itself(tmp_path: Path) -> None:
    rows = [
        {"neutral": "Hello.\n\nI will be late.", "own": "late\nsorry", "register": "chat", "unit": "message",
         "thread": "+12025550100", "sent_at": "2020-05-01T10:00:00+02:00", "mood": "bad"},
        {"neutral": "Fine.", "own": "k then", "unit": "sentence", "thread": "+12025550100"},
        {"neutral": "No own side."},
        {"neutral": "Half a character.", "own": "\ud800"},
    ]  # fmt: skip
    out = tmp_path / "out.jsonl"
    summary = import_pairs(_write(tmp_path, "".join(json.dumps(row) + "\n" for row in rows)), out, "email")
    first, second = read_triplets(out)
    assert (first.neutral, first.own) == ("Hello.\n\nI will be late.", "late\nsorry")
    assert (first.register, first.unit, first.sent_at) == ("chat", "message", datetime(2020, 5, 1, 8, tzinfo=UTC))
    assert (second.register, second.unit, second.sent_at) == ("email", "sentence", None)
    assert first.thread == second.thread
    assert first.thread is not None
    assert "555" not in first.thread
    assert (summary.read, summary.written, summary.dropped) == (4, 2, {"not_a_pair": 2})


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("register", "letter", "line 2: register is not one of chat"),
        ("unit", "page", "line 2: unit is not one of sentence"),
        ("sent_at", "yesterday", "line 2: sent_at is not an ISO 8601 date"),
        ("sent_at", 5, "line 2: sent_at is not an ISO 8601 date"),
    ],
)
def test_a_wrong_field_of_jsonl_is_named(tmp_path: Path, field: str, value: object, expected: str) -> None:
    rows = [{"neutral": "A.", "own": "a"}, {"neutral": "B.", "own": "b", field: value}]
    with pytest.raises(LinesError, match=expected):
        import_pairs(_write(tmp_path, "\n".join(map(json.dumps, rows))), tmp_path / "out.jsonl", "email")


@pytest.mark.parametrize(
    ("content", "neutral", "own"),
    [
        ('"Yes," he said.\t"yes', '"Yes," he said.', '"yes'),
        ("Good.\tgood\u2028indeed\n", "Good.", "good\u2028indeed"),
        ("\ufeffGood.\tgood\r\n", "Good.", "good"),
    ],
)
def test_quotes_separators_and_marks_are_text_or_nothing(tmp_path: Path, content: str, neutral: str, own: str) -> None:
    out = tmp_path / "out.jsonl"
    import_pairs(_write(tmp_path, content), out, "chat")
    assert [(triplet.neutral, triplet.own) for triplet in read_triplets(out)] == [(neutral, own)]


@pytest.mark.parametrize(
    ("content", "expected"), [("", "the file is empty"), ("a\nb\n", "not_one_tab 2"), ("x\t\n", "empty_side 1")]
)
def test_a_file_without_a_usable_line_is_an_error(tmp_path: Path, content: str, expected: str) -> None:
    with pytest.raises(PairsError, match=expected):
        import_pairs(_write(tmp_path, content), tmp_path / "out.jsonl", "chat")
    assert not (tmp_path / "out.jsonl").exists()


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_bytes(b"Good.\tgood\nBad.\t\xff\n")
    with pytest.raises(LinesError, match="line 2: not UTF-8"):
        import_pairs(path, tmp_path / "out.jsonl", "chat")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"nothing\.tsv"):
        import_pairs(tmp_path / "nothing.tsv", tmp_path / "out.jsonl", "chat")
