"""Private identifiers of a text <-> typed placeholders such as [PHONE_1].

In: any text, and people's names if those are to be hidden too. Out: the text with every identifier replaced, and what
stood there. Putting the values back gives the text again to the letter, and a masked text holds nothing more to mask.

    masked = mask("call me at 415-555-0132")      # Masked("call me at [PHONE_1]", {"[PHONE_1]": "415-555-0132"})
    restore("ring [PHONE_1]", masked.values)       # "ring 415-555-0132"
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from voice.identifiers import FINDERS, KINDS, SUSPICIOUS
from voice.people import Names

__all__ = ["KINDS", "Masked", "Names", "mask", "mask_pair", "placeholders", "restore"]

_PLACEHOLDER = re.compile(rf"\[(?P<kind>{'|'.join(kind.upper() for kind in KINDS)})_[1-9][0-9]{{0,5}}\]")

# Literal text; or an identifier with its kind; or, with the kind "", a placeholder that was in the text already.
_Piece = tuple[str | None, str]
_Finder = tuple[str, Callable[[str], list[tuple[int, int]]]]


@dataclass(frozen=True, slots=True)
class Masked:
    """A text with placeholders; `values` maps each placeholder that was put in to what stood there."""

    text: str
    values: dict[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> Counter[str]:
        """How many identifiers of each kind were replaced, repeated ones counted each time."""
        found = (match for match in _PLACEHOLDER.finditer(self.text) if match.group() in self.values)
        return Counter(match["kind"].lower() for match in found)


def mask(text: str, *, names: Names | None = None, region: str = "US") -> Masked:
    """Replace the identifiers of a text; `region` is the country whose phone numbers need no country code."""
    pieces = _pieces(text, names, region)
    return _Numbering(text).apply(text, pieces) if pieces else Masked(text)


def mask_pair(neutral: str, own: str, *, names: Names | None = None, region: str = "US") -> tuple[Masked, Masked]:
    """Both sides of a pair under one numbering: what stands on both sides has the same placeholder on both."""
    numbering = _Numbering(neutral + "\n" + own)
    first = numbering.apply(neutral, _pieces(neutral, names, region))
    numbering.next_side()
    return first, numbering.apply(own, _pieces(own, names, region))


def restore(text: str, values: dict[str, str]) -> str:
    """Put the values back; placeholders that have none stay."""
    return _PLACEHOLDER.sub(lambda match: values.get(match.group(), match.group()), text)


def placeholders(text: str) -> Counter[str]:
    """The placeholders of a text with how often each occurs."""
    return Counter(match.group() for match in _PLACEHOLDER.finditer(text))


def _pieces(text: str, names: Names | None, region: str) -> list[_Piece]:
    """The text in pieces; empty when there is nothing to mask."""
    finders: list[_Finder] = []
    if SUSPICIOUS.search(text):
        finders = [(kind, lambda piece, find=find: find(piece, region)) for kind, find in FINDERS]  # type: ignore[misc]
    if names and names.may_occur(text):
        finders.append(("name", names.spans))
    if not finders:
        return []
    pieces = list(_around_placeholders(text))
    more, changed = True, False
    while more:  # what is left of a piece may show what its surroundings hid; a second masking must not find it first
        more = False
        for kind, find in finders:
            found = [part for piece in pieces for part in _divide(piece, kind, find)]
            more = more or len(found) > len(pieces) or any(a is not b for a, b in zip(found, pieces, strict=False))
            pieces = found
        changed = changed or more
    return pieces if changed else []


def _around_placeholders(text: str) -> Iterator[_Piece]:
    """What looks like a placeholder is left alone and nothing is looked for across it."""
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        yield None, text[end : match.start()]
        yield "", match.group()
        end = match.end()
    yield None, text[end:]


def _divide(piece: _Piece, kind: str, find: Callable[[str], list[tuple[int, int]]]) -> Iterator[_Piece]:
    known, text = piece
    spans = find(text) if known is None and text else []
    if not spans:
        yield piece
        return
    end = 0
    for start, stop in spans:
        yield None, text[end:start]
        yield kind, text[start:stop]
        end = stop
    yield None, text[end:]


class _Numbering:
    """Gives out placeholders: one a value, numbered by kind in order of appearance."""

    def __init__(self, text: str) -> None:
        self._taken = set(placeholders(text))  # a number that the text itself uses would be restored to something else
        self._given: dict[tuple[str, str], str] = {}
        self._spelled: dict[tuple[str, str], str] = {}  # of the other side, whatever the spelling
        self._counters = {kind: count(1) for kind in KINDS}

    def next_side(self) -> None:
        """From here on a value spelled in another way is recognised, once."""
        self._spelled = {(kind, _spelling(kind, value)): found for (kind, value), found in self._given.items()}

    def apply(self, text: str, pieces: list[_Piece]) -> Masked:
        if not pieces:
            return Masked(text)
        values: dict[str, str] = {}
        parts = []
        for kind, piece in pieces:
            if not kind:
                parts.append(piece)
                continue
            placeholder = self._placeholder(kind, piece, values)
            values[placeholder] = piece
            parts.append(placeholder)
        return Masked("".join(parts), values)

    def _placeholder(self, kind: str, value: str, used: dict[str, str]) -> str:
        found = self._given.get((kind, value)) or self._spelled.get((kind, _spelling(kind, value)))
        if found is None or used.get(found, value) != value:
            numbers = self._counters[kind]
            found = next(name for number in numbers if (name := f"[{kind.upper()}_{number}]") not in self._taken)
            self._given[kind, value] = found
        return found


def _spelling(kind: str, value: str) -> str:
    """One spelling for the ways in which people write the same value."""
    if kind in ("phone", "card", "id"):
        return "".join(letter for letter in value if letter.isalnum()).lower()[-10:]
    return "".join(value.casefold().rstrip("/").split())
