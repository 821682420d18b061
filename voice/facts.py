"""The facts of a text that a rewrite must neither lose nor invent.

So far: numbers. 7:30 PM is 7:30pm, 1,000 is 1000, and digits inside a word (b4, h2o) are not a number.
"""

import re
from collections import Counter

_NUMBER = re.compile(r"(?<![A-Za-z\d])\d+(?:[.,:/-]\d+)*")


def numbers(text: str) -> Counter[str]:
    """The numbers of a text, each with how often it occurs, in one spelling whatever the thousands separator."""
    return Counter(_plain(match.group()) for match in _NUMBER.finditer(text))


def invented(neutral: str, own: str) -> list[str]:
    """The numbers that the own side has and the neutral side lacks, sorted; empty when it invents none."""
    return sorted(set(numbers(own)) - set(numbers(neutral)))


def _plain(number: str) -> str:
    return re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", number)
