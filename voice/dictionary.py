"""Which words English has: those of Webster's Second International.

In: a word. Out: whether it is one. The list is read when it is first asked for.
"""

import functools

from english_words import get_english_words_set


@functools.cache
def dictionary() -> frozenset[str]:
    """Its words, names with a capital."""
    return frozenset(get_english_words_set(["web2"], alpha=True))


@functools.cache
def lower_words() -> frozenset[str]:
    """Those that it has in lower case."""
    return frozenset(filter(str.islower, dictionary()))


def is_word(word: str) -> bool:
    """Whether a word, in any case, is one that English writes small, in its singular, plural or a form of its verb."""
    plain = word.lower()
    stems = {plain.removesuffix(end) for end in ("", "s", "es", "d", "ed", "ing")}
    stems |= {plain.removesuffix("ing") + "e", plain.removesuffix("ies") + "y"}
    return not lower_words().isdisjoint(stems)
