"""A Plan for a reader: as text, as JSON, and as the refusal of a run that cannot fit.

In: a configuration, a triplet file, a device. Out: lines to print. Also what the plan says of three runs of which only
the outcome is known (`nic-voice plan --owners-runs`).
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from training.architecture import KNOWN, ArchitectureError, from_config, read_architecture
from training.config import TrainingConfig
from training.errors import TrainingError
from training.lengths import measure
from training.plan import GB, Batch, Device, Lengths, Plan, make_plan, paper_run, what_would_fit
from voice.triplet import Triplet

logger = logging.getLogger(__name__)

NOT_MEASURED = (
    "Counted from the code, and compared with what autograd keeps on a CPU; the memory of a GPU was not measured. "
    "Assumed: {overhead:g} GB for the driver and kernels, {lost:.0%} lost to the allocator."
)
CPU_TFLOPS = 0.1  # a guess for two cores in float32; say --tflops for others
SEVEN = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
RECORDS, RECORD_TOKENS = 75_329, 3_100_000  # the owner's records and their tokens
OUTCOMES = {
    "Qwen/Qwen2.5-3B-Instruct": "17 h",
    "Qwen/Qwen2.5-7B-Instruct": "42 h",
    "Qwen/Qwen3.5-9B": "out of memory on 96 GB",
}


def plan_run(
    config: TrainingConfig, triplets: Iterable[Triplet], device: Device, config_file: Path | None = None
) -> tuple[Plan, Lengths]:
    """The plan of training on these triplets, and their lengths; TrainingError when there is nothing to train on."""
    architecture = read_architecture(config.base_model, config_file)
    lengths = measure(triplets, config.base_model)
    try:
        return make_plan(config, architecture, lengths, device), lengths
    except ValueError as error:
        raise TrainingError(f"There is nothing to train on: {error}.") from error


def refuse_what_cannot_fit(config: TrainingConfig, triplets: Iterable[Triplet], memory_gb: float | None = None) -> None:
    """TrainingError when the plan needs more memory than there is; says what would make the run fit.

    A base model of which nothing is known here, and triplets that the run itself refuses, pass.
    """
    memory_gb = memory_gb or memory_of_this_machine()
    try:
        plan, lengths = plan_run(config, triplets, Device(memory_gb, 1.0) if _has_gpu() else cpu(memory_gb))
    except (ArchitectureError, TrainingError) as error:
        logger.info("started without a plan: %s", error)
        return
    if not plan.fits:
        raise TrainingError(
            f"By the plan this run needs {plan.peak_bytes / GB:.1f} GB and there are {memory_gb:.1f} GB. "
            f"{_advice(plan, lengths)} `--force` starts it all the same."
        )


def memory_of_this_machine() -> float:
    """GB of the first GPU, or of the RAM that is free now where there is none."""
    import torch

    if torch.cuda.is_available():
        return float(torch.cuda.get_device_properties(0).total_memory) / GB
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024 / GB
    return float("inf")


def cpu(memory_gb: float | None, tflops: float = CPU_TFLOPS) -> Device:
    """A CPU: no driver, but the libraries' own gigabyte; both numbers are guesses."""
    return Device(memory_gb, tflops, bandwidth_gb_s=10, overhead_gb=1.3, fragmentation=0.1)


def lines(plan: Plan, lengths: Lengths, tflops: Sequence[float]) -> Iterator[str]:
    """The plan as text; one line of time for each of `tflops`."""
    a, config = plan.architecture, plan.config
    hybrid = f", {a.linear.layers} of them linear attention" if a.linear else ""
    weights = (a.block_parameters + a.other_parameters) / 1e9
    yield f"{config.base_model}: {a.layers} layers{hybrid}, {weights:.2f} G weights"
    trained = f"{len(lengths.prompts) - plan.too_long:,} of {len(lengths.prompts):,} triplets"
    yield (
        f"{trained}, {plan.useful_tokens:,} tokens an epoch ({plan.counted_by}), padding {plan.padding_share:.1%}, "
        f"{len(plan.batches):,} batches"
    )
    yield "Peak memory:"
    for part, size in plan.memory.items():
        yield f"  {part:<12} {size / GB:8.2f} GB"
    yield f"  {'together':<12} {plan.peak_bytes / GB:8.2f} GB"
    if plan.fits is not None:
        yield f"On {plan.device.memory_gb:g} GB it {'fits' if plan.fits else 'does not fit'}."
        if not plan.fits:
            yield _advice(plan, lengths)
    yield "Time:"
    for speed in tflops:
        at = _at(plan, speed)
        all_epochs = _duration(at.epoch_seconds * config.epochs)
        yield f"  at {speed:g} TFLOPS  {_duration(at.epoch_seconds)} an epoch, {all_epochs} in all"
    yield _four_bits_or_not(plan, lengths, tflops[0])
    yield NOT_MEASURED.format(overhead=plan.device.overhead_gb, lost=plan.device.fragmentation)


def as_json(plan: Plan, lengths: Lengths, tflops: Sequence[float]) -> dict[str, Any]:
    """The same as `lines`, for programs."""
    return {
        "memory_bytes": {part: round(size) for part, size in plan.memory.items()},
        "peak_bytes": round(plan.peak_bytes),
        "fits": plan.fits,
        "would_fit": what_would_fit(plan, lengths) if plan.fits is False else [],
        "epoch_seconds": {f"{speed:g}": _at(plan, speed).epoch_seconds for speed in tflops},
        "epochs": plan.config.epochs,
        "batches": len(plan.batches),
        "useful_tokens": plan.useful_tokens,
        "padding_share": plan.padding_share,
        "counted_by": plan.counted_by,
        "gpu_memory_measured": False,
    }


def owners_runs() -> Iterator[str]:
    """What the plan says of the owner's three runs as he may have set them; nothing is tuned to fit."""
    yield (
        f"{RECORDS:,} records, {RECORD_TOKENS / 1e6:.1f} M tokens, 3 epochs, rank 16, 4-bit with checkpointing. "
        f"Not known, so a range: 3.8 to 25 TFLOPS, 1 to 8 rows a batch, padding 0 to 60 % or rows filled up to "
        f"512 tokens, memory at 256 GB/s."
    )
    for name, outcome in OUTCOMES.items():
        hours = sorted(_owners_hours(name))
        with_, without = _breaks(name, True), _breaks(name, False)
        yield (
            f"  {name:<25} it was: {outcome:<22}  plan: {hours[0]:.1f} to {hours[-1]:.0f} h; "
            f"over 96 GB: {with_} with checkpointing, {without} without"
        )
    yield NOT_MEASURED.format(overhead=Device(96, 1).overhead_gb, lost=Device(96, 1).fragmentation)


def _owners_hours(name: str) -> Iterator[float]:
    a = from_config(KNOWN[name])
    mean = RECORD_TOKENS / RECORDS
    for tflops in (3.8, 25.0):
        for rows, padding in ((1, 0.0), (1, 1 - mean / 512), (8, 0.3), (8, 0.6), (8, 1 - mean / 512)):
            yield paper_run(
                a, records=RECORDS, tokens=RECORD_TOKENS, epochs=3, rows=rows, padding_share=padding, rank=16,
                targets=SEVEN, target_share=1.0, load_in_4bit=True, gradient_checkpointing=True, tflops=tflops,
                bandwidth_gb_s=256,
            )["hours"]  # fmt: skip


def _breaks(name: str, checkpointing: bool) -> str:
    """The smallest batches of a trainer that makes the logits of every token which need more than 96 GB."""
    config = TrainingConfig.model_construct(
        load_in_4bit=True, dtype="bfloat16", rank=16, target_modules=list(SEVEN), gradient_checkpointing=checkpointing
    )
    found = []
    for width in (64, 512, 2048):
        for rows in (1, 2, 4, 8, 16, 32, 64, 128):
            batch = Batch(rows, width, rows * width, rows * width)
            if Plan(config, from_config(KNOWN[name]), Device(96, 1), [batch], 0, "").peak_bytes > 96 * GB:
                found.append(f"{rows} x {width:,}")
                break
    return f"from {', '.join(found)} tokens" if found else "never"


def _advice(plan: Plan, lengths: Lengths) -> str:
    ways = [", ".join(f"{key}={_yaml(value)}" for key, value in way.items()) for way in what_would_fit(plan, lengths)]
    if not ways:
        return "No setting makes it fit; choose a smaller base model."
    return "It would fit with " + "; or with ".join(f"--set {way.replace(', ', ' --set ')}" for way in ways) + "."


def _four_bits_or_not(plan: Plan, lengths: Lengths, tflops: float) -> str:
    here = _at(plan, tflops)
    other = _at(
        make_plan(
            plan.config.model_copy(update={"load_in_4bit": not plan.config.load_in_4bit}),
            plan.architecture, lengths, plan.device,
        ),
        tflops,
    )  # fmt: skip
    names = {True: "4-bit weights", False: f"plain {plan.config.dtype} weights"}
    quick = min(here, other, key=lambda run: run.epoch_seconds)
    room = "" if quick.fits is not False else ", which do not fit"
    return (
        f"With {names[plan.config.load_in_4bit]}: {_duration(here.epoch_seconds)} an epoch, "
        f"{here.peak_bytes / GB:.1f} GB; with "
        f"{names[other.config.load_in_4bit]}: {_duration(other.epoch_seconds)}, {other.peak_bytes / GB:.1f} GB. "
        f"Faster: {names[quick.config.load_in_4bit]}{room}."
    )


def _at(plan: Plan, tflops: float) -> Plan:
    d = plan.device
    device = Device(d.memory_gb, tflops, d.bandwidth_gb_s, d.overhead_gb, d.fragmentation, d.seconds_per_batch)
    return Plan(plan.config, plan.architecture, device, plan.batches, plan.too_long, plan.counted_by)


def _duration(seconds: float) -> str:
    if seconds < 5400:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h"


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _has_gpu() -> bool:
    import torch

    return bool(torch.cuda.is_available())
