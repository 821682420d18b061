"""The only place that runs SQL: reads the tables of a Nexus, page by page, and never writes.

In: a DSN, and the names of tables and columns. Out: rows, in the order of the primary key, from read-only transactions.

    async with connect("postgresql://localhost/nexus") as nexus:
        async for page in nexus.pages("aurora_raw_gmail", "id", ["id", "body_text"]): ...
"""

import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg

from extraction import embedded
from voice.errors import UserError

PAGE_ROWS = 2000
CONNECT_TIMEOUT_S = 15

Row = Mapping[str, Any]


class NexusError(UserError):
    """A Nexus that cannot be read; says which server, table or column, and what to do."""


class Nexus:
    """An open connection to a Nexus."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", place: str) -> None:
        self._connection = connection
        self._place = place

    async def columns(self, table: str) -> set[str] | None:
        """The names of a table's columns; None when there is no such table."""
        query = """SELECT array_agg(attname::text) FROM pg_attribute
                   WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped"""
        with _translated(self._place, table):
            async with self._connection.transaction(readonly=True):
                names = await self._connection.fetchval(query, _quoted(table))
        return set(names) if names else None

    async def count(self, table: str) -> int:
        """How many rows a table has now."""
        with _translated(self._place, table):
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
            with _translated(self._place, table):
                async with self._connection.transaction(readonly=True):
                    page: list[Any] = await self._connection.fetch(query.format(where), *after)
            if page:
                yield page
                after = [page[-1][key]]
            if len(page) < page_rows:
                return


@asynccontextmanager
async def connect(dsn: str) -> AsyncIterator[Nexus]:
    """A connection to the Nexus at `dsn`; an embedded server that is not running is started first."""
    folder = embedded.folder_of(dsn)
    if folder is not None:
        embedded.start(folder)
    place = where(dsn)
    with _translated(place):
        try:
            connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S)
        except ValueError as error:  # also asyncpg's own complaint about a DSN
            raise NexusError("--dsn cannot be read. Write it as postgresql://user@host:5432/database.") from error
    try:
        yield Nexus(connection, place)
    finally:
        connection.terminate()  # nothing to commit, and closing politely would wait for a server that is gone


def where(dsn: str) -> str:
    """Host, port and database that a DSN means, without user and password."""
    try:
        parts = urlsplit(dsn)
        query = parse_qs(parts.query)
        host = parts.hostname or query.get("host", [os.environ.get("PGHOST", "localhost")])[0]
        port = parts.port or query.get("port", [os.environ.get("PGPORT", "5432")])[0]
    except ValueError:
        return "an unreadable DSN"
    database = parts.path.strip("/") or query.get("dbname", query.get("database", [""]))[0]
    return f"{host}:{port}" + (f", database '{database}'" if database else "")


@contextmanager
def _translated(place: str, table: str | None = None) -> Iterator[None]:
    """Turn what asyncpg raises into a NexusError; before the first table it is about connecting."""
    try:
        yield
    except asyncpg.InvalidCatalogNameError as error:
        raise NexusError(f"There is no such database on the server ({place}). Check the name in --dsn.") from error
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise NexusError(f"PostgreSQL refused the user or password ({place}). Check them in --dsn.") from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise NexusError(
            f"This user may not read table {table or 'any'} ({place}). GRANT SELECT on it, or use another user."
        ) from error
    except (
        OSError,
        asyncpg.InterfaceError,
        asyncpg.PostgresConnectionError,
        asyncpg.OperatorInterventionError,
    ) as error:
        raise NexusError(_lost(place, table)) from error
    except asyncpg.PostgresError as error:
        doing = f"reading table {table}" if table else "connecting"
        raise NexusError(
            f"PostgreSQL failed at {doing} ({place}): {type(error).__name__}, SQLSTATE {error.sqlstate}."
        ) from error


def _lost(place: str, table: str | None) -> str:
    if table is None:
        return f"No PostgreSQL answers at {place}. Start it, or correct --dsn."
    return f"Lost PostgreSQL while reading table {table} ({place}). Nothing was written; run the same command again."


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
