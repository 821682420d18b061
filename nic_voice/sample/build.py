"""A made-up owner's Nexus: all eleven sources and the people tables, any size, the same rows for the same seed.

In: a DSN (or none: then a PostgreSQL is started in the output folder), a number of rows, a seed. Out: a filled
database, and in the output folder owner.toml, drafts.jsonl and dsn. Most rows are filled from a grammar, and `truth`
tells for each what extraction should find in it; among them stand messages that were written for him, with the drafts
that a big model wrote of them (theo.py).

    nic-voice sample --rows 20000 --seed 1 --out demo
"""

import asyncio
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from nic_voice.sample import chats, embedded, mails, pages, theo
from nic_voice.sample.grammar import load_grammar
from nic_voice.sample.people import Cast, Persona, identities, identity_links, make_cast
from nic_voice.sample.rows import COLUMNS, RowMaker, SampleRow, Truth, World
from voice import postgres
from voice.atomic import write_text
from voice.errors import UserError

MINIMUM_ROWS = 100
FLOOR = 4  # rows that even the smallest source gets
CHUNK_ROWS = 2000
_CHAT, _WORDS_OF_A_TEXT = "aurora_raw_imessage", 4

# Each source with its weight: how many rows it has in the Nexus that the schema was taken from.
SOURCES: dict[str, tuple[RowMaker, int]] = {
    "aurora_raw_imessage": (chats.imessage, 50_000),
    "aurora_raw_gmail": (mails.gmail, 58_700),
    "aurora_raw_google_chat": (chats.google_chat, 29_000),
    "aurora_raw_google_voice": (chats.google_voice, 68_000),
    "aurora_raw_instagram": (chats.instagram, 37_000),
    "aurora_raw_facebook": (chats.facebook, 38_000),
    "archived_sent_emails": (mails.archived, 1_357),
    "aurora_raw_plaud_recordings": (pages.plaud, 900),
    "bb_sms_messages": (chats.bb_sms, 1_272),
    "blogger_posts": (pages.blogger, 828),
    "site_guestbook": (pages.guestbook, 710),
}
PEOPLE_TABLES = {
    "aurora_social_identities": ("id", "display_name", "is_person"),
    "aurora_social_identity_links": ("identity_id", "platform", "identifier", "identifier_type", "match_confidence"),
}


class SampleError(UserError):
    """The sample cannot be written; says where and what to do."""


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What was written: rows per table, and where."""

    dsn: str
    rows: dict[str, int]


def make_sample(dsn: str | None, rows: int, seed: int, out: Path) -> SampleSummary:
    """Fill a database and write the three files; without `dsn` the database lies in `out`/postgres."""
    _check(rows)
    if dsn is None:
        dsn = asyncio.run(_nexus_in(embedded.start(out / "postgres")))
    summary = asyncio.run(build(dsn, rows, seed, written=True))
    write_text(out / "owner.toml", owner_toml())
    write_text(out / theo.FILE_NAME, "".join(f"{line}\n" for line in theo.drafts()))
    write_text(out / "dsn", f"{dsn}\n")
    return summary


async def build(dsn: str, rows: int, seed: int, *, written: bool = False) -> SampleSummary:
    """Create the tables and fill them, all or nothing; with `written` with his written messages besides so many rows.

    Refuses a database that holds a Nexus table.
    """
    _check(rows)
    schema = (resources.files("nic_voice.sample") / "nexus_schema.sql").read_text("utf-8")
    connection = await postgres.connect(dsn)
    place = postgres.where(dsn)
    try:
        with postgres.translated(place, "writing the sample", "CREATE ON SCHEMA public", "Nothing was changed."):
            async with connection.transaction():
                await _refuse_nexus(connection, dsn)
                await connection.execute(schema)
                counts = await _fill(connection, rows, seed, written)
    finally:
        await connection.close()
    return SampleSummary(dsn, counts)


def truth(rows: int, seed: int) -> Iterator[Truth]:
    """For each row of a sample, source by source in order, what the owner typed in it."""
    return (row.truth for row in records(rows, seed))


def records(rows: int, seed: int) -> Iterator[SampleRow]:
    """All rows of the eleven sources with their truth, one source after the other."""
    world = make_world(seed)
    for table, count in shares(rows).items():
        source, _ = SOURCES[table]
        yield from itertools.islice(source(world, Random(f"{seed}:{table}"), count), count)


def others_texts(count: int, seed: int = 1) -> list[str]:
    """What the people whom the made-up owner knows write to him, each text once: `count` of them at most."""
    texts: dict[str, None] = {}
    text_at = COLUMNS[_CHAT].index("text")
    for row in SOURCES[_CHAT][0](make_world(seed), Random(seed), 10 * count):
        text = row.record[text_at] or ""
        if row.truth.reason == "not_own" and len(text.split()) >= _WORDS_OF_A_TEXT:
            texts.setdefault(text)
        if len(texts) == count:
            break
    return list(texts)


def shares(rows: int) -> dict[str, int]:
    """Rows per source: a floor for each, the rest by weight; adds up to `rows`."""
    _check(rows)
    total, spare = sum(weight for _, weight in SOURCES.values()), rows - FLOOR * len(SOURCES)
    counts = {table: FLOOR + spare * weight // total for table, (_, weight) in SOURCES.items()}
    counts["aurora_raw_google_voice"] += rows - sum(counts.values())
    return counts


def owner_toml() -> str:
    """The made-up owner as the owner file of `nic-voice extract`."""
    fields = ("names", "nicknames", "emails", "phones", "handles", "guestbook_names", "plaud_speakers")
    lines = [f"{field} = {json.dumps(list(getattr(Persona, field)))}" for field in fields]
    return "\n".join(["# The made-up owner of the sample Nexus: who he is in each source.", *lines, ""])


def _check(rows: int) -> None:
    if rows < MINIMUM_ROWS:
        raise SampleError(f"--rows is {rows}; at least {MINIMUM_ROWS} are needed for all eleven sources to appear.")


def make_world(seed: int) -> World:
    """The grammar and the people of one seed."""
    grammar = load_grammar()
    return World(grammar, make_cast(grammar, Random(f"{seed}:people")))


async def _nexus_in(dsn: str) -> str:
    """The DSN of the database `nexus` on this server, created when it is missing."""
    connection = await postgres.connect(dsn)
    try:
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = 'nexus'"):
            await connection.execute("CREATE DATABASE nexus")
    finally:
        await connection.close()
    return urlunsplit(urlsplit(dsn)._replace(path="/nexus"))


async def _refuse_nexus(connection: postgres.Connection, dsn: str) -> None:
    found = await connection.fetch(
        "SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE tablename = any($1::text[]) ORDER BY 1",
        [*COLUMNS, *PEOPLE_TABLES],
    )
    if found:
        names = ", ".join(row["name"] for row in found)
        raise SampleError(
            f"The database at {postgres.where(dsn)} already holds {names}. Nothing was changed. "
            "Give --dsn an empty database, or use another --out."
        )


async def _fill(connection: postgres.Connection, rows: int, seed: int, written: bool) -> dict[str, int]:
    cast = make_world(seed).cast
    counts = {}
    for table, values in _people(cast).items():
        await connection.copy_records_to_table(table, records=values, columns=PEOPLE_TABLES[table])
        counts[table] = len(values)
    his = theo.rows(cast) if written else ()
    for table, group in itertools.groupby(itertools.chain(records(rows, seed), his), key=lambda row: row.table):
        counts.setdefault(table, 0)
        while chunk := [row.record for row in itertools.islice(group, CHUNK_ROWS)]:
            await connection.copy_records_to_table(table, records=chunk, columns=COLUMNS[table])
            counts[table] += len(chunk)
    await _advance_sequences(connection, counts)
    return counts


def _people(cast: Cast) -> dict[str, list[tuple[Any, ...]]]:
    tables: Iterable[list[tuple[Any, ...]]] = (list(identities(cast)), list(identity_links(cast)))
    return dict(zip(PEOPLE_TABLES, tables, strict=True))


async def _advance_sequences(connection: postgres.Connection, counts: dict[str, int]) -> None:
    """Rows came with their ids: the next one inserted must not get one of them."""
    for table in counts:
        sequence = await connection.fetchval(
            "SELECT pg_get_serial_sequence($1, column_name) FROM information_schema.columns "
            "WHERE table_name = $1 AND table_schema = current_schema() AND column_name = 'id'",
            table,
        )
        if sequence:
            await connection.execute(f"SELECT setval('{sequence}', (SELECT max(id) FROM {table}))")
