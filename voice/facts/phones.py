"""Where a text holds telephone numbers.

In: a text, and the regions whose numbers need no country code. Out: (start, end) of each, with its extension.
"""

import re
from collections.abc import Iterator

from phonenumbers import Leniency, PhoneNumberMatcher

from voice.facts.rules import REGIONS
from voice.facts.spans import DATE, Span, every, has_digits, not_money

_SHAPE = re.compile(
    r"(?<![\w.,$€£/-])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]?\d{4}(?![\w]|[-/.]\d)"
    r"|(?<![\w.,$€£/-])\d{3}-\d{4}(?![\w]|[-/.]\d)"
)
_MOST_TRIES = 1000  # of what is no number in any of them; no letter has as many
# Dates, ranges of round numbers (500-1000), columns of decimals.
_NO_PHONE = re.compile(rf"{DATE}|\d+00-\d+00|\d+\.\d+\s+\d+(?:\.\d+)?|.*\s{{2,}}.*\.\d+")

# Beside a word that says so, whatever is in groups and as long as a number: nearly all of these are one somewhere.
_IN_GROUPS = re.compile(
    r"(?<![\w.,$€£/:+-])(?:\+|00)?(?:\(\d{1,5}\)|\d{1,5})(?:[ ]?[-./–][ ]?|[ ]?(?=\()|(?<=\))|[ ])"
    r"(?:\(\d{1,5}\)[ ]?|\d{1,6}(?:[ ]?[-.–][ ]?|[ ])){0,6}\d{1,6}(?!\w|[-/.,:]\d|[ ]?%)"
    r"(?:,?[ ]?(?:ext\.?|extension|x|#)[ ]?\d{1,5}(?!\w))?"
)
_TOLD = re.compile(
    r"(?i:\b(?:call|calls|called|calling|phone|phones|phoned|tel|telephone|telefon|telefono|n[uú]mero|mob|téléphone|teléfono|mobile|mobil"
    r"|cell|cel|celular|cellphone|text|texted|dial|fax|whatsapp|signal|telegram|sms|landline|hotline|handy"
    r"|number(?! of)|reach (?:me|us|him|her|them|you)|ring(?! size)|voicemail|extension|nr|móvil|portable)\b|☎|📞|📱)"
)
_BEFORE, _AFTER = 80, 30  # characters of a line in which the word may stand
_FEWEST, _MOST = 6, 15  # digits of a number
_NO_GROUPS = re.compile(
    rf"(?:\d ){{2,}}.*|{DATE}|\d\d? \d\d? (?:19|20)\d\d|(?:(?:19|20)\d\d[ ,/–-]*)+|\d+0[ ]?[-–][ ]?\d+0"
    r"|\d{1,2}(?:[.:]\d\d)?[ ]?[-–][ ]?\d{1,2}[.:]\d\d|\d+\.\d+[ –-]+\d+(?:\.\d+)?|\d{1,3}(?:[ .]000)+"
)
_ROUND = re.compile(r"\d{1,3}(?: \d{3})* 000")  # 3 100 000
# 1-800-FLOWERS, 800-GOT-JUNK; with spaces only where a word says that it is a number.
_LETTERS = re.compile(
    r"(?<![\w$€£.,-])(?:\+?1(?P<gap>[-. ]))?\(?(?:8(?:00|33|44|55|66|77|88)|900|0[58]00|1[38]00)(?P<end>[-). ])[-. ]?"
    r"(?=[\dA-Za-z-]{0,12}[A-Za-z]{3})[\dA-Za-z]{1,9}(?:-[\dA-Za-z]{1,8}){0,3}(?![\w-])"
    r"(?P<more>(?: [A-Z]{2,7}){1,3}(?![\w-]))?"
)

_LETTERS_OF_ONE = 8  # and digits behind the prefix, where they are several words

# What a word has of every text that has one.
PHONE, IN_LETTERS = r"\d", r"[A-Z]{2}|\d-[a-z]{3}"


def phones(text: str) -> Iterator[Span]:
    """The numbers of three regions and those with a country code."""
    yield from _known(text, REGIONS)


def all_phones(text: str, regions: tuple[str, ...] = ()) -> Iterator[Span]:
    """These, those of further `regions`, and those in any groups that stand beside a word for a telephone."""
    known = list(_known(text, (*REGIONS, *regions)))
    found = sorted([*known, *_told(text)], key=lambda span: (span[0], -span[1]))
    found = [span for span in found if not _ROUND.fullmatch(text[slice(*span)])]
    yield from ((start + (text[start] == "(" and ")" not in text[start:end]), end) for start, end in found)


def _known(text: str, regions: tuple[str, ...]) -> Iterator[Span]:
    if not has_digits(text, 7):
        return
    found = list(every(_SHAPE, text))
    for region in regions:
        matcher = PhoneNumberMatcher(text, region, leniency=Leniency.VALID, max_tries=_MOST_TRIES)
        found += [(match.start, match.end) for match in matcher]
    found = [span for span in found if not _NO_PHONE.fullmatch(text[slice(*span)])]
    yield from not_money(text, sorted(found, key=lambda span: (span[0], -span[1])))


def _told(text: str) -> Iterator[Span]:
    if has_digits(text, _FEWEST) and _TOLD.search(text):
        found = (match.span() for match in _IN_GROUPS.finditer(text) if _is_number(match.group()))
        yield from not_money(text, (span for span in found if _is_told(text, *span)))


def _is_number(value: str) -> bool:
    return _FEWEST <= sum(map(str.isdigit, value)) <= _MOST and not _NO_GROUPS.fullmatch(value)


def _is_told(text: str, start: int, end: int) -> bool:
    """Whether a word for a telephone stands in the same line, near by."""
    before = text[max(0, start - _BEFORE) : start].rpartition("\n")[2]
    return bool(_TOLD.search(before) or _TOLD.search(text[end : end + _AFTER].partition("\n")[0]))


def in_letters(text: str) -> Iterator[Span]:
    """Numbers that end in words."""
    for match in _LETTERS.finditer(text):
        start, end = match.span()
        if match["more"] and sum(map(str.isalnum, text[match.end("end") : end])) > _LETTERS_OF_ONE:
            end = match.start("more")
        letters = re.sub(r"[^A-Za-z]", "", text[start:end])
        shown = letters.isupper() or (letters.islower() and " " not in text[start:end] and match["gap"] == "-")
        told = match["gap"] or match["end"] in ("-", ")") or _is_told(text, start, end)
        if shown and told and sum(map(str.isalnum, text[start:end])) >= _FEWEST:
            yield start, end
