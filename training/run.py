"""A training run: triplets.jsonl -> a published voice folder.

In: a TrainingConfig, a triplet file and the folder to publish. Out: the VoiceManifest of the new version. The command
is `nic-voice train --config training/configs/smollm2-135m.yaml --triplets data/triplets.jsonl --out voices/nic`.
"""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from training import lora, publish
from training.config import TrainingConfig
from training.data import Batch, Examples, collate, encode_triplets, plan_batches
from voice.base_model import BaseModel, resolve
from voice.errors import UserError
from voice.manifest import AdapterRef, BaseModelRef, TripletsRef, VoiceManifest, file_sha256
from voice.prompt import PROMPT_VERSION
from voice.triplet import Register, Triplet, read_triplets

logger = logging.getLogger(__name__)


class TrainingError(UserError):
    """A run that cannot start or go on; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; `share` of the whole work, in 0..1."""

    step: int
    steps: int
    share: float
    loss: float
    useful_tokens_per_s: float
    padding_share: float
    seconds_left: float

    def __str__(self) -> str:
        minutes, seconds = divmod(int(self.seconds_left), 60)
        return (
            f"step {self.step}/{self.steps}  loss {self.loss:.3f}  {self.useful_tokens_per_s:,.0f} tokens/s  "
            f"padding {self.padding_share:.1%}  {minutes}:{seconds:02} left"
        )


def train(
    config: TrainingConfig, triplets_path: Path, out: Path, show: Callable[[Progress], None] = lambda _: None
) -> VoiceManifest:
    """Train an adapter on the triplets and publish it as `out`; the voice's name is the last part of `out`."""
    name = publish.check_target(out)
    triplets = list(read_triplets(triplets_path))
    triplets_sha256 = file_sha256(triplets_path)
    if not triplets:
        raise TrainingError(f"{triplets_path} holds no triplets. `nic-voice extract` writes them; see its ledger.")
    base = resolve(config.base_model)
    adapted = lora.load(base, config)
    examples = encode_triplets(triplets, adapted.tokenizer, config.max_length_tokens)
    if not examples.kept:
        raise TrainingError(
            f"All {examples.read} triplets are longer than max_length_tokens={config.max_length_tokens}. Raise it."
        )
    logger.info("%d triplets: %d to train on, dropped %s", examples.read, len(examples.kept), dict(examples.dropped))
    summary = Run(config, adapted, examples).go(show)
    return publish.publish(
        out,
        save=lambda folder: adapted.save(folder, str(base.folder) if ":" in base.name else base.name),
        describe=lambda sha256: _describe(name, config, base, triplets, triplets_sha256, sha256, summary),
    )


class Run:
    """The loop: batches, steps and the numbers shown while it runs."""

    def __init__(self, config: TrainingConfig, adapted: lora.Adapted, examples: Examples) -> None:
        self.config, self.adapted, self.examples = config, adapted, examples
        lengths = [len(example) for example in examples.kept]
        self.plan = [
            _grouped(plan_batches(lengths, config.batch_tokens, config.seed, epoch), config.accumulate)
            for epoch in range(config.epochs)
        ]
        planned = sum(map(len, self.plan))
        self.steps = min(planned, config.max_steps or planned)
        self.optimizer = torch.optim.AdamW(
            adapted.trainable(), lr=config.learning_rate, weight_decay=config.weight_decay
        )

    def go(self, show: Callable[[Progress], None]) -> dict[str, Any]:
        """Run all steps, or as many as the limits allow; returns what voice.json says of the run."""
        started = time.monotonic()
        useful = padded = trained = 0
        average = 0.0
        step = 0
        for step, group in enumerate(self._groups(), start=1):
            share = self._share(step - 1, time.monotonic() - started)
            if share >= 1:
                step -= 1
                break
            loss = self._step(group, share)
            average = loss if step == 1 else 0.95 * average + 0.05 * loss
            useful += sum(batch.useful_tokens for batch in group)
            padded += sum(batch.ids.numel() for batch in group)
            trained += sum(len(batch.ids) for batch in group)
            elapsed = time.monotonic() - started
            done = self._share(step, elapsed)
            show(Progress(step, self.steps, done, average, useful / elapsed, 1 - useful / padded,
                          elapsed / done - elapsed))  # fmt: skip
        seconds = time.monotonic() - started
        return {
            "triplets_read": self.examples.read,
            "examples": len(self.examples.kept),
            "dropped": dict(self.examples.dropped),
            "examples_seen": trained,
            "steps": step,
            "seconds": round(seconds, 1),
            "useful_tokens": useful,
            "useful_tokens_per_s": round(useful / seconds, 1),
            "padding_share": round(1 - useful / padded, 4),
            "final_loss": round(average, 4),
        }

    def _groups(self) -> Iterator[list[Batch]]:
        """The batches of each step, epoch after epoch."""
        pad_id = self.adapted.tokenizer.pad_token_id or 0
        for epoch in self.plan:
            for group in epoch:
                yield [collate([self.examples.kept[index] for index in batch], pad_id) for batch in group]

    def _share(self, step: int, elapsed_s: float) -> float:
        """How much of the run is over, by steps or by the clock, whichever is further."""
        by_clock = elapsed_s / (self.config.max_minutes * 60) if self.config.max_minutes else 0.0
        return min(1.0, max(step / self.steps, by_clock))

    def _step(self, group: list[Batch], share: float) -> float:
        """One optimiser step; returns the mean loss per target token."""
        for settings in self.optimizer.param_groups:
            settings["lr"] = self.config.learning_rate * schedule(share, self.config.warmup_share)
        targets = sum(batch.target_tokens for batch in group)
        total = 0.0
        for batch in group:
            loss = self.adapted.loss(batch) / targets
            torch.autograd.backward(loss)
            total += loss.item()
        if not math.isfinite(total):
            raise TrainingError("The loss is not a number any more. Lower learning_rate, or train in another dtype.")
        torch.nn.utils.clip_grad_norm_(self.adapted.trainable(), self.config.max_gradient_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return total


def _grouped(batches: list[list[int]], size: int) -> list[list[list[int]]]:
    return [batches[start : start + size] for start in range(0, len(batches), size)]


def schedule(share: float, warmup_share: float) -> float:
    """The learning rate as a share of its peak: up in a line, then down in a cosine to zero."""
    if share < warmup_share:
        return (share + 0.01) / (warmup_share + 0.01)
    return 0.5 * (1 + math.cos(math.pi * (share - warmup_share) / (1 - warmup_share)))


def _describe(
    name: str, config: TrainingConfig, base: BaseModel, triplets: list[Triplet], triplets_sha256: str,
    adapter_sha256: str, summary: dict[str, Any],
) -> VoiceManifest:  # fmt: skip
    registers: Counter[Register] = Counter(triplet.register for triplet in triplets)
    texts = Counter((triplet.register, triplet.system) for triplet in triplets).most_common()
    system = {register: text for (register, text), _ in reversed(texts)}  # the most common of each register stays
    return VoiceManifest(
        name=name,
        aliases=[f"{name}-voice"],
        base_model=BaseModelRef(name=base.name, sha256=base.sha256),
        prompt_version=PROMPT_VERSION,
        system={register: system[register] for register, _ in registers.most_common()},
        default_register=registers.most_common(1)[0][0],
        unit=Counter(triplet.unit for triplet in triplets).most_common(1)[0][0],
        triplets=TripletsRef(sha256=triplets_sha256, count=len(triplets)),
        adapter=AdapterRef(sha256=adapter_sha256, rank=config.rank, alpha=config.alpha),
        training={"config": config.model_dump(mode="json"), **summary},
        created_at=datetime.now(UTC).replace(microsecond=0),
    )
