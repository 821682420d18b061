"""Where a text holds numbers that only name something: cards, accounts, orders, and which long numbers say how much.

In: a text. Out: (start, end) of each. Years, dates, times, amounts of money, counts, versions, scores and measures are
left to be read.
"""

import ipaddress
import re
from collections.abc import Iterator
from itertools import permutations

from stdnum import iban, luhn

from voice.facts.spans import Span, every, has_digits, is_date, not_money

_IBAN = re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]){11,30}(?!\w)")
_CARD = re.compile(
    r"(?<![\w.,-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{5})(?![\w-]|[.,]\d)"
)
_LONG = re.compile(
    r"(?<![\w$€£¥.,])#?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w,]\d)"
    r"|(?:[A-Za-z]{1,6}[-_]?){0,2}+\d[\dA-Za-z]*+(?:[-._/][A-Za-z]*+\d[\dA-Za-z]*+)*+(?:-[\dA-Fa-f]{4,}+)*+)"
)
_CAPITALS = re.compile(r"(?<![\w-])(?=[A-Z]*\d)(?=\d*[A-Z])(?=(?:[A-Z]*\d){2})[A-Z\d]{8,}(?![\w-])")  # 1Z9A04YW
_FEWEST_DIGITS = 5  # from which on a number is masked

# Behind a letter of a script that puts no space there.
_AFTER_OTHER_LETTERS = re.compile(r"(?<=[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u9fff\uac00-\ud7af])\d{5,20}")
_IN_FOURS = re.compile(r"(?<![\w.,$€£#-])\d{4}(?:([ -])\d{4})(?:\1\d{4}){1,4}(?:\1\d{1,4})?(?![\w-]|[.,]\d)")  # parcels
_PARCEL = re.compile(r"(?<!\w)(?:[A-Z]{2} ?\d{3} ?\d{3} ?\d{3} ?[A-Z]{2}|1Z(?: ?[A-Z\d]{1,4}){4,8})(?![\w-])")
_INSURANCE = re.compile(r"(?<!\w)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?: ?\d\d){3} ?[A-D](?!\w)")  # United Kingdom
_INSURANCE_TOLD = re.compile(
    r"\b(?:ni|nino|national insurance)\b[^\d\n]{0,16}?(?P<value>\b[a-z]{2}(?: ?\d\d){3} ?[a-d])(?!\w)", re.IGNORECASE
)
_SORT_CODE = re.compile(r"(?<![\w/.-])\d\d-\d\d-\d\d(?![\w/]|[-.]\d)")
_SORT = re.compile(r"(?i:\bsort(?:ing)?[ -]?codes?\b)[^\d\n]{0,60}(?P<value>\d\d[- ]?\d\d[- ]?\d\d)(?![\w-]|[.,]\d)")
_SORT_AGAIN = re.compile(r"(?<![\w.,-])\d\d([- ])\d\d\1\d\d(?![\w-]|[.,]\d)")

_FIGURE = re.compile(r"\d[\d.,]*")
_COUNT = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.000)+")
_VERSION = re.compile(r"[vV]?(?:\d{1,5}\.){1,3}\d{1,5}(?:[-.]?(?:rc|beta|alpha|dev|post|pre|[abpr])[-.]?\d{0,3})?")
_SCORE = re.compile(r"\d{1,3}-\d{1,3}|24/7/365")
_RANGE = re.compile(r"(\d{3,6}0)-(\d{3,6}0)")
_PERIOD = re.compile(
    r"(?:0?[1-9]|1[0-2])[/.-](?:19|20)\d\d|(?:19|20)\d\d[/.-](?:0?[1-9]|1[0-2])|(?:19|20)\d\d-?[WQ]\d{1,2}"
    r"|[QWH]\d{1,2}[-/]?(?:19|20)\d\d|FY-?(?:19|20)\d\d(?:[-/]\d\d)?|\d{1,2}[.:]\d\d-\d{1,2}[.:]\d\d"
    r"|\d\d?[./]\d\d?[./](?:\d\d){1,2}-\d\d?[./]\d\d?[./](?:\d\d){1,2}"
)
_MEASURE = re.compile(
    r"\d{2,5}[x×]\d{2,5}(?:[x×]\d{2,5}|px|p)?"
    r"|\d+(?:[.,]\d+)?(?:[kmc]?m|[km]?g|m?l|[kmg]?hz|k?wh?|mah|[kmgt]i?b(?:ps)?|ms|s|min|h|ft|lbs?|px|rpm|bpm|lux|lm|dpi|k)",
    re.IGNORECASE,
)
_THINGS = "|".join(
    "people persons? users? members? followers subscribers visitors guests fans customers students employees "
    "residents soldiers steps miles? kilomet(?:er|re)s? km met(?:er|re)s? feet ft acres words characters lines "
    "pages copies books photos pictures files rows records entries items pieces units votes views likes clicks "
    "downloads messages e?mails requests tokens tons? tonnes? kg kilos? grams? pounds lbs lit(?:er|re)s? gallons "
    "calories kcal watts? volts? hz rpm hours minutes seconds ms days years times points shares seats tickets "
    "cars trees houses homes jobs deaths cases m?ah k?wh [kmgt]b px rpm bpm dpi".split()
)
_COUNTED = re.compile(
    rf"(?:[ \t]*(?:and|to|or|-)[ \t]*\d[\d,.]{{0,12}})?\+?[ \t]?(?:%|(?:[a-z]+[ \t]+)?(?:{_THINGS})\b)"
)
_ABOUT = re.compile(
    r"(?i:(?:\b(?:about|around|over|under|nearly|almost|roughly|approximately|approx\.?|some|than|to|of|least|most"
    r"|between|from)|[~≈<>]|(?<!\d)1 ?:))[ \t]?$"
)
_NAMED = re.compile(
    r"(?i:\b(?:order|account|acct|id|number|no|nr|code|ref(?:erence)?|invoice|ticket|case|claim|policy|zip|pin"
    r"|badge|contract|deal|meter|file|doc(?:ument)?|parcel|tracking|booking|customer|member)s?\.?"
    r"(?:[ \t]+(?:number|no|id|is|was)\b)?[:#]?)[ \t]*$"
)
_OF_A_VERSION = re.compile(
    r"(?i:\b(?:v|ver|version|versions|release|build|firmware|driver|kernel|upgraded? to|chrome|firefox|python|ios"
    r"|macos|android|sections?|chapters?)\.?)[ \t]*$"
)
_MOST_DECIMALS = 3  # of an amount; what has more may be a contract
_LONGEST_BUILD = 8  # digits; longer ones name something else
_OWN_LETTER = re.compile(r"[-_/][A-Z]{1,3}(?!\w)")
_CURRENCY = r"(?:sek|nok|dkk|chf|pln|jpy|inr|krw|cny|rmb|czk|huf|ron|zar|nzd|sgd|hkd|mxn|brl|try|rs|kr|btc|eth)"
_PAID_BEFORE = re.compile(rf"(?i:\b{_CURRENCY}\.?)[ \t]?$")
_PAID_AFTER = re.compile(
    rf"(?i:[ \t]?(?:{_CURRENCY}|zł|yen|rupees?|francs?|pesos?|won|yuan|rubles?|kron(?:or|er)|lira|rand|reais|k)\b)|/-"
)
_BEFORE, _AFTER = 24, 40  # characters around a number that say what it is

# What a word has of every text that has one; of long numbers it is one that has all the digits.
IBAN, CARD, LONG = r"[A-Za-z]{2}\d\d", r"\d{4}", r"(?:\d\D*){5}|[A-Z\d]{8}"
PARCEL, SORT, IN_FOURS = (
    r"(?<!\w)(?:\dZ|[A-Z]{2}(?:\d\d|$))|(?i:\bnin?o?\b|insurance)",
    r"(?i:\bsort)|\d\d-\d\d-\d\d",
    r"(?<!\d)\d{4}(?:-\d{4}|\W*$)",
)


def ibans(text: str) -> Iterator[Span]:
    """Accounts by their IBAN."""
    for match in _IBAN.finditer(text):
        for end in range(match.end(), match.start() + 14, -1):  # the words that follow look like its last groups
            if (end == len(text) or not text[end].isalnum()) and iban.is_valid(text[match.start() : end]):
                yield match.start(), end
                break


def cards(text: str) -> Iterator[Span]:
    """Numbers of payment cards."""
    if has_digits(text, 13):
        yield from not_money(text, (match.span() for match in _CARD.finditer(text) if _is_card(match.group())))


def _is_card(number: str) -> bool:
    digits = re.sub(r"\D", "", number)
    return len(set(digits)) > 1 and luhn.is_valid(digits)


def long_numbers(text: str) -> Iterator[Span]:
    """Numbers of five digits and more, with the letters that belong to them, whatever they count."""
    yield from every(_CAPITALS, text)
    if has_digits(text, _FEWEST_DIGITS):
        found = (match.span() for match in _LONG.finditer(text) if has_digits(match.group(), _FEWEST_DIGITS))
        yield from not_money(text, (span for span in found if not is_date(text[slice(*span)])))


def parcels(text: str) -> Iterator[Span]:
    """Parcels' numbers of the post and UPS, and national insurance numbers of the United Kingdom, also in groups."""
    if has_digits(text, _FEWEST_DIGITS):
        yield from every(_PARCEL, text)
        yield from every(_INSURANCE, text)
        yield from (match.span("value") for match in _INSURANCE_TOLD.finditer(text))


def sort_codes(text: str) -> Iterator[Span]:
    """Sort codes of banks: those that are named, and those that can be no date."""
    if named := [match.span("value") for match in _SORT.finditer(text)]:
        yield from [*named, *every(_SORT_AGAIN, text)]
    yield from (match.span() for match in _SORT_CODE.finditer(text) if not _may_be_date(match.group()))


def in_fours(text: str) -> Iterator[Span]:
    """Numbers in groups of four digits."""
    yield from every(_IN_FOURS, text)


def reference_numbers(text: str) -> Iterator[Span]:
    """Numbers of five digits and more that only name something."""
    yield from (span for span in long_numbers(text) if not _says_how_much(text, *span))
    yield from every(_AFTER_OTHER_LETTERS, text)


def _may_be_date(value: str) -> bool:
    return any(0 < day <= 31 and 0 < month <= 12 for day, month, _ in permutations(map(int, value.split("-"))))


def _says_how_much(text: str, start: int, end: int) -> bool:
    """Whether a long number is read: a count, a version, a score, a measure, a price, a part of a year."""
    value, before, after = text[start:end], text[max(0, start - _BEFORE) : start], text[end : end + _AFTER]
    if value.startswith("#") or _OWN_LETTER.match(text, end):
        return False
    if _OF_A_VERSION.search(before) and ("." in value or len(value) <= _LONGEST_BUILD):
        return value[-1].isdigit() or _VERSION.fullmatch(value) is not None
    if _NAMED.search(before):
        return False
    return bool(
        any(pattern.fullmatch(value) for pattern in (_SCORE, _PERIOD, _MEASURE, _COUNT))
        or _is_range(value)
        or _is_version(value)
        or (value.isdigit() and (_COUNTED.match(after) or (value.endswith("000") and _ABOUT.search(before))))
        or (_FIGURE.fullmatch(value) and (_PAID_BEFORE.search(before) or _PAID_AFTER.match(after)))
    )


def _is_range(value: str) -> bool:
    match = _RANGE.fullmatch(value)
    return match is not None and int(match[1]) < int(match[2])


def _is_version(value: str) -> bool:
    """Whether a number with full stops is a version or an amount, and not an address or somebody's number."""
    if not _VERSION.fullmatch(value):
        return False
    parts = re.findall(r"\d+", value)
    if value[0] in "vV" or not value.replace(".", "").isdigit():
        return True
    if len(parts) == 2:
        return len(parts[1]) <= _MOST_DECIMALS
    if len(parts) == 4:
        return "0" in parts and not is_ipv4(value)
    return len(value) <= 10 and not any(part.startswith("0") and len(part) > 1 for part in parts[: len(parts) - 1])


def is_ipv4(value: str) -> bool:
    """Whether a value is an address of the internet protocol, version 4."""
    try:
        return bool(ipaddress.IPv4Address(value))
    except ValueError:
        return False
