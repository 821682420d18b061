"""Whether a rewrite recites what its voice was trained on, instead of saying what the text says.

In: the own sides of triplets to learn from, then a text and its rewrite. Out: yes or no. What is kept are hashes of
runs of eight words, none of the words; a run that the owner has written more than once is a habit of his, no echo.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice.arrays import load_arrays, save_arrays
from voice.words import is_content, new_words, words

FILE_NAME = "echo.npz"
RUN = 8  # words
_CONTENT = 2  # of them that say something


@dataclass(frozen=True, slots=True)
class Echoes:
    """The runs of words that stand once in the training texts: (runs,) hashes of 64 bits, sorted."""

    hashes: npt.NDArray[np.uint64]

    def found(self, text: str, rewrite: str) -> bool:
        """Whether the rewrite holds one of the runs, with a content word in it that is not in the text."""
        new = set(new_words(text, rewrite))
        runs = [run for run in _runs(rewrite) if not new.isdisjoint(run)] if new else []
        if not runs or not len(self.hashes):
            return False
        asked = np.array([_hash(run) for run in runs], np.uint64)
        places = np.minimum(np.searchsorted(self.hashes, asked), len(self.hashes) - 1)
        return bool((self.hashes[places] == asked).any())

    def save(self, folder: Path) -> None:
        """Write folder/echo.npz, all of it or nothing."""
        save_arrays(folder / FILE_NAME, hashes=self.hashes)

    @classmethod
    def load(cls, folder: Path) -> "Echoes":
        """Read folder/echo.npz; ArraysError when it is missing or damaged."""
        return cls(*load_arrays(folder / FILE_NAME, "hashes"))


def learn(kinds: Iterable[Iterable[str]]) -> Echoes:
    """The runs that stand in one text of a kind only; a text that comes twice counts once.

    A sentence and the message that holds it are of different kinds.
    """
    once: set[int] = set()
    often: set[int] = set()
    for texts in kinds:
        counts = Counter(_hash(run) for text in set(texts) for run in set(_runs(text)))
        once |= counts.keys()
        often |= {run for run, count in counts.items() if count > 1}
    return Echoes(np.array(sorted(once - often), np.uint64))


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    """Each eight words that follow one another and say something."""
    said = words(text)
    for run in zip(*(said[place:] for place in range(RUN)), strict=False):
        if sum(map(is_content, run)) >= _CONTENT:
            yield run


def _hash(run: tuple[str, ...]) -> int:
    return int.from_bytes(hashlib.blake2b(" ".join(run).encode(), digest_size=8).digest())
