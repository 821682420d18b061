"""Identifiers of a text <-> typed placeholders such as <phone1>.

In: any text, and people's names if those are to be hidden too. Out: the text with every identifier replaced, and what
stood there. Putting the values back gives the text again, to the letter; what looks like a placeholder already is
itself replaced.

    masked = mask("call me at 415-555-0132")      # Masked("call me at <phone1>", {"<phone1>": "415-555-0132"})
    restore("ring <phone1>", masked.values)      # "ring 415-555-0132"
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from voice.facts.identifiers import KINDS, Piece, apart, identifiers
from voice.facts.people import Names
from voice.facts.rules import CURRENT, Rules

# In lower case it survives people who never type capitals; it is three or four tokens to SmolLM2 and to Qwen.
ANY_PLACEHOLDER = rf"<(?:{'|'.join(KINDS)})[1-9]\d{{0,3}}>"
_LONG_ENOUGH = 4  # letters of a value that is looked for on the other side of a pair
PLACEHOLDER = re.compile(ANY_PLACEHOLDER)
# What would become a part of an identifier, or of what is clicked on: a word, and a dash after a link.
_GLUED = re.compile(r"<[a-z]+\d+>(?=\w)|<(?:link|email|path)\d+>(?=[—–-])|\w(?=<[a-z]+\d+>)")
_ANY_CASE = re.compile(ANY_PLACEHOLDER, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Masked:
    """A text with placeholders; `values` maps each of them to what stood there."""

    text: str
    values: dict[str, str] = field(default_factory=dict)


def kind_of(placeholder: str) -> str:
    """The kind of identifier that a placeholder stands for: <phone1> for a phone."""
    return placeholder.strip("<>0123456789")


def mask(text: str, names: Names | None = None, rules: Rules = CURRENT) -> Masked:
    """Replace the identifiers of a text; equal values get equal placeholders."""
    return _Numbering().replace(text, _pieces(text, names, rules), {})


def mask_pair(neutral: str, own: str, names: Names | None = None, rules: Rules = CURRENT) -> tuple[Masked, Masked]:
    """Both sides of a pair: what stands on both has the same placeholder on both, also where its spelling differs."""
    found = [_pieces(side, names, rules) for side in (neutral, own)]
    values = {
        (text[start:end], kind)
        for text, pieces in zip((neutral, own), found, strict=True)
        for start, end, kind in pieces
    }
    numbering = _Numbering()
    first = numbering.replace(neutral, _with_values(neutral, found[0], values), {})
    numbering.next_side()
    return first, numbering.replace(own, _with_values(own, found[1], values), {})


def restore(text: str, values: dict[str, str]) -> str:
    """Put the values back; placeholders that have none stay."""
    return PLACEHOLDER.sub(lambda match: values.get(match.group(), match.group()), text)


def canonical(text: str, given: str = "") -> str:
    """A text that a model wrote, its placeholders in lower case, and apart from words and dashes unless that is how the
    text that it was `given` has them."""
    lower = _ANY_CASE.sub(lambda match: match.group().lower(), text)
    return _GLUED.sub(lambda match: match.group() + " " * (_with_next(match, lower) not in given), lower)


def _with_next(glued: re.Match[str], text: str) -> str:
    """What is glued together: a placeholder and the sign after it, or a sign and the placeholder after it."""
    after = PLACEHOLDER.match(text, glued.end())
    return glued.group() + (after.group() if after else text[glued.end() : glued.end() + 1])


def placeholders(text: str) -> Counter[str]:
    """The placeholders of a text with how often each occurs."""
    return Counter(match.group() for match in PLACEHOLDER.finditer(text))


def kinds_in(text: str) -> Counter[str]:
    """How many placeholders of each kind a masked text has, repeated ones counted each time."""
    return Counter(kind_of(match.group()) for match in PLACEHOLDER.finditer(text))


def renumbered(part: str, values: dict[str, str]) -> Masked:
    """A part of a masked text as if it had been masked by itself: each kind numbered from 1."""
    numbering = _Numbering()
    pieces = [(match.start(), match.end(), kind_of(match.group())) for match in PLACEHOLDER.finditer(part)]
    return numbering.replace(part, pieces, values)


def _pieces(text: str, names: Names | None, rules: Rules) -> list[Piece]:
    """What is to be replaced in a text, in order: its identifiers, and what looks like a placeholder."""
    literal = [(match.start(), match.end(), kind_of(match.group())) for match in PLACEHOLDER.finditer(text)]
    return apart(literal + identifiers(text, rules, names))


def _with_values(text: str, pieces: list[Piece], values: set[tuple[str, str]]) -> list[Piece]:
    """The pieces, and where else in the text these values stand, in any case: on one side they may be easier to see."""
    more = [
        (match.start(), match.end(), kind)
        for value, kind in sorted(values, key=lambda item: (-len(item[0]), item))
        if len(value) >= _LONG_ENOUGH
        for match in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE)
    ]
    return apart(pieces + more)


class _Numbering:
    """Gives out placeholders: one a value, numbered by kind in order of appearance."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], str] = {}
        self._spelled: dict[tuple[str, str], str] = {}  # of the other side, whatever the spelling
        self._count: Counter[str] = Counter()

    def next_side(self) -> None:
        """From here on a value of the first side is recognised in another spelling, too."""
        self._spelled = {(kind, _spelling(kind, value)): found for (kind, value), found in self._given.items()}

    def replace(self, text: str, pieces: list[Piece], known: dict[str, str]) -> Masked:
        """Put a placeholder for each piece; `known` are values that stand for pieces of the text."""
        values: dict[str, str] = {}
        parts, last = [], 0
        for start, end, kind in pieces:
            value = known.get(text[start:end], text[start:end])
            placeholder = self._placeholder(kind, value, values)
            values[placeholder] = value
            parts += [text[last:start], placeholder]
            last = end
        return Masked("".join([*parts, text[last:]]), values)

    def _placeholder(self, kind: str, value: str, used: dict[str, str]) -> str:
        """Its placeholder; `used` are this side's, of which none may stand for two spellings."""
        found = self._given.get((kind, value)) or self._spelled.get((kind, _spelling(kind, value)))
        if found is None or used.get(found, value) != value:
            self._count[kind] += 1
            found = self._given[kind, value] = f"<{kind}{self._count[kind]}>"
        return found


def _spelling(kind: str, value: str) -> str:
    """One spelling for the ways in which people write the same value."""
    if kind in ("phone", "card", "iban", "id"):
        return "".join(letter for letter in value if letter.isalnum()).lower()[-10:]
    return "".join(value.casefold().rstrip("/.").split())
