"""Fits the weights of voice/judges: how much each piece of evidence speaks against a rewrite.

In: versions of drafts, each with its evidence, and whether it says the same. Out: Weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from voice.judges.weights import Weights

_STRENGTH = 0.1  # C of the regression: the inverse of how much weights are pulled towards zero


@dataclass(frozen=True, slots=True)
class Judgement:
    """One version of a draft: its evidence, whether it says something else, and what it counts."""

    evidence: Mapping[str, float]
    wrong: bool
    weight: float = 1.0


def fit(judgements: Sequence[Judgement], names: Sequence[str]) -> Weights:
    """The weights of the evidence of these names."""
    table = np.array([[judgement.evidence[name] for name in names] for judgement in judgements])
    wrong = np.array([judgement.wrong for judgement in judgements])
    weights = np.array([judgement.weight for judgement in judgements])
    spreads: npt.NDArray[np.float64] = np.maximum(table.std(axis=0), 1e-6)
    model = LogisticRegression(C=_STRENGTH, max_iter=5000).fit(table / spreads, wrong, weights)
    each = model.coef_[0] / spreads
    return Weights(float(model.intercept_[0]), dict(zip(names, each.tolist(), strict=True)))
