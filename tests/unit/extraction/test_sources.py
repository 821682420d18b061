"""The owner test of each source, and what its cleaning leaves."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from extraction.clean.steps import Rejected
from extraction.own import Own, cut_pieces, read_row
from extraction.owner import SOURCE_NAMES, Owner
from extraction.reason import Reason
from extraction.sources import SOURCES, owners_turns
from voice.triplet import Register

OWNER = Owner(
    names=("Nic Sample",), nicknames=("Nico",), emails=("nic@example.org",), handles=("nic.s",),
    guestbook_names=("The Nicster",), plaud_speakers=("Speaker 2",),
)  # fmt: skip
BY_NAME = {source.name: source for source in SOURCES}
WORDS = "the lease is signed"
NOT_OWN = Reason.NOT_OWN

MAIL = {"from_address": "nic@example.org", "from_name": "Nic Sample", "subject": "lease", "is_sent": True}
JSON_TURNS = json.dumps(
    [
        {"speaker": "Speaker 1", "content": "is it signed?", "start_time": 0, "end_time": 900},
        {"speaker": "Nic Sample", "content": WORDS, "start_time": 900, "end_time": 1800},
        {"speaker": None, "content": None},
        "noise",
    ]
)

# source, what the row holds besides its text, the text, and: the register, or the reason why there is no triplet
CASES: list[tuple[str, dict[str, Any], str | None, str]] = [
    ("imessage", {"is_from_me": True}, WORDS, "chat"),
    ("imessage", {"is_from_me": False}, WORDS, NOT_OWN),
    ("imessage", {"is_from_me": None}, WORDS, NOT_OWN),
    ("imessage", {"is_from_me": True, "associated_message_type": 2001}, WORDS, "tapback"),
    ("imessage", {"is_from_me": True, "associated_message_type": 3005}, WORDS, "tapback"),
    ("imessage", {"is_from_me": True, "associated_message_type": 0}, WORDS, "chat"),
    ("imessage", {"is_from_me": True}, f"Loved “{WORDS}”", "tapback"),
    ("imessage", {"is_from_me": True}, "\ufffc", "attachment"),
    ("imessage", {"is_from_me": True}, "https://example.org", "links"),
    ("imessage", {"is_from_me": True}, None, "empty"),
    ("imessage", {"is_from_me": True}, "\u200b", "nothing_own"),
    ("gmail", MAIL, f"{WORDS}\n\n> is it?", "email"),
    ("gmail", MAIL, f"<div>{WORDS}</div>", "email"),
    ("gmail", {**MAIL, "from_address": "Nic Sample <NIC@example.org>"}, WORDS, "email"),
    ("gmail", {**MAIL, "from_address": None}, WORDS, "email"),
    ("gmail", {**MAIL, "from_address": "ana@example.org"}, WORDS, NOT_OWN),
    ("gmail", {**MAIL, "from_address": None, "from_name": "Ana Lee"}, WORDS, NOT_OWN),
    ("gmail", {**MAIL, "is_sent": False}, WORDS, NOT_OWN),
    ("gmail", {**MAIL, "subject": "Accepted: lease"}, WORDS, "automated"),
    ("gmail", {**MAIL, "subject": None}, WORDS, "email"),
    ("gmail", MAIL, "Click here to unsubscribe.", "automated"),
    ("gmail", MAIL, "> is it?", "nothing_own"),
    ("google_chat", {"sender_email": "nic@example.org", "sender_name": "N"}, WORDS, "chat"),
    ("google_chat", {"sender_email": None, "sender_name": "Nic Sample"}, WORDS, "chat"),
    ("google_chat", {"sender_email": "ana@example.org", "sender_name": "Nic Sample"}, WORDS, NOT_OWN),
    ("google_voice", {"record_type": "text", "is_incoming": False}, WORDS, "chat"),
    ("google_voice", {"record_type": "text", "is_incoming": True}, WORDS, NOT_OWN),
    ("google_voice", {"record_type": "voicemail", "is_incoming": False}, WORDS, "not_message"),
    ("google_voice", {"record_type": "text", "is_incoming": None}, WORDS, NOT_OWN),
    ("instagram", {"data_type": "message", "sender": "nic.s"}, WORDS, "chat"),
    ("instagram", {"data_type": "message", "sender": "Nico"}, WORDS, "chat"),
    ("instagram", {"data_type": "comment", "sender": "nic.s"}, WORDS, "not_message"),
    ("instagram", {"data_type": "message", "sender": "ana"}, WORDS, NOT_OWN),
    ("facebook", {"data_type": "message", "sender": "Nic Sample"}, WORDS, "chat"),
    ("facebook", {"data_type": "post", "sender": "Nic Sample"}, WORDS, "post"),
    ("facebook", {"data_type": "comment", "sender": "Nic Sample"}, WORDS, "post"),
    ("facebook", {"data_type": "like", "sender": "Nic Sample"}, WORDS, "not_message"),
    ("facebook", {"data_type": "message", "sender": None}, WORDS, NOT_OWN),
    ("work_email", {"sender_name": "Sample, Nic", "subject": "RE: lease"}, WORDS, "work_email"),
    ("work_email", {"sender_name": "Lee, Ana", "subject": "lease"}, WORDS, NOT_OWN),
    ("work_email", {"sender_name": None, "subject": None}, WORDS, NOT_OWN),
    ("work_email", {"sender_name": "Sample, Nic", "subject": "Declined: lease"}, WORDS, "automated"),
    ("plaud", {}, JSON_TURNS, "speech"),
    ("plaud", {}, f"Speaker 2: {WORDS}\nSpeaker 1: is it?", "speech"),
    ("plaud", {}, "Speaker 1: is it?\nno speaker here", NOT_OWN),
    ("plaud", {}, "{", NOT_OWN),
    ("plaud", {}, None, NOT_OWN),
    ("blackberry", {"direction": "sent"}, WORDS, "chat"),
    ("blackberry", {"direction": "received"}, WORDS, NOT_OWN),
    ("blogger", {}, f"<p>{WORDS}</p><blockquote>is it?</blockquote>", "post"),
    ("guestbook", {"poster_name": "the nicster"}, WORDS, "post"),
    ("guestbook", {"poster_name": "Nic Sample"}, WORDS, "post"),
    ("guestbook", {"poster_name": "Nico"}, WORDS, NOT_OWN),
]  # fmt: skip


def _row(source: str, content: Mapping[str, Any], text: str | None) -> dict[str, Any]:
    entry = BY_NAME[source]  # type: ignore[index]
    row = dict.fromkeys(entry.reads) | {entry.key: 7, entry.date: datetime(2018, 3, 5, tzinfo=UTC)} | dict(content)
    row[entry.text] = text
    return row


@pytest.mark.parametrize(("source", "content", "text", "expected"), CASES)
def test_who_wrote_a_row_and_what_it_gives(
    source: str, content: dict[str, Any], text: str | None, expected: Register | str
) -> None:
    outcome = read_row(BY_NAME[source], _row(source, content, text), OWNER)  # type: ignore[index]
    if isinstance(outcome, Rejected):
        assert outcome.reason == expected
    else:
        cut_pieces(outcome, OWNER, "sentence")
        assert [(piece.own, piece.register) for piece in outcome.pieces] == [(WORDS, expected)]


def test_every_source_has_a_case_that_is_kept_and_one_that_is_not() -> None:
    kept = {case[0] for case in CASES if case[3] in ("chat", "email", "work_email", "speech", "post")}
    assert kept == set(SOURCE_NAMES)
    assert {case[0] for case in CASES if case[3] == NOT_OWN} == set(SOURCE_NAMES) - {"blogger"}


def test_the_sources_are_the_eleven() -> None:
    assert tuple(source.name for source in SOURCES) == SOURCE_NAMES
    assert len({source.table for source in SOURCES}) == 11


def test_mojibake_is_repaired_in_what_meta_exported() -> None:
    row = _row("facebook", {"data_type": "message", "sender": "Nic Sample"}, "thatâ\x80\x99s signed")
    outcome = read_row(BY_NAME["facebook"], row, OWNER)
    assert isinstance(outcome, Own)
    assert outcome.texts == ["that’s signed"]


def test_only_the_owners_turns_are_taken() -> None:
    transcript = "no label\nSpeaker 2: one\ngoing on\nSpeaker 1: two\ngoing on too\n\nNic Sample: three: four"
    assert owners_turns(transcript, OWNER) == ["one", "going on", "three: four"]


def test_replies_are_in_the_thread_of_what_they_answer() -> None:
    rows = [
        _row("work_email", {"sender_name": "Sample, Nic", "subject": subject}, WORDS)
        for subject in ("Lease", "RE: FW: lease", "x")
    ]
    outcomes = [read_row(BY_NAME["work_email"], row, OWNER) for row in rows]
    threads = [outcome.thread for outcome in outcomes if isinstance(outcome, Own)]
    assert threads[0] == threads[1] != threads[2]
    assert all(thread and len(thread) == 16 for thread in threads)


@pytest.mark.parametrize(
    ("transcript", "expected"),
    [
        ("Theo: see you\n7:30 tomorrow then\nand bring wine", ["see you", "7:30 tomorrow then", "and bring wine"]),
        ("[00:12] Theo: hi there\n[00:15] Speaker 1: hello", ["hi there"]),
        ("Theo:\nwell\nAna Example: no", ["well"]),
    ],
)
def test_a_transcript_in_lines(transcript: str, expected: list[str]) -> None:
    owner = Owner(names=("Theo Marchetti",), plaud_speakers=("Theo",))
    assert owners_turns(transcript, owner) == expected
