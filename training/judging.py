"""Fits the weights of voice/judges: how much each piece of evidence speaks against a rewrite.

In: versions of drafts, each with its evidence, and whether it says the same. Out: Weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from voice.judges.weights import Weights, shares

STRENGTH = 0.3
_LEAST_SPREAD = 1e-6

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One version of a draft: its evidence, whether it says something else, and what it counts."""

    evidence: Mapping[str, float]
    wrong: bool
    weight: float = 1.0


def fit(
    judgements: Sequence[Judgement],
    names: Sequence[str],
    pairs: Sequence[tuple[int, int]],
    pair: float,
    strength: float = STRENGTH,
) -> Weights:
    """The weights of the evidence of these names.

    `pairs` are places of (a wrong version, a right one of the same draft), of which each that comes out in this order
    counts as much as `pair` judgements. `strength` is the C of the regression: the less, the smaller the weights.
    """
    table = np.array([_row(judgement.evidence, names) for judgement in judgements])
    spreads, means = np.maximum(table.std(axis=0), _LEAST_SPREAD), table.mean(axis=0)
    table = (table - means) / spreads
    turned = table[[wrong for wrong, _ in pairs]] - table[[right for _, right in pairs]] if pairs else table[:0]
    rows = np.vstack([_with(table, 1.0), _with(turned, 0.0), _with(-turned, 0.0)])
    wrong = [judgement.wrong for judgement in judgements] + [True] * len(turned) + [False] * len(turned)
    counts = [judgement.weight for judgement in judgements] + [pair / 2] * (2 * len(turned))
    model = LogisticRegression(C=strength, max_iter=5000, fit_intercept=False).fit(rows, wrong, counts)
    each = model.coef_[0][:-1] / spreads
    bias = float(model.coef_[0][-1] - (each * means).sum())
    by_name = each.reshape(len(names), -1).tolist()
    return Weights(bias, {name: (a, b, c, d) for name, (a, b, c, d) in zip(names, by_name, strict=True)})


def _row(evidence: Mapping[str, float], names: Sequence[str]) -> list[float]:
    by = shares(evidence)
    return [evidence[name] * share for name in names for share in by]


def _with(table: Table, bias: float) -> Table:
    return np.hstack([table, np.full((len(table), 1), bias)])
