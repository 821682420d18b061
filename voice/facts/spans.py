"""What finders of identifiers have in common: spans of a text, dates and money, which are none of theirs."""

import re
from collections.abc import Iterable, Iterator

Span = tuple[int, int]

_DATE = re.compile(
    r"(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|(?:1[89]|20)\d\d[./-]\d{1,2}[./-]\d{1,2})(?:[T ]\d.*)?"
    r"|(?:1[89]|20)\d\d[-/](?:(?:1[89]|20)\d\d|\d\d)"
)
DATE = _DATE.pattern
MONEY = re.compile(
    r"[$€£¥₹]\s?\d[\d,.']*+(?:\s?(?:[kKmMbB]|thousand|million|billion)\b)?"
    r"|(?<![\w.])\d[\d,.']{0,40}+\s?(?:(?:thousand|million|billion) )?"
    r"(?:[€£¥₹]|(?i:dollars?|bucks?|euros?|pounds?|quid|usd|eur|gbp|cents?)\b)"
    r"|\b(?:USD|EUR|GBP|CHF|CAD|AUD)\s?\d[\d,.']*+"
)
_DIGIT = re.compile(r"\d")
_END_MARKS = ".,;:!?'\"”’»*_…|"
_OPENING = {")": "(", "]": "[", "}": "{"}


def every(pattern: re.Pattern[str], text: str) -> Iterator[Span]:
    """The spans of all matches."""
    return (match.span() for match in pattern.finditer(text))


def has_digits(text: str, least: int) -> bool:
    """Whether a text has so many digits."""
    return len(_DIGIT.findall(text)) >= least


def not_money(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Those of the spans that lie in no amount of money."""
    amounts = bytearray(len(text))
    for start, end in every(MONEY, text):
        amounts[start:end] = b"\1" * (end - start)
    return (span for span in spans if amounts.find(1, *span) < 0)


def trimmed(text: str, start: int, end: int) -> int:
    """The end without the punctuation of the sentence; a bracket stays when its partner is inside."""
    unmatched: dict[str, int] = {}  # closing brackets beyond the opening ones, by kind
    while end > start + 1:
        last = text[end - 1]
        if opening := _OPENING.get(last):
            if last not in unmatched:
                unmatched[last] = text.count(last, start, end) - text.count(opening, start, end)
            if unmatched[last] <= 0:
                break
            unmatched[last] -= 1
        elif last not in _END_MARKS:
            break
        end -= 1
    return end


def is_date(value: str) -> bool:
    """Whether a value is a date, with or without a time, or a range of years."""
    return bool(_DATE.fullmatch(value.strip()))
