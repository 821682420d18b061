"""For all tests: how property tests run, and a real PostgreSQL, embedded, for those that need one."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import settings

from nic_voice.sample import embedded

# No deadline: on a busy machine a slow example is no failure.
settings.register_profile("nic-voice", deadline=None)
settings.load_profile("nic-voice")

SCHEMA = Path(embedded.__file__).with_name("nexus_schema.sql")


@pytest.fixture(scope="session")
def begun_voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a voice called so that has really begun to learn; whoever changes it copies it first."""
    from bench import voices

    return voices.train(tmp_path_factory.mktemp("begun"), "so", steps=8)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The DSN of an embedded server that ends with the tests."""
    folder = tmp_path_factory.mktemp("extraction") / "postgres"
    yield embedded.start(folder)
    embedded.stop(folder)


@pytest.fixture
async def database(server: str) -> AsyncIterator[str]:
    """The DSN of a database that is empty and ends with the test."""
    await _run(server, "CREATE DATABASE test")
    yield server.replace("/postgres?", "/test?")
    await _run(server, "DROP DATABASE test WITH (FORCE)")


@pytest.fixture
async def nexus_dsn(database: str) -> str:
    """The DSN of a database with the tables of a Nexus, all empty."""
    await _run(database, SCHEMA.read_text())
    return database


async def _run(dsn: str, *statements: str) -> None:
    """Run statements, each by itself."""
    connection = await asyncpg.connect(dsn)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()
