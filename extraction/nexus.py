"""The only place that reads a Nexus: its tables, page by page; it never writes.

In: a DSN, and the names of tables and columns. Out: rows, in the order of the primary key, from read-only transactions.

    async with connect("postgresql://localhost/nexus") as nexus:
        async for page in nexus.pages("aurora_raw_gmail", "id", ["id", "body_text"]): ...
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

from voice import postgres

PAGE_ROWS = 2000

Row = Mapping[str, Any]


class Nexus:
    """An open connection to a Nexus. Its methods raise PostgresError with the table's name."""

    def __init__(self, connection: postgres.Connection, place: str) -> None:
        self._connection = connection
        self._place = place

    async def columns(self, table: str) -> set[str] | None:
        """The names of a table's columns; None when there is no such table."""
        query = """SELECT array_agg(attname::text) FROM pg_attribute
                   WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped"""
        with self._reading(table):
            async with self._connection.transaction(readonly=True):
                names = await self._connection.fetchval(query, _quoted(table))
        return set(names) if names else None

    async def count(self, table: str) -> int:
        """How many rows a table has now."""
        with self._reading(table):
            async with self._connection.transaction(readonly=True):
                count: int = await self._connection.fetchval(f"SELECT count(*) FROM {_quoted(table)}")
        return count

    async def pages(
        self, table: str, key: str, columns: Sequence[str], page_rows: int = PAGE_ROWS
    ) -> AsyncIterator[list[Row]]:
        """All rows of a table in the order of its primary key, at most `page_rows` at a time.

        Each page begins after the last key of the one before: rows that come or go meanwhile shift nothing.
        """
        wanted = ", ".join(map(_quoted, dict.fromkeys([key, *columns])))
        query = f"SELECT {wanted} FROM {_quoted(table)} {{}} ORDER BY {_quoted(key)} LIMIT {page_rows}"
        after: list[Any] = []
        while True:
            where = f"WHERE {_quoted(key)} > $1" if after else ""
            with self._reading(table):
                async with self._connection.transaction(readonly=True):
                    page: list[Any] = await self._connection.fetch(query.format(where), *after)
            if page:
                yield page
                after = [page[-1][key]]
            if len(page) < page_rows:
                return

    def _reading(self, table: str) -> AbstractContextManager[None]:
        return postgres.translated(
            self._place, f"reading table {table}", right=f"SELECT ON {table}", kept="Nothing was written."
        )


@asynccontextmanager
async def connect(dsn: str) -> AsyncIterator[Nexus]:
    """A connection to the Nexus at `dsn`."""
    connection = await postgres.connect(dsn)
    try:
        yield Nexus(connection, postgres.where(dsn))
    finally:
        connection.terminate()  # nothing to commit, and closing politely would wait for a server that is gone


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
