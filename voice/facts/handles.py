"""Where a text says what somebody is called by a machine: @handles, user names, screen names.

In: a text. Out: (start, end) of each.
"""

import re
from collections.abc import Iterator

from voice.dictionary import is_word
from voice.facts.secrets import SAID_OF_ONE
from voice.facts.spans import Span, trimmed
from voice.words import FUNCTION_WORDS

_HANDLE = re.compile(r"(?<![\w@./])@[^\W\d_][\w.-]{1,38}")
# My user id is anab, screen name "ana_b", ID ONX16.
_CALLED = re.compile(
    r"(?i:\b(?:user ?-?(?:id|name)|screen ?name|account name|log-?[io]n(?: (?:id|name))?|id)s?\b"
    r"(?:\s+(?:(?:there|here|now)\s+)?(?:is|was)\b|\s*[:=])?)\s*(?P<quote>[\"“'‘]?)(?P<value>\w[\w.-]{2,38})"
)
_PLATFORM = (
    r"insta(?:gram)?|snap(?:chat)?|telegram|discord|twitter|tiktok|steam|psn|xbox|skype|signal|github|reddit|slack|zoom"
)
_NAMED = re.compile(
    r"(?i:\b(?:u(?:ser)?[ -]?(?:id|name|handle)|screen[ -]?name|account[ -]name|log-?in[ ](?:id|name)"
    rf"|(?:my|your|his|her|their|our)[ \t]+(?:nick(?:name)?|handle|id)|gamer[ -]?tag"
    rf"|(?:{_PLATFORM})[ ](?:id|name|nick|handle|user(?:name)?|account))\b"
    r"(?:(?:[ \t]+(?:there|here|now|for|on|at)(?:[ \t]+[\w'’.-]+){0,3}?)?"
    r"(?P<sign>[ \t]*[:=][ \t]*|[ \t]+(?:is|was)[ \t]+(?:(?:still|now|just)[ \t]+)?)|[ \t]+))"
    r"(?P<quote>[\"“'‘(]?)(?P<value>[^\W\d_][\w.-]{1,38})"
)
_AT_A_PLATFORM = re.compile(
    rf"(?i:(?:\b(?:my|your|his|her|their|our)[ \t]+(?:{_PLATFORM})[ \t]+(?:is|was)[ \t]+"
    rf"|\b(?:{_PLATFORM})[ \t]*[:=][ \t]*))"
    r"(?P<value>[^\W\d_][\w.#-]{2,38})"
)
_USER = re.compile(
    r"(?i:(?<![\w.])(?:(?:user|login|nick)[ \t]*[:=][ \t]*|(?:user|login)[ \t]+(?=\w{1,30}_)))"
    r"(?P<value>[^\W\d_][\w.-]{1,38})"
)
_BEFORE_NAME = re.compile(
    r"(?<![\w.@-])(?P<value>[^\W\d_][\w.-]{2,38}\w)[ \t]*(?:=|[ \t](?:is|was)|,?[ \t]that['’]?s)[ \t]+"
    r"(?i:(?:my|the|your|his|her|our|their)[ \t]+(?:user[ -]?(?:id|name)|screen[ -]?name|log-?in)\b)"
)
_NO_NAME = FUNCTION_WORDS | frozenset(
    "taken gone lost wrong missing available free invalid valid unknown required optional public private case "
    "sensitive different new old changed broken blocked locked disabled empty blank please attached pending "
    "expired correct fine "
    "mandatory unique secret hidden below above card cards number numbers field column check checks theft verification "
    "badge document documents photo scan password and passwords email mail phone screen page user".split()
)

# What a word has of every text that has one.
HANDLE = r"@|(?i:user|screen|account|log-?[io]n|\bid)"
USER_NAME = rf"(?i:\bu?id\b|name|handle|nick|tag\b|user|account|login|\b(?:{_PLATFORM})\b)"


def handles(text: str) -> Iterator[Span]:
    """@handles, and what a text calls a user id or screen name, in quotes or with a digit in it."""
    if "@" in text:
        for match in _HANDLE.finditer(text):
            yield match.start(), trimmed(text, *match.span())
    for match in _CALLED.finditer(text):
        start, end = match.start("value"), trimmed(text, *match.span("value"))
        if match["quote"] or re.search(r"[^\W\d_]\d|\d[^\W\d_]", text[start:end]):
            yield start, end


def user_names(text: str) -> Iterator[Span]:
    """What a text calls a user name, also when it is a plain word."""
    for match in _NAMED.finditer(text):
        start, end = match.start("value"), trimmed(text, *match.span("value"))
        if _is_a_name(match, text[start:end].lower(), text[end : end + 3].lstrip(" \t")[:1]):
            yield start, end
    for match in _BEFORE_NAME.finditer(text):
        if not _is_said(match["value"].lower()) and not is_word(match["value"]):
            yield match.span("value")
    for match in _USER.finditer(text):
        start, end = match.start("value"), trimmed(text, *match.span("value"))
        if not _is_said(text[start:end].lower()):
            yield start, end
    for match in _AT_A_PLATFORM.finditer(text):
        start, end = match.start("value"), trimmed(text, *match.span("value"))
        value = text[start:end].lower()
        if not _is_said(value) and (re.search(r"[.#_\d]", value) or (value.isalpha() and not is_word(value))):
            yield start, end


def _is_a_name(match: re.Match[str], value: str, after: str) -> bool:
    """Whether a user is called so: a colon tells it; after 'is' and after nothing what is no word, or ends there."""
    sign = (match["sign"] or "").strip()
    words = re.split(r"[._-]", value)
    if _is_said(value):
        return False
    if match["quote"] or sign in (":", "="):
        return True
    unusual = len(words) > 1 or not is_word(value)
    return unusual or (bool(sign) and after in ("", ".", ",", ";", "!", ")", "\n", "—", "-"))


def _is_said(value: str) -> bool:
    """Whether it is what is said of a user name, and none: taken, the same, still.open."""
    return all(word in _NO_NAME for word in re.split(r"[._-]", value)) or SAID_OF_ONE.fullmatch(value) is not None
