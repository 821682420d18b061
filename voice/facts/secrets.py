"""Where a text tells a password, a PIN or a key.

In: a text. Out: (start, end) of each, only the secret itself, in order of the rules that found them.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator

from voice.facts.spans import Span

_KEYS = re.compile(
    r"(?<![\w-])(?:(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|hf_\w{20,}"
    r"|(?:sk|pk|rk)[-_][\w-]{16,}|xox[abeoprs]-[\w-]{10,}|AIza[\w-]{30,}|pypi-[\w-]{16,}|npm_\w{20,}"
    r"|eyJ[\w-]{5,}\.[\w-]{4,}\.[\w-]*|ssh-(?:rsa|ed25519|dss) [\w+/=]{20,})"
)
_CHOSEN = re.compile(r"(?<![\w@/.-])(?=\w*[A-Z])(?=\w*[a-z])[A-Za-z]{3,}\d{2,}[!@#$%^&*]+(?!\w)")  # Summer2019!
_PEM = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)", re.DOTALL)
_BEARER = re.compile(r"(?i:\bbearer\s+)(?P<value>[\w.~+/=-]{12,})")
_TOLD = re.compile(
    r"(?i:\b(?:pass(?:word|code|phrase|wd)s?|pwd?|pws|passwort|kennwort|wachtwoord|contraseña|mot de passe|wi-?fi"
    r"|(?:api|access|secret|private)[ _-]?key|secret|(?:auth|access|api|bearer)?[ _-]?token|login))"
    r"(?P<words>(?:[ \t]+[\w'-]+){0,4}?)['’]?s?(?P<sign>[ \t]*(?:[:=]|->|→)[ \t]*|[ \t]+(?:is|was|to|ist|es|est)[ \t]+)"
    r"(?P<quote>[\"'“‘]?)(?P<value>[^\s\"”’,;]{3,})"
)
# What stands before a code that is no secret, and names nothing of anybody's.
OF_ANOTHER_KIND = (
    r"(?<!area )(?<!zip )(?<!error )(?<!exit )(?<!status )(?<!country )(?<!post )(?<!postal )(?<!dress )(?<!source )"
)
_NUMBER = re.compile(
    rf"(?i:{OF_ANOTHER_KIND}\b(?:pins?|codes?|passcode|otp|combination|combo)\b)[^\d\n.!?$€£]{{0,30}}?"
    r"(?P<value>(?<![\w/.])\d{3,8}(?![\w%]|[.,:/]\d))"
)
# Without any of these, nothing is called a secret; "fi" is that of wifi and wi-fi.
_NAMED = re.compile("(?i:pass|pw|kennwort|wachtwoord|contraseña|fi|key|secret|token|login|pin|code|otp|comb)")
SECRET = rf"\S{{14}}|-----|\d[!@#$%^&*]|(?i:bearer)|{_NAMED.pattern}"  # what a word has of every text that tells one
_RUN = re.compile(r"(?<![\w+/=-])[\w+/=-]{20,}+")
SAID_OF_ONE = re.compile(
    r"(?i:the|a|an|your|my|his|her|our|their|this|that|it|not|no|yes|still|also|already|now|very|too|so|just|being|and|or"
    r"|same|different|wrong|right|correct|incorrect|invalid|valid|good|bad|weak|strong|safe|secure|unsafe|here|there"
    r"|below|above|below|attached|gone|lost|new|old|ok|okay|fine|free|easy|hard|long|short|unknown|what|case|please|see"
    r"|empty|null|none|true|false|public|private|optional|secret|you|me|him|them|us|be|in|on|for|from|with|set"
    r"|[a-z]+(?:ed|ing|able|ible|ly))"
)


def secrets(text: str) -> Iterator[Span]:
    """Keys by their shape, and what is called a password, a token or a PIN."""
    yield from _told(text)
    yield from (match.span() for match in _RUN.finditer(text) if _is_random(match.group()))


def _told(text: str) -> list[Span]:
    found = [match.span() for pattern in (_KEYS, _PEM, _CHOSEN) for match in pattern.finditer(text)]
    found += [match.span("value") for match in _BEARER.finditer(text)]
    if not _NAMED.search(text):
        return found
    found += [match.span("value") for match in _NUMBER.finditer(text)]
    for match in _TOLD.finditer(text):
        value = match["value"].rstrip(".!?)]:'*")
        start = match.start("value")
        if len(value) > 2 and _tells(match, value, text[start + len(value) :]):
            found.append((start, start + len(value)))
    return found


def _tells(match: re.Match[str], value: str, rest: str) -> bool:
    if not value[0].isalnum() and not value[-1].isalnum() and not any(map(str.isalnum, value)):
        return False
    looks_chosen = (
        any(map(str.isdigit, value)) or bool(re.search(r"[a-z][A-Z]|[#$%^&*_+=~!].", value)) or match["quote"] != ""
    )
    if looks_chosen or match["words"] or match[0].lower().startswith("wi"):  # "the wifi is slow" tells none
        return looks_chosen
    last = not rest.strip(" .!?)'\"”’") or rest.lstrip(".!?)'\"”’")[:1] == "\n"
    return last and not SAID_OF_ONE.fullmatch(value)


def _is_random(value: str) -> bool:
    """Whether a long run is a key rather than words joined by dashes: entropy per character, kinds of characters."""
    letters = Counter(value)
    entropy = -sum(number / len(value) * math.log2(number / len(value)) for number in letters.values())
    if re.fullmatch(r"[0-9a-fA-F]{24,}", value):
        return entropy > 2.5 and not value.isdigit()
    kinds = [any(test(letter) for letter in value) for test in (str.islower, str.isupper, str.isdigit)]
    return entropy > 3.6 and (all(kinds) or (kinds[2] and sum(map(str.isdigit, value)) >= 5 and "-" not in value))
