"""Several runs, one adapter: the mean of what they have learned, which erred less than one run of as many steps.

In: settings with `members`, a model with the adapter that all of them begin from, examples, the folder of the run.
Out: the model with the mean of their updates as an adapter of the same rank, one curve, and one Summary. They differ in
the order of the examples (seed, seed + 1, ...) and share the epochs, minutes and steps. Each is a run of its own
that is saved and gone on with; a finished one leaves its adapter in the folder.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import torch

from training import lora
from training.checkpoint import RunFolder
from training.config import TrainingConfig
from training.curve import Curve
from training.data import Example, Examples
from training.loop import Run
from training.processes import Processes
from training.progress import Progress, Summary
from voice.adapter import mean, read_adapter
from voice.atomic import write_text

_SUMMARY, _MEAN = "summary.json", "mean"


def train_members(
    config: TrainingConfig, adapted: lora.Adapted, examples: Examples, held_out: Sequence[Example], folder: RunFolder,
    processes: Processes, show: Callable[[Progress], None], say: Callable[[str], None],
) -> Summary:  # fmt: skip
    """Train all members that are not done; the model then holds their mean, and the folder its curve."""
    if config.members == 1:
        return Run(config, adapted, examples, held_out, folder, processes).go(show, say)
    begun = [weight.detach().clone() for weight in adapted.trainable()]
    for number in range(config.members):
        member = folder.member(number + 1)
        if (member.path / _SUMMARY).exists():
            continue
        _set(adapted, begun)
        say(f"Run {number + 1} of {config.members}.")
        run = Run(settings(config, number), adapted, examples, held_out, member, processes)
        summary = run.go(lambda progress, done=number: show(_of_all(progress, done, config.members)), say)  # type: ignore[misc]
        if processes.is_main:
            adapted.save(member.path, "")
            write_text(member.path / _SUMMARY, json.dumps(summary.to_json()))
            member.forget_steps()
        processes.wait()
    return _mean(config, adapted, examples, held_out, folder, processes)


def settings(config: TrainingConfig, number: int) -> TrainingConfig:
    """The settings of one member, of those that are counted from 0."""
    shared = {
        "epochs": math.ceil(config.epochs / config.members),
        "max_minutes": config.max_minutes and config.max_minutes / config.members,
        "max_steps": config.max_steps and max(1, config.max_steps // config.members),
    }
    return config.model_copy(update={"members": 1, "seed": config.seed + number, **shared})


def _mean(
    config: TrainingConfig, adapted: lora.Adapted, examples: Examples, held_out: Sequence[Example], folder: RunFolder,
    processes: Processes,
) -> Summary:  # fmt: skip
    members = [folder.member(number + 1).path for number in range(config.members)]
    place = folder.path / _MEAN
    if processes.is_main:
        place.mkdir(exist_ok=True)
        mean([read_adapter(member) for member in members]).lowered(config.rank).write(place)
        _join_curves(members, folder.path)
    processes.wait()
    lora.take_over(adapted.model, place)
    loss = Run(config, adapted, examples, held_out, folder, processes).validation_loss() if held_out else None
    return _together([Summary(**json.loads((member / _SUMMARY).read_bytes())) for member in members], loss)


def _set(adapted: lora.Adapted, weights: Sequence[torch.Tensor]) -> None:
    with torch.no_grad():
        for weight, value in zip(adapted.trainable(), weights, strict=True):
            weight.copy_(value)


def _of_all(progress: Progress, done: int, members: int) -> Progress:
    """The progress of a member as that of all of them."""
    whole_s = progress.seconds_left / (1 - progress.share) if progress.share < 1 else 0.0
    left_s = progress.seconds_left + (members - done - 1) * whole_s
    return replace(progress, share=(done + progress.share) / members, seconds_left=left_s)


def _join_curves(members: Sequence[Path], folder: Path) -> None:
    """One curve, the members behind one another."""
    whole = Curve(folder)
    steps, epochs, seconds = 0, 0.0, 0.0
    for number, member in enumerate(members, start=1):
        points = Curve(member, upto_step=10**9).points
        for point in points:
            whole.add(**point | {"step": point["step"] + steps, "epoch": round(point["epoch"] + epochs, 4),
                                 "elapsed_s": round(point["elapsed_s"] + seconds, 2), "member": number})  # fmt: skip
        if points:
            last = whole.points[-1]
            steps, epochs, seconds = last["step"], last["epoch"], last["elapsed_s"]
    whole.draw()


def _together(members: Sequence[Summary], validation_loss: float | None) -> Summary:
    """One summary: counts and seconds are those of all members, the loss on what is held out is that of the mean."""
    first, seconds = members[0], sum(one.seconds for one in members)
    useful, target = (sum(getattr(one, name) for one in members) for name in ("useful_tokens", "target_tokens"))
    training_s = sum(one.useful_tokens / one.useful_tokens_per_s for one in members)
    padded = sum(one.useful_tokens / (1 - one.padding_share) for one in members)
    return replace(
        first,
        examples_seen=sum(one.examples_seen for one in members),
        steps=sum(one.steps for one in members),
        parts=sum(one.parts for one in members),
        seconds=round(seconds, 1),
        useful_tokens=useful,
        target_tokens=target,
        useful_tokens_per_s=round(useful / training_s, 1),
        target_tokens_per_s=round(target / training_s, 1),
        padding_share=round(1 - useful / padded, 4),
        final_loss=round(fmean(one.final_loss for one in members), 4),
        validation_loss=None if validation_loss is None else round(validation_loss, 4),
        last_validation_loss=None,
        published_step=None,
        converged_step=None,
        stopped_early=any(one.stopped_early for one in members),
        members=[one.validation_loss for one in members],
    )
