"""How much a text is like its owner's: the verifier that a voice carries, to choose among rewrites.

In: a voice folder, texts. Out: a number for each text, higher the more it is his than neutral. Made when the voice is
trained, from word 1-2-grams and habits of typing; what evaluates a voice looks at neither of them, nor at the same
texts, so that choosing by this is not choosing by the measure.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice.arrays import load_arrays, save_arrays
from voice.words import words

FILE_NAME = "style.npz"

HABITS = (
    "words", "letters a word", "lower start", "lower i", "all lower", "end mark", "commas", "exclamations", "dots",
    "dashes", "contractions", "line breaks", "capitals",
)  # fmt: skip

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Verifier:
    """A logistic regression: `grams` (sorted) with a weight each, habits with mean, spread and weight, and the bias."""

    grams: npt.NDArray[np.str_]
    gram_weights: Array
    habit_means: Array
    habit_spreads: Array
    habit_weights: Array
    bias: float

    def score(self, texts: Sequence[str]) -> Array:
        """(texts,): the logarithm of the odds that a text is the owner's and not a neutral one."""
        places = {gram: place for place, gram in enumerate(self.grams.tolist())}
        typed = (habits(texts) - self.habit_means) / self.habit_spreads @ self.habit_weights
        said = [sum(float(self.gram_weights[places[gram]]) for gram in grams(text) & places.keys()) for text in texts]
        return np.asarray(typed + np.array(said, np.float32) + self.bias, np.float32)

    def save(self, folder: Path) -> None:
        """Write folder/style.npz, all of it or nothing."""
        save_arrays(
            folder / FILE_NAME,
            grams=self.grams,
            gram_weights=self.gram_weights,
            habit_means=self.habit_means,
            habit_spreads=self.habit_spreads,
            habit_weights=self.habit_weights,
            bias=np.array(self.bias, np.float32),
        )

    @classmethod
    def load(cls, folder: Path) -> "Verifier":
        """Read folder/style.npz; ArraysError when it is missing or damaged."""
        names = ("grams", "gram_weights", "habit_means", "habit_spreads", "habit_weights", "bias")
        grams, gram_weights, means, spreads, habit_weights, bias = load_arrays(folder / FILE_NAME, *names)
        return cls(grams, gram_weights, means, spreads, habit_weights, float(bias))


def grams(text: str) -> set[str]:
    """The words of a text, and each two that follow one another."""
    said = words(text)
    return {*said, *(f"{one} {other}" for one, other in pairwise(said))}


def habits(texts: Sequence[str]) -> Array:
    """(texts, len(HABITS)): how each text is typed."""
    return np.array([_habits(text) for text in texts], np.float32).reshape(len(texts), len(HABITS))


def _habits(text: str) -> tuple[float, ...]:
    said = words(text)
    count = max(1, len(said))
    letters = sum(map(str.isalpha, text))
    return (
        np.log1p(len(said)), sum(map(len, said)) / count, text[:1].islower(), bool(re.search(r"\bi\b", text)),
        text == text.lower(), not text[-1:].isalnum(), text.count(",") / count, text.count("!") / count,
        len(re.findall(r"\.{2,}|…", text)) / count, len(re.findall(r"—|--|\s-\s", text)) / count,
        sum("'" in word for word in said) / count, text.count("\n") / count,
        sum(map(str.isupper, text)) / max(1, letters),
    )  # fmt: skip
