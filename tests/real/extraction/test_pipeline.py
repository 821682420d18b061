"""From rows to triplets.jsonl and ledger.json, on a real PostgreSQL."""

import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from rich.console import Console

from extraction import ledger as ledgers
from extraction.aside import kept_in
from extraction.errors import ExtractionError
from extraction.ledger import show, show_lookalikes
from extraction.neutral import stage
from extraction.neutral.stage import add_neutral
from extraction.owner import Owner
from extraction.pieces import read_pieces
from extraction.pipeline import Wishes, extract, gather_own
from extraction.reason import Reason
from voice.manifest import file_sha256
from voice.shipped import Shipped, Shipping
from voice.triplet import read_triplets

pytestmark = pytest.mark.postgres
OWNER = Owner(names=("Nic Sample",), emails=("nic@example.org",))
MARCH, MAY = datetime(2018, 3, 5, tzinfo=UTC), datetime(2019, 5, 1, tzinfo=UTC)


async def _insert(dsn: str, table: str, **columns: list[Any]) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.copy_records_to_table(
        table, columns=list(columns), records=list(zip(*columns.values(), strict=True))
    )
    await connection.close()


async def _fill(dsn: str) -> None:
    await _insert(
        dsn,
        "aurora_raw_imessage",
        guid=["c", "a", "b", "d", "e"],
        text=["late again. sorry — the train", "lol", "see you", "Liked “see you”", "on my way"],
        is_from_me=[True, True, False, True, True],
        date=[MAY, MAY, MAY, MAY, None],
        chat_id=["+12025550143"] * 5,
        associated_message_type=[None, None, None, 2001, None],
    )
    await _insert(
        dsn,
        "aurora_raw_gmail",
        id=["m1", "m2"],
        thread_id=["t", "t"],
        from_address=["nic@example.org", "ana@example.org"],
        is_sent=[True, True],
        body_text=["works for me, bring 2 copies\n\n> shall we say nine?\n\nthanks\nNic", "hers"],
        date=[MARCH, MARCH],
    )


async def test_every_row_and_sentence_is_counted(nexus_dsn: str, tmp_path: Path) -> None:
    await _fill(nexus_dsn)
    ledger = await extract(nexus_dsn, OWNER, tmp_path / "data", Wishes(unit="sentence"))

    triplets = list(read_triplets(tmp_path / "data" / "triplets.jsonl"))
    assert [(triplet.id, triplet.own) for triplet in triplets] == [
        ("gmail:m1:0", "works for me, bring 2 copies"),
        ("gmail:m1:1", "thanks"),
        ("imessage:c:0", "late again."),
        ("imessage:c:1", "sorry — the train"),
        ("imessage:e:0", "on my way"),
    ]
    assert [triplet.sent_at for triplet in triplets] == [MARCH, MARCH, MAY, MAY, None]
    assert {triplet.origin for triplet in triplets} == {"rules"}
    assert all(triplet.neutral != triplet.own for triplet in triplets)

    stored = json.loads((tmp_path / "data" / "ledger.json").read_text())
    assert stored["sources"]["imessage"] == {
        "rows": {"read": 5, "used": 2, "rejected": {"not_own": 1, "reaction": 1, "tapback": 1}},
        "sentences": {"read": 4, "rejected": {"reaction": 1}},
        "triplets": 3,
        "undated_rows": 1,
        "words": {"read": 10, "cut": {}},
        "most_cut": {},
        "lookalikes": {},
    }
    assert stored["sources"]["gmail"]["rows"] == {"read": 2, "used": 1, "rejected": {"not_own": 1}}
    assert stored["triplets"] == ledger.triplets == 5
    assert stored["sha256"] == hashlib.sha256((tmp_path / "data" / "triplets.jsonl").read_bytes()).hexdigest()


async def test_threads_are_kept_apart_without_their_names(nexus_dsn: str, tmp_path: Path) -> None:
    await _fill(nexus_dsn)
    await extract(nexus_dsn, OWNER, tmp_path)
    content = (tmp_path / "triplets.jsonl").read_text()
    assert "2025550143" not in content
    threads = {triplet.source: triplet.thread for triplet in read_triplets(tmp_path / "triplets.jsonl")}
    assert threads["imessage"] != threads["gmail"]


async def test_a_second_run_writes_the_same_bytes(nexus_dsn: str, tmp_path: Path) -> None:
    await _fill(nexus_dsn)
    for name in ("first", "second"):
        await extract(nexus_dsn, OWNER, tmp_path / name)
    for name in ("triplets.jsonl", "ledger.json"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


async def test_progress_is_told_by_source_and_ends_at_the_total(nexus_dsn: str, tmp_path: Path) -> None:
    await _fill(nexus_dsn)
    told: dict[str, list[tuple[int, int]]] = {}
    await extract(
        nexus_dsn, OWNER, tmp_path, on_progress=lambda source, *rows: told.setdefault(source, []).append(rows)
    )
    assert told["imessage"] == [(0, 5), (5, 5)]
    assert told["plaud"] == [(0, 0)]


async def test_missing_tables_and_unwanted_sources_are_skipped_and_said(nexus_dsn: str, tmp_path: Path) -> None:
    await _fill(nexus_dsn)
    connection = await asyncpg.connect(nexus_dsn)
    await connection.execute("DROP TABLE blogger_posts")
    await connection.close()
    ledger = await extract(nexus_dsn, OWNER, tmp_path)
    assert "blogger" not in ledger.sources
    assert ledger.skipped == {"blogger": "there is no table blogger_posts"}
    chosen = OWNER.model_copy(update={"sources": ("gmail",)})
    ledger = await extract(nexus_dsn, chosen, tmp_path)
    assert list(ledger.sources) == ["gmail"]
    assert ledger.skipped["imessage"] == "not among the owner's sources"


@pytest.mark.parametrize(
    ("owner", "statement", "expected"),
    [
        (
            Owner(names=("Somebody Else",), sources=("gmail",)),
            "SELECT 1",
            r"No row is the owner's. Looked for 1 name; rows read: gmail 2",
        ),
        (
            OWNER,
            "ALTER TABLE aurora_raw_gmail DROP COLUMN body_text, DROP COLUMN date",
            r"aurora_raw_gmail\.body_text, aurora_raw_gmail\.date",
        ),
        (
            OWNER.model_copy(update={"sources": ("gmail", "blogger")}),
            "DROP TABLE blogger_posts",
            "The database lacks blogger_posts",
        ),
        (OWNER, "DROP SCHEMA public CASCADE; CREATE SCHEMA public", "no table of a Nexus"),
        (
            OWNER,
            "DELETE FROM aurora_raw_gmail; DELETE FROM aurora_raw_imessage WHERE guid <> 'a'",
            "1 row is the owner's, but it has no sentence",
        ),
    ],
)
async def test_what_cannot_work_is_said_and_nothing_is_written(
    nexus_dsn: str, tmp_path: Path, owner: Owner, statement: str, expected: str
) -> None:
    await _fill(nexus_dsn)
    connection = await asyncpg.connect(nexus_dsn)
    await connection.execute(statement)
    await connection.close()
    with pytest.raises(ExtractionError, match=expected) as caught:
        await extract(nexus_dsn, owner, tmp_path / "data")
    assert "Somebody" not in str(caught.value)
    assert not (tmp_path / "data").exists()


async def test_messages_and_runs_are_pieces_too(nexus_dsn: str, tmp_path: Path) -> None:
    times = [MAY, MAY + timedelta(seconds=50), MAY + timedelta(seconds=100), MAY + timedelta(seconds=110)]
    await _insert(
        nexus_dsn,
        "aurora_raw_imessage",
        guid=["a", "b", "c", "d"],
        text=["running late. sorry", "train again", "No worries!", "be there at 9"],
        is_from_me=[True, True, False, True],
        date=times,
        chat_id=["+12025550143"] * 4,
        associated_message_type=[None] * 4,
    )
    drafts = tmp_path / "drafts.jsonl"
    lines = [
        {"id": "imessage:a+1:m", "draft": "I am running late. I apologize. It is the train again.", "model": "big"},
        {"id": "imessage:d:m", "draft": "Hello! I will be there soon.", "model": "big"},
        {"id": "imessage:x:m", "draft": "For nobody.", "model": "big"},
    ]
    drafts.write_text("\n".join(map(json.dumps, lines)))
    ledger = await extract(nexus_dsn, OWNER, tmp_path, Wishes(drafts=drafts))
    found = {triplet.id: triplet for triplet in read_triplets(tmp_path / "triplets.jsonl")}
    assert {name: (triplet.own, triplet.unit, triplet.origin) for name, triplet in found.items()} == {
        "imessage:a:0": ("running late.", "sentence", "rules"),
        "imessage:a:1": ("sorry", "sentence", "rules"),
        "imessage:b:0": ("train again", "sentence", "rules"),
        "imessage:a+1:m": ("running late. sorry\ntrain again", "message", "big"),
        "imessage:d:m": ("be there at 9", "message", "rules"),  # the draft lacks the 9
    }
    assert found["imessage:a+1:m"].neutral == lines[0]["draft"]
    assert ledger.drafts == {"read": 3, "used": 1, "for_no_text": 1, "without_a_fact": 1}
    assert ledger.sources["imessage"].rows_used == 3


async def test_the_table_shows_every_source(nexus_dsn: str, tmp_path: Path) -> None:
    await _fill(nexus_dsn)
    owner = OWNER.model_copy(update={"sources": ("gmail", "imessage")})
    ledger = await extract(nexus_dsn, owner, tmp_path, Wishes(unit="sentence"))
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(show(ledger))
    lines = [line.split() for line in console.export_text().splitlines()]
    assert ["imessage", "5", "2", "4", "3", "rows:", "not_own", "1,", "reaction", "1,", "tapback", "1"] in lines
    assert ["sentences:", "reaction", "1"] in lines
    assert ["blogger", "skipped:", "not", "among", "the", "owner's", "sources"] in lines
    assert ["all", "7", "3", "6", "5"] in lines


async def test_the_second_stage_needs_no_database_and_gives_the_same_again(nexus_dsn: str, tmp_path: Path) -> None:
    await _fill(nexus_dsn)
    ledger = await extract(nexus_dsn, OWNER, tmp_path)
    written = {name: (tmp_path / name).read_bytes() for name in ("triplets.jsonl", "ledger.json")}
    for name in written:
        (tmp_path / name).unlink()
    assert add_neutral(tmp_path) == ledger
    assert {name: (tmp_path / name).read_bytes() for name in written} == written


async def test_the_file_between_the_stages_holds_the_own_side_of_every_triplet(nexus_dsn: str, tmp_path: Path) -> None:
    await _fill(nexus_dsn)
    await extract(nexus_dsn, OWNER, tmp_path)
    pieces = list(read_pieces(tmp_path / "own.jsonl"))
    triplets = list(read_triplets(tmp_path / "triplets.jsonl"))
    assert [(piece.id, piece.own, piece.sent_at, piece.thread) for piece in pieces] == [
        (triplet.id, triplet.own, triplet.sent_at, triplet.thread) for triplet in triplets
    ]
    assert json.loads((tmp_path / "own.ledger.json").read_text())["sha256"] == file_sha256(tmp_path / "own.jsonl")


async def test_a_neutral_side_that_lacks_a_fact_is_counted_with_its_row(
    nexus_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _fill(nexus_dsn)
    monkeypatch.setattr(stage, "neutralise", lambda own, *_: "So." if "2 copies" in own or "way" in own else own)
    await gather_own(nexus_dsn, OWNER, tmp_path, Wishes(unit="sentence"))
    monkeypatch.setattr(stage, "invented", lambda neutral, _: neutral == "So.")
    ledger = add_neutral(tmp_path)
    mail, phone = ledger.sources["gmail"], ledger.sources["imessage"]
    assert (mail.rows_used, mail.triplets, mail.sentences_rejected) == (1, 1, {Reason.INVENTED_FACT: 1})
    assert (phone.rows_used, phone.triplets, phone.undated) == (1, 2, 0)
    assert phone.rows_rejected[Reason.INVENTED_FACT] == 1


async def test_what_is_rejected_of_the_owners_is_kept_aside_and_nobody_elses(nexus_dsn: str, tmp_path: Path) -> None:
    await _fill(nexus_dsn)
    with kept_in(tmp_path / "rejected.jsonl") as aside:
        await gather_own(nexus_dsn, OWNER, tmp_path / "data", Wishes(unit="sentence"), aside=aside)
    rejected = [json.loads(line) for line in (tmp_path / "rejected.jsonl").read_text().splitlines()]
    assert sorted((one["id"], one["reason"], one["text"]) for one in rejected) == [
        ("imessage:a", "reaction", "lol"),
        ("imessage:d", "tapback", "Liked “see you”"),
    ]


async def test_what_the_service_wrote_is_not_learned(nexus_dsn: str, tmp_path: Path) -> None:
    await _fill(nexus_dsn)
    Shipping(tmp_path / "shipped").add("Works for me — bring 2 copies", MARCH.date())
    Shipping(tmp_path / "shipped").add("late again sorry the train", MARCH.date())  # a year before it was sent
    wishes = Wishes(unit="sentence", shipped=Shipped(tmp_path / "shipped"))
    ledger = await extract(nexus_dsn, OWNER, tmp_path / "data", wishes)
    assert ledger.sources["gmail"].sentences_rejected == {Reason.SHIPPED: 1}
    assert "late again." in {triplet.own for triplet in read_triplets(tmp_path / "data" / "triplets.jsonl")}


async def test_words_that_were_cut_and_senders_to_ask_about_are_told(nexus_dsn: str, tmp_path: Path) -> None:
    await _fill(nexus_dsn)
    quoted = "\n".join(f"> line {number} of what she wrote" for number in range(20))
    await _insert(
        nexus_dsn,
        "aurora_raw_gmail",
        id=["m3", "m4", "m5"],
        thread_id=["t"] * 3,
        from_address=["nic@example.org", "nicsample@old.example.com", "nicsample@old.example.com"],
        is_sent=[True] * 3,
        body_text=[f"fine by me too\n\n{quoted}", "mine?", "mine too?"],
        date=[MARCH] * 3,
    )
    ledger = await extract(nexus_dsn, OWNER, tmp_path)
    mail = ledger.sources["gmail"]
    assert mail.words_cut[Reason.QUOTE] == 5 + 20 * 7
    assert mail.most_cut == {Reason.QUOTE: [(140, "gmail:m3")]}
    assert mail.lookalikes == {"nicsample@old.example.com": 2}
    assert "nicsample@old.example.com" in show_lookalikes(ledger)
    assert ledgers.read(tmp_path / "ledger.json").sources["gmail"] == mail
