"""Which words of one side of a pair explain which of the other, learned from a voice's own pairs.

In: pairs (neutral, own) to learn from, then a text and its rewrite. Out: the words of the rewrite that nothing
explains, and the words of the text that are lost.

A word explains itself, its other forms and its misspellings. What is left over on both sides of the training pairs goes
through IBM model 1 (Brown et al., The Mathematics of Statistical Machine Translation, 1993) in both directions, which
gives the owner's substitutions. Counting what is then still left of the neutral sides gives the words that he leaves
out. What he adds of his own explains nothing: a model must not add it.
"""

import math
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice.arrays import column, load_arrays, save_arrays
from voice.spelling import spelled, spellings
from voice.words import is_content, new_words, stem, stems, words

FILE_NAME = "alignment.npz"
NOTHING = ""  # the empty word

_ROUNDS = 8
_MOST_WORDS = 60  # left over on one side of a pair; more are a retelling, in which chance aligns anything
_MOST_LINKS = 6_000_000  # possible links between words, over all pairs; what fits into memory and a minute
_FEWEST = 1.5  # expected links below which a substitution is chance
_LIKELY = 0.1  # share of a word's links that makes another word its substitution
_OFTEN = 4  # pairs in which a word must have been lost to be one that he leaves out
_HABIT = 0.6  # and their share of all pairs that have it
_GRAMMAR = 0.3  # share of its links that makes a word without substance a substitution for one with
_ADVERBS = "-ly"  # stands for all of them among the words that he leaves out


@dataclass(frozen=True, slots=True)
class Alignment:
    """What was learned, all in stems. `spelled` are those of the neutral side, where nothing is misspelled."""

    substitutions: frozenset[tuple[str, str]] = frozenset()  # (neutral, own)
    left_out: frozenset[str] = frozenset()
    spelled: frozenset[str] = frozenset()
    _by_neutral: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for neutral, own in self.substitutions:
            self._by_neutral.setdefault(neutral, set()).add(own)

    def unexplained(self, text: str, rewrite: str) -> list[str]:
        """The content words of the rewrite that the text does not explain, as they are typed (in lower case)."""
        new = new_words(text, rewrite)
        if not new:
            return []
        typed = words(text)
        known = set[str]().union(*map(self._says, stems(text)), map("".join, pairwise(typed)))
        rest = [word for word in new if not {word, stem(word)} & known]
        explained = spellings(filter(self._may_be_misspelled, rest), of=typed)
        return [word for word in rest if word not in explained]

    def lost(self, text: str, rewrite: str) -> list[str]:
        """The content words of the text of which nothing is left in the rewrite, and that he does not leave out."""
        rest = [word for word in new_words(rewrite, text) if stem(word) not in self.left_out]
        if _ADVERBS in self.left_out:
            rest = [word for word in rest if not _is_adverb(word)]
        if not rest:
            return []
        typed = words(rewrite)
        left = stems(rewrite).union(map("".join, pairwise(typed)))
        rest = [word for word in rest if left.isdisjoint({word, *self._says(stem(word))})]
        kept = spelled(rest, by=filter(self._may_be_misspelled, typed))
        return [word for word in rest if word not in kept]

    def _says(self, source: str) -> Set[str]:
        """The stems that a stem of the neutral side may become: itself, the owner's substitutions."""
        return {source, *self._by_neutral.get(source, ())}

    def _may_be_misspelled(self, word: str) -> bool:
        return not (word.isdigit() or stem(word) in self.spelled)

    def joined(self, other: "Alignment") -> "Alignment":
        """What either explains and either leaves out; `other` is for any writer, so that its spellings do not count."""
        if not self.substitutions and not self.left_out and not self.spelled:
            return other
        return Alignment(self.substitutions | other.substitutions, self.left_out | other.left_out, self.spelled)

    def save(self, folder: Path) -> None:
        """Write folder/alignment.npz, all of it or nothing."""
        pairs = sorted(self.substitutions)
        save_arrays(
            folder / FILE_NAME,
            neutral=column([pair[0] for pair in pairs]),
            own=column([pair[1] for pair in pairs]),
            left_out=column(sorted(self.left_out)),
            spelled=column(sorted(self.spelled)),
        )

    @classmethod
    def load(cls, folder: Path) -> "Alignment":
        """Read folder/alignment.npz; ArraysError when it is missing or damaged."""
        arrays = load_arrays(folder / FILE_NAME, "neutral", "own", "left_out", "spelled")
        neutral, own, left_out, spelled = (array.tolist() for array in arrays)
        return cls(frozenset(zip(neutral, own, strict=True)), frozenset(left_out), frozenset(spelled))


def learn(pairs: Sequence[tuple[str, str]]) -> Alignment:
    """The alignment of pairs (neutral, own); the same pairs give the same."""
    neutral_sides = [[stem(word) for word in words(neutral)] for neutral, _ in pairs]
    own_sides = [[stem(word) for word in words(own)] for _, own in pairs]
    left = [_left_over(neutral, own) for neutral, own in zip(neutral_sides, own_sides, strict=True)]
    left = _within(left)
    found = Alignment(substitutions=_both_ways(_model_1(left), _model_1([(own, neutral) for neutral, own in left])))
    left_out = Counter[str]()
    for neutral, own in pairs:
        left_out.update(_kinds(found.lost(neutral, own)))
    return Alignment(
        substitutions=found.substitutions,
        left_out=_habitual(left_out, Counter(kind for neutral, _ in pairs for kind in _kinds(words(neutral)))),
        spelled=frozenset(word for side in neutral_sides for word in side),
    )


def _left_over(neutral: list[str], own: list[str]) -> tuple[list[str], list[str]]:
    """Both sides without the words that stand on both."""
    both = Counter(neutral) & Counter(own)
    return _without(neutral, both.copy()), _without(own, both.copy())


def _without(side: list[str], taken: Counter[str]) -> list[str]:
    rest = []
    for word in side:
        if taken[word] > 0:
            taken[word] -= 1
        else:
            rest.append(word)
    return rest


def _within(left: list[tuple[list[str], list[str]]]) -> list[tuple[list[str], list[str]]]:
    """The pairs that are no retelling, every so many of them when all would be too many links."""
    left = [(a, b) for a, b in left if (a or b) and max(len(a), len(b)) <= _MOST_WORDS]
    links = sum((len(a) + 1) * (len(b) + 1) for a, b in left)
    return left[:: math.ceil(links / _MOST_LINKS)] if links > _MOST_LINKS else left


def _model_1(pairs: list[tuple[list[str], list[str]]]) -> dict[tuple[str, str], float]:
    """Expected links (source, target) over all pairs, where each target word comes from one source word or NOTHING."""
    sources: dict[str, int] = {NOTHING: 0}
    targets: dict[str, int] = {}
    source_ids: list[int] = []
    target_ids: list[int] = []
    places: list[int] = []  # which target word of which pair a possible link is of
    place = 0
    for source, target in pairs:
        ids = [0, *(sources.setdefault(word, len(sources)) for word in source)]
        for word in target:
            source_ids += ids
            target_ids += [targets.setdefault(word, len(targets))] * len(ids)
            places += [place] * len(ids)
            place += 1
    if not places:
        return {}
    keys: npt.NDArray[np.int64]
    keys, link = np.unique(np.array(source_ids, np.int64) * len(targets) + target_ids, return_inverse=True)
    where, source_of = np.array(places), (keys // len(targets)).astype(np.int64)
    probability: npt.NDArray[np.float64] = np.ones(len(keys))
    expected: npt.NDArray[np.float64] = probability
    for _ in range(_ROUNDS):
        weight: npt.NDArray[np.float64] = probability[link]
        weight = weight / np.bincount(where, weight)[where]
        expected = np.bincount(link, weight, len(keys)).astype(np.float64)
        probability = expected / np.bincount(source_of, expected)[source_of]
    names, others = list(sources), list(targets)
    return {
        (names[key // len(targets)], others[key % len(targets)]): count
        for key, count in zip(keys.tolist(), expected.tolist(), strict=True)
    }


def _both_ways(
    forward: dict[tuple[str, str], float], backward: dict[tuple[str, str], float]
) -> frozenset[tuple[str, str]]:
    """(neutral, own) links that both directions find often enough, and one of them likely."""
    from_neutral: Counter[str] = Counter()
    from_own: Counter[str] = Counter()
    for (neutral, _), count in forward.items():
        from_neutral[neutral] += count  # type: ignore[assignment]
    for (own, _), count in backward.items():
        from_own[own] += count  # type: ignore[assignment]
    found = set()
    for (neutral, own), count in forward.items():
        back = backward.get((own, neutral), 0.0)
        likely = max(count / from_neutral[neutral], back / from_own[own] if back else 0.0)
        least = _GRAMMAR if is_content(own) and not is_content(neutral) else _LIKELY
        if neutral != NOTHING and min(count, back) >= _FEWEST and likely >= least:
            found.add((neutral, own))
    return frozenset(found)


def _kinds(found: list[str]) -> set[str]:
    """The stems of words, and _ADVERBS where one of them is an adverb."""
    return {stem(word) for word in found} | ({_ADVERBS} if any(map(_is_adverb, found)) else set())


def _habitual(pairs_with: Counter[str], pairs_in_all: Counter[str]) -> frozenset[str]:
    """What was lost in enough pairs, and in most of those that have it."""
    return frozenset(kind for kind, count in pairs_with.items() if count >= max(_OFTEN, _HABIT * pairs_in_all[kind]))


def _is_adverb(word: str) -> bool:
    return len(word) > 5 and word.endswith("ly")
