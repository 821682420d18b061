"""Numbers as people write them, in digits and in words, and what they come to.

In: a number in a text, such as 1,250 or twenty-five, and its scale, such as k. Out: the same in plain digits. A Figure
is what is read of a text with numbers: a time, an amount, a date.
"""

import re
from decimal import Decimal
from typing import NamedTuple

_SMALL = dict(zip(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen".split(), range(20), strict=True,
))  # fmt: skip
_TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
_DOZENS = {"dozen": 12, "a dozen": 12}
_SCALES = {
    "hundred": 100, "thousand": 10**3, "k": 10**3, "million": 10**6, "mil": 10**6, "m": 10**6, "mio": 10**6,
    "billion": 10**9, "b": 10**9, "grand": 10**3, "mm": 10**6,
}  # fmt: skip

DIGITS = r"\d+(?:,\d{3}){1,8}(?:\.\d+)?|\d+(?:\.\d+)?"
SCALE = r"(?:\s?(?:thousand|million|billion|mil|mio|grand)\b|(?-i:[kKmMbB]|MM)\b)"
FROM_TWO = "|".join(word for word in [*_SMALL, *_TENS] if word not in ("zero", "one"))
SPELLED = (
    rf"(?:(?:{FROM_TWO})(?:[- ](?:{'|'.join(list(_SMALL)[1:10])})\b)?(?:\s(?:hundred|thousand|million|billion))*"
    r"|(?:a|one)\s(?:hundred|thousand|million|billion)|a\sdozen)"
)


class Figure(NamedTuple):
    """A fact; `certain` is False for words that need not stand for a figure."""

    kind: str
    value: str
    certain: bool = True


def value_of(number: str, scale: str | None) -> str:
    """A number in plain digits, from digits or words."""
    plain = number.replace(",", "").lower()
    if plain.isdigit() and not scale:
        return plain.lstrip("0") or "0"
    if plain[0].isdigit():
        value = Decimal(plain)
    else:
        value = Decimal(0)
        for word in re.split(r"[\s-]+", plain):
            small = _SMALL.get(word, _TENS.get(word, 1 if word == "a" else None))
            value = value * (_SCALES.get(word) or _DOZENS[word]) if small is None else value + small
    if scale:
        value *= _SCALES[scale.strip().lower()]
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
