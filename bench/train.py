"""How fast training is: next to TRL's SFTTrainer, and next to what the same code reaches without any padding.

    python -m bench.train [--quick] [--json FILE] [--triplets FILE ...] [--without ROW ...] [--loss]

Without --triplets those of the made-up owner are used. Base model and settings are those of the preset smollm2-135m;
all rows see the same token ids, loss mask, threads and adapter. Each measurement is a process of its own, the order
turns round from round to round, and the first steps do not count. Rows, in useful (not padding) tokens a second:

    ours         training.loop as `nic-voice train` runs it
    trl_same     SFTTrainer in the same dtype, without gradient checkpointing, batch 8, random order; on a CPU its
                 loss, a Triton kernel, is replaced by the same in plain PyTorch
    trl_default  SFTTrainer with its own defaults (gradient checkpointing, bf16), batch 8; on a CPU that has no
                 instructions for bf16 a step takes minutes
    bound        our code on full rectangles, the fastest of five shapes, with the same share of target tokens

The JSON has `useful_tokens_per_s` and `target_tokens_per_s` by row: of the first file, and of others under their names.
It also times preparation (split, encode, plan) of 1,000 to 30,000 triplets. With --loss an epoch is trained with ours
and with trl_same on the same examples, and the loss on the same held-out examples compared.
"""

import argparse
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.report import show
from bench.trl import PRESET, Clock, plain_loss, tokenizer
from bench.trl import train as with_trl

SHAPES = ((12, 32), (6, 64), (4, 96), (3, 128), (2, 192))  # rows, length: as many tokens as a batch of the preset
ROWS = ("ours", "trl_same", "trl_default")  # and the bound
EPOCHS = 200  # more than the clock allows
SECONDS, QUICK_SECONDS = 60.0, 20.0  # of a measurement, a round
ROUNDS, QUICK_ROUNDS = 2, 1
SIZES = (1_000, 3_000, 10_000, 30_000)


class Done(Exception):
    """The time is over."""


def main() -> None:
    """Measure, print the tables, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--triplets", type=Path, nargs="*", help="one or more files; else the made-up owner's")
    parser.add_argument("--quick", action="store_true", help=f"one round of {QUICK_SECONDS:g} seconds each")
    parser.add_argument("--without", nargs="*", choices=ROWS[1:], default=(), help="rows to leave out")
    parser.add_argument("--loss", action="store_true", help="train an epoch of the first file with both and compare")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        row, data, seconds = arguments.worker
        print(json.dumps(work(row, Path(data), float(seconds))))
        return
    seconds, rounds = (QUICK_SECONDS, QUICK_ROUNDS) if arguments.quick else (SECONDS, ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        files = arguments.triplets or [_made_up(Path(folder))]
        rows: list[dict[str, Any]] = []
        more: dict[str, Any] = {}
        for number, file in enumerate(files):
            data = Path(folder) / f"{number}.json"
            numbers = _prepare(file, data)
            useful, targets = _measure(data, seconds, rounds, [row for row in ROWS if row not in arguments.without])
            rows.append({"data": file.stem, **numbers, **useful, **_ratios(useful)})
            if not number:
                more |= {"useful_tokens_per_s": useful, "target_tokens_per_s": targets}
            else:
                more[file.stem] = {"useful_tokens_per_s": useful, "target_tokens_per_s": targets}
            if arguments.loss and not number:
                more["held_out_loss_after_an_epoch"] = {
                    row: _apart(f"{row}_loss", data, 0)["held_out_loss"] for row in ("ours", "trl_same")
                }
        more["seconds_per_1000_triplets_prepared"] = _preparation(files[0])
    show("Training, useful tokens/s", rows, arguments.json, width=150, **more)


def _made_up(folder: Path) -> Path:
    from nic_voice.quickstart import make_triplets

    return make_triplets(folder)


def _measure(data: Path, seconds: float, rounds: int, rows: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Useful and target tokens a second of each row; a row that cannot run has None."""
    shapes = [f"bound {count} {length}" for count, length in SHAPES]
    order = [*rows, *shapes]
    found: dict[str, list[dict[str, Any]]] = {row: [] for row in order}
    for number in range(rounds):
        for row in order if number % 2 == 0 else order[::-1]:
            found[row].append(_apart(row, data, seconds / 2 if row in shapes else seconds))
            print(f"{row}: {found[row][-1]}", file=sys.stderr, flush=True)

    def speeds(key: str) -> dict[str, Any]:
        each = {
            row: statistics.mean(result[key] for result in results) if all(key in r for r in results) else None
            for row, results in found.items()
        }
        bound = max(speed for shape in shapes if (speed := each[shape]) is not None)
        return {row: speed for row, speed in each.items() if row not in shapes} | {"bound": bound}

    return speeds("useful_tokens_per_s"), speeds("target_tokens_per_s")


def _apart(row: str, data: Path, seconds: float) -> dict[str, Any]:
    """The result of one measurement in a process of its own, or {"error": its last line}."""
    command = [sys.executable, "-m", "bench.train", "--worker", row, str(data), str(seconds)]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["no message"])[-1][:300]}
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def _ratios(speeds: dict[str, Any]) -> dict[str, Any]:
    return {
        f"ours / {row}": round(speeds["ours"] / speeds[row], 2) if speeds["ours"] and speeds.get(row) else None
        for row in ("trl_same", "trl_default", "bound")
    }


def _prepare(path: Path, data: Path) -> dict[str, Any]:
    """Write the token ids of learned and held-out examples to `data`; returns what they are like."""
    from training.config import load_config
    from training.data import encode_triplets
    from voice.split import split
    from voice.triplet import load_triplets

    config = load_config(PRESET)
    parts = split(load_triplets(path).triplets, config.held_out_share, config.held_out_most)
    both = [encode_triplets(part, tokenizer(), config.max_length_tokens).kept for part in (parts.learn, parts.held_out)]
    data.write_text(json.dumps([[(example.ids, example.prompt_tokens) for example in part] for part in both]))
    lengths = [len(example) for example in both[0]]
    return {"examples": len(lengths), "mean tokens": statistics.mean(lengths), "longest": max(lengths)}


def _preparation(path: Path) -> dict[str, float]:
    """Seconds for each 1,000 triplets that split, encoding and the plan of three epochs take, by number of triplets."""
    from training.config import load_config
    from training.data import encode_triplets
    from training.loop import Plan
    from voice.split import split
    from voice.triplet import load_triplets

    config, tokens = load_config(PRESET), tokenizer()
    some = load_triplets(path).triplets
    seconds = {}
    for size in SIZES:
        triplets = [replace(some[n % len(some)], id=f"copy:{n}:0", thread=f"thread {n // 7}") for n in range(size)]
        started = time.perf_counter()
        parts = split(triplets, config.held_out_share, config.held_out_most)
        examples = encode_triplets(parts.learn, tokens, config.max_length_tokens).kept
        Plan([len(example) for example in examples], config)
        seconds[str(size)] = round((time.perf_counter() - started) / size * 1000, 4)
    return seconds


def work(row: str, data: Path, seconds: float) -> dict[str, Any]:
    """One measurement, in this process."""
    from training.data import Example

    learned, held_out = (
        [Example(tuple(ids), (1.0,) * (len(ids) - start)) for ids, start in part]
        for part in json.loads(data.read_text())
    )
    name, *shape = row.split()
    if name == "bound":
        learned = _rectangle(learned, *map(int, shape))
    with contextlib.redirect_stdout(sys.stderr):
        if name.startswith("trl"):
            return with_trl(name, learned, held_out, seconds)
        budget = int(shape[0]) * int(shape[1]) if shape else None
        return _ours(learned, held_out, seconds, budget, epoch=name.endswith("_loss"))


def _rectangle(examples: Sequence[Any], rows: int, length: int) -> list[Any]:
    """Examples all of one length whose share of target tokens is that of `examples`, their tokens drawn from them."""
    from training.data import Example

    chance = random.Random(1)
    tokens = [token for example in examples for token in example.ids]
    targets = max(1, round(sum(len(example.weights) for example in examples) / len(tokens) * length))
    end = examples[0].ids[-1]
    return [Example((*chance.choices(tokens, k=length - 1), end), (1.0,) * targets) for _ in range(rows * 20)]


def _ours(
    learned: list[Any], held_out: list[Any], seconds: float, batch_tokens: int | None, epoch: bool
) -> dict[str, Any]:
    from training import lora
    from training.checkpoint import RunFolder
    from training.config import load_config
    from training.data import Examples
    from training.loop import Run
    from training.processes import Processes
    from training.progress import Progress
    from voice.base_model import resolve

    changes = {"epochs": "1" if epoch else str(EPOCHS), "checkpoint_minutes": "600", "keep": "last"}
    changes |= {"batch_tokens": str(batch_tokens)} if batch_tokens else {}
    config = load_config(PRESET, changes)
    adapted = lora.load(resolve(config.base_model), config)
    with tempfile.TemporaryDirectory() as place, RunFolder(Path(place) / "voice", {}) as folder:
        folder.begin(fresh=False)
        run = Run(config, adapted, Examples(len(learned), learned), [], folder, Processes())
        if epoch:
            run.go()
            return {"held_out_loss": round(plain_loss(adapted.model, held_out), 4)}

        def tokens(step: int) -> tuple[int, int]:
            examples = [learned[index] for batch in run.plan.steps[step] for index in batch]
            return sum(map(len, examples)), sum(len(example.weights) for example in examples)

        clock = Clock(seconds, tokens)

        def tick(progress: Progress) -> None:
            if clock.tick():
                raise Done

        with contextlib.suppress(Done):
            run.go(tick)
        return clock.speeds()


if __name__ == "__main__":
    main()
