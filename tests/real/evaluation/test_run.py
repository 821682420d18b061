"""A whole judgement on outputs that are at hand, with the real sentence model."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from evaluation.report import Report
from evaluation.run import Plan, judge
from evaluation.style import MEAN
from tests.people import cases, strangers
from training.judges import fit_verifier
from voice import alignment
from voice.judges.verdict import Judges

pytestmark = pytest.mark.minilm

CASES = cases(60)
PAIRS = [(case.neutral, case.own) for case in CASES]
PLAN = Plan("ana", Path("voices"), others={"strangers": strangers(60)})
JUDGES = (Judges(alignment.learn(PAIRS)), fit_verifier(PAIRS))


def shown(report: Report) -> str:
    console = Console(width=250)
    with console.capture() as captured:
        console.print(report.shown())
    return captured.get()


@pytest.fixture(scope="module")
def report() -> Report:
    wrong = [case.own.replace("isn't", "is").replace("printer", "dentist") for case in CASES]
    return judge(PLAN, CASES, [], {"ana": wrong}, JUDGES)


def test_every_contestant_is_scored(report: Report) -> None:
    kinds = {row.name: row.kind for row in report.rows}
    tricks = ("copy", "copy + ending", "case and marks", "word substitutions")
    assert kinds == {"ana": "voice", "owner": "owner", "strangers": "other"} | dict.fromkeys(tricks, "trick")
    scores = {row.name: row for row in report.rows}
    assert scores["ana"].style[MEAN].value > 0.8
    assert scores["ana"].fidelity["unexplained %"].value > 5
    assert scores["ana"].fidelity["polarity %"].value > 5
    assert scores["copy"].fidelity["near-copy %"].value == 100
    assert scores["copy"].fidelity["similarity"].value == pytest.approx(1, abs=1e-3)
    assert scores["owner"].fidelity["chrF"].value == pytest.approx(1)
    assert scores["ana"].fidelity["judged wrong %"].value > scores["owner"].fidelity["judged wrong %"].value + 5
    assert math.isnan(scores["copy"].fidelity["judged wrong %"].value)
    assert report.lines[0]["neutral"] == CASES[0].neutral


def test_what_is_the_matter_most_is_said_where_there_is_something(report: Report) -> None:
    rows = re.findall(r"^ *- (\S+) %", shown(report), re.MULTILINE)
    voice = next(row for row in report.rows if row.name == "ana")
    shares = {kind: voice.fidelity[f"- {kind} %"].value for kind in rows}
    assert sum(shares.values()) == pytest.approx(voice.fidelity["judged wrong %"].value)
    contestants = {entry["name"]: entry for entry in report.to_json(with_texts=False)["contestants"]}
    assert "judged wrong %" in contestants["owner"]
    assert "judged wrong %" not in contestants["copy"]


def test_kinds_of_text_are_told_apart() -> None:
    several = [replace(case, register="chat" if place % 2 else "email") for place, case in enumerate(cases(85))]
    report = judge(PLAN, several, [], {"ana": [case.own for case in several]}, JUDGES)
    assert [(name, kind, count) for name, kind, count, _ in report.groups] == [
        ("ana", "chat sentence", 42), ("owner", "chat sentence", 42),
        ("ana", "email sentence", 43), ("owner", "email sentence", 43),
    ]  # fmt: skip
    assert report.groups[0][3][MEAN].value == pytest.approx(1, abs=0.05)
    assert re.search(r"ana, chat sentence +42 +[01]\.\d\d \(", shown(report))


def test_the_verifier_knows_him_from_neutral(report: Report) -> None:
    scores = {row.name: row.verifier for row in report.rows}
    assert (scores["copy"] or 0) < 0 < (scores["owner"] or 0)


def test_what_is_written_holds_no_text(report: Report) -> None:
    text = json.dumps(report.to_json(with_texts=False))
    assert "bakery" not in text
    assert "bakery" in json.dumps(report.to_json(with_texts=True))


def test_a_trick_that_wins_is_said() -> None:
    words = {" is ": " iz ", " the ": " da ", "not": "nah", "that": "dat", "very": "mad"}
    easy = []
    for case in CASES:
        own = case.neutral
        for old, new in words.items():
            own = own.replace(old, new)
        easy.append(replace(case, own=own))
    report = judge(PLAN, easy, [], {"ana": [case.own for case in easy]}, JUDGES)
    assert any(note.startswith("The scorer is fooled: 'word substitutions' scores style") for note in report.notes())
    assert "The scorer is fooled" in shown(report)


def test_an_input_that_is_too_close_or_made_by_rules_is_said() -> None:
    close = [replace(case, neutral=f"{case.own}!", by_rules=True) for case in CASES]
    report = judge(PLAN, close, [], {"ana": [case.own for case in CASES]}, JUDGES)
    assert report.notes()[0].startswith("The neutral sides were made of the owner's texts by rules")
    assert report.notes()[1].startswith("The input is too close to the owner's own text")
