"""The facts of a text that are figures, or words for them: numbers, times, amounts, dates, weekdays, percentages.

In: a text. Out: what it holds, each in one spelling. Every part of the text is read once, the most telling first: the
7 of '7:30 PM' is no number besides. What is only perhaps a fact ('one', 'a', 'first') is marked as not certain: it may
stand for a figure on the other side, and is not missed.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from voice.masking import KINDS

_UNITS = dict(zip(
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen".split(), range(2, 20), strict=True,
))  # fmt: skip
_TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
_ORDINALS = dict(
    zip("first second third fourth fifth sixth seventh eighth ninth tenth".split(), range(1, 11), strict=True)
)
_SCALES = {
    "hundred": 100,
    "thousand": 1000,
    "k": 1000,
    "million": 10**6,
    "mil": 10**6,
    "m": 10**6,
    "billion": 10**9,
    "b": 10**9,
}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_RELATIVE = {
    "tomorrow": r"tom+or+ows?|tm+rw|tmrow|tmr|tmw|2mor+ow|2moro", "tonight": r"tonight|tonite|2nite|2night",
    "today": r"today|2day", "yesterday": r"yesterday",
}  # fmt: skip

_NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SCALE = r"(?:\s?(?:thousand|million|billion|mil)\b|(?-i:[kKmMbB])\b)"
_WORDS = "|".join([*_UNITS, *_TENS])
_SPELLED = (
    rf"(?:(?:{_WORDS})(?:[- ](?:one|{'|'.join(list(_UNITS)[:8])}))?(?:\s(?:hundred|thousand|million|billion))*"
    r"|(?:a|one)\s(?:hundred|thousand|million|billion))"
)
_CURRENCIES = {
    "$": r"dollars?|bucks?|usd|us\$|\$", "€": r"euros?|eur|€", "£": r"pounds|quid|gbp|£", "¢": r"cents?|¢", "¥": r"yen|¥",  # noqa: E501
}  # fmt: skip
_UNIT = "|".join(_CURRENCIES.values())
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)


class Found(NamedTuple):
    """A fact; `certain` is False for words that need not stand for a figure."""

    kind: str
    value: str
    certain: bool = True


def figures(text: str) -> list[Found]:
    """The figures of a text, those that are certain and those that are not, and its placeholders."""
    found: list[Found] = []
    rest = text
    for pattern, read in _READERS:
        parts, end = [], 0
        for match in pattern.finditer(rest):
            items = read(match)
            if items:
                found += items
                parts += [rest[end : match.start()], " ¦ "]
                end = match.end()
        if parts:
            rest = "".join([*parts, rest[end:]])
    return found


def _placeholder(match: re.Match[str]) -> list[Found]:
    kind = match["kind"].lower()
    return [Found(kind, match.group())] if kind in KINDS else []


def _time(match: re.Match[str]) -> list[Found]:
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    half = (match["half"] or match["short"]).lower()
    if hour > 24 or minute > 59:
        return []
    if hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    return [Found("time", f"{hour:02}:{minute:02}")]


def _clock(match: re.Match[str]) -> list[Found]:
    """A time without a.m. or p.m.; before 13:00 it may be either and stays apart from both."""
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if hour > 24 or minute > 59:
        return []
    return [Found("time", f"{hour:02}:{minute:02}" if hour > 12 or hour == 0 else f"{hour}:{minute:02}")]


def _noon(match: re.Match[str]) -> list[Found]:
    return [Found("time", "12:00" if match["word"].lower() == "noon" else "00:00")]


def _iso(match: re.Match[str]) -> list[Found]:
    return _on(int(match["m"]), int(match["d"]), match["year"])


def _slashed(match: re.Match[str]) -> list[Found]:
    month, day = int(match["m"]), int(match["d"])
    if month > 12 >= day:
        month, day = day, month
    return _on(month, day, match["year"])


def _named(match: re.Match[str]) -> list[Found]:
    return _on(_MONTHS.index(match["month"][:3].lower()) + 1, int(match["d"]), match["year"])


def _on(month: int, day: int, year: str | None) -> list[Found]:
    return [Found("date", f"{month}/{day}" + (f"/{year[-2:]}" if year else ""))]


def _month(match: re.Match[str]) -> list[Found]:
    return [Found("date", match["month"][:3].lower())]


def _amount(match: re.Match[str]) -> list[Found]:
    words = match.groupdict()
    unit = words.get("sign") or words["unit"]
    sign = next(sign for sign, names in _CURRENCIES.items() if re.fullmatch(names, unit, re.IGNORECASE))
    return [Found("amount", f"{sign}{_value(match['number'], match['scale'])}")]


def _percent(match: re.Match[str]) -> list[Found]:
    return [Found("percentage", _value(match["number"], None))]


def _weekday(match: re.Match[str]) -> list[Found]:
    return [Found("weekday", match["day"][:3].lower())]


def _relative(match: re.Match[str]) -> list[Found]:
    return [Found("day", str(match.lastgroup))]


def _number(match: re.Match[str]) -> list[Found]:
    return [Found("number", _value(match["number"], match["scale"]))]


def _ordinal_word(match: re.Match[str]) -> list[Found]:
    return [Found("number", str(_ORDINALS[match.group().lower()]), certain=False)]


def _spelled(match: re.Match[str]) -> list[Found]:
    return [Found("number", _value(match.group(), None))]


def _perhaps_one(_: re.Match[str]) -> list[Found]:
    return [Found("number", "1", certain=False)]


def _value(number: str, scale: str | None) -> str:
    """A number in plain digits, from digits or words."""
    plain = number.replace(",", "")
    if plain[0].isdigit():
        value = Decimal(plain)
    else:
        total = Decimal(0)
        for word in re.split(r"[\s-]+", plain.lower()):
            small = _UNITS.get(word) or _TENS.get(word) or (1 if word in ("a", "one") else 0)
            total = total + small if small else total * _SCALES[word]
        value = total
    if scale:
        value *= _SCALES[scale.strip().lower()]
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _compiled(pattern: str, flags: int = re.IGNORECASE | re.ASCII) -> re.Pattern[str]:
    return re.compile(pattern, flags)


_HOUR = r"(?P<hour>\d{1,2})"
_ANY = rf"(?P<number>{_NUMBER}|{_SPELLED})(?P<scale>{_SCALE})?"
_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], list[Found]]], ...] = (
    (_compiled(r"\[(?P<kind>[A-Z]+)_\d+\]", 0), _placeholder),
    (_compiled(rf"(?<![\w.:]){_HOUR}(?:[:.](?P<minute>\d\d))?(?:\s?(?P<half>[ap])\.?\s?m\b|(?P<short>[ap])\b)"), _time),
    (_compiled(r"(?:12\s)?\b(?P<word>noon|midnight)\b"), _noon),
    (_compiled(rf"(?<![\w.:]){_HOUR}:(?P<minute>\d\d)(?::\d\d)?(?![\w:])"), _clock),
    (_compiled(rf"(?<![\w.:]){_HOUR}(?P<minute>)\s?o['’]?\s?clock\b"), _clock),
    (_compiled(r"(?<![\w/-])(?P<year>(?:19|20)\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?![\w/-])"), _iso),
    (_compiled(r"(?<![\w/.-])(?P<m>\d{1,2})[/-](?P<d>\d{1,2})[/-](?P<year>\d{4}|\d\d)(?![\w/-])"), _slashed),
    (_compiled(r"(?<![\w/.-])(?P<m>\d{1,2})/(?P<d>\d{1,2})(?P<year>)(?![\w/-])"), _slashed),
    (_compiled(rf"\b{_MONTH}\s?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)(?:,?\s(?P<year>(?:19|20)\d\d)\b)?"), _named),
    (_compiled(rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}(?:,?\s(?P<year>(?:19|20)\d\d)\b)?"), _named),
    (_compiled(rf"(?P<sign>us\$|[$€£¥])\s?(?P<number>{_NUMBER})(?P<scale>{_SCALE})?"), _amount),
    (_compiled(rf"(?<![\w.]){_ANY}\s?(?P<unit>{_UNIT})(?!\w)"), _amount),
    (_compiled(rf"(?<![\w.])(?P<number>{_NUMBER}|{_SPELLED})\s?(?:%|percent\b|per cent\b|pct\b)"), _percent),
    # Months and days by name where they are no other word: by their capital, their length, or what stands before them.
    (_compiled(r"\b(?P<month>january|february|april|june|july|august|september|october|november|december)\b"), _month),
    (_compiled(r"(?<=\b[a-z]{2}\s)(?P<month>(?i:may|march|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b)(?=\.?(?:\W|$))", 0),  # noqa: E501
     lambda match: _month(match) if match["month"][0].isupper() else []),
    (_compiled(r"\b(?P<day>mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|saturdays?|sundays?|tues?|weds|thurs?|fri)\b"), _weekday),  # noqa: E501
    (_compiled(r"\b(?:(?:on|next|this|last|til|till|until|by|every|from|thru|through|before|after|since)\s)(?P<day>mon|wed|thu|sat|sun)s?\b"), _weekday),  # noqa: E501
    (_compiled(r"\b(?P<day>Mon|Wed|Thu|Sat|Sun)\b(?=\.?(?:,|\s(?:at|am|pm|morning|afternoon|evening|night|[¦\d])|\s?[-–/&]|\s(?:and|or)\s(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)))"), _weekday),  # noqa: E501
    (_compiled(r"\b(?:" + "|".join(f"(?P<{name}>{forms})" for name, forms in _RELATIVE.items()) + r")\b"), _relative),
    (_compiled(rf"(?<![A-Za-z\d])(?P<number>{_NUMBER})(?P<scale>{_SCALE})?"), _number),
    (_compiled(rf"\b{_SPELLED}\b"), _spelled),
    (_compiled(rf"\b(?:{'|'.join(_ORDINALS)})\b"), _ordinal_word),
    (_compiled(r"\b(?:one|an?|once|single)\b"), _perhaps_one),
)  # fmt: skip
