"""Whether a word is another one misspelled, shortened or stretched.

In: lower-case words. Out: yes or no; or of many words those that are, in time that grows with their number and not with
its square.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from operator import eq

from voice.words import by_word

_HELD = re.compile(r"(.)\1+")
_TYPO_LETTERS = 4  # shorter words have too many neighbours
_LONGEST = 40  # letters of a word that somebody may have misspelled
_FEW = 1000  # pairs that are looked at one by one
_MOST = 200  # words that are asked for: where more are new, or gone, they are no slips


def is_typo(word: str, other: str) -> bool:
    """Whether one word is the other with one letter too many, too few, wrong or swapped; a long one with two."""
    if min(len(word), len(other)) < _TYPO_LETTERS or abs(len(word) - len(other)) > 2:
        return False
    if max(len(word), len(other)) > _LONGEST:
        return False
    most = min(_typos(word), _typos(other))
    return _edits(word, other, most) <= most


def is_short(word: str, other: str) -> bool:
    """Whether a word is a shortening of another: its beginning (info), or its letters in order (tmrw)."""
    if len(word) < 2 or len(word) >= len(other) or word[0] != other[0]:
        return False
    if other.startswith(word):
        return len(word) > 2
    letters = iter(other)
    return len(word) <= 5 and not set(word[1:]) & set("aeiou") and all(letter in letters for letter in word)


def is_stretched(word: str, other: str) -> bool:
    """Whether a word is another with a letter held down: soooo, pleeease."""
    plain = _plain(word)
    return plain != word and plain == _plain(other)


def spellings(words: Iterable[str], of: Iterable[str]) -> set[str]:
    """Those of the words that are one of the others misspelled, shortened or stretched."""
    return _linked(words, of, lambda word, other: is_short(word, other) or is_stretched(word, other))


def spelled(words: Iterable[str], by: Iterable[str]) -> set[str]:
    """Those of the words of which one of the others is a spelling."""
    return _linked(words, by, lambda word, other: is_short(other, word) or is_stretched(other, word))


def _linked(some: Iterable[str], many: Iterable[str], is_form: Callable[[str, str], bool]) -> set[str]:
    """Those of some words for which one of many is a typo or, by `is_form`, another form."""
    some, many = set(some), set(many)
    if len(some) > _MOST:
        return set()
    if len(some) * len(many) <= _FEW:
        return {word for word in some if any(is_typo(word, other) or is_form(word, other) for other in many)}
    near, initial = defaultdict(list), defaultdict(list)
    for other in many:
        initial[other[:1]].append(other)
        for shorter in _shorter(other):
            near[shorter].append(other)
    return {
        word
        for word in some
        if any(is_typo(word, other) for shorter in _shorter(word) for other in near.get(shorter, ()))
        or any(is_form(word, other) for other in initial[word[:1]])
    }


def _shorter(word: str) -> Iterator[str]:
    """A word, and without each one or two of its letters: two that are a typo apart have one of these in common."""
    if not _TYPO_LETTERS <= len(word) <= _LONGEST:
        return
    yield word
    for place in range(len(word)):
        shorter = word[:place] + word[place + 1 :]
        yield shorter
        if _typos(word) > 1:
            yield from (shorter[:other] + shorter[other + 1 :] for other in range(place, len(shorter)))


def _typos(word: str) -> int:
    return 1 if len(word) < 2 * _TYPO_LETTERS else 2


@by_word
def _plain(word: str) -> str:
    return _HELD.sub(r"\1", word)


def _edits(one: str, other: str, most: int) -> int:
    """Damerau-Levenshtein distance in letters (optimal string alignment); beyond `most`, any number beyond it."""
    first = sum(1 for _ in takewhile(bool, map(eq, one, other)))
    last = sum(1 for _ in takewhile(bool, map(eq, reversed(one[first:]), reversed(other[first:]))))
    one, other = one[first : len(one) - last], other[first : len(other) - last]
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        current = [i]
        for j, b in enumerate(other, start=1):
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > most:  # no way on is shorter: the row before has nothing below `most` either
            return min(current)
        before, row = row, current
    return row[-1]
