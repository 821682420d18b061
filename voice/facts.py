"""The facts of a text that a rewrite must neither lose nor invent.

In: a text before and after. Out: what is missing and what was invented, by kind: placeholders, numbers, times, amounts,
dates, weekdays, percentages, names, negations. Facts are compared up to the way they are written: 7:30 PM is 7:30pm,
March 14 is 3/14, Tuesday is tue, two is 2, $1,000 is 1k dollars, "cannot" is "can't".

    compare("See you at 7:30 PM.", "see u at 8:30")     # Difference(missing=("time",), invented=("time",))
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from voice.figures import Found, figures
from voice.masking import KINDS
from voice.names import names_of, same_word
from voice.negation import negations


class Fact(NamedTuple):
    """One fact; `value` in one spelling whatever the text's."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Difference:
    """The kinds of facts that a rewrite lost and those that it made up, each sorted and named once."""

    missing: tuple[str, ...]
    invented: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the facts are the same."""
        return not self.missing and not self.invented


def visible(text: str) -> Counter[Fact]:
    """The facts of a text, each with how often it occurs."""
    found = Counter(Fact(item.kind, item.value) for item in figures(text) if item.certain)
    found.update(Fact("name", name) for name in names_of(text))
    found.update({Fact("negation", "not"): count for count in [negations(text)] if count})
    return found


def numbers(text: str) -> Counter[str]:
    """The numbers of a text (also those of times, dates and amounts), each with how often it occurs, in one spelling."""  # noqa: E501
    found = (item for item in figures(text) if item.certain and item.kind not in ("weekday", "day", *KINDS))
    return Counter(item.value for item in found)


def compare(before: str, after: str, own_names: Iterable[str] = ()) -> Difference:
    """What a rewrite did to the facts; `own_names` (of the voice's owner) count as invented in any spelling."""
    lost, made_up = _figures(before, after)
    words, new_words = _words(before), _words(after)
    lost.update("name" for name in names_of(before) if not _has(new_words, name))
    made_up.update("name" for name in names_of(after) if not _has(words, name) and not same_word(name, words))
    own_words = {part for name in own_names for part in _words(name) if len(part) > 1}
    made_up.update("name" for _ in own_words & (new_words - words))
    nots = negations(after) - negations(before)
    if nots:
        (made_up if nots > 0 else lost).add("negation")
    return Difference(tuple(sorted(lost)), tuple(sorted(made_up)))


def invented(neutral: str, own: str) -> list[str]:
    """The kinds of facts that the own side of a training pair has and the neutral side lacks; names and negations
    apart, which people write and leave out too freely to tell by rule."""
    return sorted(_figures(neutral, own)[1])


def _figures(before: str, after: str) -> tuple[set[str], set[str]]:
    """Kinds lost and kinds made up, of all but names and negations; a repeated fact may be told once."""
    old, new = figures(before), figures(after)
    return _without(old, new), _without(new, old)


def _without(some: list[Found], others: list[Found]) -> set[str]:
    """The kinds of the certain facts of one text that the other does not have; placeholders are counted, too."""
    there = {(item.kind, item.value) for item in others}
    counts, other_counts = Counter(item.value for item in some), Counter(item.value for item in others)
    lacking = {item.kind for item in some if item.certain and (item.kind, item.value) not in there}
    return lacking | {
        item.kind for item in some if item.kind in KINDS and counts[item.value] > other_counts[item.value]
    }


def _has(words: set[str], name: str) -> bool:
    return _words(name) <= words


def _words(text: str) -> set[str]:
    """The words in one case; what stands after an apostrophe is a word by itself."""
    return set("".join(letter if letter.isalnum() else " " for letter in text.casefold()).split())
