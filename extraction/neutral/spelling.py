"""English spelling: which words there are, and the one that somebody must have meant.

In: a word in lower case. Out: a word. The dictionary, with how common its words are, is symspellpy's (82,765 words).
"""

import functools
import re
from importlib import resources

from symspellpy import SymSpell, Verbosity

_MOST_EDITS = 1
_SHORTEST = 5  # a shorter word is one edit away from everything
_COMMON = 3_000_000  # of the 1.8 trillion words that were counted: what somebody plausibly meant
_STRETCHED = re.compile(r"([a-z])\1{2,}")
_DOUBLED = re.compile(r"([a-z])\1+")


def is_word(word: str) -> bool:
    """Whether the dictionary has this word."""
    return word in _dictionary().words


def corrected(word: str) -> str:
    """The word itself, or the common one that it is a slip of; what is a letter away otherwise may be a name."""
    if len(word) < _SHORTEST or not word.isascii() or not word.isalpha() or is_word(word):
        return word
    found = _dictionary().lookup(word, Verbosity.ALL, max_edit_distance=_MOST_EDITS)
    likely = [item for item in found if item.count >= _COMMON and item.term[0] == word[0]]
    return next((str(item.term) for item in likely if _is_slip(word, item.term)), word)


def unstretched(word: str) -> str:
    """'sooooo' is 'so' and 'goood' is 'good'; a word without three letters in a row stays as it is."""
    if not _STRETCHED.search(word):
        return word
    twice, once = _STRETCHED.sub(r"\1\1", word), _DOUBLED.sub(r"\1", word)
    known = _dictionary().words
    return next((form for form in (twice, once) if known.get(form, 0) >= _COMMON), twice)


def _is_slip(word: str, meant: str) -> bool:
    """Whether two letters changed places or one was typed twice: what fingers do."""
    return sorted(word) == sorted(meant) or _DOUBLED.sub(r"\1", word) == _DOUBLED.sub(r"\1", meant)


@functools.cache
def _dictionary() -> SymSpell:
    speller = SymSpell(max_dictionary_edit_distance=_MOST_EDITS, prefix_length=7)
    with resources.as_file(resources.files("symspellpy") / "frequency_dictionary_en_82_765.txt") as path:
        speller.load_dictionary(path, term_index=0, count_index=1)
    return speller
