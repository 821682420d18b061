"""The loop of a run: batches, steps, validation, checkpoints and the numbers shown while it runs.

In: a TrainingConfig, a model with its adapter, the encoded examples and the folder of the run. Out: the adapter's
weights, the best or the last, and what voice.json says of the run. A run is a list of steps fixed by the seed, so that
its place is one number, and going on from a checkpoint gives what an uninterrupted run would have given.
"""

import bisect
import itertools
import math
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from training import qlora
from training.checkpoint import RunFolder, State, explain_memory
from training.config import TrainingConfig
from training.curve import SMOOTHING, Curve, converged
from training.data import Batch, Example, Examples, check_batch, collate, plan_batches
from training.distributed import Processes
from training.errors import Interrupted, TrainingError
from training.stop import Stop, listening
from voice.prompt import end_id


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
    validation_loss: float | None = None

    def __str__(self) -> str:
        minutes, seconds = divmod(int(self.seconds_left), 60)
        validation = f" (validation {self.validation_loss:.3f})" if self.validation_loss is not None else ""
        return (
            f"step {self.step}/{self.steps}  loss {self.loss:.3f}{validation}  "
            f"{self.useful_tokens_per_s:,.0f} tokens/s  padding {self.padding_share:.1%}  {minutes}:{seconds:02} left"
        )


class Run:
    """One run, or the rest of one."""

    def __init__(
        self, config: TrainingConfig, adapted: qlora.Adapted, examples: Examples,
        validation: Sequence[Example], folder: RunFolder, processes: Processes | None = None,
    ) -> None:  # fmt: skip
        self.config, self.adapted, self.examples, self.validation = config, adapted, examples, validation
        self.folder, self.processes = folder, processes or Processes()
        lengths = [len(example) for example in examples.kept]
        at_once = config.accumulate * self.processes.count
        epochs = [
            _grouped(plan_batches(lengths, config.batch_tokens, config.seed, epoch), at_once)
            for epoch in range(config.epochs)
        ]
        self.groups = list(itertools.chain.from_iterable(epochs))
        self.epoch_ends = list(itertools.accumulate(map(len, epochs)))
        self.steps = min(len(self.groups), config.max_steps or len(self.groups))
        self.optimizer = torch.optim.AdamW(
            adapted.trainable(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.state = State()
        self.stop = Stop()
        self.saved_s = 0.0  # elapsed time at the last checkpoint

    def go(self, show: Callable[[Progress], None]) -> dict[str, Any]:
        """Run all steps, or as many as the limits allow; returns what voice.json says of the run.

        The adapter then holds the weights to publish. Raises Interrupted after a signal, with the run saved.
        """
        self._resume()
        self._check_first_batch()
        with listening() as self.stop:
            self._run(show)
        self._take_best()
        return self._summary()

    def _run(self, show: Callable[[Progress], None]) -> None:
        before, started = self.state.elapsed_s, time.monotonic()
        while True:
            elapsed_s, signalled = self.processes.highest(
                [before + time.monotonic() - started, float(self.stop.signal_number)]
            )
            self.state.elapsed_s = elapsed_s
            over = self._share() >= 1 or self._out_of_patience()
            if self._validation_due(over) and not signalled:
                signalled = self._validate(over)
            if signalled or over or self._saving_due():
                self._save()
            if signalled:
                raise self._interrupted(int(signalled))
            if over:
                return
            self._train(show)

    def _train(self, show: Callable[[Progress], None]) -> None:
        """The next step, and what is noted of it."""
        state, group = self.state, self.groups[self.state.step]
        started = time.monotonic()
        share = self._share()
        rate = self.config.learning_rate * schedule(share, self.config.warmup_share)
        loss = self._step(group, rate)
        state.step += 1
        state.average_loss = loss if state.step == 1 else SMOOTHING * state.average_loss + (1 - SMOOTHING) * loss
        kept = self.examples.kept
        for batch in group:
            state.useful_tokens += sum(len(kept[index]) for index in batch)
            state.padded_tokens += len(batch) * max(len(kept[index]) for index in batch)
            state.target_tokens += sum(kept[index].target_tokens for index in batch)
            state.examples_seen += len(batch)
        seconds = time.monotonic() - started
        state.training_s += seconds
        state.elapsed_s += seconds
        if self.processes.is_main:
            self.curve.add(step=state.step, epoch=round(self._epochs(), 4), loss=round(loss, 5), learning_rate=rate,
                           elapsed_s=round(state.elapsed_s, 2))  # fmt: skip
        done = self._share()
        show(Progress(state.step, self.steps, done, state.average_loss, state.useful_tokens / state.training_s,
                      1 - state.useful_tokens / state.padded_tokens, state.elapsed_s / done - state.elapsed_s,
                      state.validation_loss))  # fmt: skip

    def _step(self, group: list[list[int]], rate: float) -> float:
        """One optimiser step; returns the mean loss per target token, by weight, over all processes."""
        for settings in self.optimizer.param_groups:
            settings["lr"] = rate
        kept = self.examples.kept
        weight = sum(kept[index].target_weight for batch in group for index in batch)
        total = 0.0
        for batch in group[self.processes.rank :: self.processes.count]:
            loss = self._loss([kept[index] for index in batch]) / weight
            torch.autograd.backward(loss)
            total += loss.item()
        [total] = self.processes.total([total])
        if not math.isfinite(total):
            raise TrainingError(
                f"The loss is not a number any more at step {self.state.step + 1}; {self.folder.kept()}. "
                f"Lower learning_rate, or train in another dtype."
            )
        weights = self.adapted.trainable()
        self.processes.sum_gradients(weights)
        torch.nn.utils.clip_grad_norm_(weights, self.config.max_gradient_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return total

    def _loss(self, examples: Sequence[Example]) -> torch.Tensor:
        batch = self._collate(examples)
        try:
            return self.adapted.loss(batch)
        except (RuntimeError, MemoryError) as error:
            explained = explain_memory(error, len(batch.ids), batch.ids.shape[1], self.folder.kept())
            if explained is None:
                raise
            raise explained from error

    def _collate(self, examples: Sequence[Example]) -> Batch:
        return collate(examples, self.adapted.tokenizer.pad_token_id or 0)

    def _validation_due(self, over: bool) -> bool:
        if not self.validation or self.state.validated_step == self.state.step:
            return False
        return over or self._place() > self.state.validations

    def _place(self) -> int:
        """How many validations there should have been: by epochs, or by the whole run where a limit cuts it short."""
        return int(max(self._epochs(), self._share()) / self.config.validate_every + 1e-9)

    def _validate(self, over: bool) -> int:
        """The mean validation loss into the state and the curve; the number of a signal that came meanwhile, else 0."""
        loss, signalled = self._validation_loss()
        if signalled:
            return signalled
        state = self.state
        state.validations, state.validated_step, state.validation_loss = self._place(), state.step, loss
        state.since_best += 1
        if state.best_loss is None or loss < state.best_loss:
            state.best_loss, state.best_step, state.since_best = loss, state.step, 0
        if self.processes.is_main:
            self.curve.add(step=state.step, epoch=round(self._epochs(), 4), validation_loss=round(loss, 5),
                           elapsed_s=round(state.elapsed_s, 2))  # fmt: skip
            self.curve.draw()
        if state.since_best == 0 and not over:
            self._save()
        return 0

    def _validation_loss(self) -> tuple[float, int]:
        """The mean loss per target token of the validation examples; a signal ends it early."""
        batches = plan_batches([len(example) for example in self.validation], self.config.batch_tokens, 0, 0)
        total = 0.0
        self.adapted.model.eval()
        with torch.no_grad():
            for batch in batches[self.processes.rank :: self.processes.count]:
                if self.stop.signal_number:
                    break
                total += self._loss([self.validation[index] for index in batch]).item()
        self.adapted.model.train()
        [total] = self.processes.total([total])
        [signalled] = self.processes.highest([float(self.stop.signal_number)])
        return total / sum(example.target_weight for example in self.validation), int(signalled)

    def _share(self) -> float:
        """How much of the run is over, by steps or by the clock, whichever is further."""
        by_clock = self.state.elapsed_s / (self.config.max_minutes * 60) if self.config.max_minutes else 0.0
        return min(1.0, max(self.state.step / self.steps, by_clock))

    def _epochs(self) -> float:
        """How many epochs are over, in parts of one too."""
        epoch = bisect.bisect_right(self.epoch_ends, self.state.step)
        if epoch == len(self.epoch_ends):
            return float(epoch)
        start = self.epoch_ends[epoch - 1] if epoch else 0
        return epoch + (self.state.step - start) / (self.epoch_ends[epoch] - start)

    def _out_of_patience(self) -> bool:
        return self.config.patience is not None and self.state.since_best >= self.config.patience

    def _saving_due(self) -> bool:
        if self.state.step in self.epoch_ends and self.saved_step != self.state.step:
            return True
        return self.state.elapsed_s - self.saved_s >= self.config.checkpoint_minutes * 60

    def _save(self) -> None:
        self.saved_s, self.saved_step = self.state.elapsed_s, self.state.step
        if self.processes.is_main:
            tensors = {
                "adapter": [weight.detach().cpu() for weight in self.adapted.trainable()],
                "optimizer": self.optimizer.state_dict(),
                "random": torch.get_rng_state(),
                "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            }
            self.folder.save(self.state, tensors)
            self.curve.draw()

    def _resume(self) -> None:
        """Take the state and tensors of the last checkpoint, if there is one."""
        found = self.folder.load()
        if found is not None:
            self.state, tensors = found
            self._set_weights(tensors["adapter"])
            self.optimizer.load_state_dict(tensors["optimizer"])
            torch.set_rng_state(tensors["random"])
            if tensors["random_cuda"] and torch.cuda.is_available():
                torch.cuda.set_rng_state_all(tensors["random_cuda"])
        self.processes.same_weights(self.adapted.trainable())
        self.state.parts += 1
        self.saved_s, self.saved_step = self.state.elapsed_s, self.state.step
        if self.processes.is_main:
            self.curve = Curve(self.folder.path, self.state.step)

    def _set_weights(self, weights: Sequence[torch.Tensor]) -> None:
        with torch.no_grad():
            for weight, value in zip(self.adapted.trainable(), weights, strict=True):
                weight.copy_(value)

    def _take_best(self) -> None:
        best = self.state.best_step
        if self.config.keep == "best" and best is not None and best != self.state.step:
            found = self.folder.load(best)
            assert found is not None
            self._set_weights(found[1]["adapter"])

    def _check_first_batch(self) -> None:
        """The first batch as it will be trained on: its masks, and that its loss is the sum of its rows' losses alone.

        A library that put another mask or collator in place would be seen here and not after a night.
        """
        examples = [self.examples.kept[index] for index in self.groups[0][0]]
        rows = [examples[0], examples[len(examples) // 2], examples[-1]][: len(examples)]
        try:
            check_batch(self._collate(examples), examples, end_id(self.adapted.tokenizer))
        except ValueError as error:
            raise TrainingError(f"Not started: {error}. This is a fault of the program; please report it.") from error
        with torch.no_grad():
            together = self._loss(rows).item()
            alone = sum(self._loss([row]).item() for row in rows)
        if not math.isclose(together, alone, rel_tol=1e-3 if self.config.dtype == "float32" else 0.05):
            raise TrainingError(
                f"Not started: the first batch has a loss of {together:.4f}, its rows alone {alone:.4f}. Rows of a "
                f"batch must not see one another; another version of unsloth or transformers may mask them wrongly."
            )

    def _interrupted(self, number: int) -> Interrupted:
        return Interrupted(
            f"Stopped by {signal.Signals(number).name} at step {self.state.step} of {self.steps}, which is saved in "
            f"{self.folder.path}. The same command again goes on from there.",
            number,
        )

    def _summary(self) -> dict[str, Any]:
        state = self.state
        summary: dict[str, Any] = {
            "examples_seen": state.examples_seen,
            "steps": state.step,
            "parts": state.parts,
            "processes": self.processes.count,
            "seconds": round(state.elapsed_s, 1),
            "useful_tokens": state.useful_tokens,
            "target_tokens": state.target_tokens,
            "useful_tokens_per_s": round(state.useful_tokens / state.training_s, 1),
            "target_tokens_per_s": round(state.target_tokens / state.training_s, 1),
            "padding_share": round(1 - state.useful_tokens / state.padded_tokens, 4),
            "final_loss": round(state.average_loss, 4),
        }
        if self.validation:
            points = (
                [(p["step"], p["validation_loss"]) for p in self.curve.points if "validation_loss" in p]
                if self.processes.is_main
                else []
            )
            exported = state.best_step if self.config.keep == "best" else state.step
            summary |= {
                "validation_loss": _rounded(state.best_loss if self.config.keep == "best" else state.validation_loss),
                "last_validation_loss": _rounded(state.validation_loss),
                "exported_step": exported,
                "converged_step": converged(points),
                "stopped_early": self._out_of_patience(),
            }
        return summary


def schedule(share: float, warmup_share: float) -> float:
    """The learning rate as a share of its peak: up in a line, then down in a cosine to zero."""
    if share < warmup_share:
        return (share + 0.01) / (warmup_share + 0.01)
    return 0.5 * (1 + math.cos(math.pi * (share - warmup_share) / (1 - warmup_share)))


def _grouped(batches: list[list[int]], size: int) -> list[list[list[int]]]:
    return [batches[start : start + size] for start in range(0, len(batches), size)]


def _rounded(loss: float | None) -> float | None:
    return None if loss is None else round(loss, 4)
