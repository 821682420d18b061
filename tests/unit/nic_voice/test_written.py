"""Neutral sides by the small model, with a writer by hand in its place."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from extraction import ledger
from nic_voice import written
from nic_voice.main import main
from tests.unit.extraction.neutral.endpoint_server import Behaviour, serving
from voice.triplet import read_triplets

TEXTS = ["see u at 8", "please call ana before noon", "the boat is wet again", "ok then"]


class Hand:
    """Drafts every text but the one about the boat."""

    asked = 0

    def write(self, texts: Sequence[str], temperature: float, seed: int) -> list[str]:
        Hand.asked += len(texts)
        return ["No." if "boat" in text else f"I wanted to say: {text}." for text in texts]


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written, "_reader", lambda adapter: Hand())
    Hand.asked = 0


def run(folder: Path, *words: str) -> str:
    (folder / "own.txt").write_text("\n".join(TEXTS))
    command = ["import-own", str(folder / "own.txt"), "--register", "chat", "--unit", "sentence", "--out", str(folder)]
    result = CliRunner().invoke(main, [*command, *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_small_model_writes_the_drafts_that_nobody_brought(tmp_path: Path) -> None:
    output = run(tmp_path, "--how", "back")
    assert "4 texts get a draft by the small model now." in output
    counted = ledger.read(tmp_path / "ledger.json")
    assert counted.origins == {"back": 3}
    assert counted.without_draft == {"other_facts": 1} or counted.without_draft == {"says_else": 1}
    neutral = {triplet.own: triplet.neutral for triplet in read_triplets(tmp_path / "triplets.jsonl")}
    assert neutral["see u at 8"] == "I wanted to say: see u at 8."
    asked = Hand.asked
    assert "get a draft" not in run(tmp_path, "--how", "back")
    assert Hand.asked == asked
    run(tmp_path, "--how", "back", "--rest", "rules")
    assert ledger.read(tmp_path / "ledger.json").origins == {"back": 3, "rules": 1}


def test_it_writes_what_the_big_model_has_none_of(tmp_path: Path) -> None:
    refusing = Behaviour(answer=lambda items: "I cannot help with that.")
    with serving(refusing) as server:
        how = ["--how", "llm", "--neutral-url", server.url, "--neutral-model", "big", "--sample", "2"]
        run(tmp_path, *how, "--rest", "back")
        assert ledger.read(tmp_path / "ledger.json").origins == {"back": 3}
        run(tmp_path, *how, "--rest", "none")
        assert ledger.read(tmp_path / "ledger.json").origins == {"rules": 1}


def test_the_rest_after_the_small_model_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("hello there")
    words = ["import-own", str(tmp_path / "own.txt"), "--register", "chat", "--out", str(tmp_path), "--rest", "back"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert "only after llm" in result.output


def test_who_has_too_few_drafts_to_learn_from_is_told_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("\n".join(TEXTS))
    words = ["import-own", str(tmp_path / "own.txt"), "--register", "chat", "--out", str(tmp_path), "--how", "learned"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 1
    assert "it takes 50" in result.output
    assert "Without any: --how back" in result.output
