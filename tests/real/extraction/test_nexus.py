"""Reading a real PostgreSQL: pages, read-only transactions, and what is said when it cannot be read."""

import asyncpg
import pytest

from extraction.nexus import Row, connect
from voice.postgres import PostgresError, where

pytestmark = pytest.mark.postgres

FILL = {
    "serial": "INSERT INTO bb_sms_messages (message) SELECT 'm' || n FROM generate_series(1, 25) n",
    "text": "INSERT INTO aurora_raw_gmail (id, body_text) SELECT md5(n::text), 'm' || n FROM generate_series(1, 25) n",
    "uuid": (
        "INSERT INTO site_guestbook (recipient_page, message_text) SELECT 'p', 'm' || n FROM generate_series(1, 25) n"
    ),
}
TABLES = {
    "serial": ("bb_sms_messages", "message"),
    "text": ("aurora_raw_gmail", "body_text"),
    "uuid": ("site_guestbook", "message_text"),
}


async def _run(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


@pytest.mark.parametrize("page_rows", [1, 7, 25, 26])
@pytest.mark.parametrize("key", ["serial", "text", "uuid"])
async def test_pages_hold_every_row_once_in_the_order_of_the_key(nexus_dsn: str, key: str, page_rows: int) -> None:
    await _run(nexus_dsn, FILL[key])
    table, column = TABLES[key]
    rows: list[Row] = []
    async with connect(nexus_dsn) as nexus:
        assert await nexus.count(table) == 25
        async for page in nexus.pages(table, "id", [column], page_rows):
            assert 0 < len(page) <= page_rows
            rows += page
    assert sorted(row[column] for row in rows) == sorted(f"m{n}" for n in range(1, 26))
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)


async def test_rows_deleted_while_reading_shift_nothing(nexus_dsn: str) -> None:
    await _run(nexus_dsn, FILL["serial"])
    seen: list[int] = []
    async with connect(nexus_dsn) as nexus:
        async for page in nexus.pages("bb_sms_messages", "id", [], 10):
            seen += [row["id"] for row in page]
            await _run(nexus_dsn, "DELETE FROM bb_sms_messages WHERE id <= 10")
    assert seen == list(range(1, 26))


async def test_an_empty_table_has_no_page_and_a_missing_one_no_columns(nexus_dsn: str) -> None:
    async with connect(nexus_dsn) as nexus:
        assert [page async for page in nexus.pages("blogger_posts", "id", ["title"])] == []
        assert await nexus.columns("blogger_posts") == {"id", "title", "content_text", "published_at", "tags"}
        assert await nexus.columns("no_such_table") is None


async def test_nothing_can_be_written(database: str) -> None:
    await _run(database, "CREATE SEQUENCE numbers", "CREATE VIEW writes AS SELECT nextval('numbers') AS id")
    async with connect(database) as nexus:
        with pytest.raises(PostgresError, match=r"writes.*ReadOnlySQLTransactionError"):
            _ = [page async for page in nexus.pages("writes", "id", [])]


async def test_a_lost_connection_names_the_table(nexus_dsn: str, server: str) -> None:
    await _run(nexus_dsn, FILL["serial"])
    async with connect(nexus_dsn) as nexus:
        pages = nexus.pages("bb_sms_messages", "id", [], 10)
        await anext(pages)
        await _run(server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'test'")
        with pytest.raises(PostgresError, match=r"Lost PostgreSQL while reading table bb_sms_messages.*Run the same"):
            await anext(pages)


async def test_a_refused_table_is_named(nexus_dsn: str) -> None:
    await _run(nexus_dsn, "DROP ROLE IF EXISTS stranger", "CREATE ROLE stranger LOGIN")
    async with connect(nexus_dsn.replace("postgres@", "stranger@")) as nexus:
        with pytest.raises(PostgresError, match=r"no right .* table blogger_posts.*GRANT SELECT ON"):
            await nexus.count("blogger_posts")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("/postgres?", "/nowhere?", "no such database.*'nowhere'"),
        ("postgres@", "nobody:secret@", "refused the user or password"),
    ],
)
async def test_a_server_that_refuses_says_why(server: str, old: str, new: str, expected: str) -> None:
    with pytest.raises(PostgresError, match=expected) as caught:
        async with connect(server.replace(old, new, 1)):
            pass
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("postgresql://nic:secret@127.0.0.1:1/nexus", r"No PostgreSQL answers at 127\.0\.0\.1:1, database 'nexus'"),
        ("postgresql://nic:secret@nowhere.invalid/nexus", r"No PostgreSQL answers at nowhere\.invalid:5432"),
        ("postgresql:///nexus?host=/no/such/folder", "No PostgreSQL answers at /no/such/folder:5432"),
        ("host=localhost password=secret", "--dsn cannot be read"),
        ("postgresql://nic:secret@localhost:port/nexus", "--dsn cannot be read"),
        ("", "No PostgreSQL answers|--dsn cannot be read|refused|no such database"),
    ],
)
async def test_a_server_that_is_not_there_is_named_without_the_password(dsn: str, expected: str) -> None:
    with pytest.raises(PostgresError, match=expected) as caught:
        async with connect(dsn):
            pass
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("postgresql://nic:secret@db.example.org:6543/nexus", "db.example.org:6543, database 'nexus'"),
        ("postgresql:///nexus?host=/run/pg&port=7", "/run/pg:7, database 'nexus'"),
        ("postgresql://h/?dbname=nexus", "h:5432, database 'nexus'"),
        ("postgresql://[::1", "an unreadable DSN"),
    ],
)
def test_where_has_no_user_and_no_password(dsn: str, expected: str) -> None:
    assert where(dsn) == expected
