"""What a run will need before it starts: peak memory by part, and time by epoch.

In: a TrainingConfig, the base model's config.json (training.architecture) and the lengths of the triplets. Out: a Plan,
and the settings that would make a run fit that does not. The command is
`nic-voice plan --config qwen2.5-3b --triplets data/triplets.jsonl --gpu-gb 96 --tflops 25`.

The formulas are counted from the code that runs, and compared with what autograd keeps (within 15 %). Neither the peak
memory nor the time of a whole run was measured against them: Device's overhead is assumed and its TFLOPS are given.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from training.architecture import Architecture, flops_per_token, layer_bytes
from training.config import TrainingConfig

GB = 1e9
NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)  # a weight, its block's scale in 8 bits, that scale's own in 32
UNPACK_BYTES = 0.5 + 2 + 2  # a weight read in 4 bits, written in 16, and read again by the product
CHARACTERS_PER_TOKEN = 4.0


@dataclass(frozen=True, slots=True)
class Device:
    """What it runs on. `tflops` are those that training reaches, not those on the box."""

    memory_gb: float | None
    tflops: float
    bandwidth_gb_s: float = 256.0
    # The driver's context, kernels and workspaces; then what the allocator cannot use again.
    overhead_gb: float = 1.5
    fragmentation: float = 0.08
    seconds_per_batch: float = 0.0


@dataclass(frozen=True, slots=True)
class Batch:
    """The shape of a batch: `targets` of its rows * width tokens are predicted, `useful` are no padding."""

    rows: int
    width: int
    useful: int
    targets: int


@dataclass(frozen=True, slots=True)
class Lengths:
    """Prompt and answer tokens of every triplet, and how they were counted."""

    prompts: Sequence[int]
    answers: Sequence[int]
    counted_by: str

    def batches(self, config: TrainingConfig) -> tuple[list[Batch], int]:
        """The batches of the first epoch as training makes them, and how many triplets are too long."""
        from training.data import plan_batches  # it imports torch

        kept = [
            (prompt + answer, answer)
            for prompt, answer in zip(self.prompts, self.answers, strict=True)
            if prompt + answer <= config.max_length_tokens
        ]
        lengths = [length for length, _ in kept]
        found = []
        for batch in plan_batches(lengths, config.batch_tokens, config.seed, 0):
            sizes = [lengths[index] for index in batch]
            found.append(Batch(len(batch), max(sizes), sum(sizes), sum(kept[index][1] for index in batch)))
        return found, len(self.prompts) - len(kept)


@dataclass(frozen=True)
class Plan:
    """A run's needs; memory in bytes, time in seconds."""

    config: TrainingConfig
    architecture: Architecture
    device: Device
    batches: Sequence[Batch]
    too_long: int
    counted_by: str

    @cached_property
    def memory(self) -> dict[str, float]:
        """Bytes at the worst moment, by part."""
        worst = max(self.batches, key=lambda batch: sum(self._moving(batch).values()))
        parts = self._standing() | self._moving(worst)
        used = sum(parts.values())
        return parts | {"framework": self.device.overhead_gb * GB + self.device.fragmentation * used}

    @property
    def peak_bytes(self) -> float:
        """All parts together."""
        return sum(self.memory.values())

    @property
    def fits(self) -> bool | None:
        """None when the device's memory is not known."""
        return None if self.device.memory_gb is None else self.peak_bytes <= self.device.memory_gb * GB

    @property
    def useful_tokens(self) -> int:
        """In one epoch."""
        return sum(batch.useful for batch in self.batches)

    @property
    def padding_share(self) -> float:
        """Of all tokens computed."""
        return 1 - self.useful_tokens / sum(batch.rows * batch.width for batch in self.batches)

    @cached_property
    def epoch_seconds(self) -> float:
        """Time of one epoch; all are alike."""
        return sum(map(self.batch_seconds, self.batches))

    def batch_seconds(self, batch: Batch) -> float:
        """Time of one batch: operations, unpacking of 4-bit weights, and what every batch costs however small."""
        return (
            self.batch_flops(batch) / (self.device.tflops * 1e12)
            + self.unpack_bytes_per_batch / (self.device.bandwidth_gb_s * GB)
            + self.device.seconds_per_batch
        )

    def batch_flops(self, batch: Batch) -> float:
        """Floating point operations of one batch, padding included."""
        tokens = batch.rows * batch.width
        config = self.config
        return tokens * flops_per_token(
            self.architecture, config.rank, config.target_modules, batch.width, batch.targets / tokens,
            config.gradient_checkpointing,
        )  # fmt: skip

    @property
    def unpack_bytes_per_batch(self) -> float:
        """Bytes moved to unpack 4-bit weights: in forward and backward, and once more with checkpointing."""
        if not self.config.load_in_4bit:
            return 0.0
        return UNPACK_BYTES * self.architecture.block_parameters * (3 if self.config.gradient_checkpointing else 2)

    @property
    def _bytes_each(self) -> int:
        return 4 if self.config.dtype == "float32" else 2

    def _standing(self) -> dict[str, float]:
        a, config, size = self.architecture, self.config, self._bytes_each
        adapter = a.adapter_parameters(config.rank, config.target_modules)
        parts = {
            "weights": a.block_parameters * (NF4_BYTES if config.load_in_4bit else size) + a.other_parameters * size,
            "adapter": 2.0 * 4 * adapter,  # itself and its gradient, in float32
            "optimiser": 2.0 * 4 * adapter,
            "unpacking": 0.0,
        }
        if config.load_in_4bit:
            largest = max(m.inputs * m.outputs for m in a.matrices())
            parts["unpacking"] = 2.0 * largest * size  # one in use, one being made
        return parts

    def _moving(self, batch: Batch) -> dict[str, float]:
        a, size = self.architecture, self._bytes_each
        full, linear = layer_bytes(a, batch.rows, batch.width, size)
        linear_layers = a.linear.layers if a.linear else 0
        if self.config.gradient_checkpointing:  # the input of every layer, and one layer in full
            kept = a.layers * batch.rows * batch.width * a.hidden * size + max(full, linear)
        else:
            kept = full * a.full_layers + linear * linear_layers
        passing = 3 * batch.rows * batch.width * max(a.mlp, a.hidden) * size  # gradients on their way through a layer
        logits = batch.targets * a.vocabulary * (size + 4 + 4 + (0 if size == 4 else 2))
        return {"activations": float(kept + passing), "logits": float(logits)}


def make_plan(config: TrainingConfig, architecture: Architecture, lengths: Lengths, device: Device) -> Plan:
    """The plan of a run; a file in which nothing is short enough has none and raises ValueError."""
    batches, too_long = lengths.batches(config)
    if not batches:
        raise ValueError(f"no triplet is within max_length_tokens={config.max_length_tokens}")
    return Plan(config, architecture, device, batches, too_long, lengths.counted_by)


def what_would_fit(plan: Plan, lengths: Lengths) -> list[dict[str, Any]]:
    """Changes of settings that each make the run fit, the cheapest first; then all together when none does alone."""
    config, found = plan.config, []

    def fits(changes: dict[str, Any]) -> bool:
        changed = config.model_copy(update=changes)
        try:
            return bool(make_plan(changed, plan.architecture, lengths, plan.device).fits)
        except ValueError:
            return False

    halves = [config.batch_tokens // 2**power for power in range(1, 8) if config.batch_tokens // 2**power >= 16]
    shorter = [n for n in (256, 128, 64) if n < config.max_length_tokens]
    switches: list[dict[str, Any]] = []
    if not config.gradient_checkpointing:
        switches.append({"gradient_checkpointing": True})
    if not config.load_in_4bit:
        switches.append({"load_in_4bit": True})
    for series in ([{"batch_tokens": n} for n in halves], *[[switch] for switch in switches],
                   [{"max_length_tokens": n} for n in shorter], [{"rank": 8}] if config.rank > 8 else []):  # fmt: skip
        found += [changes for changes in series if fits(changes)][:1]
    if not found:
        both = {key: value for switch in switches for key, value in switch.items()}
        found += [
            both | {"batch_tokens": n} for n in [config.batch_tokens, *halves] if fits(both | {"batch_tokens": n})
        ][:1]
    return found


def paper_run(
    architecture: Architecture, *, records: int, tokens: int, epochs: int, rows: int | None = None,
    batch_tokens: int | None = None, padding_share: float, rank: int, targets: Sequence[str], target_share: float,
    load_in_4bit: bool, gradient_checkpointing: bool, tflops: float, bandwidth_gb_s: float,
) -> dict[str, float]:  # fmt: skip
    """A run on paper, from totals alone: batches of `rows` rows, or of `batch_tokens` tokens with padding.

    `tokens` are those of all records once, without padding. Returns microbatches, unpacking_passes (how often the
    whole model is unpacked), padded_tokens (computed in all epochs), flops and hours.
    """
    padded = epochs * tokens / (1 - padding_share)
    batches = epochs * math.ceil(records / rows if rows else padded / epochs / (batch_tokens or 1))
    passes = batches * (3 if gradient_checkpointing else 2) if load_in_4bit else 0
    width = padded / epochs / records
    flops = padded * flops_per_token(
        architecture, rank, targets, width, target_share * (1 - padding_share), gradient_checkpointing
    )
    unpacking_s = passes * architecture.block_parameters * UNPACK_BYTES / (bandwidth_gb_s * GB)
    return {
        "microbatches": batches,
        "unpacking_passes": passes,
        "padded_tokens": padded,
        "flops": flops,
        "hours": (flops / (tflops * 1e12) + unpacking_s) / 3600,
    }
