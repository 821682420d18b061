"""The counters of a run: what was read, trained on and dropped, how fast it goes and how far it is.

In: steps as they are done. Out: a Progress after each, and a Summary at the end.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from training.data import Batch, Examples

_SMOOTHING = 0.95  # of the loss that is shown: how much of the average stays at each step


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


@dataclass(frozen=True, slots=True)
class Summary:
    """What voice.json says of a run: triplets_read = examples + dropped, by reason."""

    triplets_read: int
    examples: int
    dropped: dict[str, int]
    examples_seen: int
    steps: int
    seconds: float
    useful_tokens: int
    useful_tokens_per_s: float
    padding_share: float
    final_loss: float

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"{self.examples:,} of {self.triplets_read:,} triplets, {self.steps:,} steps, {self.seconds:.0f} s, "
            f"{self.useful_tokens_per_s:.0f} tokens/s, loss {self.final_loss:.3f}"
        )


@dataclass(slots=True)
class Meter:
    """Counts the steps of a run of at most `steps` steps or `max_minutes`, whichever is over first."""

    steps: int
    max_minutes: float | None
    started_s: float = field(default_factory=time.monotonic)
    step: int = 0
    loss: float = 0.0
    useful_tokens: int = 0
    padded_tokens: int = 0
    examples_seen: int = 0

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.started_s

    @property
    def share(self) -> float:
        """How much of the run is over, by steps or by the clock, whichever is further."""
        by_clock = self.elapsed_s / (self.max_minutes * 60) if self.max_minutes else 0.0
        return min(1.0, max(self.step / self.steps, by_clock))

    def add(self, batches: Sequence[Batch], loss: float) -> Progress:
        """Count a step of these batches."""
        self.step += 1
        self.loss = loss if self.step == 1 else _SMOOTHING * self.loss + (1 - _SMOOTHING) * loss
        self.useful_tokens += sum(batch.useful_tokens for batch in batches)
        self.padded_tokens += sum(batch.ids.numel() for batch in batches)
        self.examples_seen += sum(len(batch.ids) for batch in batches)
        elapsed_s, share = self.elapsed_s, self.share
        return Progress(
            step=self.step,
            steps=self.steps,
            share=share,
            loss=self.loss,
            useful_tokens_per_s=self.useful_tokens / elapsed_s,
            padding_share=1 - self.useful_tokens / self.padded_tokens,
            seconds_left=elapsed_s / share - elapsed_s,
        )

    def summary(self, examples: Examples) -> Summary:
        """The run so far; at least one step must be done."""
        seconds = self.elapsed_s
        return Summary(
            triplets_read=examples.read,
            examples=len(examples.kept),
            dropped=dict(examples.dropped),
            examples_seen=self.examples_seen,
            steps=self.step,
            seconds=round(seconds, 1),
            useful_tokens=self.useful_tokens,
            useful_tokens_per_s=round(self.useful_tokens / seconds, 1),
            padding_share=round(1 - self.useful_tokens / self.padded_tokens, 4),
            final_loss=round(self.loss, 4),
        )
