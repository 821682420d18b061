"""People's names in a text, by a list of them.

In: names of people, any number. Out: a matcher for whole words: a full name in capitals or all in lower case; a part of
one (the first name, the last name) only with a capital, unless it is a common word as well.
"""

import re
from collections.abc import Iterable
from itertools import pairwise

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_TITLES = frozenset("mr mrs ms miss dr prof sir the van von de la le da di del der den dos jr sr ii iii iv".split())
# First and last names that begin a sentence, or stand in one with a capital, without being anybody's name.
AMBIGUOUS = frozenset(
    "will may april june august mark bill rich frank grace hope faith joy rose lily ivy dawn summer autumn winter "
    "art drew pat sue chase grant gene jack rob bob miles price long short little young old brown black white green "
    "gray grey day king page bell banks brooks fields stone woods west east north south baker cook bush church case "
    "rice love best good strong sharp wise swift cross hill lake street park major cash singer marks rush english "
    "french holiday christian sunny sky star mom dad home work office team group chat support info sales unknown "
    "buddy family friend doctor uncle aunt grandma grandpa mother father brother sister boss school apartment "
    "plumber".split()
)


class Names:
    """A compiled list of names; one pass over the words of a text whatever their number."""

    def __init__(self, names: Iterable[str]) -> None:
        self._sequences: dict[str, list[tuple[str, ...]]] = {}  # by first word, in lower case, the longest first
        self._parts: set[str] = set()
        for name in names:
            words = tuple(_WORD.findall(name.casefold()))
            if len(words) > 1:
                self._sequences.setdefault(words[0], []).append(words)
            self._parts.update(word for word in words if len(word) > 2 and word not in _TITLES | AMBIGUOUS)
        for found in self._sequences.values():
            found.sort(key=len, reverse=True)

    def __bool__(self) -> bool:
        return bool(self._parts or self._sequences)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """(start, end) of each name in order, a possessive 's left out."""
        words = [(match.start(), *_without_possessive(match)) for match in _WORD.finditer(text)]
        found = []
        place = 0
        while place < len(words):
            length = self._length(text, words, place)
            if length:
                found.append((words[place][0], words[place + length - 1][1]))
            place += length or 1
        return found

    def _length(self, text: str, words: list[tuple[int, int, str]], place: int) -> int:
        """How many words from `place` on are a name."""
        first = words[place][2]
        for sequence in self._sequences.get(first.casefold(), ()):
            run = words[place : place + len(sequence)]
            if tuple(word.casefold() for _, _, word in run) == sequence and _one_case([word for *_, word in run]):
                gaps = [text[before[1] : after[0]] for before, after in pairwise(run)]
                if all(gap.strip(" \t.,") == "" for gap in gaps):
                    return len(sequence)
        return int(first[:1].isupper() and first.casefold() in self._parts)


def _without_possessive(match: re.Match[str]) -> tuple[int, str]:
    word = match.group()
    if len(word) > 2 and word[-1] in "sS" and word[-2] in "'’":
        return match.end() - 2, word[:-2]
    return match.end(), word


def _one_case(words: list[str]) -> bool:
    return all(word[:1].isupper() or word in _TITLES for word in words) or all(word.islower() for word in words)
