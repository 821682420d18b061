"""A training run: triplets.jsonl -> a published voice folder.

In: a TrainingConfig, a triplet file and the folder to publish. Out: the voice, and a Summary of the run. The command
is `nic-voice train --config training/configs/smollm2-135m.yaml --triplets data/triplets.jsonl --out voices/nic`.
"""

import logging
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch

from training import lora
from training.config import TrainingConfig
from training.data import Batch, Examples, collate, encode_triplets, plan_batches, without_surplus_copies
from training.judges import write_judges
from training.meter import Meter, Progress, Summary
from training.publish import check_target, staged
from voice.base_model import BaseModel, resolve
from voice.ends import closing_names
from voice.errors import UserError
from voice.facts.masking import VERSION as MASKING_VERSION
from voice.facts.masking import kinds_in
from voice.manifest import (
    ADAPTER_NAME,
    AdapterRef,
    BaseModelRef,
    SplitRef,
    TripletsRef,
    VoiceManifest,
    file_sha256,
    verify,
)
from voice.pleasantries import writes_pleasantries
from voice.prompt import PROMPT_VERSION
from voice.split import RULE, Split, split
from voice.triplet import Register, Unit, load_triplets

logger = logging.getLogger(__name__)


class TrainingError(UserError):
    """A run that cannot start or go on; says why and what to do."""


def train(
    config: TrainingConfig,
    triplets_path: Path,
    out: Path,
    show: Callable[[Progress], None] = lambda _: None,
    init_from: Path | None = None,
) -> Summary:
    """Train an adapter on the triplets and publish it as `out`; the voice's name is the last part of `out`.

    It begins as the adapter of the voice in `init_from`, if one is given.
    """
    check_target(out)
    file = load_triplets(triplets_path)
    if not file.triplets:
        raise TrainingError(f"{triplets_path} holds no triplets. `nic-voice extract` writes them; see its ledger.")
    parts = split(file.triplets, config.held_out_share, config.held_out_most)
    base = resolve(config.base_model)
    if init_from:
        _check_beginning(init_from, base, config)
    adapted = lora.load(base, config, init_from)
    lessons = without_surplus_copies(parts.learn, config.near_copy_share, config.seed)
    examples = encode_triplets(lessons, adapted.tokenizer, config.max_length_tokens, config.changed_weight)
    if not examples.kept:
        raise TrainingError(
            f"All {examples.read} triplets are longer than max_length_tokens={config.max_length_tokens}. Raise it."
        )
    examples.leave_out("held_out", len(parts.held_out))
    examples.leave_out("near_copy", len(parts.learn) - len(lessons))
    logger.info("%d triplets: %d to train on, dropped %s", examples.read, len(examples.kept), dict(examples.dropped))
    summary = fit(config, adapted, examples, show)
    with staged(out) as folder:
        adapted.save(folder, str(base.folder) if ":" in base.name else base.name)
        unexplained = write_judges(folder, parts.learn)
        trained_on = TripletsRef(sha256=file.sha256, count=len(file.triplets), path=str(triplets_path.resolve()))
        _manifest(out.name, config, base, trained_on, parts, folder, summary, unexplained, init_from).write(folder)
    return summary


def _check_beginning(voice: Path, base: BaseModel, config: TrainingConfig) -> None:
    """TrainingError when the adapter of a voice cannot be gone on with."""
    manifest = VoiceManifest.load(voice)
    verify(voice, manifest)
    problems = []
    if manifest.base_model.sha256 != base.sha256:
        problems.append(f"its base model is {manifest.base_model.name}, not {base.name}")
    if (manifest.adapter.rank, manifest.adapter.alpha) != (config.rank, config.alpha):
        problems.append(f"its rank and alpha are {manifest.adapter.rank} and {manifest.adapter.alpha:g}")
    if manifest.prompt_version != PROMPT_VERSION or manifest.masking != MASKING_VERSION:
        problems.append("it was trained with other prompts or another masking")
    if problems:
        raise TrainingError(f"Voice '{manifest.name}' cannot be gone on with: {'; '.join(problems)}.")


def fit(config: TrainingConfig, adapted: lora.Adapted, examples: Examples, show: Callable[[Progress], None]) -> Summary:
    """Train the adapter until the epochs are done, or as far as the limits allow."""
    lengths = [len(example) for example in examples.kept]
    steps = plan_steps(lengths, config)
    optimizer = torch.optim.AdamW(adapted.trainable(), lr=config.learning_rate, weight_decay=config.weight_decay)
    meter = Meter(len(steps), config.max_minutes)
    for batches in _collated(steps, examples, adapted.tokenizer.pad_token_id or 0):
        if meter.share >= 1:
            break
        for settings in optimizer.param_groups:
            settings["lr"] = config.learning_rate * schedule(meter.share, config.warmup_share)
        loss = accumulate_gradients(adapted, batches)
        torch.nn.utils.clip_grad_norm_(adapted.trainable(), config.max_gradient_norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        show(meter.add(batches, loss))
    return meter.summary(examples)


def plan_steps(lengths: Sequence[int], config: TrainingConfig) -> list[list[list[int]]]:
    """The indices of each batch of each optimiser step, epoch after epoch, at most `max_steps` steps."""
    steps: list[list[list[int]]] = []
    for epoch in range(config.epochs):
        batches = plan_batches(lengths, config.batch_tokens, config.seed, epoch)
        steps += [batches[first : first + config.accumulate] for first in range(0, len(batches), config.accumulate)]
    return steps[: config.max_steps]


def accumulate_gradients(adapted: lora.Adapted, batches: Sequence[Batch]) -> float:
    """Add up the gradients of a step's batches; returns the mean loss per target token, by weight."""
    weight = sum(batch.weight for batch in batches)
    total = 0.0
    for batch in batches:
        loss = adapted.loss(batch) / weight
        torch.autograd.backward(loss)
        total += loss.item()
    if not math.isfinite(total):
        raise TrainingError("The loss is not a number any more. Lower learning_rate, or train in another dtype.")
    return total


def schedule(share: float, warmup_share: float) -> float:
    """The learning rate as a share of its peak: up in a line, then down in a cosine to zero."""
    if share < warmup_share:
        return (share + 0.01) / (warmup_share + 0.01)
    return 0.5 * (1 + math.cos(math.pi * (share - warmup_share) / (1 - warmup_share)))


def _collated(steps: list[list[list[int]]], examples: Examples, pad_id: int) -> Iterator[list[Batch]]:
    """The batches of each step, made when their turn comes."""
    for batches in steps:
        yield [collate([examples.kept[index] for index in batch], pad_id) for batch in batches]


def _manifest(
    name: str,
    config: TrainingConfig,
    base: BaseModel,
    trained_on: TripletsRef,
    parts: Split,
    folder: Path,
    summary: Summary,
    unexplained_share: float,
    init_from: Path | None,
) -> VoiceManifest:
    """What voice.json says of the adapter in `folder`, which was learned from one part of the triplets."""
    registers: Counter[Register] = Counter(triplet.register for triplet in parts.learn)
    units: Counter[Unit] = Counter(triplet.unit for triplet in parts.learn)
    system: dict[Register, dict[Unit, str]] = {register: {} for register, _ in registers.most_common()}
    for (register, unit, text), _ in Counter((t.register, t.unit, t.system) for t in parts.learn).most_common():
        system[register].setdefault(unit, text)
    return VoiceManifest(
        name=name,
        aliases=[f"{name}-voice"],
        base_model=BaseModelRef(name=base.name, sha256=base.sha256),
        prompt_version=PROMPT_VERSION,
        system=system,
        default_register=registers.most_common(1)[0][0],
        units=[unit for unit, _ in units.most_common()],
        masking=MASKING_VERSION,
        signs_as=sorted(closing_names(triplet.own for triplet in parts.learn)),
        masks_names=any("name" in kinds_in(triplet.own) for triplet in parts.learn),
        writes_pleasantries=writes_pleasantries(triplet.own for triplet in parts.learn),
        unexplained_share=round(unexplained_share, 4),
        triplets=trained_on,
        split=SplitRef(
            rule=RULE,
            share=config.held_out_share,
            most=config.held_out_most,
            count=len(parts.held_out),
            sha256=parts.sha256,
        ),
        adapter=AdapterRef(sha256=file_sha256(folder / ADAPTER_NAME), rank=config.rank, alpha=config.alpha),
        training={
            "config": config.model_dump(mode="json"),
            "init_from": init_from.resolve().name if init_from else None,
            **summary.to_json(),
        },
        created_at=datetime.now(UTC).replace(microsecond=0),
    )
