"""What evidence comes to: a logistic model, saved as JSON and applied without a library.

In: evidence by name. Out: how likely a rewrite says the same, and what each kind of evidence weighs against it.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from voice.atomic import write_text
from voice.errors import UserError


class WeightsError(UserError):
    """Weights that cannot be read."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Log odds of 'says something else': `bias`, and for each name of evidence what one of it adds."""

    bias: float
    each: Mapping[str, float]

    def same(self, evidence: Mapping[str, float]) -> float:
        """How likely it says the same, in 0..1."""
        odds = self.bias + sum(self.parts(evidence).values())
        return 1 / (1 + math.exp(min(odds, 500.0)))

    def parts(self, evidence: Mapping[str, float]) -> dict[str, float]:
        """What each piece of evidence adds to the log odds, in nats."""
        return {name: weight * evidence[name] for name, weight in self.each.items() if evidence[name]}


@dataclass(frozen=True, slots=True)
class Model:
    """Weights for the words alone and for the words with what the reader found.

    Where the words alone give more than `surely` or less than `hardly`, the reader is not asked. A rewrite is refused
    whose likelihood is under the `threshold`.
    """

    words: Weights
    read: Weights
    surely: float
    hardly: float
    threshold: float

    def to_json(self) -> dict[str, Any]:
        """As it is saved, weights rounded."""
        found = asdict(self)
        for part in ("words", "read"):
            found[part] = {
                "bias": round(found[part]["bias"], 4),
                "each": {name: round(weight, 4) for name, weight in found[part]["each"].items()},
            }
        return found

    def save(self, path: Path) -> None:
        """Write it, all of it or nothing."""
        write_text(path, json.dumps(self.to_json(), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Model":
        """Read it; WeightsError when it is missing or damaged."""
        try:
            found = json.loads(path.read_text("utf-8"))
            words, read = (Weights(found[part]["bias"], found[part]["each"]) for part in ("words", "read"))
            return cls(words, read, found["surely"], found["hardly"], found["threshold"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WeightsError(f"{path} cannot be read ({type(error).__name__}). Install nic-voice again.") from error
