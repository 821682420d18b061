"""Drafts by the small model: as it comes with the package, and taught by others' drafts, really trained."""

import json
from pathlib import Path

import pytest

from extraction import ledger
from tests.real.end_to_end.test_road import run
from voice.triplet import read_triplets

pytestmark = [pytest.mark.unsloth, pytest.mark.slow, pytest.mark.timeout(1500)]

THINGS = "boat ladder ticket report kitchen garden invoice letter bicycle meeting".split()
STATES = ("late", "broken", "wet", "lost")  # of the last one there are no drafts
PEOPLE = ("ana", "bob", "petra")


def test_the_small_model_writes_drafts_and_learns_to_write_them(tmp_path: Path) -> None:
    own, drafts = [], []
    for number, (state, thing, who) in enumerate((s, t, p) for s in STATES for t in THINGS for p in PEOPLE):
        text = f"{thing} is {state} again, call {who}"
        own.append({"id": number, "own": text, "unit": "message"})
        if state != STATES[-1]:
            draft = f"I wanted to let you know that the {thing} is {state} again. Please call {who.capitalize()}."
            drafts.append({"id": f"own:{number}:m", "draft": draft, "model": "big"})
    for name, rows in (("own.jsonl", own), ("drafts.jsonl", drafts)):
        (tmp_path / name).write_text("\n".join(map(json.dumps, rows)))
    data = tmp_path / "data"
    run("import-own", str(tmp_path / "own.jsonl"), "--register", "chat", "--drafts", str(tmp_path / "drafts.jsonl"),
        "--how", "back", "--out", str(data))  # fmt: skip
    counted = ledger.read(data / "ledger.json")
    assert counted.origins["big"] == 90
    assert counted.origins.get("back", 0) > 15, counted.without_draft
    settings = {"epochs": "9", "max_steps": "30", "batch_tokens": "512", "learning_rate": "2.0e-3"}
    learn = ["neutralise", "--own", str(data), "--how", "learned"]
    learn += [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    said = run(*learn, timeout_s=1000).stderr
    counted = ledger.read(data / "ledger.json")
    assert counted.origins["big"] == 90
    assert counted.origins.get("learned", 0) > 5, (counted.without_draft, said)
    first = list(read_triplets(data / "triplets.jsonl"))
    again = run(*learn, timeout_s=300)
    assert "30 texts get a draft" in said
    assert "get a draft" not in again.stderr
    assert list(read_triplets(data / "triplets.jsonl")) == first
