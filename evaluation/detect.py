"""Real or rewritten: how well a fresh classifier tells a contestant's texts from what the owner wrote instead.

In: both, by index of the case. Out: the area under the ROC curve; 0.5 is a coin, 1 never errs.
"""

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from evaluation.style import Score, folds_of

_DRAWS = 200


def detected(real: Sequence[str], rewritten: Sequence[str], groups: Sequence[str], seed: int) -> Score:
    """The area with its 95 % interval; no classifier has seen the pair that it judges, nor its thread."""
    odds = np.zeros((2, len(real)))
    for fold in folds_of(groups, seed):
        rest = sorted(set(range(len(real))) - set(fold))
        learned = [[side[index] for index in rest] for side in (real, rewritten)]
        vectorizers = [
            TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, min_df=2, lowercase=False),
            TfidfVectorizer(token_pattern=r"[\w']+|[^\w\s]", ngram_range=(1, 2), sublinear_tf=True, min_df=2),
        ]
        found = [vectorizer.fit_transform([*learned[0], *learned[1]]) for vectorizer in vectorizers]
        labels = [True] * len(rest) + [False] * len(rest)
        fit = LogisticRegression(C=10.0, max_iter=300).fit(sparse.hstack(found), labels)
        for row, side in enumerate((real, rewritten)):
            judged = [vectorizer.transform([side[index] for index in fold]) for vectorizer in vectorizers]
            odds[row, fold] = fit.decision_function(sparse.hstack(judged))
    chance = np.random.default_rng(seed)
    draws = [_area(odds[:, chance.choice(len(real), len(real))]) for _ in range(_DRAWS)]
    value, (low, high) = _area(odds), np.percentile(draws, [2.5, 97.5])
    return Score(value, float(min(low, value)), float(max(high, value)))


def _area(odds: "np.ndarray[tuple[int, int], np.dtype[np.float64]]") -> float:
    labels = np.repeat([True, False], odds.shape[1])
    return float(roc_auc_score(labels, odds.ravel()))
