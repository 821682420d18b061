"""Figures as people type them who are in a hurry: half 8, 20 past 4, an hour and a half, the 70th, both, on sat.

In: a text. Out: readers, as figures.py has them: what finds a figure, what reads it, and the signs without all of which
there is none. What may as well be another word is marked as not certain.
"""

import re
from collections.abc import Callable, Set

from voice.facts.quantities import DIGITS, Figure, value_of

_HOURS = dict(zip("one two three four five six seven eight nine ten eleven twelve".split(), range(1, 13), strict=True))
_HOUR = rf"(?P<hour>\d\d?|{'|'.join(_HOURS)})(?:ish)?"
_MINUTES = {"five": 5, "ten": 10, "quarter": 15, "twenty": 20, "half": 30}
_PART = r"(?P<part>half|quarter|three[- ]quarters)"
_MINUTES_OF = {"half": 30, "quarter": 15, "three-quarters": 45}
_MONTHS_OF = {"half": 6, "quarter": 3, "three-quarters": 9}
_SHARES = {"half": "50", "quarter": "25", "three-quarters": "75"}
_ORDINALS = {
    word: number
    for number, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split(),
        start=1,
    )
}
_ORDINALS |= {f"{ten}ieth": 10 * n for n, ten in enumerate("thirt fort fift sixt sevent eight ninet".split(), start=3)}
_PLURALS = {f"{word}{'es' if word == 'six' else 's'}": number for word, number in _HOURS.items() if number > 1}
_PLURALS |= {f"{ten}ies": 10 * n for n, ten in enumerate("thirt fort fift sixt sevent eight ninet".split(), start=3)}
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_WORTH = {
    "fiver": 5, "tenner": 10, "both": 2, "twice": 2, "double": 2, "couple": 2, "pair": 2, "thrice": 3, "triple": 3,
}  # fmt: skip

Reader = tuple[re.Pattern[str], Callable[[re.Match[str]], Figure | None], Set[str]]


def compiled(pattern: str, flags: int = re.IGNORECASE | re.ASCII) -> re.Pattern[str]:
    """A pattern of a reader, in any case."""
    return re.compile(pattern, flags)


def _hour(match: re.Match[str]) -> int:
    typed = match["hour"].lower()
    return _HOURS.get(typed) or int(typed)


def _past(match: re.Match[str]) -> Figure | None:
    hour, typed = _hour(match), match["minutes"].lower()
    minutes = _MINUTES.get(typed) or (int(typed) if typed.isdigit() else 25)
    if not 1 <= hour <= 24 or not 0 < minutes < 60:
        return None
    if match["way"].lower() in ("to", "til", "till", "before"):
        hour, minutes = (hour - 2) % 12 + 1, 60 - minutes
    return Figure("time", f"{hour}:{minutes:02}")


def _half_hour(match: re.Match[str]) -> Figure | None:
    hour = _hour(match)
    return Figure("time", f"{hour}:30") if 1 <= hour <= 12 else None


def _o_clock(match: re.Match[str]) -> Figure:
    return Figure("time", f"{_hour(match)}:00")


def _part(match: re.Match[str]) -> str:
    return match["part"].lower().replace(" ", "-")


def _part_of_hour(match: re.Match[str]) -> Figure:
    return Figure("duration", f"{_MINUTES_OF[_part(match)]} minute")


def _part_of_year(match: re.Match[str]) -> Figure:
    return Figure("duration", f"{_MONTHS_OF[_part(match)]} month")


def _and_a_half(match: re.Match[str]) -> Figure:
    typed = match["count"].lower()
    count = 1 if typed in ("a", "an", "one") else int(value_of(typed, None))
    unit, many = {"h": ("minute", 60), "d": ("hour", 24), "w": ("day", 7), "m": ("day", 30), "y": ("month", 12)}[
        match["unit"][0].lower()
    ]
    return Figure("duration", f"{(2 * count + 1) * many // 2} {unit}")


def _number_and_a_half(match: re.Match[str]) -> Figure:
    return Figure("number", f"{value_of(match['count'], None)}.5")


def _coins(match: re.Match[str]) -> Figure:
    """An amount of which the coins are said apart."""
    currency = {"p": "£", "q": "£", "d": "$", "e": "€"}[match["unit"][0].lower()]
    whole = f"{match['number']}.{int(match['coins']):02}"
    return Figure("amount", f"{currency}{value_of(whole, None)}")


def _under_one(match: re.Match[str]) -> Figure:
    return Figure("number", value_of(f"0.{match['number']}", None))


def _short_year(match: re.Match[str]) -> Figure:
    return Figure("number", f"'{match['year']}")


def _no_hour(match: re.Match[str]) -> Figure:
    """A time of which the hour goes without saying."""
    minutes = 30 if match["way"] is None else 45 if match["way"].lower() in ("to", "til", "till") else 15
    return Figure("time", f":{minutes}", certain=False)


def _nothing(match: re.Match[str]) -> Figure:
    return Figure("number", "0", certain=False)


def _fortnight(match: re.Match[str]) -> Figure:
    return Figure("duration", "2 week")


def _marker(match: re.Match[str]) -> Figure:
    return Figure("number", value_of(match["number"], None), certain=False)


def _glued(match: re.Match[str]) -> Figure:
    """A number that stands behind letters without a space: node12, R3,200."""
    return Figure("number", value_of(match["number"], match["scale"]), certain=False)


def _thousands(match: re.Match[str]) -> Figure:
    """A number behind the letter of a currency, such as R3,200."""
    return Figure("number", value_of(match["number"], None))


def _past_twelve(match: re.Match[str]) -> Figure:
    return Figure("time", "12:30" if match["word"].lower() == "noon" else "00:30")


def _weekday(match: re.Match[str]) -> Figure:
    return Figure("weekday", match["day"][:3].lower(), certain=False)


def _month(match: re.Match[str]) -> Figure:
    return Figure("date", match["month"][:3].lower(), certain=False)


def _ordinal(match: re.Match[str]) -> Figure:
    ten, word = (match["ten"] or "").lower(), match["word"].lower()
    return Figure("number", str((int(value_of(ten, None)) if ten else 0) + _ORDINALS[word]), certain=False)


def _worth(match: re.Match[str]) -> Figure:
    return Figure("number", str(_WORTH[match.group().lower()]), certain=False)


def _plural(match: re.Match[str]) -> Figure:
    return Figure("number", str(_PLURALS[match.group().lower()]), certain=False)


def _share(match: re.Match[str]) -> Figure:
    return Figure("percentage", _SHARES[_part(match)], certain=False)


_COUNTED_HOUR = rf"(?:0|{'|'.join(_HOURS)})"
_MINUTES_PAST = r"\d\d?|five|ten|quarter|twenty(?:[- ]five)?|half"
_PARTS, _UNIT = r"\b(?:half|quarters?)\b", r"(?:hour|hr|day|week|wk|month|year|yr)"
_MONTHS = "jan|feb|mar|march|apr|jun|jul|aug|sept?|oct|nov|dec"

# Before all others: they hold numbers that stand for nothing by themselves.
CASUAL: tuple[Reader, ...] = (
    (
        compiled(
            rf"\b(?P<minutes>(?:{_MINUTES_PAST})(?=\s(?:past|after)\b)|quarter|twenty-five)"
            rf"\s(?P<way>past|after|to|till?|before)\s{_HOUR}\b(?![.,:/]\d)"
        ), _past, {r"\b(?:past|after|to|till?|before)\b", _COUNTED_HOUR},
    ),
    (
        compiled(rf"\bhalf\s?{_HOUR}\b(?![.,:/%-]\d|%|\s?(?:a|of|the|dozen|percent|hours?|minutes?|days?)\b)"),
        _half_hour, {r"\bhalf", _COUNTED_HOUR},
    ),
    (compiled(rf"\b(?P<hour>{'|'.join(_HOURS)})\so['’]?\s?clock\b"), _o_clock, {r"clock\b"}),
    (compiled(r"\bhalf\s(?:past\s)?(?P<word>noon|midnight)\b"), _past_twelve, {r"\bhalf", "noon|midnight"}),
    (compiled(rf"\b{_PART}[\s-](?:of\s)?(?:an?\s)?h(?:ou)?r\b"), _part_of_hour, {_PARTS, r"\bh(?:ou)?r\b"}),
    (compiled(rf"\b{_PART}[\s-](?:of\s)?(?:a\s)?y(?:ea)?r\b"), _part_of_year, {_PARTS, r"\by(?:ea)?r\b"}),
    (
        compiled(rf"\b(?P<count>an?|\d\d?|{'|'.join(_HOURS)})\s(?P<unit>{_UNIT})s?\sand\sa\shalf\b"),
        _and_a_half, {r"\bhalf\b", rf"\b{_UNIT}s?\b"},
    ),
    (
        compiled(rf"\b(?P<count>\d\d?|{'|'.join(_HOURS)})\sand\sa\shalf\s(?P<unit>{_UNIT})s?\b"),
        _and_a_half, {r"\bhalf\b", rf"\b{_UNIT}s?\b"},
    ),
    (
        compiled(rf"\b(?P<count>\d\d?|{'|'.join(_HOURS)})\sand\sa\shalf\b"),
        _number_and_a_half, {r"\bhalf\b", _COUNTED_HOUR},
    ),
    (
        compiled(
            r"(?<![\w.])(?P<number>\d+)\s(?P<unit>pounds?|quid|dollars?|euros?)\s(?:and\s)?(?P<coins>\d\d?)"
            r"\s?(?:p|pence|cents?)\b"
        ), _coins, {"0", r"\b(?:p|pence|cents?)\b"},
    ),
    (compiled(r"(?<![\w.,:;!?…)])\.(?P<number>\d{1,3})(?!\w|\.\w)"), _under_one, {r"^\.0"}),
    (compiled(r"(?<=\b[a-z])(?P<number>\d{1,3}(?:,\d{3})+)(?![\w,])"), _thousands, {r"[a-z]0,0"}),
    (compiled(r"(?<![\w'’])['’](?P<year>\d\d)(?![\w'’])"), _short_year, {r"['’]0"}),
    (compiled(r"\bfortnight\b"), _fortnight, {r"\bfortnight\b"}),
    (compiled(r"^[ \t>*-]{0,8}(?P<number>\d\d?)[.)](?=[ \t])", re.MULTILINE), _marker, {r"0[.)]$"}),
)  # fmt: skip
# After all others: what is hardly ever missed.
PERHAPS: tuple[Reader, ...] = (
    (
        compiled(r"\b(?:quarter\s(?P<way>to|till?|past|after)|half\spast)\b"),
        _no_hour, {_PARTS, r"\b(?:to|till?|past|after)\b"},
    ),
    (compiled(r"\b(?:zero|nil|nought)\b"), _nothing, {r"\b(?:zero|nil|nought)\b"}),
    (compiled(r"\b(?P<day>mon|wed|thu|sat|sun)s?\b(?!['’])"), _weekday, {r"\b(?:mon|wed|thu|sat|sun)s?\b"}),
    (compiled(r"\b(?P<month>may)\b"), _month, {r"\bmay\b"}),
    (compiled(rf"(?<=[a-z])(?<!\d[a-z])(?P<number>{DIGITS})(?P<scale>(?-i:[kKmM])\b)?"), _glued, {r"[a-z]0"}),
    (compiled(rf"\b(?P<month>{_MONTHS})\b"), _month, {rf"\b(?:{_MONTHS})\b"}),
    (
        compiled(rf"\b(?:(?P<ten>{_TENS})[- ])?(?P<word>{'|'.join(_ORDINALS)})s?\b"),
        _ordinal, {rf"\b(?:{'|'.join(_ORDINALS)})s?\b"},
    ),
    (compiled(rf"\b(?:{'|'.join(_PLURALS)})\b"), _plural, {rf"\b(?:{'|'.join(_PLURALS)})\b"}),
    (compiled(rf"\b(?:{'|'.join(_WORTH)})\b"), _worth, {rf"\b(?:{'|'.join(_WORTH)})\b"}),
    (compiled(rf"\b{_PART}\b"), _share, {_PARTS}),
)  # fmt: skip
