"""Does it say the same: a verdict, two similarities of whole texts, and word by word what a rewrite adds or loses.

In: texts and their rewrites, ends taken off, and how similar a sentence model finds them (`evaluation/similarity.py`);
the voice's judges. Out: for each rewrite a Fidelity.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sacrebleu.metrics.chrf import CHRF

from voice.facts.figures import numbers
from voice.facts.named import names_of
from voice.judges.verdict import Judges, Verdict
from voice.sense import Changes, changes
from voice.words import is_content, is_near_copy, repeats, stem, words

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Fidelity:
    """What became of one text. Words in lower case; `similarity` -1..1; `chrf` to the owner's own version, 0..1;
    `content_words` of the text and of the rewrite.
    """

    similarity: float
    chrf: float
    unexplained: tuple[str, ...]
    lost: tuple[str, ...]
    changes: Changes
    near_copy: bool
    repeats: bool
    numbers_lost: tuple[str, ...]
    numbers_invented: tuple[str, ...]
    names_lost: tuple[str, ...]
    names_invented: tuple[str, ...]
    length_ratio: float
    content_words: tuple[int, int]
    verdict: Verdict | None = None

    def to_json(self) -> dict[str, Any]:
        """What was found, without what was not."""
        return {name: value for name, value in asdict(self).items() if value or name in ("similarity", "chrf")}


def compare(
    texts: Sequence[str],
    rewrites: Sequence[str],
    owns: Sequence[str],
    typed: Sequence[tuple[str, str]],
    similarities: Sequence[float],
    judges: Judges,
    plain: frozenset[str],
    *,
    judged: bool = True,
) -> list[Fidelity]:
    """A Fidelity for each text; with a verdict where they are to be `judged`, which takes the longest.

    `typed` are text and rewrite with their ends on, whose names count too: what was taken off one side for an end may
    stand in the other. `plain` are words that are no names, or the owner's own, although they may have a capital.
    """
    chrf = CHRF()
    found = []
    for text, rewrite, own, whole, similarity in zip(texts, rewrites, owns, typed, similarities, strict=True):
        had, has = numbers(text), numbers(rewrite)
        people, named = names_of(whole[0]) - plain, names_of(whole[1], typed=True) - plain
        said, says = (_said(side) for side in whole)
        found.append(Fidelity(
            similarity=similarity,
            chrf=chrf.sentence_score(rewrite, [own]).score / 100,
            unexplained=tuple(judges.alignment.unexplained(whole[0], rewrite)),
            lost=tuple(judges.alignment.lost(text, whole[1])),
            changes=changes(text, rewrite),
            near_copy=is_near_copy(text, rewrite),
            repeats=repeats(text, rewrite),
            numbers_lost=tuple(sorted(had.keys() - has.keys())),
            numbers_invented=tuple(sorted(has.keys() - had.keys())),
            names_lost=tuple(sorted(name for name in people if not {name, stem(name)} & says)),
            names_invented=tuple(sorted(name for name in named if not {name, stem(name)} & said)),
            length_ratio=len(words(rewrite)) / max(1, len(words(text))),
            content_words=(sum(map(is_content, words(text))), sum(map(is_content, words(rewrite)))),
            verdict=judges.of_texts(text, rewrite).verdict if judged else None,
        ))  # fmt: skip
    return found


def plain_words(texts: Iterable[str]) -> frozenset[str]:
    """The words that stand in lower case somewhere in these texts: with a capital they are no names."""
    return frozenset(word for text in texts for word in _WORD.findall(text) if word.islower())


def _said(text: str) -> set[str]:
    """The words of a text and their stems, without 's."""
    said = {word.removesuffix("'s") for word in words(text)}
    return said | {stem(word) for word in said}
