"""Where a text tells a secret in more than one word: a password of several, a code that is read out in groups.

In: a text. Out: (start, end) of each, only the secret itself.
"""

import re
from collections.abc import Iterator

from voice.dictionary import is_word
from voice.facts.secrets import OF_ANOTHER_KIND, SAID_OF_ONE, secrets
from voice.facts.spans import Span
from voice.words import FUNCTION_WORDS

_NAME = (
    r"\b(?:pass(?:word|code|phrase|wd)s?|pws?|passwort|kennwort|wachtwoord|contraseña|mot de passe"
    r"|wi-?fi(?: (?:key|code))?|(?:network|encryption|recovery|seed) (?:key|phrase)|secret)\b"
)
_TOLD = re.compile(
    rf"{_NAME}(?:[ \t]+[\w'-]+){{0,4}}?['’]?s?"
    r"(?:(?P<sign>[ \t]*(?:[:=]|->|→)[ \t]*)|[ \t]+(?:is|was|to|ist|es|est)(?P<also>[ \t]*:)?[ \t]+)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"'“‘`](?P<value>[^\n\"”’`]{3,80}?)[\"'”’`](?!\w)")
_QUOTED_AT_ONCE = re.compile(rf"{_NAME}[ \t]+{_QUOTED.pattern}", re.IGNORECASE)
_JOINED = re.compile(r"[^\W_]{2,20}(?:[-_.][^\W_]{2,20}){2,8}(?!\w)")
_JOINED_AT_ONCE = re.compile(rf"\bpass(?:word|code|phrase)[ \t]+(?P<value>{_JOINED.pattern})", re.IGNORECASE)
_PHRASE = re.compile(r"[^\W_]{2,20}(?:[ -][^\W_]{2,20}){1,23}(?=[ \t]*(?:[.,;!)\n—–]|[ \t]-|$))")
# Without a sign between them what is no word: 'wifi password Sunny42'.
_DIRECT = re.compile(
    r"\b(?:password|passcode|passwd|pwd?|passwort|kennwort)[ \t]+(?P<value>(?=\S*[^\W\d_])(?=\S*[\d!@#$%^&*_])"
    r"[^\s\"”’,;]{5,40})",
    re.IGNORECASE,
)
_PASS = re.compile(r"(?<![\w.])pass[ \t]*[:=][ \t]*(?P<value>(?![$€£])[^\s\"”’,;]{3,40})", re.IGNORECASE)
_A_SECRET, _BEFORE = re.compile(r"secret[ \t]+(?:is|was|to)[ \t]+\Z", re.IGNORECASE), 16
_OF_WORDS = re.compile(r"phrase|seed|recovery", re.IGNORECASE)
_ORDINARY = frozenset(
    "case sensitive company name names reset expired weak strong short long years months weeks days time times old new "
    "manager managers protected required field policy hint sign prompt email mail page screen list only reused shared "
    "written stored saved kept sent coming hard easy impossible difficult way pretty slow fast down great terrible "
    "awful amazing working fixed broken better worse good bad ready everybody everyone letters characters digits "
    "numbers password passwords wifi".split()
)
_MANY, _VERY_MANY = 4, 6  # words of which one may carry grammar, and of which half of them may in a seed phrase
# A number of three or four digits on the back of a card; a code that is read out in groups.
_CARD_CHECK = re.compile(
    r"\b(?:(?:cvv2?|cvc2?|csc)\b[^\d\n$€£]{0,24}?|security code\b[^\d\n.!?$€£]{0,20}?)"
    r"(?P<value>(?<!\w)\d{3,4}(?!\w|[.,]\d))",
    re.IGNORECASE,
)
_IN_GROUPS = re.compile(
    rf"(?i:{OF_ANOTHER_KIND}\b(?:pins?|codes?|passcode|otp|combination|combo|one[- ]time (?:code|password)|tan|2fa)\b)"
    r"(?:[^\d\n.!?$€£]{0,30}?|[^\d\n.!?$€£]{0,80}:[ \t]*|(?i:(?<=otp)|(?<=passcode))[^\d\n$€£]{0,40}?)"
    r"(?P<value>(?<![\w/.-])(?:[A-Z]-)?\d{1,4}(?:([ -])\d{1,4})(?:\2\d{1,4}){0,7}(?![\w%-]|[.,:/]\d))"
)
_FEWEST, _MOST = 4, 12  # digits of such a code
_NO_GROUPS = re.compile(r"(?:(?:19|20)\d\d[ -]?)+(?:0?[1-9]|1[0-2])?|\d+0-\d+0")

# What a word has, with the marks around it, of every text that has one.
PASSWORD = r"(?i:\bpass|\bpwd?s?\b|kennwort|wachtwoord|contraseña|wi-?fi|network|encryption|recovery|seed|secret)"
ONCE, ON_CARD = r"(?i:pin|code|otp|comb|password|\btan\b|\dfa)", r"(?i:cvv|cvc|\bcsc\b|code)"


def in_words(text: str) -> Iterator[Span]:
    """Passwords in quotes, of several words, of words with dashes between them, and those that no sign tells."""
    yield from (match.span("value") for match in _QUOTED_AT_ONCE.finditer(text) if _is_chosen(match["value"]))
    yield from (match.span("value") for match in _JOINED_AT_ONCE.finditer(text))
    for match in _TOLD.finditer(text):
        quoted = _QUOTED.match(text, match.end())
        if quoted and _is_chosen(quoted["value"]):
            yield quoted.span("value")
        elif joined := _JOINED.match(text, match.end()):
            yield joined.span()
        elif (phrase := _PHRASE.match(text, match.end())) and _is_phrase(phrase.group(), match):
            yield phrase.span()
    for match in _PASS.finditer(text):
        if _is_chosen(match["value"]):
            yield match.span("value")
    for match in _DIRECT.finditer(text):
        value = match["value"].rstrip(".!?)]:'*")
        if len(value) > 4 and not re.fullmatch(r"\d+\D{1,3}|[^\W\d_]+", value):
            yield match.start("value"), match.start("value") + len(value)


def in_groups(text: str) -> Iterator[Span]:
    """Codes that are read out in groups: 482 193."""
    yield from (match.span("value") for match in _IN_GROUPS.finditer(text) if _is_read_out(match["value"]))


def on_cards(text: str) -> Iterator[Span]:
    """The three or four digits on the back of a card."""
    yield from (match.span("value") for match in _CARD_CHECK.finditer(text))


def of_one_word(text: str) -> Iterator[Span]:
    """Secrets of one word, but for words that are said of one: 'the secret is patience'."""
    for start, end in secrets(text):
        value = text[start:end].lower()
        if value not in _ORDINARY and not (_A_SECRET.search(text, max(0, start - _BEFORE), start) and is_word(value)):
            yield start, end


def _is_chosen(value: str) -> bool:
    return any(map(str.isalnum, value)) and not SAID_OF_ONE.fullmatch(value)


def _is_phrase(value: str, told: re.Match[str]) -> bool:
    """Whether words are a password, and not what is said of one: next to none of them carries grammar."""
    sign = told["sign"] or told["also"] or ""
    words = re.split("[ -]", value.lower())
    grammar = sum(word in FUNCTION_WORDS for word in words)
    ordinary = sum(word in FUNCTION_WORDS or SAID_OF_ONE.fullmatch(word) is not None for word in words)
    if len(words) >= _VERY_MANY and _OF_WORDS.search(told.group()):
        return 2 * grammar <= len(words)
    if value.istitle() and not grammar:
        return True
    begins_well = words[0] not in FUNCTION_WORDS or bool(sign)
    allowed = len(words) >= _MANY and sign.strip() not in ("->", "→")
    return ordinary <= allowed and begins_well and _ORDINARY.isdisjoint(words)


def _is_read_out(value: str) -> bool:
    digits = sum(map(str.isdigit, value))
    return _FEWEST <= digits <= _MOST and not _NO_GROUPS.fullmatch(value)
