"""What a rewrite did to the facts of a text.

In: a text before and after, masked or not. Out: the kinds of facts that are missing and those that were invented.

    compare("See you at 7:30 PM.", "see u at 8:30")     # Difference(missing=("time",), invented=("time",))
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from voice.asking import asks, requests, still_asks
from voice.facts.alike import says
from voice.facts.figures import figures
from voice.facts.masking import PLACEHOLDER, kind_of, placeholders
from voice.facts.named import is_misspelled, names_of
from voice.facts.negation import negations
from voice.facts.places import exchanged
from voice.facts.quantities import Figure

_WORD = re.compile(r"[^\W_]+")
_MOST_COMPARED = 10_000  # pairs of figures that are looked at one by one; a text with more says each in one spelling
_MOST_MISSPELLED = 40  # names of a text; whoever gets more of them wrong means others


@dataclass(frozen=True, slots=True)
class Difference:
    """The kinds of facts that a rewrite lost and those that it made up, each sorted and named once."""

    missing: tuple[str, ...] = ()
    invented: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.invented)


def visible(text: str) -> list[tuple[str, str]]:
    """The facts of a masked text that a model sees, by kind, each with its value."""
    found = [(figure.kind, figure.value) for figure in figures(PLACEHOLDER.sub(" ", text)) if figure.certain]
    found += [("name", name) for name in names_of(text)]
    found += [("negation", str(count))] if (count := negations(text)) else []
    return sorted({*found, ("question", "?")} if asks(text) else set(found))


def compare(before: str, after: str, owner: Iterable[str] = ()) -> Difference:
    """What a rewrite did to the facts; names of the voice's `owner` may go, and are invented in any spelling.

    Placeholders that changed places are missing where they were and invented where they are.
    """
    lost, made_up = _of_figures(before, after)
    moved = {kind_of(placeholder) for placeholder in exchanged(before, after)}
    lost, made_up = lost | moved, made_up | moved
    names, new_names = names_of(before), names_of(after, typed=True)
    own = {part for name in owner for part in words_of(name) if len(part) > 1}
    if names or new_names or own:
        words, new_words = words_of(before), words_of(after)
        lost |= {"name" for name in names if not words_of(name) <= new_words | own}
        if own & (new_words - words) or _names_somebody_else(new_names, words):
            made_up.add("name")
    if (nots := negations(after) - negations(before)) != 0:
        (made_up if nots > 0 else lost).add("negation")
    if (asks(before) or "?" in before) and not still_asks(before, after):
        lost.add("question")
    if asks(after) and not (asks(before) or requests(before)):
        made_up.add("question")
    return Difference(tuple(sorted(lost)), tuple(sorted(made_up)))


def invented(neutral: str, own: str) -> list[str]:
    """The kinds of facts that the own side of a training pair has and the neutral side lacks, sorted.

    Negations and questions are left out: people put them too freely to tell by rule.
    """
    named = _names_somebody_else(names_of(own, typed=True), words_of(neutral))
    return sorted(_of_figures(neutral, own)[1] | ({"name"} if named else set()))


def _names_somebody_else(names: set[str], words: set[str]) -> bool:
    """Whether one of the names is none of the words, and none of them misspelled."""
    others = [name for name in names if not words_of(name) <= words]
    return len(others) > _MOST_MISSPELLED or not all(is_misspelled(name, words) for name in others)


def _of_figures(before: str, after: str) -> tuple[set[str], set[str]]:
    """Kinds lost and kinds made up, of placeholders and figures; what is said twice may be said once."""
    lost, made_up = _kinds_of_placeholders(before, after)
    was, now = (figures(PLACEHOLDER.sub(" ", text)) for text in (before, after))
    lost |= {figure.kind for figure in lacking(was, now)}
    return lost, made_up | {figure.kind for figure in lacking(now, was)}


def of_placeholders(before: str, after: str) -> tuple[set[str], set[str]]:
    """Kinds of identifiers lost and of those made up; what changed places with another one is both."""
    lost, made_up = _kinds_of_placeholders(before, after)
    moved = {kind_of(placeholder) for placeholder in exchanged(before, after)}
    return lost | moved, made_up | moved


def _kinds_of_placeholders(before: str, after: str) -> tuple[set[str], set[str]]:
    old, new = placeholders(before), placeholders(after)
    lost = {kind_of(name) for name in old.keys() - new.keys()}
    return lost, {kind_of(name) for name in new if new[name] > old[name]}


def lacking(some: list[Figure], others: list[Figure]) -> list[Figure]:
    """The certain figures of one text that the other does not have, in any spelling."""
    there = {(figure.kind, figure.value) for figure in others}
    distinct = list({(figure.kind, figure.value): figure for figure in others}.values())
    if len(some) * len(distinct) > _MOST_COMPARED:
        distinct = []
    return [
        figure
        for figure in some
        if figure.certain
        and (figure.kind, figure.value) not in there
        and not any(says(other, figure) for other in distinct)
    ]


def words_of(text: str) -> set[str]:
    """Its words in one case; what stands after an apostrophe or a dash is a word by itself."""
    return set(_WORD.findall(text.casefold()))
