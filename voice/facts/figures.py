"""Figures in a text, and words for them: times, dates, days, amounts, percentages, durations, numbers.

In: a text. Out: its facts of these kinds, each in one spelling: 7:30 PM is 7:30pm, March 14 is 3/14, $1,000 is 1k
dollars, two is 2. Every part of the text is read once, the most telling first: the 7 of '7:30 PM' is no number
besides. What is only perhaps a figure ('one', 'a', 'first') is marked as not certain: it may stand for one, and is not
missed.
"""

import re
from collections import Counter

from voice.facts.casual import CASUAL, PERHAPS, Reader, compiled
from voice.facts.quantities import DIGITS, FROM_TWO, SCALE, SPELLED, Figure, value_of
from voice.words import by_word

_MONTHS = tuple("jan feb mar apr may jun jul aug sep oct nov dec".split())
_CURRENCIES = {
    "$": r"dollars?|bucks?|usd|us\$|\$", "€": r"euros?|eur|€", "£": r"pounds|quid|gbp|£",
    "¢": r"cents?|¢", "¥": r"yen|¥",
}  # fmt: skip
_DURATIONS = {
    "second": r"seconds?|secs?", "minute": r"minutes?|mins?", "hour": r"hours?|hrs?|h", "day": r"days|(?<=-)day",
    "week": r"weeks?|wks?", "month": r"months?|mos?", "year": r"years?|yrs?", "decade": r"decades?",
    "century": r"centur(?:y|ies)",
}  # fmt: skip
_RELATIVE = {
    "tomorrow": r"tom+or+ows?|tmr+w?|tmrow|tmw|2mor+ow|2moro", "tonight": r"tonight|tonite|2nite|2night|tn",
    "today": r"today|2day", "yesterday": r"yesterday|ydays?",
}  # fmt: skip

_TYPED = re.compile(r"(?<![A-Za-z\d])\d+(?:[.,:/-]\d+)*")
_AMOUNT_UNIT = "|".join(_CURRENCIES.values())
_TIME_UNIT = "|".join(_DURATIONS.values())
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b"
    r"(?:(?<=\b\w{3})\.|(?<=\bsept)\.)?"  # a whole month's full stop ends its sentence
)
_SHORT_MONTHS = "jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_NEAR_DAY = (
    r"(?:on|next|this|last|til|till|until|by|every|from|thru|through|before|after|since)\s"
    r"(?P<day>mon|wed|thu|sat|sun)s?\b"
)
_AFTER_DAY = (
    r"\.?(?:,|\s(?:at|am|pm|morning|afternoon|evening|night|[¦\d])|\s?[-–/&]"
    r"|\s(?:and|or)\s(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun))"
)


def figures(text: str) -> list[Figure]:
    """The figures of a text, the certain ones and the others."""
    return [figure for figure, _ in placed_figures(text)]


def placed_figures(text: str) -> list[tuple[Figure, tuple[int, int]]]:
    """The figures of a text, each with its start and end."""
    found: list[tuple[Figure, tuple[int, int]]] = []
    rest = text
    there = signs(text)
    digit = None if _SPELLS in there else _ANY_DIGIT.search(text)
    start = max(0, digit.start() - _BEFORE_DIGIT) if digit else 0
    for pattern, read, needs in READERS:
        if not needs <= there:
            continue
        parts, end = [], 0
        for match in pattern.finditer(rest, 0 if needs.isdisjoint(_NUMBERED) else start):
            figure = read(match)
            if figure is not None:
                found.append((figure, match.span()))
                parts += [rest[end : match.start()], "¦" * len(match.group())]
                end = match.end()
        if parts:
            rest = "".join([*parts, rest[end:]])
    return found


def _time(match: re.Match[str]) -> Figure | None:
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if hour > 24 or minute > 59:
        return None
    if hour <= 12:
        hour = hour % 12 + (12 if (match["half"] or match["short"]).lower() == "p" else 0)
    return Figure("time", f"{hour:02}:{minute:02}")


def _clock(match: re.Match[str]) -> Figure | None:
    """A time without a.m. or p.m.; before 13:00 it may be either and stays apart from both."""
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if hour > 24 or minute > 59:
        return None
    return Figure("time", f"{hour:02}:{minute:02}" if hour > 12 or hour == 0 else f"{hour}:{minute:02}")


def _noon(match: re.Match[str]) -> Figure:
    return Figure("time", "12:00" if match["word"].lower() == "noon" else "00:00")


def _date(match: re.Match[str]) -> Figure | None:
    words = match.groupdict()
    month = int(words["m"]) if words.get("m") else _MONTHS.index(match["month"][:3].lower()) + 1
    day = int(match["d"])
    if month > 12 >= day:
        month, day = day, month
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        return None
    return Figure("date", f"{month}/{day}" + (f"/{match['year'][-2:]}" if match["year"] else ""))


def _month(match: re.Match[str]) -> Figure:
    return Figure("date", match["month"][:3].lower() + (f" {match['year'][-2:]}" if match["year"] else ""))


def _amount(match: re.Match[str]) -> Figure:
    return Figure("amount", f"{_unit(match, _CURRENCIES)}{value_of(match['number'], match['scale'])}")


def _percent(match: re.Match[str]) -> Figure:
    return Figure("percentage", value_of(match["number"], None))


def _duration(match: re.Match[str]) -> Figure:
    return Figure("duration", f"{value_of(match['number'], None)} {_unit(match, _DURATIONS)}")


def _an_hour(match: re.Match[str]) -> Figure:
    return Figure("duration", f"1 {_unit(match, _DURATIONS)}", certain=False)


def _weekday(match: re.Match[str]) -> Figure:
    return Figure("weekday", match["day"][:3].lower())


def _relative(match: re.Match[str]) -> Figure:
    return Figure("day", str(match.lastgroup))


def _label(match: re.Match[str]) -> Figure:
    """What is called by digits and letters, a room B12 or a version; small it may be a word, such as b4."""
    value = match["number"]
    return Figure("number", value.lower(), certain=not value[0].islower())


def _number(match: re.Match[str]) -> Figure:
    scale = match["scale"] or ""
    if len(scale) == 1:  # 10k may be ten thousand or ten kilometres
        return Figure("number", value_of(match["number"], None) + scale.lower())
    return Figure("number", value_of(match["number"], scale or None))


def _spelled(match: re.Match[str]) -> Figure:
    words = match.group()
    return Figure("number", value_of(words, None), certain=not words.lower().startswith("a ") or "illion" not in words)


def _perhaps_one(_: re.Match[str]) -> Figure:
    return Figure("number", "1", certain=False)


def _unit(match: re.Match[str], units: dict[str, str]) -> str:
    """The name of a unit, whatever it is called in the text."""
    patterns = ((name, re.compile(forms, re.IGNORECASE | re.ASCII)) for name, forms in units.items())
    return next(name for name, forms in patterns if forms.fullmatch(match.string, *match.span("unit")))


_RELATIVES = "|".join(f"(?P<{name}>{forms})" for name, forms in _RELATIVE.items())
_HOUR = r"(?:(?<![\w.:,$€£-])|(?<=[\dmM]-))(?P<hour>\d{1,2})"
_ANY = rf"(?P<number>{DIGITS}|{SPELLED})"
_FULL_MONTH = "january|february|april|june|july|august|september|october|november|december"
_FULL_DAY = r"\b(?P<day>(?:mon|tues|wednes|thurs|fri|satur|sun)days?|tues?|weds|thurs?|fri)\b"
_PERHAPS = r"\b(?:one|an?|once|single)\b"

# Signs: what a word of a text has wherever a reader finds something, in lower case, its numerals as 0. Most texts have
# few of them.
_NUMERAL = re.compile("[0-9]+")
_DIGIT = "0"
_SPELLS = rf"{FROM_TWO}|hundred|thousand|million|billion|dozen"
_COUNT = rf"{_DIGIT}|{_SPELLS}"
_LABEL = rf"[a-z]{_DIGIT}(?!\w)|{_DIGIT}[a-z](?!\w)|{_DIGIT}[x×]{_DIGIT}|{_DIGIT}\.{_DIGIT}\.{_DIGIT}"
_HALF = rf"(?:^|{_DIGIT})[ap]m?\b"
_DATED = rf"{_DIGIT}[-/.]{_DIGIT}"
_PAID, _TIMED = rf"(?:{_AMOUNT_UNIT})(?!\w)", rf"(?:{_TIME_UNIT})\b"
_OPENS_MONTH, _SHORT_MONTH = rf"\b(?:{_SHORT_MONTHS}|may)", rf"\b(?:{_SHORT_MONTHS}|may|march)\b"
_SHORT_DAY = r"\b(?:mon|wed|thu|sat|sun)s?\b"

_NUMBERED = {_DIGIT, _COUNT}  # what needs one of them begins with a number, or with a currency or a month before it
_ANY_DIGIT, _BEFORE_DIGIT = re.compile("[0-9]"), len("september. ")

# What finds a figure, what reads it, and the signs without all of which there is none.
READERS: tuple[Reader, ...] = (
    *CASUAL,
    (
        compiled(rf"{_HOUR}(?:[:.](?P<minute>\d\d))?(?:\s?(?P<half>[ap])\.?\s?m\b\.?|(?P<short>[ap])\b)"),
        _time, {_DIGIT, _HALF},
    ),
    (compiled(r"(?:12\s)?\b(?P<word>noon|midnight)\b"), _noon, {"noon|midnight"}),
    (compiled(rf"{_HOUR}:(?P<minute>\d\d)(?::\d\d)?(?![\w:])"), _clock, {_DIGIT, rf"{_DIGIT}:{_DIGIT}"}),
    (compiled(rf"{_HOUR}(?P<minute>)\s?o['’]?\s?clock\b"), _clock, {_DIGIT, "clock"}),
    (compiled(rf"(?<![\w/-]){_YEAR}[-/.](?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}})(?![\w/-])"), _date, {_DIGIT, _DATED}),
    (
        compiled(r"(?<![\w/.-])(?P<m>\d{1,2})[/-](?P<d>\d{1,2})[/-](?P<year>\d{4}|\d\d)(?![\w/-])"),
        _date, {_DIGIT, _DATED},
    ),
    (compiled(r"(?<![\w/.-])(?P<m>\d{1,2})/(?P<d>\d{1,2})(?P<year>)(?![\w/-])"), _date, {_DIGIT, _DATED}),
    (
        compiled(rf"\b{_MONTH}\s?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)(?:,?\s{_YEAR}\b)?"),
        _date, {_DIGIT, _OPENS_MONTH},
    ),
    (
        compiled(rf"\b(?<!\d[.,])(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}(?:,?\s{_YEAR}\b)?"),
        _date, {_DIGIT, _OPENS_MONTH},
    ),
    (compiled(rf"(?P<unit>us\$|[$€£¥])\s?(?P<number>{DIGITS})(?P<scale>{SCALE})?"), _amount, {_DIGIT, "[$€£¥]"}),
    (
        compiled(rf"(?<![\w.]){_ANY}(?P<scale>{SCALE})?\s?(?P<unit>{_AMOUNT_UNIT})(?!\w)"),
        _amount, {_COUNT, _PAID},
    ),
    (compiled(rf"(?<![\w.]){_ANY}\s?(?:%|percent\b|per cent\b|pct\b)"), _percent, {_COUNT, "%|cent|pct"}),
    (compiled(rf"(?:(?<![\w.])|(?<=\bx)){_ANY}[\s-]?(?P<unit>{_TIME_UNIT})\b"), _duration, {_COUNT, _TIMED}),
    (compiled(rf"\b(?:an?|one|1)\s(?P<unit>{_TIME_UNIT})\b"), _an_hour, {r"\b(?:an?|one|0)$", _TIMED}),
    # Months and days by name where they are no other word: by their length, their capital, or what stands around them.
    (compiled(rf"\b(?P<month>{_FULL_MONTH})\b(?:\s(?:of\s)?{_YEAR}\b)?"), _month, {rf"\b(?:{_FULL_MONTH})\b"}),
    (
        compiled(rf"(?<=[a-z]\s)(?P<month>May|March|{_SHORT_MONTHS.title()})\b\.?(?:\s{_YEAR}\b)?", 0),
        _month, {_SHORT_MONTH},
    ),
    (compiled(rf"(?<![\w'])(?P<month>{_SHORT_MONTHS}|march|may)\.?\s{_YEAR}\b"), _month, {_SHORT_MONTH, _DIGIT}),
    (compiled(rf"(?<=\b[a-z]{{2}}\s)(?P<month>{_SHORT_MONTHS})\b(?P<year>)"), _month, {_SHORT_MONTH}),
    (compiled(_FULL_DAY), _weekday, {_FULL_DAY}),
    (compiled(rf"\b{_NEAR_DAY}"), _weekday, {_SHORT_DAY}),
    (compiled(rf"\b(?P<day>Mon|Wed|Thu|Sat|Sun)\b(?={_AFTER_DAY})"), _weekday, {_SHORT_DAY}),
    (compiled(rf"\b(?:{_RELATIVES})\b"), _relative, {rf"\b(?:{_RELATIVES})\b".replace("2", _DIGIT)}),
    (
        compiled(
            r"(?<![\w.-])v?(?P<number>\d+(?:\.\d+){2,}|\d{2,5}[x×]\d{2,5}|[a-z]\d{1,3}(?!,\d)|(?-i:\d{1,3}[AC-JLN-Z]))(?!\w|\.\d)"
        ), _label, {_DIGIT, _LABEL},
    ),
    (compiled(rf"(?<![A-Za-z\d])(?P<number>{DIGITS})(?P<scale>{SCALE})?"), _number, {_DIGIT}),
    (compiled(rf"\b{SPELLED}(?:\sgrand)?\b"), _spelled, {_SPELLS}),
    (compiled(_PERHAPS), _perhaps_one, {_PERHAPS}),
    *PERHAPS,
)  # fmt: skip
_SIGNS = {sign: compiled(sign) for _, _, needs in READERS for sign in needs}


def signs(text: str) -> frozenset[str]:
    """The signs that a text has, each in one of its words."""
    return frozenset().union(*filter(None, map(_signs_of, _NUMERAL.sub("0", text.lower()).split())))


@by_word
def _signs_of(word: str) -> frozenset[str]:
    """The signs that a word has, with the marks around it."""
    return frozenset(sign for sign, pattern in _SIGNS.items() if pattern.search(word))


def numbers(text: str) -> Counter[str]:
    """The numbers of a text as they are typed, each with how often it occurs; digits inside a word are none (h2o)."""
    return Counter(re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", match.group()) for match in _TYPED.finditer(text))
