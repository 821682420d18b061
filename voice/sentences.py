"""Text to sentences, the same for extraction and service.

Written for people who do not type like a book: a sentence may start in lower case, end in '…', '!!' or nothing, and a
line break always ends one. Cut points are chosen so that the pieces are spans of the text: nothing is changed or lost.
"""

import re
from functools import lru_cache

from voice.words import TEXTS

# Words whose full stop does not end a sentence...
ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof sr jr st mt ft vs etc e.g i.e eg ie cf approx dept inc ltd corp vol pp "
    "lt sgt cpl pvt capt cmdr maj col gen adm rev hon gov sen supt messrs mme mlle "
    "jan feb apr jun jul aug sep sept oct nov dec tue tues thu thur thurs fri a.m p.m u.s u.k".split()
)
# ...unless they are these, or letters with full stops between, and the next word is one that begins sentences.
MAY_END_ONE = frozenset(
    "etc a.m p.m u.s u.k inc ltd corp jr sr tue tues thu thur thurs fri jan feb aug sept oct nov dec".split()
)
BEGINNINGS = frozenset(
    "the a an i we you he she it they this that these those there here my our your his her its their but and so "
    "or if in on at to for from with as by then when while what why who where how which is are was were do does "
    "did can could will would should may let please thanks thank no yes ok okay not all some any one each every "
    "both also after before until once now today tomorrow yesterday tonight maybe perhaps just only even still "
    "well oh hi hey sorry good great nice see call tell ask everybody everyone nobody someone".split()
)
# Words whose full stop does not end a sentence when a digit follows, as in no. 5.
BEFORE_DIGITS = frozenset("no nos fig p ch ext apt rm sec art vers ver tel est ca vol".split())
# Names that are written with an exclamation mark.
NAMES_WITH_MARK = frozenset("yahoo yum jeopardy".split())

_MODIFIER = r"[\ufe0f\u20e3\u200d\U0001f3fb-\U0001f3ff]"
_EMOJI = rf"[\u203c-\u2bff\u3030\u303d\U0001f000-\U0001faff](?:{_MODIFIER}|[\u2600-\u2bff\U0001f000-\U0001faff])*+"
_SMILEY = r"(?:[:;=]['-]?[()DPpOo3|/]{1,3}|<3|[xX]D)(?=\s|$)"
_MARK = r"[.!?…‽।؟]"
_END = re.compile(
    rf"(?P<mark>\.(?:[ ]\.)+|(?<!{_MARK}){_MARK}+)"  # all that a run of marks has is tried once, at its first
    r"(?P<close>[\"'”’)\]»*_]*)(?P<smile>(?:[ ]?(?:" + _EMOJI + r"|" + _SMILEY + r"))*)("
    r"?P<gap>[ \t\u00a0]+)"
    r"|(?P<wide>[。！？]+[”’）」』]*)(?P<no_gap>[ \t\u3000]*)"  # Chinese and Japanese put no space between sentences
)
_DOTTED = re.compile(r"(?:[a-z]\.)+[a-z]|ph\.d")
_WORD = re.compile(r"[^\W\d_]+")
_NEXT_INITIAL = re.compile(r"[A-Z]\.")
_GOES_ON = re.compile(r"[(\[{]|[-–—](?![\w])")  # an aside or a dash: more of the same sentence
_LINE = re.compile(r"[^\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_LIST_MARKER = re.compile(r"\s*(?:\d{1,3}|[a-zA-Z])")


def spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence in order, without surrounding white space; they never overlap."""
    return list(_spans(text))


@lru_cache(maxsize=TEXTS)
def _spans(text: str) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for line in _LINE.finditer(text):
        start = line.start()
        for end in _END.finditer(text, line.start(), line.end()):
            if _ends_sentence(text, start, end):
                found.append((start, end.start("no_gap" if end["wide"] else "gap")))
                start = end.end()
        found.append((start, line.end()))
    return tuple(trimmed for span in found if (trimmed := _trim(text, *span)))


def split(text: str) -> list[str]:
    """The sentences of a text, in order, without surrounding white space."""
    return [text[start:end] for start, end in spans(text)]


def _ends_sentence(text: str, start: int, end: re.Match[str]) -> bool:
    following = text[end.end() : end.end() + 1]
    mark = end["mark"]
    if not following or end["wide"]:
        return bool(following)
    if _GOES_ON.match(text, end.end()):
        return False
    if end["smile"]:
        return True
    first, last = _word_before(text, start, end.start())
    whole = text[first:last]
    word = whole.strip("([\"'“‘").lower()
    if mark == "!" and word in NAMES_WITH_MARK:
        return False
    if mark == "." and not end["close"]:
        if word in ABBREVIATIONS or _DOTTED.fullmatch(word):
            may_end = word in MAY_END_ONE or word not in ABBREVIATIONS
            return may_end and following.isupper() and _next_word(text, end.end()) in BEGINNINGS
        if word in BEFORE_DIGITS and following.isdigit():
            return False
        if word == "al" and text[max(start, end.start() - len("et al")) : end.start()].lower() == "et al":
            return False
        if word != "i" and len(whole) == 1 and "A" <= whole <= "Z" and last == end.start() and following.isupper():
            if _NEXT_INITIAL.match(text, end.end()):
                return False
            return text[slice(*_word_before(text, start, first))].islower()  # J. Smith, but not: plan B. Then
        return not _LIST_MARKER.fullmatch(text, start, end.start())
    if set(mark) <= {".", "…", " "}:
        return not following.islower()  # 'well... maybe' is one thought
    if end["close"] and following.islower() and set(mark) <= {"!", "?"}:
        return not set(end["close"]) & set("\"'”’»")  # '"really?" she said'
    return True


def _word_before(text: str, start: int, end: int) -> tuple[int, int]:
    """Start and end of the last word before `end`, found without a copy of all that stands before it."""
    while end > start and text[end - 1].isspace():
        end -= 1
    first = end
    while first > start and not text[first - 1].isspace():
        first -= 1
    return first, end


def _next_word(text: str, place: int) -> str:
    word = _WORD.match(text, place)
    return word.group().lower() if word else ""


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if end > start else None
