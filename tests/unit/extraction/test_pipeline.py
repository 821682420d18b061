"""What the pipeline refuses and counts before it has seen a database."""

from pathlib import Path

import pytest

from extraction.explain import explain
from extraction.ledger import Counts, Ledger, LedgerError
from extraction.neutral.stage import add_neutral
from extraction.owner import Owner
from extraction.pipeline import extract
from voice.errors import UserError
from voice.postgres import PostgresError


async def test_a_server_that_is_not_there_leaves_what_was_written_before(tmp_path: Path) -> None:
    (tmp_path / "triplets.jsonl").write_text("old")
    with pytest.raises(PostgresError):
        await extract("postgresql://127.0.0.1:1/nexus", Owner(names=("Nic Sample",)), tmp_path)
    assert (tmp_path / "triplets.jsonl").read_text() == "old"


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (Counts(rows_read=2, rows_used=1), "2 rows read, 1 accounted for"),
        (Counts(rows_read=1, rows_used=1, sentences_read=3, triplets=1), "3 sentences read, 1 accounted for"),
    ],
)
def test_counts_that_do_not_add_up_are_an_error(counts: Counts, expected: str) -> None:
    with pytest.raises(LedgerError, match=f"Source gmail: {expected}"):
        counts.check("gmail")


NO_SOURCES = Ledger("sentence", {}, {}, "").to_json()


@pytest.mark.parametrize(
    ("own", "ledger", "expected"),
    [
        (None, None, "own.ledger.json"),
        ("", "{}", r"own\.ledger\.json is not a ledger"),
        (
            '{"id": 1}',
            NO_SOURCES,
            r"own\.jsonl, line 1: not a piece",
        ),
        ("", NO_SOURCES, "No piece of .* got a neutral side"),
    ],
)
def test_a_second_stage_that_cannot_work_says_why_and_writes_nothing(
    tmp_path: Path, own: str | None, ledger: str | None, expected: str
) -> None:
    for name, content in (("own.jsonl", own), ("own.ledger.json", ledger)):
        if content is not None:
            (tmp_path / name).write_text(content)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError, match=expected):
        add_neutral(tmp_path)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "body",
    [
        "sure thing\n\nOn Mon, May 4, 2009 at 5:00 PM, Bob <b@x.org> wrote:\n> Lunch? Tom &amp; I drive.\n> Bring it.",
        "sure thing\n\n-----Original Message-----\nFrom: Bob\nSent: Monday\n\nR&amp;D called. My salary went up.",
        "sure thing\n\n> <b>Lunch</b> at 12?\n> Bring it.",
    ],
)
def test_an_entity_in_a_quote_does_not_make_it_own_text(body: str) -> None:
    assert explain("gmail", body).own == "sure thing"
