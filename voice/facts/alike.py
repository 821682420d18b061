"""Whether one figure says another: 8 says 8:00, 180 says €180, 2 weeks say 14 days, and 3/14 says March.

In: two figures. Out: yes or no. A unit may be left out where it goes without saying, never exchanged for another.
"""

import re
from functools import lru_cache

from voice.facts.quantities import Figure, value_of

_BASE = {
    "second": ("second", 1), "minute": ("second", 60), "hour": ("second", 3600), "day": ("day", 1), "week": ("day", 7),
    "month": ("month", 1), "year": ("month", 12), "decade": ("month", 120), "century": ("month", 1200),
}  # fmt: skip
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_LABEL = re.compile(r"[a-z]*(\d+)[a-z]*")
_YEAR, _DOTTED = re.compile(r"(?:19|20)\d\d"), re.compile(r"\d\d?\.[0-5]\d")
_SHORT = ("k", "m", "b")
_UNITLESS = ("amount", "duration", "time", "date", "percentage")  # of which people type the number alone


def says(said: Figure, asked: Figure) -> bool:
    """Whether somebody who reads the first knows the second."""
    if said.kind == asked.kind:
        return said.value == asked.value or _same(said.kind, said.value, asked.value)
    if "number" not in (said.kind, asked.kind):
        return False
    number, other = (said, asked) if said.kind == "number" else (asked, said)
    return other.kind in _UNITLESS and not _values(number.value).isdisjoint(bare(other.kind, other.value))


def says_as_much(said: Figure, asked: Figure) -> bool:
    """Whether the first leaves nothing open that the second tells: the half of the day, or the month of a date."""
    if asked.kind == "date":
        return said.kind == "date" and _parts_of(said.value)[0] in _parts_of(asked.value)[:2]
    if asked.kind != "time" or not _tells_half(asked.value):
        return True
    return said.value == (asked.value if said.kind == "time" else asked.value.replace(":", "").lstrip("0"))


def _same(kind: str, said: str, asked: str) -> bool:
    if kind == "time" and said.startswith(":"):
        return asked.endswith(said)
    if kind == "time":
        return not _hours(said).isdisjoint(_hours(asked))
    if kind == "duration":
        return _length(said) == _length(asked)
    if kind == "date":
        return _date_says(said, asked)
    if kind == "number":
        alike = _is_label_of, _is_year_of, _is_time_of
        return not _values(said).isdisjoint(_values(asked)) or any(
            of(*pair) for of in alike for pair in ((said, asked), (asked, said))
        )
    return False


@lru_cache(maxsize=1024)
def bare(kind: str, value: str) -> frozenset[str]:
    """The numbers by which people mean a figure of another kind."""
    if value.startswith(":"):
        return frozenset()
    if kind == "time":
        _, minute = value.split(":")
        hours = {hour for one in _hours(value) for hour in (one.split(":")[0], str(int(one.split(":")[0]) % 12 or 12))}
        if minute == "00":
            return frozenset({*hours, *(f"{one}00" for one in hours if one != "0")})
        return frozenset(f"{one}{mark}{minute}".rstrip("0" if mark else "") for one in hours for mark in (".", ""))
    if kind == "date":
        return frozenset(value.split("/")[1:2])
    number = re.search(r"\d+(?:\.\d+)?", value)
    return frozenset([number.group()] if number else [])


def _values(number: str) -> set[str]:
    """What a number may mean: 10k is ten thousand, or a run of ten kilometres; '94 is a year."""
    if number.startswith("'"):
        return {number[1:], f"19{number[1:]}", f"20{number[1:]}"}
    if number[-1:] not in _SHORT or not number[0].isdigit() or not number[:-1].replace(".", "").isdigit():
        return {number}
    return {number[:-1], value_of(number[:-1], number[-1])}


def _hours(value: str) -> set[str]:
    """What a time may mean: one without a half of the day, which has one digit or is of 10 to 12, means either."""
    hour, minute = value.split(":")
    if not hour:
        return {value}
    twelve = int(hour) % 12
    return {f"{int(hour)}:{minute}"} if _tells_half(value) else {f"{twelve}:{minute}", f"{twelve + 12}:{minute}"}


def _tells_half(time: str) -> bool:
    """Whether a time says which half of the day it is in; one of 10 to 12 does not."""
    hour, _ = time.split(":")
    return len(hour) == 2 and not 10 <= int(hour) <= 12


def _length(value: str) -> tuple[str, float]:
    count, unit = value.split()
    base, many = _BASE[unit]
    return base, float(count) * many


def _date_says(said: str, asked: str) -> bool:
    """A day says its month, a month no day; a year may be left out."""
    (month, day, year), (other_month, other_day, other_year) = _parts_of(said), _parts_of(asked)
    if year and other_year and year != other_year:
        return False
    if not other_day:
        return month == other_month
    return bool(day) and (month, day) in ((other_month, other_day), (other_day, other_month))


def _parts_of(date: str) -> tuple[str, str, str]:
    """Month, day and year of 3/14, 3/14/24, mar or mar 24; what it does not have is empty."""
    if "/" in date:
        month, day, year = (*date.split("/"), "")[:3]
        return month, day, year
    name, _, year = date.partition(" ")
    return str(_MONTHS.index(name) + 1), "", year


def _is_label_of(label: str, number: str) -> bool:
    """Whether a label, such as 14c or p12, is of a number that has no letters itself."""
    found = _LABEL.fullmatch(label)
    return number.isdigit() and found is not None and found[1] == number


def _is_year_of(short: str, year: str) -> bool:
    """Whether a number of two digits may be a year: 98 of 1998."""
    return len(short) == 2 and short.isdigit() and _YEAR.fullmatch(year) is not None and year.endswith(short)


def _is_time_of(digits: str, time: str) -> bool:
    """Whether digits may be a time with its dot left out: 445 of 4.45."""
    return digits.isdigit() and _DOTTED.fullmatch(time) is not None and digits == time.replace(".", "")
