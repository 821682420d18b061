"""What is slow because it is real: engines, training, databases, other people's clients.

Each file is a group that one worker runs, so that what a module's fixture makes is made once; files that share
something that takes long to make are one group.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from xdist.scheduler import LoadScopeScheduling

from nic_voice.sample import embedded

SCHEMA = Path(embedded.__file__).with_name("nexus_schema.sql")
GROUPS = {
    "service/engines/test_vllm.py": "vllm",
    "service/engines/test_grouped_engine.py": "vllm",
    "training/test_unsloth.py": "unsloth",
    "training/test_architectures.py": "unsloth",
}
# In this order, the longest first, then the others. Unsloth changes transformers for good in the process that imports
# it: what computes with transformers itself comes before.
FIRST = (
    "end_to_end/test_road.py", "end_to_end/test_quickstart.py", "end_to_end/test_drafts.py", "bench/test_serve.py",
    "vllm", "nic_voice/test_parity.py", "training/test_resume.py", "training/test_export.py", "training/test_gguf.py",
    "unsloth",
)  # fmt: skip


def group_of(node_id: str) -> str:
    """What one worker runs together: the tests of a file, or of several."""
    file = node_id.partition("::")[0].removeprefix("tests/real/")
    return GROUPS.get(file, file)


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Hands out groups. xdist's own --dist loadgroup (3.8) does not see the groups of pytest 9's tests."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)  # without xdist there is none
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    """Whatever --dist says: without groups each worker would start an engine of its own."""
    return GroupScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the groups in order."""
    places = {group: place for place, group in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(group_of(item.nodeid), len(places)))


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
