"""A run that is killed at random moments, next to one that is not: does it end with the same adapter?

    python -m bench.kills [--quick] [--json FILE]

The made-up owner's triplets, 60 steps of the preset smollm2-135m (16 with --quick), a checkpoint every few seconds. One
run is left alone; the other gets SIGKILL ten times (three with --quick), each time at a random moment after a random
step, or while it starts again where that step was done before, and is started again by the same command. `parts` is how
often it began or went on from a checkpoint, `largest_difference` is between the weights of both.
"""

import argparse
import json
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.report import show
from nic_voice.quickstart import make_triplets
from nic_voice.serving import nic_voice
from training.curve import JSONL
from voice.manifest import ADAPTER_NAME, VoiceManifest

STEPS, QUICK_STEPS = 60, 16
KILLS, QUICK_KILLS = 10, 3
MOMENT_S = 4.0  # of a step and its checkpoint
SEED = 5


def main() -> None:
    """Train both and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_STEPS} steps, {QUICK_KILLS} kills")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    steps, kills = (QUICK_STEPS, QUICK_KILLS) if arguments.quick else (STEPS, KILLS)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        triplets = make_triplets(folder)
        whole, parts = folder / "whole", folder / "parts"
        subprocess.run(_command(triplets, whole, steps), check=True)
        killed = _killed(_command(triplets, parts, steps), parts, steps, kills)
        subprocess.run(_command(triplets, parts, steps), check=True)
        row: dict[str, Any] = {
            "steps": steps,
            "kills": killed,
            "parts": VoiceManifest.load(parts).training["parts"],
            "largest_difference": _largest_difference(whole, parts),
        }
    show("Killed and gone on", [row], arguments.json)


def _command(triplets: Path, out: Path, steps: int) -> list[str]:
    settings = ("--set", f"max_steps={steps}", "--set", "checkpoint_minutes=0.05", "--set", "batch_tokens=512")
    return nic_voice("train", "--triplets", str(triplets), "--out", str(out), *settings)


def _killed(command: list[str], out: Path, steps: int, kills: int) -> int:
    """How often the run was killed before it was done."""
    chance = random.Random(SEED)
    curve, killed = out.parent / ".runs" / out.name / JSONL, 0
    for step in sorted(chance.choices(range(steps), k=kills)):
        process = subprocess.Popen(command)
        while process.poll() is None and _steps_done(curve) < step:
            time.sleep(0.05)
        time.sleep(chance.uniform(0, MOMENT_S))
        process.kill()
        killed += process.wait() == -signal.SIGKILL
    return killed


def _steps_done(curve: Path) -> int:
    lines = curve.read_text().splitlines() if curve.exists() else []
    return int(json.loads(lines[-1])["step"]) if lines else 0


def _largest_difference(one: Path, other: Path) -> float:
    from safetensors.numpy import load_file

    first, second = (load_file(voice / ADAPTER_NAME) for voice in (one, other))
    assert first.keys() == second.keys()
    return max(float(abs(first[name] - second[name]).max()) for name in first)


if __name__ == "__main__":
    main()
