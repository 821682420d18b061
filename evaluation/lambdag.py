"""LambdaG: how much likelier a text is by the owner's grammar than by that of others.

Nini et al., Grammar as a behavioral biometric (Humanities and Social Sciences Communications 13, 2026). In: texts of
the owner and of others. Out: rows of (log10 likelihood ratio, tokens), and the ratio a token of a bag.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from lambdag.language_models import KneserNeyLanguageModel

from evaluation.tokens import masked

_ORDER = 4
_REFERENCES = 4  # models of others, each from as many sentences as the owner's, drawn anew
_MOST_SENTENCES = 600

Sentences = list[list[str]]


class LambdaG:
    """The owner's grammar beside that of others."""

    def __init__(self, own: Sequence[str], foreign: Sequence[Sequence[str]], seed: int) -> None:
        chance = np.random.default_rng(seed)
        sides = [_sentences(side) for side in foreign if side]
        known = _some(_sentences(own), _MOST_SENTENCES, chance)
        self._known = _model(known)
        self._references = [
            _model([s for side in sides for s in _some(side, max(1, len(known) // len(sides)), chance)])
            for _ in range(_REFERENCES)
        ]
        self._cache: dict[tuple[str, ...], float] = {}

    def rows(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """(texts, 2): the log10 likelihood ratio, and the tokens with each sentence's end."""
        found = np.zeros((len(texts), 2))
        for row, text in zip(found, texts, strict=True):
            for sentence in masked(text):
                row += self._ratio(tuple(sentence)), len(sentence) + 1
        return found

    def score(self, sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The log10 likelihood ratio a token."""
        found: npt.NDArray[np.float64] = sums[:, 0] / np.maximum(sums[:, 1], 1)
        return found

    def _ratio(self, sentence: tuple[str, ...]) -> float:
        if sentence not in self._cache:
            known = np.log10(self._known.probabilities(sentence)).sum()
            others = [np.log10(model.probabilities(sentence)).sum() for model in self._references]
            self._cache[sentence] = float(known - np.mean(others))
        return self._cache[sentence]


def _sentences(texts: Sequence[str]) -> Sentences:
    return [sentence for text in texts for sentence in masked(text)]


def _some(sentences: Sentences, count: int, chance: np.random.Generator) -> Sentences:
    if len(sentences) <= count:
        return sentences
    return [sentences[index] for index in chance.choice(len(sentences), count, replace=False)]


def _model(sentences: Sentences) -> KneserNeyLanguageModel:
    model = KneserNeyLanguageModel(order=_ORDER, discount=0.75)
    for sentence in sentences:
        model.fit(sentence)
    return model
