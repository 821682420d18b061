"""The benchmark of the service runs and says what it measured."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.serve import ADAPTER, FOUR, GUARDED, MERGED, ON_LLAMA, OURS
from nic_voice.llama import llama_server

pytestmark = [pytest.mark.slow, pytest.mark.vllm, pytest.mark.timeout(900)]


def test_serve_measures_every_server_at_each_concurrency(begun_voice: Path, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "bench.serve", "--smoke", "--voice", begun_voice, "--json", tmp_path / "serve.json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    report = json.loads((tmp_path / "serve.json").read_text())
    assert [(row["server"], row["concurrent"]) for row in report["rows"]] == [
        (server, concurrent)
        for server in (OURS, FOUR, GUARDED, ADAPTER, MERGED, *(ON_LLAMA.values() if llama_server() else ()))
        for concurrent in (1, 8, 32)
    ]
    assert all(row["tokens/s"] > 0 for row in report["rows"])
    assert report["machine"]["cores"] > 0
    for ratio in ("throughput_ratio", "latency_ratio", "merged_ratio", "four_voices_ratio", "guard_ratio"):
        assert set(report[ratio]) == {"1", "8", "32"}
