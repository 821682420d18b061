"""What is counted while a run goes: State, which checkpoints keep; Progress, to be shown; Summary, for voice.json."""

from dataclasses import asdict, dataclass
from typing import Any

AS_GOOD = 1.01  # so many times the least loss is as good
SMOOTHING = 0.95  # of the loss that is shown: how much of the average stays at each step


@dataclass(slots=True)
class State:
    """How far a run is. Times and counts are of all its parts together."""

    step: int = 0
    elapsed_s: float = 0.0  # of everything, validation and saving too
    training_s: float = 0.0
    useful_tokens: int = 0
    padded_tokens: int = 0
    target_tokens: int = 0
    examples_seen: int = 0
    average_loss: float = 0.0
    validations: int = 0  # how many are over, by their places in the run
    validated_step: int = -1
    validation_loss: float | None = None
    best_step: int | None = None
    best_loss: float | None = None
    since_best: int = 0
    parts: int = 0  # how often the run was started or gone on with

    def take_step(self, loss: float, seconds: float) -> None:
        """Count an optimiser step that took so long."""
        self.step += 1
        self.average_loss = loss if self.step == 1 else SMOOTHING * self.average_loss + (1 - SMOOTHING) * loss
        self.training_s += seconds
        self.elapsed_s += seconds

    def take_validation(self, loss: float, place: int) -> None:
        """Count a validation, the one at that place of the run."""
        self.validations, self.validated_step, self.validation_loss = place, self.step, loss
        self.since_best += 1
        if self.best_loss is None or loss < self.best_loss:
            self.best_loss, self.best_step, self.since_best = loss, self.step, 0

    def best(self, to_the_end: bool) -> tuple[int, float | None]:
        """The step with the best weights, and their loss on what is held out.

        It is the last one where the run came `to_the_end` and the loss is nearly the least: the learning rate has come
        down there, and such weights wrote 19 of 100 texts wrong, where others of the same loss wrote 22.
        """
        least, last = self.best_loss, self.validation_loss
        if self.best_step is None or least is None or last is None or (to_the_end and last <= AS_GOOD * least):
            return self.step, last
        return self.best_step, least

    @property
    def useful_tokens_per_s(self) -> float:
        """Tokens a second that are not padding, while training; validation and saving aside."""
        return self.useful_tokens / self.training_s

    @property
    def padding_share(self) -> float:
        """How much of what was computed was padding."""
        return 1 - self.useful_tokens / self.padded_tokens


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
        validation = f" (held out {self.validation_loss:.3f})" if self.validation_loss is not None else ""
        return (
            f"step {self.step}/{self.steps}  loss {self.loss:.3f}{validation}  {self.useful_tokens_per_s:,.0f} "
            f"tokens/s  padding {self.padding_share:.1%}  {minutes}:{seconds:02} left"
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """What voice.json says of a run: triplets_read + replayed = examples + dropped, by reason."""

    triplets_read: int
    examples: int
    dropped: dict[str, int]
    examples_seen: int
    steps: int
    parts: int
    processes: int
    seconds: float
    useful_tokens: int
    target_tokens: int
    useful_tokens_per_s: float
    target_tokens_per_s: float
    padding_share: float
    final_loss: float
    validation_loss: float | None = None  # of the step that was published
    last_validation_loss: float | None = None
    published_step: int | None = None
    converged_step: int | None = None
    stopped_early: bool = False
    members: list[float | None] | None = None  # the validation losses of the runs whose mean was published
    replayed: int = 0  # of the examples, those of many writers

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)

    def __str__(self) -> str:
        replayed = f" and {self.replayed:,} of many writers" if self.replayed else ""
        held_out = f", held out {self.validation_loss:.3f}" if self.validation_loss is not None else ""
        return (
            f"{self.examples - self.replayed:,} of {self.triplets_read:,} triplets{replayed}, {self.steps:,} steps, "
            f"{self.seconds:.0f} s, {self.useful_tokens_per_s:.0f} tokens/s, loss {self.final_loss:.3f}{held_out}"
        )
