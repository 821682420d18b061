"""What public bug reports of neighbouring tools describe, with the right values: tests/cases/field-cases.jsonl."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from extraction import limits
from extraction.clean.steps import Rejected, run
from extraction.explain import explain
from extraction.habits import drop_same_rows
from extraction.limits import Limits
from extraction.own import Own, cut_pieces, read_row
from extraction.owner import Owner
from extraction.pairs import import_pairs
from extraction.reason import Reason
from extraction.sources import SOURCES
from voice.sentences import split
from voice.triplet import read_triplets

CASES = [json.loads(line) for line in (Path(__file__).parents[2] / "cases/field-cases.jsonl").read_text().splitlines()]


def _of(*areas: str) -> list[Any]:
    return [pytest.param(case, id=case["id"]) for case in CASES if case["area"].split(":")[0].split("/")[0] in areas]


def _cleaned(source_name: str, text: str) -> str:
    source = next(source for source in SOURCES if source.name == source_name)
    outcome = run(source.steps, text)
    return "" if isinstance(outcome, Rejected) else outcome


@pytest.mark.parametrize("case", _of("sentences"))
def test_sentences(case: dict[str, Any]) -> None:
    assert split(case["input"]) == case["expected"]


@pytest.mark.parametrize("case", _of("chat"))
def test_chats(case: dict[str, Any]) -> None:
    explanation = explain(case["area"].split(":")[1], case["input"])
    kept = [sentence.own for sentence in explanation.sentences if not sentence.reason]
    assert ([] if explanation.reason else kept) == case["expected"]


@pytest.mark.parametrize("case", _of("email"))
def test_mails(case: dict[str, Any]) -> None:
    if case["input"].startswith("'\\n'"):  # an expression, for its length
        text = "\n".join(f"On day {day} we met <a@b.c> again and it was fine" for day in range(4000))
        assert _cleaned("gmail", text) == text
        return
    source = "guestbook" if "(guestbook)" in case["kind"] else case["area"].partition("/")[2] or "gmail"
    assert _cleaned(source, case["input"]) == case["expected"]


# The cases of rows, whose texts describe the columns.
NIC = Owner(
    names=("Nic Sample", "José"),
    emails=("nic@example.org", "jose@example.org"),
    nicknames=("Nic",),
    plaud_speakers=("Nic",),
)
MONDAY = datetime(2018, 3, 5, 12, tzinfo=UTC)


def _rows(name: str, *rows: dict[str, Any]) -> list[Own | Rejected]:
    source = next(source for source in SOURCES if source.name == name)
    empty = dict.fromkeys(source.reads) | {source.key: 7}
    return [read_row(source, empty | row, NIC) for row in rows]


def _sentences(outcomes: list[Own | Rejected]) -> list[str]:
    found = [own for own in outcomes if isinstance(own, Own)]
    drop_same_rows(found)
    for own in found:
        if not own.rejected:
            cut_pieces(own, NIC, "sentence")
    limits.apply(found, Limits(one_word_share=1))
    return [piece.own for own in found for piece in own.pieces]


def test_r01_echo_rows() -> None:
    texts = (
        "see you at nine my friend",
        "Liked a message",
        "Reacted ð\x9f\x98\x82 to your message ",
        "see you there ð\x9f\x98\xad (edited)",
        "Nic Sample sent an attachment.",
    )
    rows = [{"sender": "Nic Sample", "data_type": "message", "content": text} for text in texts]
    assert _sentences(_rows("instagram", *rows)) == ["see you at nine my friend", "see you there 😭"]


@pytest.mark.parametrize(
    ("transcript", "expected"),
    [
        (
            "[00:02] Nic\nso the thing is we should go on tuesday\n[00:09] Ana\nyes fine by me\n[00:12] Nic\n"
            "and we take the early train",
            ["so the thing is we should go on tuesday", "and we take the early train"],
        ),
        (
            "Nic: okay let me write that down for you\nNic: Thank you for watching.\nNic: Thank you for watching.\n"
            "Ana: what\nNic: Thanks for watching! Thanks for watching! Thanks for watching!",
            ["okay let me write that down for you"],
        ),
        (
            '{"segments":[{"start":0.2,"end":3.1,"speaker":"José","text":"so we go on tuesday then"},'
            '{"start":3.2,"end":5.0,"speaker":"Ana","text":"yes"}]}',
            ["so we go on tuesday then"],
        ),
        (
            "1\n00:00:02,000 --> 00:00:04,000\nNic: we go on tuesday\n\n2\n00:00:05,000 --> 00:00:06,000\nAna: fine",
            ["we go on tuesday"],
        ),
    ],
)
def test_r03_r05_r18_transcripts(transcript: str, expected: list[str]) -> None:
    assert _sentences(_rows("plaud", {"transcript": transcript})) == expected


def test_r06_a_chat_in_gmail_is_a_chat() -> None:
    mail = {"from_address": "nic@example.org", "is_sent": True, "body_text": "u there? the door is locked"}
    outcomes = _rows("gmail", mail | {"labels": ["CHAT"]}, mail | {"labels": ["SENT"]})
    assert [own.register for own in outcomes if isinstance(own, Own)] == ["chat", "email"]


def test_r09_a_mail_without_a_date() -> None:
    mail = {"from_address": "nic@example.org", "is_sent": True, "body_text": "nine works for me too"}
    assert _sentences(_rows("gmail", mail)) == ["nine works for me too"]


def test_r10_the_same_row_twice() -> None:
    chat = {"sender_email": "nic@example.org", "group_name": "build", "message_text": "the build is green again"}
    later = [chat | {"timestamp": MONDAY + timedelta(seconds=seconds), "id": seconds} for seconds in (0, 0, 40)]
    assert _sentences(_rows("google_chat", *later)) == ["the build is green again"] * 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [("Loved an image", 2000), ("\u200a\u200b❤️\u200b to “\u200aaunt may is coming\u200a”\u200a", None)],
)
def test_r12_r13_tapbacks(text: str, kind: int | None) -> None:
    row = {"is_from_me": True, "text": text, "associated_message_type": kind}
    assert _rows("imessage", row) == [Rejected(Reason.TAPBACK)]


def test_r14_replies_are_one_thread() -> None:
    mail = {"sender_name": "Nic Sample", "body_text": "fine by me then"}
    rows = [mail | {"subject": subject} for subject in ("lease", "RE: lease", "SV: lease", "Re[2]: lease")]
    assert len({own.thread for own in _rows("work_email", *rows) if isinstance(own, Own)}) == 1


def test_r16_a_plus_address_is_his() -> None:
    mail = {"from_address": "jose+shop@example.org", "is_sent": True, "body_text": "nine works for me too"}
    assert _sentences(_rows("gmail", mail)) == ["nine works for me too"]


def test_p01_a_file_of_pairs_from_a_spreadsheet(tmp_path: Path) -> None:
    case = next(case for case in CASES if case["id"] == "P01")
    pairs, (neutral, own) = tmp_path / "pairs.tsv", case["expected"].split(" -> ")
    pairs.write_text(case["input"].replace("\\t", "\t").replace("\\r\\n", "\r\n"))
    import_pairs(pairs, tmp_path / "triplets.jsonl", "chat")
    (triplet,) = read_triplets(tmp_path / "triplets.jsonl")
    assert (triplet.neutral, triplet.own) == (neutral, own)
