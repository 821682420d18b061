"""Where a text holds private identifiers: links, phone numbers, keys and the like.

In: a text. Out: for each kind, (start, end) of its finds in order. FINDERS are in the order in which they are to be
asked: the earlier one wins where two kinds overlap. Masking too much costs little, as it is put back to the letter;
years, dates, times, amounts of money and short numbers are left to be read.
"""

import math
import re
from collections import Counter
from collections.abc import Callable

from phonenumbers import Leniency, PhoneNumberMatcher

from voice.addresses import addresses
from voice.secrets import secrets

Spans = list[tuple[int, int]]

KINDS = ("code", "link", "email", "path", "secret", "iban", "card", "phone", "address", "id", "handle", "name")

# A text without any of these holds no identifier: nearly every sentence ends here.
SUSPICIOUS = re.compile(
    r"[@`\\/\d~]|\w\.\w|\w{16}|(?i:\bpw|\bpass|token|secret|\bkey|login|bearer|stra(?:ß|ss)e|mot de)|-----"
)

_FENCE = re.compile(r"`{3,}+")
_CODE = re.compile(r"(?<!`)`[^`\n]{1,400}+`(?!`)")
_SCHEME = re.compile(r"(?<!\w)(?:[a-zA-Z][a-zA-Z0-9+.-]{1,20}+://|www\.(?=\w)|mailto:)[^\s<>\"“”`]+")
_TLD = (
    "com net org edu gov mil int info biz io dev app ai co tv uk de fr nl eu ch se jp cn ru br au nz ca pl cz dk fi ie "
    "es pt gr kr za mx ar cl il tr ua hu ro sk si hr lt lv ee bg"
).replace(" ", "|")
_DOMAIN = re.compile(
    r"(?<![\w@.-])(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,6}"
    rf"(?:[a-zA-Z]{{2,24}}(?::\d+)?/[^\s<>\"“”`]+|(?i:{_TLD})(?::\d+)?/?(?![\w@-]|\.\w))"
)
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%'-]{1,64}+@[^\W_](?:[\w-]{0,62})(?:\.[^\W_][\w-]{0,62}){1,6}")
_PATH = re.compile(
    r"(?<![\w/.:~\\<])(?:"
    r"(?:~[\w-]*+|\.{1,2})?/(?:[\w.+@%-]+/)+[\w.+@%-]*+|(?:~|\.{1,2})/[\w.+@%-]++"  # /usr/lib, ~/notes
    r"|(?=[\w.-]*?[a-zA-Z])[\w.-]+(?:/[\w.-]+)+\.[a-zA-Z]\w{0,7}+(?![\w/])"  # src/main.c
    r"|[a-zA-Z]:\\(?:[^\\/:*?\"<>|\r\n]{0,60}[^\\/:*?\"<>|\s]\\)*[^\\/:*?\"<>|\s]*+|[a-zA-Z]:/[^\\:*?\"<>|\s/][^\\:*?\"<>|\s]*+"
    r"|\\\\[\w.-]++\\[^\s:*?\"<>|]++)"
)
_IBAN = re.compile(r"(?<![\w])[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]){11,30}(?!\w)")
_CARD = re.compile(
    r"(?<![\w.,-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{5})(?![\w-]|[.,]\d)"
)
_PHONE_SHAPE = re.compile(
    r"(?<![\w.,$€£/-])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]?\d{4}(?![\w]|[-/.]\d)"
    r"|(?<![\w.,$€£/-])\d{3}-\d{4}(?![\w]|[-/.]\d)"
)
_DATE = re.compile(
    r"(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{2}|\d{4})|(?:1[89]|20)\d\d[./-]\d{1,2}[./-]\d{1,2})(?:[T ]\d.*)?"
    r"|(?:1[89]|20)\d\d[-/](?:(?:1[89]|20)\d\d|\d\d)"
)
# Dates, ranges of round numbers (500-1000), columns of decimals.
_NO_PHONE = re.compile(rf"{_DATE.pattern}|\d+00-\d+00|\d+\.\d+\s+\d+(?:\.\d+)?|.*\s{{2,}}.*\.\d+")
MONEY = re.compile(
    r"[$€£¥₹]\s?\d[\d,.']*+(?:\s?(?:[kKmMbB]|thousand|million|billion)\b)?"
    r"|(?<![\w.])\d[\d,.']*+\s?(?:[€£¥₹]|(?i:dollars?|bucks?|euros?|pounds?|quid|usd|eur|gbp|cents?)\b)"
    r"|\b(?:USD|EUR|GBP|CHF|CAD|AUD)\s?\d[\d,.']*+"
)
_ID = re.compile(
    r"(?<![\w$€£¥])#?(?:[A-Za-z]{1,6}[-_]?){0,2}+\d[\dA-Za-z]*+(?:[-._/][A-Za-z]*+\d[\dA-Za-z]*+)*+(?:-[\dA-Fa-f]{4,}+)*+"
)
_HANDLE = re.compile(r"(?<![\w@./])@[^\W\d][\w.-]{1,38}")
_RUN = re.compile(r"(?<![\w+/=-])[\w+/=-]{20,}+")
_DIGIT = re.compile(r"\d")
_END_MARKS = ".,;:!?'\"”’»*_…|"


def _code(text: str, _: str) -> Spans:
    if "`" not in text:
        return []
    fences = [match.span() for match in _FENCE.finditer(text)]
    blocks = [(opening[0], closing[1]) for opening, closing in zip(fences[::2], fences[1::2], strict=False)]
    return _apart(blocks + _all(_CODE, text))


def _links(text: str, _: str) -> Spans:
    found = [(match.start(), _trimmed(text, *match.span())) for match in _SCHEME.finditer(text)]
    if "." in text:
        found += [(match.start(), _trimmed(text, *match.span())) for match in _DOMAIN.finditer(text)]
    return _apart(found)


def _emails(text: str, _: str) -> Spans:
    if "@" not in text:
        return []
    found = []
    for match in _EMAIL.finditer(text):
        local = match.group().partition("@")[0]
        skip = len(local) - len(local.lstrip("'.-%+"))
        if skip < len(local):
            found.append((match.start() + skip, match.end()))
    return found


def _paths(text: str, _: str) -> Spans:
    if "/" not in text and "\\" not in text:
        return []
    found = [(match.start(), _trimmed(text, *match.span())) for match in _PATH.finditer(text)]
    return [span for span in found if not _is_date(text[slice(*span)]) and re.search(r"\w", text[slice(*span)])]


def _secrets(text: str, _: str) -> Spans:
    runs = [match.span() for match in _RUN.finditer(text) if _is_random(match.group())]
    return _apart(secrets(text) + runs)


def _ibans(text: str, _: str) -> Spans:
    found = []
    for match in _IBAN.finditer(text):
        for end in range(match.end(), match.start() + 14, -1):  # the words that follow look like its last groups
            if (end == len(text) or not text[end].isalnum()) and _mod_97(text[match.start() : end]):
                found.append((match.start(), end))
                break
    return found


def _cards(text: str, _: str) -> Spans:
    if not _digits(text, 13):
        return []
    return _not_money(text, [match.span() for match in _CARD.finditer(text) if _luhn(match.group())])


def _phones(text: str, region: str) -> Spans:
    if not _digits(text, 7):
        return []
    found = _all(_PHONE_SHAPE, text)
    found += [(match.start, match.end) for match in PhoneNumberMatcher(text, region, leniency=Leniency.VALID)]
    return _not_money(text, [span for span in _apart(found) if not _NO_PHONE.fullmatch(text[slice(*span)])])


def _addresses(text: str, _: str) -> Spans:
    return addresses(text)


def _ids(text: str, _: str) -> Spans:
    if not _digits(text, 5):
        return []
    found = []
    for match in _ID.finditer(text):
        value = match.group()
        if _digits(value, 5) and not _is_date(value):
            found.append(match.span())
    return _not_money(text, found)


def _handles(text: str, _: str) -> Spans:
    if "@" not in text:
        return []
    return [(match.start(), _trimmed(text, *match.span())) for match in _HANDLE.finditer(text)]


FINDERS: tuple[tuple[str, Callable[[str, str], Spans]], ...] = (
    ("code", _code), ("link", _links), ("email", _emails), ("path", _paths), ("iban", _ibans), ("secret", _secrets),
    ("card", _cards), ("phone", _phones), ("address", _addresses), ("id", _ids), ("handle", _handles),
)  # fmt: skip


def _all(pattern: re.Pattern[str], text: str) -> Spans:
    return [match.span() for match in pattern.finditer(text)]


def _digits(text: str, least: int) -> int:
    """How many digits a text has; 0 when fewer than `least`."""
    found = len(_DIGIT.findall(text))
    return found if found >= least else 0


def _apart(spans: Spans) -> Spans:
    """Without empty spans and those that overlap an earlier one, in order; of two that begin together the longer."""
    kept: Spans = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if end > start and (not kept or start >= kept[-1][1]):
            kept.append((start, end))
    return kept


def _not_money(text: str, spans: Spans) -> Spans:
    amounts = _all(MONEY, text) if spans else []
    return [span for span in spans if not any(span[0] < end and start < span[1] for start, end in amounts)]


def _trimmed(text: str, start: int, end: int) -> int:
    """The end without the punctuation of the sentence; a bracket stays when its partner is inside."""
    while end > start + 1:
        last = text[end - 1]
        opening = {")": "(", "]": "[", "}": "{"}.get(last)
        if last in _END_MARKS or (opening and text.count(opening, start, end) < text.count(last, start, end)):
            end -= 1
        else:
            break
    return end


def _is_date(value: str) -> bool:
    return bool(_DATE.fullmatch(value.strip()))


def _mod_97(value: str) -> bool:
    plain = "".join(value.split()).upper()
    if not 15 <= len(plain) <= 34 or not plain.isascii():
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


def _luhn(value: str) -> bool:
    digits = [int(letter) for letter in reversed(value) if letter.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return len(set(digits)) > 1 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_random(value: str) -> bool:
    """Whether a long run is a key rather than words joined by dashes: entropy per character, kinds of characters."""
    letters = Counter(value)
    entropy = -sum(number / len(value) * math.log2(number / len(value)) for number in letters.values())
    if re.fullmatch(r"[0-9a-fA-F]{24,}", value):
        return entropy > 2.5 and not value.isdigit()
    kinds = [any(test(letter) for letter in value) for test in (str.islower, str.isupper, str.isdigit)]
    return entropy > 3.6 and (all(kinds) or (kinds[2] and sum(map(str.isdigit, value)) >= 5 and "-" not in value))
