"""Four ways to tell one writer from another, each blind to what the others see.

In: texts of the owner, and texts that are not his: neutral ones and other people's. Out: a Fitted, which turns texts
into rows of numbers, and the sum of some rows (a bag of texts) into one number, higher the more the bag is like him.

No single feature counts for more than the owner makes of it: in the two regressions a bag's mean is held within what
is usual in his bags or in neutral ones, so that a trick which overdoes one thing gains little.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from evaluation.lambdag import LambdaG
from evaluation.tokens import function_words, letters, whole_words

Rows: TypeAlias = npt.NDArray[np.float64] | sparse.csr_matrix
Scores = npt.NDArray[np.float64]

BAG = 20
_DELTA_WORDS = 150
_REGULARISED = 1.0


class Fitted(Protocol):
    """One way, once it knows the owner."""

    def rows(self, texts: Sequence[str]) -> Rows:
        """(texts, features)."""
        ...

    def score(self, sums: npt.NDArray[np.float64]) -> Scores:
        """(bags,) from the sums of the rows of each bag, (bags, features)."""
        ...


class Regression:
    """Logistic regression on the features of single texts, read off the mean of a bag."""

    def __init__(self, vectorizer: CountVectorizer, own: Sequence[str], foreign: Sequence[Sequence[str]]) -> None:
        sides = [own, *(texts for texts in foreign if texts)]
        self._vectorizer = vectorizer.fit([text for side in sides for text in side])
        rows = [self.rows(side) for side in sides]
        labels = np.concatenate([np.full(len(side), not place) for place, side in enumerate(sides)])
        # His texts weigh as much as all others together, and each kind of the others the same.
        weights = np.concatenate(
            [
                np.full(len(side), (1 if place == 0 else 1 / (len(sides) - 1)) / len(side))
                for place, side in enumerate(sides)
            ]
        )
        fit = LogisticRegression(C=_REGULARISED, max_iter=300).fit(
            sparse.vstack(rows), labels, weights * len(labels) / 2
        )
        self._weights: npt.NDArray[np.float64] = fit.coef_[0]
        means = np.stack([np.asarray(row.mean(axis=0)).ravel() for row in rows[:2]])
        square = np.asarray(rows[0].multiply(rows[0]).mean(axis=0)).ravel()
        spread = np.sqrt(np.maximum(square - means[0] ** 2, 0) / BAG)
        self._least, self._most = means.min(axis=0) - spread, means.max(axis=0) + spread

    def rows(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """(texts, features)."""
        return sparse.csr_matrix(self._vectorizer.transform(texts))

    def score(self, sums: npt.NDArray[np.float64]) -> Scores:
        """The distance from the boundary, in units of the regression."""
        found: Scores = np.clip(sums / BAG, self._least, self._most) @ self._weights
        return found


class Delta:
    """Burrows' Delta (Literary and Linguistic Computing 17, 2002) on the commonest words."""

    def __init__(self, own: Sequence[str], foreign: Sequence[Sequence[str]], seed: int) -> None:
        sides = [own, *(texts for texts in foreign if texts)]
        commonest = Counter(word for side in sides for text in side for word in whole_words(text))
        self._words = {word: place for place, (word, _) in enumerate(commonest.most_common(_DELTA_WORDS))}
        chance = np.random.default_rng(seed)
        bags = [_shares(_bags(self.rows(side), chance)) for side in sides]
        self._spread = np.maximum(np.concatenate(bags).std(axis=0), 1e-6)
        self._own = bags[0].mean(axis=0)
        self._others = np.stack([bag.mean(axis=0) for bag in bags[1:]])

    def rows(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Counts of the commonest words, and of all, in each text."""
        counts = np.zeros((len(texts), len(self._words) + 1))
        for row, text in zip(counts, texts, strict=True):
            for word in whole_words(text):
                row[-1] += 1
                if (place := self._words.get(word)) is not None:
                    row[place] += 1
        return counts

    def score(self, sums: npt.NDArray[np.float64]) -> Scores:
        """How much nearer a bag is to the owner than to the nearest of the others, in mean deviations a word."""
        shares = _shares(sums)
        to_own = np.abs((shares - self._own) / self._spread).mean(axis=1)
        to_others = np.stack([np.abs((shares - other) / self._spread).mean(axis=1) for other in self._others])
        found: Scores = to_others.min(axis=0) - to_own
        return found


def fit_all(
    own: Sequence[str],
    neutral: Sequence[str],
    decoys: Sequence[Sequence[str]],
    others: Sequence[Sequence[str]],
    seed: int,
) -> dict[str, Fitted]:
    """The four ways, fitted; each of `decoys` are the neutral texts with a trick, each of `others` somebody's texts."""
    mixed = [decoys[place % len(decoys)][place] for place in range(len(neutral))] if decoys else []
    foreign = [neutral, mixed, *others]
    least = 2 if len(own) > 100 else 1
    spelling = TfidfVectorizer(
        analyzer="char", preprocessor=letters, ngram_range=(2, 4), min_df=2 * least, sublinear_tf=True, lowercase=False
    )
    grammar = TfidfVectorizer(analyzer=function_words, min_df=least, use_idf=False, sublinear_tf=True)
    return {
        "letters": Regression(spelling, own, foreign),
        "function words": Regression(grammar, own, foreign),
        "delta": Delta(own, [neutral, *decoys, *others], seed),
        "lambdag": LambdaG(own, foreign, seed),
    }


def _shares(sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    found: npt.NDArray[np.float64] = sums[:, :-1] / np.maximum(sums[:, -1:], 1)
    return found


def _bags(rows: npt.NDArray[np.float64], chance: np.random.Generator, count: int = 60) -> npt.NDArray[np.float64]:
    """The sums of some random bags of the rows."""
    picks = [chance.choice(len(rows), min(BAG, len(rows)), replace=False) for _ in range(count)]
    return np.stack([rows[pick].sum(axis=0) for pick in picks])
