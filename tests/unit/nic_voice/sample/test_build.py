"""The sample Nexus: the same for the same seed, as varied and as dirty as promised, and never over somebody's data."""

import hashlib
import itertools
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import ftfy
import pytest

from extraction.owner import load_owner
from nic_voice.sample import build as sample
from nic_voice.sample.grammar import load_grammar
from nic_voice.sample.rows import COLUMNS, DROPPED, SampleRow
from voice.postgres import PostgresError

ROWS = 20_000
TABLES = [*sample.PEOPLE_TABLES, *sample.SOURCES]


@pytest.fixture(scope="module")
def rows() -> list[SampleRow]:
    return list(sample.records(ROWS, seed=1))


def sentences(text: str) -> Iterator[str]:
    for piece in re.split(r"(?<=[.!?])\s+|\n+", text.lower()):
        if piece.strip():
            yield piece.strip()


def fingerprint(rows: int, seed: int) -> str:
    return hashlib.sha256("\n".join(map(repr, sample.records(rows, seed))).encode()).hexdigest()


# What it promises


def test_rows_are_as_many_as_asked_and_every_source_has_some(rows: list[SampleRow]) -> None:
    counts = Counter(row.table for row in rows)
    assert counts == sample.shares(ROWS)
    assert set(counts) == set(sample.SOURCES)


@pytest.mark.parametrize("number", [100, 101, 20_000, 1_000_003])
def test_shares_add_up(number: int) -> None:
    shares = sample.shares(number)
    assert sum(shares.values()) == number
    assert min(shares.values()) >= sample.FLOOR


def test_owner_has_forty_percent_and_sixty_percent_of_his_sentences_differ(rows: list[SampleRow]) -> None:
    own = [row.truth.own for row in rows if row.truth.own]
    said = Counter(sentence for text in own for sentence in sentences(text))
    assert len(own) / ROWS >= 0.40
    assert len(said) / said.total() >= 0.60
    assert max(said.values()) / said.total() <= 0.01


def test_truth_says_either_what_the_owner_typed_or_why_there_is_nothing(rows: list[SampleRow]) -> None:
    assert all(bool(row.truth.own) == (row.truth.reason is None) for row in rows)
    assert {row.truth.reason for row in rows} == {None, *DROPPED}


def test_truth_is_in_the_order_of_the_rows_and_names_their_keys(rows: list[SampleRow]) -> None:
    assert list(sample.truth(ROWS, seed=1)) == [row.truth for row in rows]
    assert len({(row.table, row.truth.id) for row in rows}) == ROWS


def test_owners_text_is_free_of_invisible_characters_and_names_no_placeholder(rows: list[SampleRow]) -> None:
    for row in rows:
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u200b\ufeff\ufffc]|[{}]", row.truth.own)


def test_owner_has_his_habits(rows: list[SampleRow]) -> None:
    own = [row.truth.own for row in rows if row.truth.own]
    chat = [row.truth.own for row in rows if row.truth.own and row.table == "aurora_raw_google_voice"]
    assert sum("—" in text for text in own) / len(own) > 0.3
    assert sum(text == text.lower() for text in chat) / len(chat) > 0.7
    assert sum(len(text.split()) == 1 for text in chat) / len(chat) > 0.03
    assert sum(len(text.split()) > 50 for text in chat) / len(chat) > 0.01
    assert sum("goose" in text.lower() or "gerald" in text.lower() for text in own) > 50


def test_other_people_write_without_his_dashes(rows: list[SampleRow]) -> None:
    column = COLUMNS["aurora_raw_google_chat"].index("message_text")
    theirs = [r.record[column] for r in rows if r.table == "aurora_raw_google_chat" and r.truth.reason == "not_own"]
    assert theirs
    assert not any("—" in text for text in theirs)


# The dirt


def values(rows: list[SampleRow], table: str, column: str) -> list[Any]:
    index = COLUMNS[table].index(column)
    return [row.record[index] for row in rows if row.table == table]


@pytest.mark.parametrize(
    ("table", "column", "is_dirt"),
    [
        ("aurora_raw_imessage", "associated_message_type", lambda v: 2000 <= v <= 2007),
        ("aurora_raw_imessage", "associated_message_type", lambda v: 3000 <= v <= 3007),
        ("aurora_raw_imessage", "text", lambda v: v and v.startswith("Liked “")),
        ("aurora_raw_imessage", "text", lambda v: v == "\ufffc"),
        ("aurora_raw_imessage", "text", lambda v: v and v.startswith("Edited to “")),
        ("aurora_raw_imessage", "text", lambda v: v is None),
        ("aurora_raw_imessage", "date", lambda v: v is None),
        ("aurora_raw_imessage", "handle_id", lambda v: v == ""),
        ("aurora_raw_google_voice", "message_text", lambda v: v and re.search("[\x01\x0b\u200b]", v)),
        ("aurora_raw_google_voice", "message_text", lambda v: v and re.fullmatch(r"https://\S+", v)),
        ("aurora_raw_google_voice", "record_type", lambda v: v == "voicemail"),
        ("aurora_raw_google_chat", "sender_email", lambda v: v is None),
        ("aurora_raw_google_chat", "sender_name", lambda v: v == "Theo Brandt"),
        ("aurora_raw_facebook", "content", lambda v: v and "â€”" in v),
        ("aurora_raw_facebook", "content", lambda v: v and "â\x80\x94" in v),
        ("aurora_raw_instagram", "data_type", lambda v: v == "like"),
        ("aurora_raw_gmail", "body_text", lambda v: v and "gmail_quote" in v),
        ("aurora_raw_gmail", "body_text", lambda v: v and '<blockquote type="cite">' in v),
        ("aurora_raw_gmail", "body_text", lambda v: v and "-----Original Message-----" in v),
        ("aurora_raw_gmail", "body_text", lambda v: v and "Sent from my Verizon Wireless BlackBerry" in v),
        ("aurora_raw_gmail", "body_text", lambda v: v and "---------- Forwarded message" in v),
        ("aurora_raw_gmail", "body_text", lambda v: v and "\n-- \nTheo" in v),
        ("aurora_raw_gmail", "body_text", lambda v: v and v.startswith("> ")),
        ("aurora_raw_gmail", "subject", lambda v: v.startswith("Accepted: ")),
        ("aurora_raw_gmail", "subject", lambda v: v.startswith("Automatic reply: ")),
        ("aurora_raw_gmail", "subject", lambda v: v.startswith("Undeliverable: ")),
        ("aurora_raw_gmail", "subject", lambda v: v.startswith("Newsletter, ")),
        ("aurora_raw_gmail", "subject", lambda v: v.startswith("Your order ")),
        ("archived_sent_emails", "body_text", lambda v: v and "CONFIDENTIALITY NOTICE" in v),
        ("archived_sent_emails", "to_recipients", lambda v: ", " in v),
        ("aurora_raw_plaud_recordings", "transcript", lambda v: v and v.startswith("[{")),
        ("aurora_raw_plaud_recordings", "transcript", lambda v: v and re.match(r"\w+.*?: ", v)),
        ("blogger_posts", "content_text", lambda v: v and "<p>" in v),
        ("site_guestbook", "raw_body", lambda v: v.startswith("Page: ")),
    ],
)
def test_every_kind_of_dirt_is_there(
    rows: list[SampleRow], table: str, column: str, is_dirt: Callable[[Any], object]
) -> None:
    found = values(rows, table, column)
    assert any(is_dirt(value) for value in found)
    assert not all(is_dirt(value) for value in found) or column in ("to_recipients", "raw_body")


def test_some_json_transcripts_hold_an_escaped_nul() -> None:
    table = "aurora_raw_plaud_recordings"
    many = list(sample.SOURCES[table][0](sample.make_world(1), Random("nul"), 200))
    assert any("\\u0000" in (value or "") for value in values(many, table, "transcript"))


def test_sent_mail_by_an_assistant_is_not_the_owners(rows: list[SampleRow]) -> None:
    is_sent, sender = (COLUMNS["aurora_raw_gmail"].index(name) for name in ("is_sent", "from_name"))
    other = [
        r for r in rows if r.table == "aurora_raw_gmail" and r.record[is_sent] and r.record[sender] != "Theo Marchetti"
    ]
    assert other
    assert {row.truth.reason for row in other} == {"not_own"}


def test_mojibake_reads_back_as_what_the_owner_typed(rows: list[SampleRow]) -> None:
    content = COLUMNS["aurora_raw_facebook"].index("content")
    broken = [r for r in rows if r.table == "aurora_raw_facebook" and r.truth.own and "â" in (r.record[content] or "")]
    repaired = [ftfy.fix_encoding(row.record[content]) == row.truth.own for row in broken]
    assert sum(repaired) / len(repaired) > 0.9  # the rest also holds an invisible character


def test_lines_of_one_chat_come_in_order_of_time(rows: list[SampleRow]) -> None:
    """A talk is in one piece; only between talks may the clock jump, and then by a day at most."""
    chat, date = (COLUMNS["aurora_raw_imessage"].index(name) for name in ("chat_id", "date"))
    dated = [r.record for r in rows if r.table == "aurora_raw_imessage" and r.record[date]]
    pairs = [(a, b) for a, b in itertools.pairwise(dated) if a[chat] == b[chat]]
    assert sum(a[date] <= b[date] for a, b in pairs) / len(pairs) > 0.98


# The same again


def test_same_seed_same_rows_whatever_the_hash_seed() -> None:
    code = "import hashlib; from nic_voice.sample import build as sample; " + (
        "print(hashlib.sha256('\\n'.join(map(repr, sample.records(300, 7))).encode()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": hash_seed}
        ).stdout.strip()
        for hash_seed in ("1", "2")
    }
    assert seen == {fingerprint(300, 7)}


def test_another_seed_gives_other_rows() -> None:
    assert fingerprint(300, 7) != fingerprint(300, 8)


def test_every_template_knows_its_slots() -> None:
    grammar = load_grammar()
    topics = [line for t in (*grammar.home, *grammar.work) for line in (*t.open, *t.more, *t.other)]
    answers = [line for t in (*grammar.home, *grammar.work) for e in t.exchanges for line in (*e.ask, *e.answer)]
    mails = [line for mail in grammar.work_mail for lines in mail.values() for line in lines]
    words = [form for entries in grammar.slots.values() for forms in entries for form in forms]
    for template in (*topics, *answers, *mails, *words):
        assert "{" not in grammar.fill(template, Random(1), {"you": "Sam"})


# Refusals


@pytest.mark.parametrize("number", [-1, 0, 99])
def test_too_few_rows_are_refused_before_anything_happens(tmp_path: Path, number: int) -> None:
    with pytest.raises(sample.SampleError, match=f"--rows is {number}; at least 100"):
        sample.make_sample(None, number, 1, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_server_is_named_without_its_password(tmp_path: Path) -> None:
    dsn = "postgresql://nic:hunter2@127.0.0.1:1/nexus?password=hunter3"
    with pytest.raises(PostgresError, match=r"No PostgreSQL answers at 127\.0\.0\.1:1") as caught:
        sample.make_sample(dsn, 100, 1, tmp_path / "out")
    assert "hunter" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_an_unreadable_dsn_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(PostgresError, match="--dsn cannot be read"):
        sample.make_sample("nexus:hunter2", 100, 1, tmp_path / "out")


def test_owner_file_is_one_that_extraction_reads(tmp_path: Path) -> None:
    (tmp_path / "owner.toml").write_text(sample.owner_toml())
    owner = load_owner(tmp_path / "owner.toml")
    assert owner.has_name("Marchetti, Theo")
    assert owner.has_email("theo@example.com")
