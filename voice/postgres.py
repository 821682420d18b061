"""A connection to PostgreSQL, and what goes wrong with it in sentences; for extraction, which reads, and the sample.

In: a DSN. Out: asyncpg's connection, or a PostgresError that never shows the password. Nothing else translates
asyncpg's errors: whatever is done with a connection is done inside `translated`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import asyncpg

from voice.errors import UserError

CONNECT_TIMEOUT_S = 15

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:  # generic for the type checker only
    Connection = asyncpg.Connection


class PostgresError(UserError):
    """A database that cannot be used; says which server and what for, and what to do."""


async def connect(dsn: str) -> Connection:
    """A connection to the database at `dsn`."""
    with translated(where(dsn)):
        try:
            return await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S)
        except ValueError as error:  # also asyncpg's own complaint about a DSN
            raise PostgresError("--dsn cannot be read. Write it as postgresql://user@host:5432/database.") from error


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
def translated(place: str, doing: str | None = None, right: str = "", kept: str = "") -> Iterator[None]:
    """Turn what asyncpg raises into a PostgresError.

    `doing` ('reading table t') is None while connecting; `right` is what to GRANT for it; `kept` says what an error
    leaves behind ('Nothing was written.').
    """
    try:
        yield
    except asyncpg.InvalidCatalogNameError as error:
        raise PostgresError(f"There is no such database on the server ({place}). Check the name in --dsn.") from error
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise PostgresError(f"PostgreSQL refused the user or password ({place}). Check them in --dsn.") from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise PostgresError(
            f"This user has no right for {doing or 'connecting'} ({place}). GRANT {right or 'CONNECT'}, or use another "
            f"user. {kept}".rstrip()
        ) from error
    except (
        OSError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,  # the server ended the connection in the moment of a query
        asyncpg.PostgresConnectionError,
        asyncpg.OperatorInterventionError,
    ) as error:
        raise PostgresError(_lost(place, doing, kept)) from error
    except asyncpg.PostgresError as error:
        raise PostgresError(
            f"PostgreSQL failed at {doing or 'connecting'} ({place}): {type(error).__name__}, SQLSTATE "
            f"{error.sqlstate}. {kept}".rstrip()
        ) from error


def _lost(place: str, doing: str | None, kept: str) -> str:
    if doing is None:
        return f"No PostgreSQL answers at {place}. Start it, or correct --dsn."
    return f"Lost PostgreSQL while {doing} ({place}). {kept} Run the same command again.".replace("  ", " ")
