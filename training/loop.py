"""The loop of a run: steps, validation, checkpoints, the curve, and what is shown while it goes.

In: a TrainingConfig, a model with its adapter, encoded examples and the folder of the run. Out: the adapter's weights,
the best or the last, and a Summary. A run is a list of steps fixed by the seed, so that its place is one number, and
going on from a checkpoint gives what an uninterrupted run would have given.
"""

import bisect
import itertools
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from training.checkpoint import RunFolder
from training.config import TrainingConfig
from training.curve import Curve
from training.data import Example, Examples, plan_batches
from training.errors import Interrupted, TrainingError
from training.lora import Adapted
from training.processes import LostProcess, Processes
from training.progress import Progress, State, Summary
from training.step import Stepper, explain_memory, schedule
from training.stop import Stop, listening

MEASURED_STEPS = 10  # before the forecast


class Plan:
    """All steps of a run, each a list of batches, each a list of indices of examples."""

    def __init__(
        self, lengths: Sequence[int], config: TrainingConfig, processes: int = 1, packed: bool = False
    ) -> None:
        at_once = config.accumulate * processes
        epochs = []
        for epoch in range(config.epochs):
            batches = plan_batches(lengths, config.batch_tokens, config.seed, epoch, packed)
            epochs.append([batches[first : first + at_once] for first in range(0, len(batches), at_once)])
        self.steps = list(itertools.chain.from_iterable(epochs))[: config.max_steps]
        self._ends = list(itertools.accumulate(map(len, epochs)))

    def ends_epoch(self, step: int) -> bool:
        """Whether an epoch is over after so many steps."""
        return step in self._ends

    def epochs(self, step: int) -> float:
        """How many epochs are over after so many steps, in parts of one too."""
        epoch = bisect.bisect_right(self._ends, step)
        if epoch == len(self._ends):
            return float(epoch)
        start = self._ends[epoch - 1] if epoch else 0
        return epoch + (step - start) / (self._ends[epoch] - start)


class Run:
    """One run, or the rest of one."""

    def __init__(
        self, config: TrainingConfig, adapted: Adapted, examples: Examples, held_out: Sequence[Example],
        folder: RunFolder, processes: Processes,
    ) -> None:  # fmt: skip
        self._config, self._adapted, self._examples, self._folder = config, adapted, examples, folder
        self._processes = processes
        self.plan = Plan([len(example) for example in examples.kept], config, processes.count, adapted.packs)
        batches = plan_batches([len(example) for example in held_out], config.batch_tokens, 0, 0, adapted.packs)
        self._held_out = [[held_out[index] for index in batch] for batch in batches]
        self._stepper = Stepper(config, adapted, processes)
        self._state, self._curve, self._stop = State(), Curve(), Stop()
        self._saved = State()

    def go(
        self, show: Callable[[Progress], None] = lambda _: None, say: Callable[[str], None] = lambda _: None
    ) -> Summary:
        """Take all steps, or as many as the limits allow; the adapter then holds the weights to publish.

        After ten steps `say` gets a forecast. Interrupted after a signal, with the run saved.
        """
        self._resume()
        self._stepper.check(self._batches(0)[0])
        with listening() as self._stop:
            try:
                self._take_steps(show, say)
            except LostProcess as error:
                self._save()
                raise LostProcess(
                    f"{error} {self._folder.kept()} The same command again goes on from there."
                ) from error
        self._take_best()
        return self._summary()

    def _take_steps(self, show: Callable[[Progress], None], say: Callable[[str], None]) -> None:
        state, before, started = self._state, self._state.elapsed_s, time.monotonic()
        begun = replace(state)
        while True:
            now_s = before + time.monotonic() - started
            state.elapsed_s, signalled = self._processes.highest([now_s, float(self._stop.signal_number)])
            over = self._share() >= 1
            if self._validation_due(over) and not signalled:
                signalled = self._validate()
            over = over or self._out_of_patience()
            if signalled or over or self._saving_due():
                self._save()
            if signalled:
                raise self._interrupted(int(signalled))
            if over:
                return
            self._take_step()
            show(self._progress())
            if state.step == begun.step + MEASURED_STEPS:
                say(self._forecast(begun))

    def _take_step(self) -> None:
        state, batches, started = self._state, self._batches(self._state.step), time.monotonic()
        rate = self._config.learning_rate * schedule(self._share(), self._config.warmup_share)
        try:
            loss = self._stepper.step(batches, rate)
        except LostProcess:
            raise
        except TrainingError as error:
            raise TrainingError(f"Step {state.step + 1}: {error} {self._folder.kept()}") from error
        except (RuntimeError, MemoryError) as error:
            if (explained := explain_memory(error, self._config)) is None:
                raise
            raise TrainingError(f"Step {state.step + 1}: {explained}. {self._folder.kept()}") from error
        for batch in batches:
            state.useful_tokens += sum(map(len, batch))
            state.padded_tokens += sum(map(len, batch)) if self._adapted.packs else len(batch) * max(map(len, batch))
            state.target_tokens += sum(len(example.weights) for example in batch)
            state.examples_seen += len(batch)
        state.take_step(loss, time.monotonic() - started)
        self._add_point(loss=round(loss, 5), learning_rate=rate)

    def _validate(self) -> int:
        """The loss on what is held out; the number of a signal that came meanwhile, else 0."""
        loss = self._stepper.mean_loss(self._held_out, lambda: bool(self._stop.signal_number))
        [signalled] = self._processes.highest([float(self._stop.signal_number)])
        if not signalled:
            self._state.take_validation(loss, self._place())
            self._add_point(validation_loss=round(loss, 5))
            if self._state.since_best == 0:
                self._save()
        return int(signalled)

    def validation_loss(self) -> float:
        """The loss of the weights as they are on what is held out."""
        return self._stepper.mean_loss(self._held_out, lambda: False)

    def _batches(self, step: int) -> list[list[Example]]:
        return [[self._examples.kept[index] for index in batch] for batch in self.plan.steps[step]]

    def _validation_due(self, over: bool) -> bool:
        if not self._held_out or self._state.validated_step == self._state.step or not self._state.step:
            return False
        return over or self._place() > self._state.validations

    def _place(self) -> int:
        """How many validations there should have been: by epochs, or by the whole run where a limit cuts it short."""
        parts = max(self.plan.epochs(self._state.step), self._share())
        return int(parts / self._config.validate_every + 1e-9)

    def _share(self) -> float:
        """How much of the run is over, by steps or by the clock, whichever is further."""
        minutes = self._config.max_minutes
        by_clock = self._state.elapsed_s / (minutes * 60) if minutes else 0.0
        return min(1.0, max(self._state.step / len(self.plan.steps), by_clock))

    def _out_of_patience(self) -> bool:
        return self._config.patience is not None and self._state.since_best >= self._config.patience

    def _saving_due(self) -> bool:
        if self._saved.step == self._state.step:
            return False
        minutes = (self._state.elapsed_s - self._saved.elapsed_s) / 60
        return self.plan.ends_epoch(self._state.step) or minutes >= self._config.checkpoint_minutes

    def _save(self) -> None:
        self._saved = State(step=self._state.step, elapsed_s=self._state.elapsed_s)
        if self._processes.is_main:
            tensors = {
                "adapter": [weight.detach().cpu() for weight in self._stepper.weights],
                "optimizer": self._stepper.optimizer.state_dict(),
                "random": torch.get_rng_state(),
                "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            }
            self._folder.save(self._state, tensors)
            self._curve.draw()

    def _resume(self) -> None:
        """Take state and tensors from the last checkpoint, if there is one."""
        if found := self._folder.load():
            self._state, tensors = found
            self._stepper.set_weights(tensors["adapter"])
            self._stepper.optimizer.load_state_dict(tensors["optimizer"])
            torch.set_rng_state(tensors["random"])
            if tensors["random_cuda"] and torch.cuda.is_available():
                torch.cuda.set_rng_state_all(tensors["random_cuda"])
        self._processes.same_weights(self._stepper.weights)
        self._state.parts += 1
        self._saved = State(step=self._state.step, elapsed_s=self._state.elapsed_s)
        if self._processes.is_main:
            self._curve = Curve(self._folder.path, self._state.step)

    def _take_best(self) -> None:
        if (published := self._published()[0]) != self._state.step:
            found = self._folder.load(published)
            assert found is not None  # the best one is never removed
            self._stepper.set_weights(found[1]["adapter"])

    def _published(self) -> tuple[int, float | None]:
        """The step whose weights become the voice, and its loss on what is held out."""
        if self._config.keep == "last":
            return self._state.step, self._state.validation_loss
        return self._state.best(to_the_end=not self._out_of_patience())

    def _add_point(self, **values: float) -> None:
        if self._processes.is_main:
            state = self._state
            self._curve.add(step=state.step, epoch=round(self.plan.epochs(state.step), 4), **values,
                            elapsed_s=round(state.elapsed_s, 2))  # fmt: skip

    def _progress(self) -> Progress:
        state, share = self._state, self._share()
        return Progress(
            step=state.step, steps=len(self.plan.steps), share=share, loss=state.average_loss,
            useful_tokens_per_s=state.useful_tokens_per_s, padding_share=state.padding_share,
            seconds_left=state.elapsed_s / share - state.elapsed_s, validation_loss=state.validation_loss,
        )  # fmt: skip

    def _forecast(self, begun: State) -> str:
        """How long the rest takes, by the tokens and the time of the steps since `begun`."""
        seconds = self._state.training_s - begun.training_s
        lengths = [len(example) for example in self._examples.kept]
        left = sum(lengths[index] for step in self.plan.steps[self._state.step :] for batch in step for index in batch)
        rate = (self._state.useful_tokens - begun.useful_tokens) / seconds
        minutes, limit = left / rate / 60, self._config.max_minutes
        if limit and (self._state.elapsed_s / 60 + minutes) > limit:
            share = self._state.step / len(self.plan.steps)
            share += (1 - share) * (limit - self._state.elapsed_s / 60) / minutes
            return f"{rate:,.0f} tokens/s: in {limit:g} minutes about {share:.0%} of its steps can be taken."
        return f"{rate:,.0f} tokens/s: the {'rest of the ' * bool(begun.step)}run takes about {_duration(minutes)}."

    def _interrupted(self, number: int) -> Interrupted:
        return Interrupted(
            f"Stopped by {signal.Signals(number).name} at step {self._state.step} of {len(self.plan.steps)}, which is "
            f"saved in {self._folder.path}. The same command again goes on from there.",
            number,
        )

    def _summary(self) -> Summary:
        state, (published, loss) = self._state, self._published()
        return Summary(
            triplets_read=self._examples.read,
            examples=len(self._examples.kept),
            dropped=dict(self._examples.dropped),
            examples_seen=state.examples_seen,
            steps=state.step,
            parts=state.parts,
            processes=self._processes.count,
            seconds=round(state.elapsed_s, 1),
            useful_tokens=state.useful_tokens,
            target_tokens=state.target_tokens,
            useful_tokens_per_s=round(state.useful_tokens_per_s, 1),
            target_tokens_per_s=round(state.target_tokens / state.training_s, 1),
            padding_share=round(state.padding_share, 4),
            final_loss=round(state.average_loss, 4),
            validation_loss=_rounded(loss),
            last_validation_loss=_rounded(state.validation_loss),
            published_step=published,
            converged_step=self._curve.converged_step(),
            stopped_early=self._out_of_patience(),
            replayed=self._examples.replayed,
        )


def _duration(minutes: float) -> str:
    hours, minutes = divmod(max(1, round(minutes)), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _rounded(loss: float | None) -> float | None:
    return None if loss is None else round(loss, 4)
