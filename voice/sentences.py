"""Text to sentences, the same for extraction and service.

Written for people who do not type like a book: a sentence may start in lower case, end in '…', '!!' or nothing, and a
line break always ends one. Cut points are chosen so that the pieces are spans of the text: nothing is changed or lost.
"""

import re

# Words whose full stop does not end a sentence...
ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof sr jr st mt vs etc e.g i.e eg ie cf approx dept inc ltd corp vol pp "
    "jan feb apr jun jul aug sep sept oct nov dec tue tues thu thur thurs fri a.m p.m u.s u.k".split()
)
# ...unless they are these and a capital follows.
MAY_END_ONE = frozenset("etc a.m p.m inc ltd corp u.s u.k tue tues thu thur thurs fri".split())
# Words whose full stop does not end a sentence when a digit follows, as in no. 5.
BEFORE_DIGITS = frozenset("no nos fig p ch".split())

_END = re.compile(
    r"(?P<mark>[.!?…‽।؟]+)(?P<close>[\"'”’)\]»*_]*)(?P<gap>[ \t\u00a0]+)"
    r"|(?P<wide>[。！？]+[”’）」』]*)(?P<no_gap>[ \t\u3000]*)"  # Chinese and Japanese put no space between sentences
)
_INITIAL = re.compile(r"(?:^|\s)(?:[A-Z]\w*\.?\s+)?[A-Z]$")
_LINE = re.compile(r"[^\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_LIST_MARKER = re.compile(r"\s*(?:\d{1,3}|[a-zA-Z])")


def spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence in order, without surrounding white space; they never overlap."""
    found: list[tuple[int, int]] = []
    for line in _LINE.finditer(text):
        start = line.start()
        for end in _END.finditer(text, line.start(), line.end()):
            if _ends_sentence(text, start, end):
                found.append((start, end.start("no_gap" if end["wide"] else "gap")))
                start = end.end()
        found.append((start, line.end()))
    return [trimmed for span in found if (trimmed := _trim(text, *span))]


def split(text: str) -> list[str]:
    """The sentences of a text, in order, without surrounding white space."""
    return [text[start:end] for start, end in spans(text)]


def _ends_sentence(text: str, start: int, end: re.Match[str]) -> bool:
    following = text[end.end() : end.end() + 1]
    mark = end["mark"]
    if not following or end["wide"]:
        return bool(following)
    if mark == "." and not end["close"]:
        before = text[start : end.start()]
        word = before.split()[-1].strip("([\"'“‘").lower() if before.split() else ""
        if word in ABBREVIATIONS:
            return word in MAY_END_ONE and following.isupper()
        if word in BEFORE_DIGITS and following.isdigit():
            return False
        if word != "i" and _INITIAL.search(before) and following.isupper():
            return len(before.split()) > 1 and before.split()[-2].islower()  # J. Smith, but not: plan B. Then
        return not _LIST_MARKER.fullmatch(before)
    if set(mark) <= {".", "…"}:
        return not following.islower()  # 'well... maybe' is one thought
    return True


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if end > start else None
