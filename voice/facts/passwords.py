"""Where a text tells a secret in more than one word: a password of several, a code that is read out in groups.

In: a text. Out: (start, end) of each, only the secret itself.
"""

import re
from collections.abc import Iterator

from voice.facts.secrets import SAID_OF_ONE, secrets
from voice.facts.spans import Span
from voice.words import FUNCTION_WORDS

_PASSWORD = (
    r"(?i:\b(?:pass(?:word|code|phrase|wd)s?|pws?|passwort|kennwort|wachtwoord|contraseña|mot de passe|wi-?fi"
    r"(?:[ ](?:key|code))?|(?:network|encryption|recovery|seed)[ ](?:key|phrase)|secret)\b)"
)
_SAYS = r"(?:[ \t]*(?:[:=]|->|→)[ \t]*|[ \t]+(?:is|was|to|ist|es|est)(?:[ \t]*:)?[ \t]+)"
_QUOTED = re.compile(
    rf"{_PASSWORD}(?:[ \t]+[\w'-]+){{0,4}}?['’]?s?{_SAYS}[\"'“‘`](?P<value>[^\n\"”’`]{{3,80}}?)[\"'”’`](?!\w)"
)
_IN_WORDS = re.compile(
    rf"{_PASSWORD}(?:[ \t]+[\w'-]+){{0,4}}?{_SAYS}(?P<value>[^\W_]{{2,20}}(?:[ -][^\W_]{{2,20}}){{1,11}})"
    r"(?=[ \t]*(?:[.,;!)\n—–]|[ \t]-|$))"
)
_JOINED = re.compile(
    rf"{_PASSWORD}(?:[ \t]+[\w'-]+){{0,4}}?{_SAYS}(?P<value>[^\W_]{{2,20}}(?:[-_.][^\W_]{{2,20}}){{2,8}})"
)
_ORDINARY = frozenset(
    "case sensitive company name names reset expired weak strong short long years months weeks days time "
    "times old new manager managers protected required field policy hint sign prompt email mail page screen list only "
    "reused shared written stored saved kept sent coming hard easy impossible difficult way pretty slow fast down "
    "great terrible awful amazing working fixed broken better worse good bad ready everybody everyone letters "
    "characters "
    "digits numbers password passwords wifi".split()
)
_MANY = 4  # words of which one may be said of a password, too
# A number of three or four digits on the back of a card; a code that is read out in groups.
_CARD_CHECK = re.compile(
    r"(?i:\b(?:cvv2?|cvc2?|csc|security code)\b)[^\d\n.!?$€£]{0,20}?(?P<value>(?<!\w)\d{3,4}(?!\w|[.,]\d))"
)
_GROUPED = re.compile(
    r"(?i:(?<!area )(?<!zip )(?<!error )(?<!exit )(?<!status )(?<!country )(?<!post )(?<!postal )(?<!dress )"
    r"(?<!source )\b(?:pins?|codes?|passcode|otp|combination|combo|one[- ]time (?:code|password)|tan|2fa)\b)"
    r"[^\d\n.!?$€£]{0,30}?"
    r"(?P<value>(?<![\w/.-])(?:[A-Z]-)?\d{1,4}(?:([ -])\d{2,4})(?:\2\d{1,4}){0,4}(?![\w%-]|[.,:/]\d))"
)
_FEWEST, _MOST = 4, 12  # digits of such a code
_NO_GROUPS = re.compile(r"(?:(?:19|20)\d\d[ -]?)+|\d+0-\d+0")

# What a word has, with the marks around it, of every text that has one.
PASSWORD = r"(?i:\bpass|\bpws?\b|kennwort|wachtwoord|contraseña|\bmot\b|wi-?fi|network|encryption|recovery|seed|secret)"
ONCE, ON_CARD = r"(?i:pin|code|otp|comb|password|\btan\b|2fa)", r"(?i:cvv|cvc|\bcsc\b|code)"


def in_words(text: str) -> Iterator[Span]:
    """Passwords in quotes, of several words, or of words with dashes between them."""
    yield from (match.span("value") for match in _QUOTED.finditer(text) if _is_chosen(match["value"]))
    yield from (match.span("value") for match in _IN_WORDS.finditer(text) if _is_phrase(match["value"]))
    yield from (match.span("value") for match in _JOINED.finditer(text))


def in_groups(text: str) -> Iterator[Span]:
    """Codes that are read out in groups: 482 193."""
    yield from (match.span("value") for match in _GROUPED.finditer(text) if _is_read_out(match["value"]))


def on_cards(text: str) -> Iterator[Span]:
    """The three or four digits on the back of a card."""
    yield from (match.span("value") for match in _CARD_CHECK.finditer(text))


def all_secrets(text: str) -> Iterator[Span]:
    """Secrets of one word, but for words that are said of one."""
    yield from (span for span in secrets(text) if text[slice(*span)].lower() not in _ORDINARY)


def _is_chosen(value: str) -> bool:
    return any(map(str.isalnum, value)) and not SAID_OF_ONE.fullmatch(value)


def _is_phrase(value: str) -> bool:
    """Whether words are a password, and not what is said of one: none of them carries grammar."""
    words = re.split("[ -]", value.lower())
    said = sum(bool(SAID_OF_ONE.fullmatch(word)) for word in words)
    return said <= (len(words) >= _MANY) and FUNCTION_WORDS.isdisjoint(words) and _ORDINARY.isdisjoint(words)


def _is_read_out(value: str) -> bool:
    digits = sum(map(str.isdigit, value))
    return _FEWEST <= digits <= _MOST and not _NO_GROUPS.fullmatch(value)
