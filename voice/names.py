"""Words that are somebody's or something's name, told by their capital and by not being a common word.

In: a text. Out: its names in one case. A false alarm costs a second try at a rewrite, a name that nobody noticed costs
trust: so an unknown word with a capital is a name. words.txt has the common English words without those that are first
names; it was made from the frequency list of symspellpy (MIT).
"""

import difflib
import re
from functools import cache
from importlib.resources import files

from voice.neutral import CONTRACTIONS, FILLERS, SHORTHAND

_PLACEHOLDER = re.compile(r"\[[A-Z]+_\d+\]")
_WORD = re.compile(r"(?<![\w'’])[^\W\d_]+(?:['’][^\W\d_]+)*(?!\w)")
_ENDINGS = ("s", "es", "ed", "d", "ing", "ly", "er", "ers", "est")


def names_of(text: str) -> set[str]:
    """The names of a text, each word by itself, in lower case."""
    if text.islower():
        return set()
    plain = _PLACEHOLDER.sub(" ", text)
    found = set()
    for word in _WORD.findall(plain):  # superscripts and the like are no letters
        if word[0].isupper() and len(word) > 1 and word[-1].isalpha():
            name = _bare(word)
            if len(name) > 1 and not is_common(name):
                found.add(name)
    return found


def is_common(word: str) -> bool:
    """Whether a word in lower case is one of everyday English, drawn out (heyyy) or inflected as well."""
    known = _known()
    if word in known or word.replace("'", "") in known:
        return True
    if re.search(r"(.)\1\1", word) or re.search(r"(.)\1$", word):
        short = re.sub(r"(.)\1+", r"\1", word)
        if short in known or re.sub(r"(.)\1{2,}", r"\1\1", word) in known:
            return True
    if re.fullmatch(r"(?:ha|he|ah|lo|hm|mm|hu)+[ahelomu]*", word):
        return True
    return any(word.endswith(end) and len(word) - len(end) > 2 and _stem(word, end) for end in _ENDINGS)


def same_word(name: str, words: set[str]) -> bool:
    """Whether a word is one of these words in another spelling, a capital at the start of a sentence for example."""
    return bool(len(name) > 3 and difflib.get_close_matches(name, words, n=1, cutoff=0.8))


def _stem(word: str, end: str) -> bool:
    stem = word[: -len(end)]
    doubled = len(stem) > 2 and stem[-1] == stem[-2] and stem[:-1] in _known()
    return len(stem) > 2 and (stem in _known() or (end in ("ing", "er", "ed") and stem + "e" in _known()) or doubled)


def _bare(word: str) -> str:
    plain = word.casefold().replace("’", "'")
    return plain.removesuffix("'s") if plain.endswith("'s") else plain


@cache
def _known() -> frozenset[str]:
    words = (files("voice") / "words.txt").read_text(encoding="utf-8").split()
    apart = {part for word in CONTRACTIONS for part in (word, word.replace("'", ""))}
    return frozenset({*words, *SHORTHAND, *FILLERS, *apart})
