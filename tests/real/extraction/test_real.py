"""Extraction on real people's messages, which are read where they lie and never copied."""

import asyncio
import re
import sys
import tomllib
from pathlib import Path

import pytest

from extraction.clean.machine import machine_text
from extraction.ledger import Ledger
from extraction.owner import Owner
from extraction.pipeline import extract
from extraction.reason import Reason
from tests.real.data import REAL_DATA
from voice.triplet import Triplet, read_triplets

LOADER = REAL_DATA.parent / "tools" / "load_real_nexus.py"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.real_data,
    pytest.mark.postgres,
    pytest.mark.skipif(not LOADER.is_file(), reason=f"no {LOADER}"),
]


async def _extract(kind: str, dsn: str, out: Path) -> tuple[Ledger, list[Triplet]]:
    owners = tomllib.loads(Path(__file__).with_name("real_owners.toml").read_text())
    loader = await asyncio.create_subprocess_exec(sys.executable, LOADER, dsn, kind, stdout=asyncio.subprocess.DEVNULL)
    assert await loader.wait() == 0
    ledger = await extract(dsn, Owner.model_validate(owners[kind]), out)
    return ledger, list(read_triplets(out / "triplets.jsonl"))


def _assert_clean(triplets: list[Triplet]) -> None:
    for triplet in triplets:
        assert "Original Message" not in triplet.own
        assert not re.search(r"Forwarded by|@\s?ENRON|/HOU/ECT", triplet.own)
        assert machine_text(triplet.own, "imessage") is None


async def test_mail(database: str, tmp_path: Path) -> None:
    ledger, triplets = await _extract("mail", database, tmp_path)
    assert ledger.sources["gmail"].rows_read == ledger.sources["work_email"].rows_read == 1771
    assert ledger.triplets == len(triplets) > 10_000
    assert all(counts.rows_rejected[Reason.NOT_OWN] == 0 for counts in ledger.sources.values())
    _assert_clean(triplets)


async def test_chat(database: str, tmp_path: Path) -> None:
    ledger, triplets = await _extract("chat", database, tmp_path)
    chat, phone = ledger.sources["google_chat"], ledger.sources["imessage"]
    assert (chat.rows_read, chat.rows_rejected[Reason.NOT_OWN]) == (99_399, 99_399 - 12_896)
    assert (phone.rows_read, phone.rows_rejected[Reason.TAPBACK]) == (6_300, 300)
    assert ledger.triplets == len(triplets) > 10_000
    _assert_clean(triplets)
