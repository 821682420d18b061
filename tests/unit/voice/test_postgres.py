import asyncpg
import pytest

from voice.postgres import PostgresError, translated


@pytest.mark.parametrize(
    "error",
    [
        OSError(),
        asyncpg.InterfaceError("closed"),
        asyncpg.InternalClientError("another operation (2) is in progress"),
        asyncpg.AdminShutdownError(),
        asyncpg.ConnectionDoesNotExistError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_connection_that_ends_is_lost_whatever_it_is_called(error: Exception) -> None:
    expected = r"Lost PostgreSQL while reading table t \(here\)\. Nothing was written\. Run the same"
    lost = translated("here", "reading table t", kept="Nothing was written.")
    with pytest.raises(PostgresError, match=expected), lost:
        raise error
