"""How fast extraction walks a Nexus, and what memory it takes.

    python -m bench.extract [--quick] [--json FILE] [--rows N]

A made-up owner's Nexus in an embedded PostgreSQL, over all eleven sources; and, where the folder REAL_DATA (or
../shared/data) holds a channel's real messages, those, an eighth of them the owner's. What is
timed is the first stage, which reads, cleans and masks: rows -> own.jsonl.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

from bench.report import show
from extraction.owner import load_owner
from extraction.pipeline import gather_own
from nic_voice.sample import embedded
from nic_voice.sample.build import make_sample

ROWS, QUICK_ROWS = 20_000, 5_000
PROJECT = Path(__file__).resolve().parent.parent
LOADER = Path(os.environ.get("REAL_DATA") or PROJECT.parent / "shared" / "data").parent / "tools" / "load_real_nexus.py"
OWNERS = PROJECT / "tests" / "extraction" / "real_owners.toml"


def main() -> None:
    """Extract both and print rows a second."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROWS:,} made-up rows")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--rows", type=int, help=f"made-up rows; {ROWS:,}")
    arguments = parser.parse_args()
    rows = arguments.rows or (QUICK_ROWS if arguments.quick else ROWS)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        dsn = embedded.start(folder / "postgres")
        try:
            made_up = _made_up(dsn, rows, folder)
            real = _real(dsn, folder) if LOADER.is_file() else None
        finally:
            embedded.stop(folder / "postgres")
    found = [row for row in (made_up, real) if row]
    show(
        "Extraction",
        found,
        arguments.json,
        rows_per_s=real["rows/s"] if real else None,
        own_rows_per_s=made_up["rows/s"],
        peak_rss_mb=max(row["peak RSS (MB)"] for row in found),
    )


def _made_up(dsn: str, rows: int, folder: Path) -> dict[str, Any]:
    make_sample(dsn, rows, 1, folder / "sample")
    return _timed("made up, eleven sources", dsn, folder / "sample" / "owner.toml", folder / "made-up")


def _real(dsn: str, folder: Path) -> dict[str, Any]:
    subprocess.run([sys.executable, str(LOADER), dsn, "chat"], check=True, stdout=subprocess.DEVNULL)
    owner = folder / "owner.toml"
    owner.write_text("names = " + json.dumps(tomllib.loads(OWNERS.read_text())["chat"]["names"]))
    return _timed("real, two chats", dsn, owner, folder / "real")


def _timed(title: str, dsn: str, owner: Path, out: Path) -> dict[str, Any]:
    """What the first stage does in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        rows, pieces, took_s, peak_mb = pool.apply(_gather, (dsn, owner, out))
    return {
        "rows of": title,
        "rows": rows,
        "pieces": pieces,
        "seconds": round(took_s, 1),
        "rows/s": round(rows / took_s),
        "peak RSS (MB)": round(peak_mb),
    }


def _gather(dsn: str, owner: Path, out: Path) -> tuple[int, int, float, float]:
    start_s = time.monotonic()
    ledger = asyncio.run(gather_own(dsn, load_owner(owner), out))
    took_s = time.monotonic() - start_s
    rows = sum(counts.rows_read for counts in ledger.sources.values())
    return rows, ledger.triplets, took_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
