"""Words that are somebody's or something's name, told by their capital and by not being a common word.

In: a text. Out: its names in lower case, each word by itself. Within a sentence every capital is a name's; a word that
opens one is a name where English has it with a capital only, or as a first name. A false alarm costs another try, a
name that nobody noticed costs trust.
"""

import difflib
import functools
import re
from importlib import resources

from voice.dictionary import dictionary, lower_words
from voice.facts.masking import PLACEHOLDER
from voice.facts.people import AMBIGUOUS
from voice.sentences import split
from voice.words import FUNCTION_WORDS

_WORD = re.compile(r"(?<![\w'])[^\W\d_]+(?:'[^\W\d_]+)*(?!\w)")
_NOT_SMALL = re.compile(rf"\b(?![a-z]){_WORD.pattern}")
# Capitals that are no names: other facts, and what people shout.
_NO_NAMES = frozenset(
    "mondays tuesdays wednesdays thursdays fridays saturdays sundays monday tuesday wednesday thursday friday saturday "
    "sunday mon tue tues wed weds thu thur thurs fri sat sun january "
    "february march april may june july august september october november december jan feb mar apr jun jul aug sep "
    "sept oct nov dec am pm fyi asap btw ps lol omg wtf idk imo imho ok okay tbd eta rsvp faq re fw dear best regards "
    "sincerely cheers hello hi hey yo ciao hiya howdy hola thanks thank thx heh haha".split()
)
_OPENERS = {"guy", "max"}  # first names that open what people type as other words
_COMMON = _NO_NAMES | FUNCTION_WORDS
_LONGEST = 40  # letters of a word that somebody may have misspelled
_CLOSE = 0.8  # likeness of a word to a name from which on it is a misspelling of it


def names_of(text: str, *, typed: bool = False) -> set[str]:
    """The names of a text; none in one that is all lower case or all capitals.

    In a text that somebody `typed` there are capitals for no reason, and slips: there a common word is no name
    anywhere, and one that opens a sentence must be known as a name.
    """
    if text.islower() or text.isupper():
        return set()
    found = set()
    for sentence in split(PLACEHOLDER.sub(" ", text.replace("’", "'"))):
        first = _WORD.search(sentence)
        for match in _NOT_SMALL.finditer(sentence):
            if not sentence[match.start()].isupper():
                continue
            word = match.group().removesuffix("'s")
            if typed and _is_shouted(word):
                continue
            if len(word) > 1 and _COMMON.isdisjoint(_held(word.lower())):
                nothing_before = first is None or first.end() > match.start()
                opens = nothing_before or not _last_before(sentence, match.start()).isalnum()
                if _is_name(word.lower(), opens, typed):
                    found.add(word.lower())
    return found


def _is_shouted(word: str) -> bool:
    """Whether a word in capitals is another one than a name: an ANGEL, the ED."""
    return word.isupper() and (len(word) == 2 or word.lower() in lower_words())


def _last_before(text: str, place: int) -> str:
    """The last character before a place that is no white space; none where there is none."""
    while place > 0 and text[place - 1].isspace():
        place -= 1
    return text[place - 1 : place]


def _is_name(word: str, opens: bool, typed: bool) -> bool:
    """Whether a word with a capital, given in lower case, is a name."""
    if typed:
        is_known = word not in _OPENERS and (word in _first_names() or word in _capital_words())
        return is_uncommon(word) and (not opens or is_known)
    return not opens or is_uncommon(word)


def is_uncommon(word: str) -> bool:
    """Whether a lower-case word is hardly anything else than a name when it opens a sentence."""
    if word in AMBIGUOUS:
        return False
    stems = _stems(word)
    return word in _first_names() or (_COMMON.isdisjoint(stems) and lower_words().isdisjoint(stems))


def is_misspelled(name: str, words: set[str]) -> bool:
    """Whether a name is one of these words with another letter or so."""
    if not 3 < len(name) <= _LONGEST:
        return False
    likely = (word for word in words if 2 * min(len(name), len(word)) / (len(name) + len(word)) >= _CLOSE)
    return any(difflib.get_close_matches(name, [word], n=1, cutoff=_CLOSE) for word in likely)


def _stems(word: str) -> set[str]:
    """A word and what it may be a form of."""
    forms = {word.replace("'", ""), *_held(word)}
    for end, puts in (("s", ("",)), ("es", ("",)), ("ies", ("y",)), ("d", ("",)), ("ed", ("",)), ("ied", ("y",)),
                      ("ing", ("", "e")), ("ly", ("", "le")), ("er", ("", "e")), ("est", ("", "e"))):  # fmt: skip
        if word.endswith(end) and len(word) - len(end) > 2:
            stem = word[: -len(end)]
            forms |= {stem + put for put in puts}
            if stem[-1] == stem[-2]:
                forms.add(stem[:-1])
    return forms


def _held(word: str) -> set[str]:
    """A word without letters held down: heyyy, soo, goood."""
    return {word, *(re.sub(r"(.)\1{2,}|(.)\2$", held, word) for held in (r"\1\2", r"\1\1\2"))}


@functools.cache
def _capital_words() -> frozenset[str]:
    """The words that it has with a capital, in lower case: people, places, peoples."""
    return frozenset(word.lower() for word in dictionary() if word[0].isupper())


def is_first_name(word: str) -> bool:
    """Whether a word is a common first name, in any case."""
    return word.lower() in _first_names()


@functools.cache
def _first_names() -> frozenset[str]:
    """First names of the census of the United States, 1990, that one person in ten thousand has."""
    found = set()
    for file in ("dist.male.first", "dist.female.first"):
        for line in (resources.files("names") / file).read_text("ascii").splitlines():
            name, share, *_ = line.split()
            if float(share) >= 0.01:
                found.add(name.lower())
    return frozenset(found)
