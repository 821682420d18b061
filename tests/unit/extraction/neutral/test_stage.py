"""Neutral sides from whoever has them."""

import json
from pathlib import Path

from click.testing import CliRunner

from extraction import ledger
from extraction.drafts import Draft
from extraction.neutral.stage import add_neutral
from extraction.pieces import Piece
from extraction.reason import Reason
from nic_voice.main import main
from tests.unit.extraction.neutral.endpoint_server import Behaviour, Numbered, serving
from voice.triplet import read_triplets

TEXTS = ["see u at 8", "the boat is late", "boat's here", "Ana has the ladder"]


def answered(items: Numbered) -> str:
    """Drafts for all; the one with a number loses it."""
    return json.dumps(
        [{"n": item["n"], "draft": f"I think that {item['typed'].replace('8', 'night')}."} for item in items]
    )


def run(*words: str) -> str:
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == 0, result.output
    return result.output


def test_drafts_are_asked_for_and_the_rules_do_the_rest(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("\n".join(TEXTS))
    data = tmp_path / "data"
    with serving(Behaviour(answer=answered)) as server:
        how = ["--neutral", "llm", "--neutral-url", server.url, "--neutral-model", "big", "--rest", "rules"]
        output = run("import-own", str(tmp_path / "own.txt"), "--register", "chat", "--unit", "sentence",
                     "--out", str(data), *how)  # fmt: skip
        assert "127.0.0.1, model big: 4 texts in 1 call," in output
        assert "Neutral sides: big 3, rules 1." in output
        assert "No draft of the model: other_facts 1." in output
        triplets = list(read_triplets(data / "triplets.jsonl"))
        assert [triplet.origin for triplet in triplets] == ["rules", "big", "big", "big"]
        counted = ledger.read(data / "ledger.json")
        assert (counted.origins, counted.without_draft) == ({"big": 3, "rules": 1}, {"other_facts": 1})
        before = len(server.requests)
        run("neutralise", "--own", str(data), *how)
        assert len(server.requests) == before
        assert list(read_triplets(data / "triplets.jsonl")) == triplets
        run("neutralise", "--own", str(data), *how, "--rest", "none")
        assert {triplet.origin for triplet in read_triplets(data / "triplets.jsonl")} == {"big"}
        left_out = ledger.read(data / "ledger.json")
        assert (left_out.origins, left_out.sources["own"].sentences_rejected) == ({"big": 3}, {Reason.NO_DRAFT: 1})
    run("neutralise", "--own", str(data / "own.jsonl"), "--how", "rules")
    assert {triplet.origin for triplet in read_triplets(data / "triplets.jsonl")} == {"rules"}


class Twice:
    """Has two drafts of every text, of which the second lacks its number."""

    def look_up(self, piece: Piece) -> list[Draft] | str:
        return [Draft(f"I say {piece.own}.", "learned"), Draft(f"I say {piece.own.replace('8', 'so')}.", "learned")]


def test_each_draft_of_a_text_is_a_triplet(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("\n".join(TEXTS))
    run("import-own", str(tmp_path / "own.txt"), "--register", "chat", "--unit", "sentence", "--out", str(tmp_path),
        "--how", "rules")  # fmt: skip
    counted = add_neutral(tmp_path, [Twice()])
    triplets = list(read_triplets(tmp_path / "triplets.jsonl"))
    assert [triplet.own for triplet in triplets] == ["see u at 8", *(text for text in TEXTS[1:] for _ in range(2))]
    assert [triplet.id.rpartition(":")[2] for triplet in triplets] == ["0", *["0", "0v2"] * 3]
    assert (counted.triplets, counted.further_versions, counted.origins) == (7, 3, {"learned": 7})
    assert ledger.read(tmp_path / "ledger.json") == counted


def test_another_file_than_own_jsonl_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["neutralise", "--own", str(tmp_path / "other.jsonl")])
    assert result.exit_code == 2
    assert "neither a folder nor an own.jsonl" in result.output


def test_a_sample_asks_for_as_many(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("\n".join(TEXTS))
    with serving(Behaviour(answer=answered)) as server:
        output = run(
            "import-own", str(tmp_path / "own.txt"), "--register", "chat", "--out", str(tmp_path / "data"),
            "--how", "llm", "--neutral-url", server.url, "--neutral-model", "big", "--sample", "2", "--rest", "rules",
        )  # fmt: skip
        assert len(set(server.texts)) == 2
        assert "not_asked" in output


def test_before_any_work_the_endpoint_is_checked(tmp_path: Path) -> None:
    words = ["extract", "--dsn", "postgresql://localhost:1/none", "--owner", str(tmp_path / "owner.toml"),
             "--out", str(tmp_path), "--neutral", "llm", "--neutral-model", "big",
             "--neutral-url", "https://api.example.com/v1"]  # fmt: skip
    (tmp_path / "owner.toml").write_text('names = ["Ana Example"]\nemails = ["ana@example.org"]\n')
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 1
    assert "--allow-host api.example.com --mask-names" in result.output
