"""The sample Nexus in a real database: all of it or nothing, and never over somebody's data."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from extraction.owner import load_owner
from nic_voice.sample import build as sample
from nic_voice.sample import embedded
from voice.postgres import PostgresError

pytestmark = pytest.mark.postgres
TABLES = [*sample.PEOPLE_TABLES, *sample.SOURCES]


async def dump(dsn: str) -> dict[str, list[str]]:
    """Every row of every Nexus table as text, ordered."""
    connection = await asyncpg.connect(dsn)
    try:
        present = {row[0] for row in await connection.fetch("SELECT tablename FROM pg_tables")}
        return {
            table: [row[0] for row in await connection.fetch(f"SELECT t::text FROM {table} t ORDER BY 1")]
            for table in TABLES
            if table in present
        }
    finally:
        await connection.close()


async def execute(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def test_all_tables_are_filled_the_same_each_time(server: str, database: str) -> None:
    summary = await sample.build(database, 2_000, 3)
    first = await dump(database)
    assert {table: len(lines) for table, lines in first.items()} == summary.rows
    assert {table: summary.rows[table] for table in sample.SOURCES} == sample.shares(2_000)

    await execute(server, "CREATE DATABASE again")
    try:
        await sample.build(server.replace("/postgres?", "/again?"), 2_000, 3)
        assert await dump(server.replace("/postgres?", "/again?")) == first
    finally:
        await execute(server, "DROP DATABASE again WITH (FORCE)")


async def test_rows_are_stored_as_the_truth_knows_them(database: str) -> None:
    await sample.build(database, 500, 4)
    connection = await asyncpg.connect(database)
    for row in sample.records(500, 4):
        if row.table == "aurora_raw_gmail":
            stored = await connection.fetch("SELECT * FROM aurora_raw_gmail WHERE id = $1", row.truth.id)
            assert [tuple(record) for record in stored] == [row.record]
    await connection.close()


async def test_the_next_row_gets_the_next_id(database: str) -> None:
    await sample.build(database, 500, 4)
    connection = await asyncpg.connect(database)
    for table in ("aurora_raw_imessage", "aurora_raw_google_chat", "aurora_social_identities"):
        last = await connection.fetchval(f"SELECT max(id) FROM {table}")
        key = "(guid) VALUES ('new')" if table == "aurora_raw_imessage" else "DEFAULT VALUES"
        assert await connection.fetchval(f"INSERT INTO {table} {key} RETURNING id") == last + 1
    await connection.close()


def test_a_database_with_a_nexus_table_is_refused_untouched(database: str, tmp_path: Path) -> None:
    asyncio.run(execute(database, "CREATE TABLE bb_sms_messages (message text)"))
    asyncio.run(execute(database, "INSERT INTO bb_sms_messages VALUES ('keep me')"))
    with pytest.raises(sample.SampleError, match=r"already holds public\.bb_sms_messages"):
        sample.make_sample(database, 500, 1, tmp_path / "out")
    assert asyncio.run(dump(database)) == {"bb_sms_messages": ['("keep me")']}
    assert not (tmp_path / "out").exists()


async def test_a_failure_half_way_leaves_no_table(database: str) -> None:
    await execute(database, "CREATE VIEW site_guestbook AS SELECT 1 AS one")  # in the way of the last table but two
    with pytest.raises(PostgresError, match="Nothing was changed"):
        await sample.build(database, 500, 1)
    assert await dump(database) == {}


def test_without_a_dsn_the_database_lies_in_the_folder(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    try:
        summary = sample.make_sample(None, 500, 1, out)
        dsn = (out / "dsn").read_text()
        assert dsn == f"{summary.dsn}\n"
        assert embedded.folder_of(dsn.strip()) == out / "postgres"
        assert asyncio.run(dump(dsn.strip()))["bb_sms_messages"]
        assert load_owner(out / "owner.toml").has_name("Theo Marchetti")
        with pytest.raises(sample.SampleError, match="already holds"):
            sample.make_sample(None, 500, 1, out)
    finally:
        embedded.stop(out / "postgres")
