"""The names in a text, as far as capitals show them.

In: a text, and words that are known to be no names. Out: its capitalised words, in lower case.
"""

import re
from collections.abc import Iterable

from voice.words import FUNCTION_WORDS

_TIMES = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun january "
    "february march april may june july august september october november december jan feb mar apr jun jul aug sep "
    "sept oct nov dec am pm".split()
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def names(text: str, plain: frozenset[str]) -> set[str]:
    """The words with a capital that are neither function words, days, months nor `plain`, without 's, in lower case.

    Texts that are shouted, all in capitals, have none.
    """
    if text.isupper():
        return set()
    found = {bare(word) for word in _WORD.findall(text) if len(word) > 1 and word[0].isupper()}
    return {word.lower() for word in found} - plain - FUNCTION_WORDS - _TIMES


def bare(word: str) -> str:
    """A word without 's, with a straight apostrophe: Ana's is Ana."""
    return word.replace("’", "'").removesuffix("'s")


def plain_words(texts: Iterable[str]) -> frozenset[str]:
    """The words that stand in lower case somewhere in these texts: with a capital they are no names."""
    return frozenset(word for text in texts for word in _WORD.findall(text) if word.islower())
