"""Where a letter's greeting ends and its sign-off begins, when they stand on lines of their own.

In: a text. Out: the places, whom it greets, who signs. Stricter than ends.py: what is found here is exchanged for the
owner's way to open and close, so that nothing may stand in it but greeting and names.
"""

import re
from dataclasses import dataclass

from voice.ends import CLOSING_WORDS
from voice.facts.named import is_first_name, is_uncommon

_NAME = r"(?-i:[A-ZÀ-Þ][\w.'’-]*)"
_GROUP = r"(?:(?:all|dear) )?[a-z]+(?: (?:all|and [a-z]+))?(?=[ ]*[,.:!—–-]*[ ]*(?:\n|$))"
_WHOM = rf"(?P<whom>(?:{_NAME}(?: (?:and|&) |, | )?){{1,6}}|{_GROUP})"
_GREETING = re.compile(
    r"\s*(?P<hello>hi|hello|hey|dear|good (?:morning|afternoon|evening)|greetings)\b"
    rf"(?:[ ,]+{_WHOM})?[ ]*[,.:!—–-]*[ ]*(?=\n|$)",
    re.IGNORECASE,
)
_WORDS = re.compile(
    rf"[ ]*(?:{CLOSING_WORDS}(?:(?:,| and| -)? {CLOSING_WORDS})?|(?:with|in) (?:\w+ ){{0,2}}\w+|warmly|yours|greetings"
    r"(?: from [^\n,.]{1,30})?)[ ]*[,.!—–-]*[ ]*",
    re.IGNORECASE,
)
_SIGNED = re.compile(rf"[ ]*[-—–]?[ ]*(?P<name>{_NAME}(?: {_NAME}){{0,2}})(?<!\.)[ ]*")
_MOST_LINES = 3  # of names and firms at the end


@dataclass(frozen=True, slots=True)
class Greeting:
    """Up to where a text greets, and whom, "" where it names nobody."""

    end: int
    whom: str


@dataclass(frozen=True, slots=True)
class SignOff:
    """From where a text closes, and who signs, "" where nobody does."""

    start: int
    who: str


def greeting(text: str) -> Greeting | None:
    """The greeting in the first line; None where something else stands there, too, or nothing after it."""
    found = _GREETING.match(text)
    if found is None or not text[found.end() :].strip():
        return None
    return Greeting(found.end(), (found["whom"] or "").strip(" ,"))


def sign_off(text: str, *, alone: bool = False) -> SignOff | None:
    """The sign-off in the last lines, after a blank line; None where there is none, or nothing before it.

    `alone`: the end of a text, of which nothing need stand before it.
    """
    end = len(text.rstrip())
    start = text.rfind("\n\n", 0, end)
    if not (alone or text[: max(0, start)].strip()):
        return None
    start = max(0, start)
    start += len(text[start:end]) - len(text[start:end].lstrip())
    first, *others = text[start:end].split("\n")
    closes = _WORDS.fullmatch(first) is not None
    names = others if closes else [first, *others]
    if len(names) > _MOST_LINES or not all(map(_SIGNED.fullmatch, names)):
        return None
    signed = _SIGNED.fullmatch(names[0]) if names else None
    who = signed["name"] if signed else ""
    if not closes and not (is_first_name(who.split()[0]) or is_uncommon(who.split()[0].lower())):
        return None
    return SignOff(start, who)
