"""The embedded PostgreSQL starts, stops and is found again, wherever its folder lies."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from nic_voice.sample import embedded

pytestmark = pytest.mark.postgres


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "postgres"
    embedded.stop(tmp_path / "postgres")


async def answer(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        number: int = await connection.fetchval("SELECT 42")
        return number
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("inner", "in_folder"),
    [("postgres", True), ("with space, and comma/postgres", False), ("/".join(["a long name" * 4] * 4), False)],
    ids=["plain", "odd characters", "longer than a socket path may be"],
)
async def test_a_server_starts_anywhere_and_its_uri_names_the_folder(
    tmp_path: Path, inner: str, in_folder: bool
) -> None:
    folder = tmp_path / inner
    try:
        dsn = embedded.start(folder)
        assert await answer(dsn) == 42
        assert embedded.start(folder) == dsn
        assert ("application_name" not in dsn) is in_folder
        assert embedded.folder_of(dsn) == folder
    finally:
        assert embedded.stop(folder) is True
    assert embedded.stop(folder) is False
    assert embedded.folder_of(dsn) == folder


def test_the_server_outlives_the_process_that_started_it(folder: Path) -> None:
    code = "import sys, pathlib; from nic_voice.sample.embedded import start; print(start(pathlib.Path(sys.argv[1])))"
    done = subprocess.run([sys.executable, "-c", code, folder], check=True, capture_output=True, text=True)
    assert asyncio.run(answer(done.stdout.strip())) == 42


async def test_a_stale_pid_file_that_names_another_process_does_not_count_as_a_server(folder: Path) -> None:
    embedded.start(folder)
    pid_file = folder / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    embedded.stop(folder)
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    assert await answer(embedded.start(folder)) == 42


def test_the_folder_is_closed_to_others(folder: Path) -> None:
    embedded.start(folder)
    assert folder.stat().st_mode & 0o077 == 0


def test_a_folder_with_other_files_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letter.txt").write_text("mine")
    with pytest.raises(embedded.EmbeddedError, match="Choose another folder"):
        embedded.start(tmp_path / "postgres")
    assert (tmp_path / "postgres" / "letter.txt").read_text() == "mine"


def test_data_that_is_damaged_says_where_the_reason_stands(folder: Path) -> None:
    embedded.start(folder)
    embedded.stop(folder)
    (folder / "global" / "pg_control").write_bytes(b"")
    with pytest.raises(embedded.EmbeddedError, match=r"PostgreSQL's pg_ctl failed in .*log says why"):
        embedded.start(folder)


def test_data_of_an_unknown_version_is_refused(folder: Path) -> None:
    folder.mkdir()
    (folder / "PG_VERSION").write_text("9\n")
    with pytest.raises(embedded.EmbeddedError, match="made by PostgreSQL 9"):
        embedded.start(folder)


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://localhost/nexus",
        "postgresql://nic:secret@db.example.com:5432/nexus?sslmode=require",
        "postgresql:///nexus?host=/var/run/postgresql",
        "postgresql:///nexus?host=relative",
        "postgresql://[broken",
        "",
    ],
)
def test_other_dsns_have_no_folder(dsn: str) -> None:
    assert embedded.folder_of(dsn) is None


async def test_a_server_that_is_not_running_is_started_for_its_dsn(folder: Path) -> None:
    dsn = embedded.start(folder)
    embedded.stop(folder)
    embedded.start_if_ours("postgresql://localhost/nexus")
    embedded.start_if_ours(dsn)
    assert await answer(dsn) == 42
