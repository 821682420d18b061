"""Own texts that somebody brings in a file."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extraction import ledger
from extraction.errors import ExtractionError
from extraction.own_texts import import_own
from extraction.pieces import PiecesError, read_pieces
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


def test_identifiers_are_masked_and_counted_or_secrets_dropped(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("call me on 415-555-0132 ok\n\nthe password is Goose123!\nwe sail at 8\n")
    first = import_own(tmp_path / "own.txt", tmp_path / "data", "chat", unit="sentence")
    assert [piece.own for piece in read_pieces(tmp_path / "data" / "own.jsonl")] == [
        "call me on <phone1> ok",
        "the password is <secret1>",
        "we sail at 8",
    ]
    assert first.masked == {"phone": 1, "secret": 1}
    for triplet in read_triplets(tmp_path / "data" / "triplets.jsonl"):
        assert "555" not in triplet.neutral
        assert "Goose" not in triplet.neutral
    second = import_own(tmp_path / "own.txt", tmp_path / "data", "chat", unit="sentence", secrets="drop")
    assert second.triplets == 2
    assert second.masked == {"phone": 1}
    counts = second.sources["own"]
    assert dict(counts.sentences_rejected) == {"secret": 1}
    assert dict(counts.rows_rejected) == {"empty": 1, "secret": 1}
    (tmp_path / "secret.txt").write_text("the password is Goose123!\n")
    with pytest.raises(ExtractionError, match="Every text holds a secret"):
        import_own(tmp_path / "secret.txt", tmp_path / "data", "chat", secrets="drop")


def test_an_owners_name_that_a_draft_lacks_goes(tmp_path: Path) -> None:
    rows = [{"id": number, "own": f"boat {number} is here, ana", "unit": "message"} for number in range(20, 30)]
    drafts = [{"id": f"own:{row['id']}:m", "draft": f"Boat {row['id']} has arrived.", "model": "big"} for row in rows]
    for name, lines in (("own", rows), ("drafts", drafts)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    import_own(tmp_path / "own.jsonl", tmp_path / "data", "chat", drafts=tmp_path / "drafts.jsonl")
    assert {piece.own for piece in read_pieces(tmp_path / "data" / "own.jsonl")} == {
        f"boat {number} is here" for number in range(20, 30)
    }


def test_pieces_of_another_masking_are_refused(tmp_path: Path) -> None:
    own = _import(tmp_path, "see you at nine") / "own.jsonl"
    assert '"masking": 2' in own.read_text()
    own.write_text(own.read_text().replace(', "masking": 2', ""))
    with pytest.raises(
        PiecesError, match=r"line 1: .* of masking version 1, and this is version 2. Run `nic-voice extr"
    ):
        list(read_pieces(own))


@pytest.mark.parametrize("line", ["[1]", "null", "7", '{"id": "a"}', "{", '{"masking": "x"}'])
def test_a_line_that_is_no_piece_is_named(tmp_path: Path, line: str) -> None:
    own = _import(tmp_path, "see you at nine") / "own.jsonl"
    own.write_text(f"{own.read_text()}{line}\n")
    with pytest.raises(PiecesError, match="line 2: not a piece of own text"):
        list(read_pieces(own))
