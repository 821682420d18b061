"""One optimiser step, and the mean loss of examples without one: what is computed, over all processes together.

In: a model with its adapter and batches of examples. Out: moved weights of the adapter, and the mean loss per target
token, by weight. The sum over a step is divided by all its target tokens at once, so that how a step is cut into
batches and shared between processes changes nothing.
"""

import math
from collections.abc import Callable, Sequence

import torch

from training.config import TrainingConfig
from training.data import Batch, Example, check_batch
from training.errors import TrainingError
from training.lora import Adapted
from training.processes import Processes
from voice.prompt import end_id


class Stepper:
    """Takes the steps of a run."""

    def __init__(self, config: TrainingConfig, adapted: Adapted, processes: Processes) -> None:
        self._config, self._adapted, self._processes = config, adapted, processes
        self.weights = adapted.trainable()
        self.optimizer = torch.optim.AdamW(self.weights, lr=config.learning_rate, weight_decay=config.weight_decay)

    def step(self, batches: Sequence[Sequence[Example]], learning_rate: float) -> float:
        """Take a step of these batches; returns its mean loss. TrainingError when that is not a number."""
        for settings in self.optimizer.param_groups:
            settings["lr"] = learning_rate
        weight = sum(sum(example.weights) for batch in batches for example in batch)
        own = [self._adapted.batch(batch) for batch in self._processes.own(batches)]
        [loss] = self._processes.total([accumulate_gradients(self._adapted, own, weight)])
        if not math.isfinite(loss):
            raise TrainingError("The loss is not a number any more. Lower learning_rate, or train in another dtype.")
        self._processes.sum_gradients(self.weights)
        torch.nn.utils.clip_grad_norm_(self.weights, self._config.max_gradient_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss

    def mean_loss(self, batches: Sequence[Sequence[Example]], stopped: Callable[[], bool]) -> float:
        """The mean loss of the batches, without a step; it means nothing once `stopped()` has ended it early."""
        total = 0.0
        self._adapted.model.eval()
        with torch.no_grad():
            for batch in self._processes.own(batches):
                if stopped():
                    break
                total += self._adapted.loss(self._adapted.batch(batch)).item()
        self._adapted.model.train()
        [total] = self._processes.total([total])
        return total / sum(sum(example.weights) for batch in batches for example in batch)

    def check(self, examples: Sequence[Example]) -> None:
        """TrainingError unless a batch of these is what it should be: its masks, and no row that sees another one.

        A library that put another mask or collator in place would be seen here, and not after a night.
        """
        rows = [examples[0], examples[len(examples) // 2], examples[-1]][: len(examples)]
        try:
            check_batch(self._adapted.batch(examples), examples, end_id(self._adapted.tokenizer))
        except ValueError as error:
            raise TrainingError(f"Not started: {error}. This is a fault of the program; please report it.") from error
        with torch.no_grad():
            together = self._adapted.loss(self._adapted.batch(rows)).item()
            alone = sum(self._adapted.loss(self._adapted.batch([row])).item() for row in rows)
        if not math.isclose(together, alone, rel_tol=1e-3 if self._config.dtype == "float32" else 0.05):
            raise TrainingError(
                f"Not started: the first batch has a loss of {together:.4f}, its rows alone {alone:.4f}. Rows of a "
                f"batch must not see one another; another version of unsloth or transformers may mask them wrongly."
            )

    def set_weights(self, weights: Sequence[torch.Tensor]) -> None:
        """Put these into the adapter."""
        with torch.no_grad():
            for weight, value in zip(self.weights, weights, strict=True):
                weight.copy_(value)


def accumulate_gradients(adapted: Adapted, batches: Sequence[Batch], weight: float) -> float:
    """Add up the gradients of batches whose losses are divided by `weight`; returns the sum of those losses."""
    total = 0.0
    for batch in batches:
        loss = adapted.loss(batch) / weight
        torch.autograd.backward(loss)
        total += loss.item()
    return total


def schedule(share: float, warmup_share: float) -> float:
    """The learning rate as a share of its peak: up in a line, then down in a cosine to zero."""
    if share < warmup_share:
        return (share + 0.01) / (warmup_share + 0.01)
    return 0.5 * (1 + math.cos(math.pi * (share - warmup_share) / (1 - warmup_share)))


def explain_memory(error: BaseException, config: TrainingConfig) -> str | None:
    """What to do when memory ran out; None for an error of another kind."""
    if not isinstance(error, torch.OutOfMemoryError | MemoryError) and "can't allocate memory" not in str(error):
        return None
    checkpointing = "" if config.gradient_checkpointing else ", or set gradient_checkpointing: true"
    return f"Out of memory. Lower batch_tokens={config.batch_tokens} (and raise accumulate by as much){checkpointing}"
