"""What evidence comes to: logistic models, saved as JSON and applied without a library.

In: evidence by name. Out: how likely a rewrite says the same, and what each piece of evidence weighs against it.

What a piece of evidence weighs depends on how much of the rewrite is copied: a hedge that is gone from a sentence that
is otherwise copied says more than one that is gone from a sentence in other words. It depends on how short the text is,
too: a negation more says more of five words than of fifty. So each weight is a line in that share, with a bend in the
middle, and one in how short the text is.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from voice.atomic import write_text
from voice.errors import UserError

COPIED, LENGTH = "copied", "length"  # the names among the evidence of that share, and of the logarithm of the words
_BEND = 0.5
_SHORT = 10  # words


Shares = tuple[float, float, float, float]


class WeightsError(UserError):
    """Weights that cannot be read."""


def shares(evidence: Mapping[str, float]) -> Shares:
    """What a piece of evidence is multiplied with for each of its weights."""
    copied = evidence[COPIED]
    return 1.0, copied, max(0.0, copied - _BEND), min(1.0, _SHORT / math.exp(evidence[LENGTH]))


@dataclass(frozen=True, slots=True)
class Weights:
    """Log odds of 'says something else': `bias`, and for each name of evidence its weights."""

    bias: float
    each: Mapping[str, Shares]

    def same(self, evidence: Mapping[str, float]) -> float:
        """How likely it says the same, in 0..1."""
        return 1 / (1 + math.exp(min(self.odds(evidence), 500.0)))

    def odds(self, evidence: Mapping[str, float]) -> float:
        """The log odds of saying something else, in nats."""
        return self.bias + sum(self.parts(evidence).values())

    def parts(self, evidence: Mapping[str, float]) -> dict[str, float]:
        """What each piece of evidence adds to the log odds, in nats."""
        by = shares(evidence)
        return {
            name: evidence[name] * sum(weight * share for weight, share in zip(weights, by, strict=True))
            for name, weights in self.each.items()
            if evidence[name]
        }


@dataclass(frozen=True, slots=True)
class Model:
    """Weights for the words alone, for the words with what the reader found, and for the order of rewrites of one text.

    Where the words alone give less than `hardly`, the reader is not asked. A rewrite is refused whose likelihood is
    under the `threshold`.
    """

    words: Weights
    read: Weights
    order: Weights
    hardly: float
    threshold: float

    def save(self, path: Path) -> None:
        """Write it, all of it or nothing."""
        parts = {"words": self.words, "read": self.read, "order": self.order}
        found: dict[str, Any] = {name: _as_json(weights) for name, weights in parts.items()}
        found |= {"hardly": self.hardly, "threshold": self.threshold}
        write_text(path, json.dumps(found, indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Model":
        """Read it; WeightsError when it is missing or damaged."""
        try:
            found = json.loads(path.read_text("utf-8"))
            words, read, order = (_from_json(found[part]) for part in ("words", "read", "order"))
            return cls(words, read, order, found["hardly"], found["threshold"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise WeightsError(f"{path} cannot be read ({type(error).__name__}). Install nic-voice again.") from error


def _as_json(weights: Weights) -> dict[str, Any]:
    each = {name: " ".join(f"{weight:.4g}" for weight in four) for name, four in weights.each.items()}
    return {"bias": round(weights.bias, 4), "each": each}


def _from_json(found: dict[str, Any]) -> Weights:
    each = {name: tuple(map(float, four.split())) for name, four in found["each"].items()}
    if any(len(four) != len(get_args(Shares)) for four in each.values()):
        raise ValueError("not as many weights as shares")
    return Weights(float(found["bias"]), each)  # type: ignore[arg-type]
