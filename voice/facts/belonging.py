"""What belongs to what: amounts, times and people that changed places, such as the prices of a boat and a trailer.

In: a text before and after. Out: the kinds of what stands where another one belongs. Each figure and name that both
texts have once is taken for a placeholder, and judged by its neighbours as those are.
"""

import re

from voice.facts.alike import says
from voice.facts.figures import placed_figures
from voice.facts.masking import PLACEHOLDER
from voice.facts.named import names_of
from voice.facts.places import exchanged
from voice.facts.quantities import Figure

_MOST = 40  # facts of a text; of more, nothing is said
_FIRST = 9001  # no text has so many placeholders
_NAME = re.compile(r"[^\W\d_]+")

Placed = tuple[str, tuple[int, int]]  # a key, and where it stands


def belongings(before: str, after: str) -> set[str]:
    """The kinds of visible facts of which two changed places."""
    pairs = [*_figures(before, after), *_names(before, after)]
    if not 2 <= len(pairs) <= _MOST:
        return set()
    kinds = {f"<id{_FIRST + number}>": kind for number, (kind, _, _) in enumerate(pairs)}
    one = _put(before, {span: name for name, (_, span, _) in zip(kinds, pairs, strict=True)})
    other = _put(after, {span: name for name, (_, _, span) in zip(kinds, pairs, strict=True)})
    moved = exchanged(one, other) & kinds.keys()
    return {kinds[name] for name in moved}


def _figures(before: str, after: str) -> list[tuple[str, tuple[int, int], tuple[int, int]]]:
    """(kind, place before, place after) of the figures that each text has once."""
    was, now = (_plain(placed_figures(PLACEHOLDER.sub(_as_long, text))) for text in (before, after))
    if len(was) > _MOST or len(now) > _MOST:
        return []
    found = []
    for figure, span in was:
        same = [(other, place) for other, place in now if says(figure, other) or says(other, figure)]
        if len(same) == 1 and sum(says(one, same[0][0]) or says(same[0][0], one) for one, _ in was) == 1:
            found.append((figure.kind, span, same[0][1]))
    return found


def _plain(figures: list[tuple[Figure, tuple[int, int]]]) -> list[tuple[Figure, tuple[int, int]]]:
    return [(figure, span) for figure, span in figures if figure.certain]


def _as_long(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _names(before: str, after: str) -> list[tuple[str, tuple[int, int], tuple[int, int]]]:
    found = []
    known = names_of(before)
    if not 2 <= len(known) <= _MOST:
        return []
    was, now = _places(before, known), _places(after, known)
    for name in sorted(known):
        if len(was.get(name, ())) == len(now.get(name, ())) == 1:
            found.append(("name", was[name][0], now[name][0]))
    return found


def _places(text: str, names: set[str]) -> dict[str, list[tuple[int, int]]]:
    places: dict[str, list[tuple[int, int]]] = {}
    for match in _NAME.finditer(text):
        word = match.group().casefold()
        word = word if word in names else word.removesuffix("s")
        if word in names:
            places.setdefault(word, []).append(match.span())
    return places


def _put(text: str, names: dict[tuple[int, int], str]) -> str:
    """The text with each span replaced; of spans that overlap the first."""
    parts, end = [], 0
    for span in sorted(names):
        if span[0] >= end:
            parts += [text[end : span[0]], names[span]]
            end = span[1]
    return "".join([*parts, text[end:]])
