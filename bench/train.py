"""How fast training is: next to TRL's SFTTrainer and next to what the same code reaches without any padding.

    python -m bench.train --pairs PAIRS.jsonl --sample TRIPLETS.jsonl [--seconds 60] [--rounds 2] [--loss] [--json FILE]

Both files hold triplets; base model and settings are those of the preset smollm2-135m. All rows see the same token ids,
loss mask, threads and adapter. Each measurement is a process of its own, the order turns round from round to round, and
the first steps do not count. Rows, in useful (not padding) tokens a second:

    ours         training.loop as `nic-voice train` runs it
    trl_same     SFTTrainer in the same dtype, without gradient checkpointing, batch 8, random order
    trl_default  SFTTrainer with its own defaults (gradient checkpointing, bf16), batch 8
    bound        our code on full rectangles, the fastest of five shapes, with the same share of target tokens

It also times preparation (split, encode, plan) of 1,000 to 30,000 triplets, and with --loss trains an epoch with ours
and with trl_same on the same examples and compares the loss on the same validation examples.
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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.report import show

PRESET = Path("smollm2-135m")
SHAPES = ((32, 32), (16, 64), (8, 96), (8, 128), (4, 256))  # rows, length
TRL_ROWS = 8
WARM_UP_STEPS = 3
EPOCHS = 200  # more than the clock allows
SIZES = (1_000, 3_000, 10_000, 30_000)
# Batches of his notebook setting: two rows of random lengths, four of them a step.
HIS_ROWS = 2
TFLOPS = (3.8, 15.0, 25.0)


class Done(Exception):
    """The time is over."""


def main() -> None:
    """Measure, print the tables, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--sample", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each measurement, a round")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--loss", action="store_true", help="train an epoch of --pairs with both and compare")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        row, data, seconds = arguments.worker
        print(json.dumps(work(row, Path(data), float(seconds))))
        return
    sets = {name: path for name, path in (("pairs", arguments.pairs), ("sample", arguments.sample)) if path}
    if not sets:
        parser.error("give --pairs or --sample")
    rows, useful, targets, more = [], {}, {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for name, path in sets.items():
            data = Path(folder) / f"{name}.json"
            numbers = _prepare(path, data)
            useful[name], targets[name] = _measure(data, arguments.seconds, arguments.rounds)
            rows.append({"data": name, **numbers, **useful[name], **_ratios(useful[name])})
            if arguments.loss and name == "pairs":
                more["validation_loss_after_one_epoch"] = {
                    row: _apart(f"{row}_loss", data, 0)["validation_loss"] for row in ("ours", "trl_same")
                }
    preparation = _preparation(next(iter(sets.values())))
    show("Training, tokens/s", rows, arguments.json, useful_tokens_per_s=useful, target_tokens_per_s=targets,
         seconds_per_1000_triplets_prepared=preparation, on_paper=_on_paper(), **more)  # fmt: skip


def _measure(data: Path, seconds: float, rounds: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Useful and target tokens a second of each row; a row that cannot run has None."""
    shapes = [f"bound {rows} {length}" for rows, length in SHAPES]
    order = ["ours", "trl_same", "trl_default", *shapes]
    found: dict[str, list[dict[str, Any]]] = {row: [] for row in order}
    for number in range(rounds):
        for row in order if number % 2 == 0 else order[::-1]:
            found[row].append(_apart(row, data, seconds / 2 if row in shapes else seconds))
            print(f"{data.stem}, {row}: {found[row][-1]}", file=sys.stderr)

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
        f"ours / {row}": round(speeds["ours"] / speeds[row], 2) if speeds["ours"] and speeds[row] else None
        for row in ("trl_same", "trl_default", "bound")
    }


def _prepare(path: Path, data: Path) -> dict[str, Any]:
    """Write the token ids of training and validation examples to `data`; returns what they are like."""
    from transformers import AutoTokenizer

    from training.config import load_config
    from training.data import encode_triplets
    from training.validation import split
    from voice.base_model import resolve
    from voice.triplet import read_triplets

    config = load_config(PRESET)
    tokenizer = AutoTokenizer.from_pretrained(resolve(config.base_model).folder)
    parts = split(list(read_triplets(path)), 0.05, config.validation_examples)
    both = [
        encode_triplets(part, tokenizer, config.max_length_tokens).kept for part in (parts.training, parts.validation)
    ]
    data.write_text(json.dumps([[(example.ids, example.prompt_tokens) for example in part] for part in both]))
    lengths = [len(example) for example in both[0]]
    return {"examples": len(lengths), "mean tokens": statistics.mean(lengths), "longest": max(lengths)}


def _preparation(path: Path) -> dict[str, float]:
    """Seconds for each 1,000 triplets that split, encoding and the plan of three epochs take, by number of triplets."""
    from transformers import AutoTokenizer

    from training.config import load_config
    from training.data import encode_triplets, plan_batches
    from training.validation import split
    from voice.base_model import resolve
    from voice.triplet import read_triplets

    config = load_config(PRESET)
    tokenizer = AutoTokenizer.from_pretrained(resolve(config.base_model).folder)
    some = list(read_triplets(path))
    seconds = {}
    for size in SIZES:
        triplets = [replace(some[n % len(some)], id=f"copy:{n}:0", thread=f"thread {n // 7}") for n in range(size)]
        started = time.perf_counter()
        parts = split(triplets, config.validation_share, config.validation_examples)
        lengths = [len(e) for e in encode_triplets(parts.training, tokenizer, config.max_length_tokens).kept]
        for epoch in range(config.epochs):
            plan_batches(lengths, config.batch_tokens, config.seed, epoch)
        seconds[str(size)] = round((time.perf_counter() - started) / size * 1000, 4)
    return seconds


def _on_paper() -> list[dict[str, Any]]:
    """Qwen2.5-3B at 3.1 M tokens x 3 epochs by training.plan's formulas: his setting as notebooks have it, and ours.

    Assumed of his: two rows a microbatch in random order, a third of it padding at these lengths; loss on all tokens;
    4-bit weights unpacked in forward, backward and again for checkpointing. Ours: the preset, 3 % padding. The H100:
    400 TFLOPS, 3,350 GB/s. Nothing here was measured on a GPU.
    """
    from training.architecture import from_config
    from training.config import load_config
    from training.plan import paper_run

    qwen = {"model_type": "qwen2", "hidden_size": 2048, "intermediate_size": 11008, "num_hidden_layers": 36,
            "num_attention_heads": 16, "num_key_value_heads": 2, "vocab_size": 151936,
            "tie_word_embeddings": True}  # fmt: skip
    config = load_config(Path("qwen2.5-3b"))
    same: dict[str, Any] = {"records": 75_329, "tokens": 3_100_000, "epochs": 3, "rank": config.rank,
                            "targets": config.target_modules}  # fmt: skip
    his: dict[str, Any] = {"rows": HIS_ROWS, "padding_share": 1 / 3, "target_share": 1.0, "load_in_4bit": True,
           "gradient_checkpointing": True}  # fmt: skip
    ours: dict[str, Any] = {"batch_tokens": config.batch_tokens, "padding_share": 0.03, "target_share": 0.4,
            "load_in_4bit": config.load_in_4bit, "gradient_checkpointing": config.gradient_checkpointing}  # fmt: skip
    rows = []
    for machine, tflops, bandwidth in (*((f"his, {speed:g} TFLOPS", speed, 256.0) for speed in TFLOPS),
                                       ("H100, 400 TFLOPS", 400.0, 3350.0)):  # fmt: skip
        for name, setting in (("his", his), ("ours", ours)):
            run = paper_run(from_config(qwen), tflops=tflops, bandwidth_gb_s=bandwidth, **same, **setting)
            rows.append({"machine": machine, "setting": name, **{key: round(value, 2) for key, value in run.items()}})
    return rows


def work(row: str, data: Path, seconds: float) -> dict[str, Any]:
    """One measurement, in this process."""
    from training.data import Example

    training, validation = (
        [Example(tuple(ids), start) for ids, start in part] for part in json.loads(data.read_text())
    )
    name, *shape = row.split()
    if name == "bound":
        training = _rectangle(training, *map(int, shape))
    with contextlib.redirect_stdout(sys.stderr):
        if name.startswith("trl"):
            return _trl(name, training, validation, seconds)
        budget = int(shape[0]) * int(shape[1]) if shape else None
        return _ours(training, validation, seconds, budget, epoch=name.endswith("_loss"))


def _rectangle(examples: Sequence[Any], rows: int, length: int) -> list[Any]:
    """Examples all of one length whose share of target tokens is that of `examples`, their tokens drawn from them."""
    from training.data import Example

    chance = random.Random(1)
    tokens = [token for example in examples for token in example.ids]
    share = sum(example.target_tokens for example in examples) / len(tokens)
    end = examples[0].ids[-1]
    start = length - max(1, round(share * length))
    return [Example((*chance.choices(tokens, k=length - 1), end), start) for _ in range(rows * 20)]


def _ours(
    training: list[Any], validation: list[Any], seconds: float, batch_tokens: int | None, epoch: bool
) -> dict[str, Any]:
    from training import qlora
    from training.checkpoint import RunFolder
    from training.config import load_config
    from training.data import Examples
    from training.loop import Progress, Run
    from voice.base_model import resolve

    changes = {"epochs": "1" if epoch else str(EPOCHS), "checkpoint_minutes": "600"}
    config = load_config(PRESET, changes | ({"batch_tokens": str(batch_tokens)} if batch_tokens else {}))
    adapted = qlora.load(resolve(config.base_model), config)
    with tempfile.TemporaryDirectory() as place:
        folder = RunFolder(Path(place) / "voice", {})
        folder.begin(fresh=False)
        run = Run(config, adapted, Examples(len(training), training), validation if epoch else [], folder)
        if epoch:
            return run.go(lambda _: None)

        def tokens(step: int) -> tuple[int, int]:
            examples = [training[index] for batch in run.groups[step] for index in batch]
            return sum(map(len, examples)), sum(example.target_tokens for example in examples)

        clock = Clock(seconds, tokens)

        def tick(progress: Progress) -> None:
            if clock.tick():
                raise Done

        with contextlib.suppress(Done):
            run.go(tick)
        return clock.speeds()


class Clock:
    """Times steps after the warm-up; `tokens(step)` gives useful and target tokens of the step-th step, from 0."""

    def __init__(self, seconds: float, tokens: Callable[[int], tuple[int, int]]) -> None:
        self.seconds, self.tokens = seconds, tokens
        self.steps, self.started, self.ended = 0, 0.0, 0.0

    def tick(self) -> bool:
        """A step is over; whether the time is too."""
        self.steps, self.ended = self.steps + 1, time.perf_counter()
        if self.steps == WARM_UP_STEPS:
            self.started = self.ended
        return self.steps > WARM_UP_STEPS and self.ended - self.started >= self.seconds

    def speeds(self) -> dict[str, Any]:
        """Tokens a second of the steps that counted."""
        counted = [self.tokens(step) for step in range(WARM_UP_STEPS, self.steps)]
        taken = self.ended - self.started
        return {
            "useful_tokens_per_s": round(sum(useful for useful, _ in counted) / taken, 1),
            "target_tokens_per_s": round(sum(target for _, target in counted) / taken, 1),
            "steps": len(counted),
            "seconds": round(taken, 1),
        }


def _trl(name: str, training: list[Any], validation: list[Any], seconds: float) -> dict[str, Any]:
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    from training.config import load_config
    from voice.base_model import resolve

    config, epoch = load_config(PRESET), name.endswith("_loss")
    folder = resolve(config.base_model).folder
    same = {"gradient_checkpointing": False, "bf16": False, "learning_rate": config.learning_rate,
            "warmup_steps": config.warmup_share,
            "lr_scheduler_type": "cosine", "max_grad_norm": config.max_gradient_norm}  # fmt: skip
    batches: list[tuple[int, int]] = []

    class Tick(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            control.should_training_stop = clock.tick() and not epoch

    def rows() -> Iterator[dict[str, Any]]:
        for example in training:
            mask = [0] * example.prompt_tokens + [1] * example.target_tokens
            yield {"input_ids": list(example.ids), "completion_mask": mask}

    clock = Clock(seconds, batches.__getitem__)
    with tempfile.TemporaryDirectory() as place:
        settings = SFTConfig(
            output_dir=place, per_device_train_batch_size=TRL_ROWS, num_train_epochs=1 if epoch else EPOCHS,
            completion_only_loss=True, max_length=config.max_length_tokens, report_to=[], save_strategy="no",
            logging_strategy="no", disable_tqdm=True, use_cpu=not torch.cuda.is_available(), seed=config.seed,
            **(same if name.startswith("trl_same") else {}),
        )  # fmt: skip
        trainer = SFTTrainer(
            model=AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), args=settings,
            train_dataset=Dataset.from_list(list(rows())), processing_class=AutoTokenizer.from_pretrained(folder),
            peft_config=LoraConfig(r=config.rank, lora_alpha=config.alpha, target_modules=config.target_modules),
            callbacks=[Tick()],
        )  # fmt: skip
        collate = trainer.data_collator

        def counted(features: Any) -> Any:
            batch = collate(features)
            batches.append((int(batch["attention_mask"].sum()), int((batch["labels"] != -100).sum())))
            return batch

        trainer.data_collator = counted
        trainer.train()
    return {"validation_loss": round(_plain_loss(trainer.model, validation), 4)} if epoch else clock.speeds()


def _plain_loss(model: Any, examples: Sequence[Any]) -> float:
    """The mean loss per target token, by transformers' own loss."""
    import torch

    model.eval()
    total = 0.0
    with torch.no_grad():
        for example in examples:
            ids = torch.tensor([example.ids])
            labels = ids.clone()
            labels[:, : example.prompt_tokens] = -100
            total += float(model(input_ids=ids, labels=labels).loss) * example.target_tokens
    return total / sum(int(example.target_tokens) for example in examples)


if __name__ == "__main__":
    main()
