"""Placeholders that changed places: '40 to <iban1> and 900 to <iban2>' with the two of them exchanged.

In: a masked text before and after. Out: the placeholders of which another one's neighbours speak. What stands beside a
placeholder is what says which one it is: near words count more than far ones, and a mark between them is as good as
three words.
"""

import re
from collections import defaultdict
from itertools import combinations

from voice.facts.masking import ANY_PLACEHOLDER, placeholders
from voice.words import is_content, stem

_TOKEN = re.compile(rf"{ANY_PLACEHOLDER}|\d+(?:[.,:/-]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[.,;:!?\n()—–-]")
_PLACEHOLDER = re.compile(ANY_PLACEHOLDER)
_BREAKS = frozenset(".,;:!?\n()—–-") | frozenset("and or but then while whereas".split())
_REACH = 8  # how far away a word still counts
_BREAK = 2  # what a mark between them adds to the distance
_GRAMMAR = 0.25  # what a word counts that only joins others
_NEXT_TO = 0.25  # what the very next word counts, whatever it is, on its side
_MANY, _FEW = 12, 8  # placeholders of which not every pair is looked at; those that a telling word stands beside
_SURELY = 0.5  # by how much the other one's neighbours must fit better where the order is as it was

Context = dict[str, float]


def exchanged(before: str, after: str) -> set[str]:
    """The placeholders that stand where others of them belong."""
    if len(placeholders(before)) < 2:
        return set()
    was, now = _contexts(before), _contexts(after)
    places = {name: number for number, name in enumerate(now)}
    common = [name for name in was if name in places]
    found: set[str] = set()
    for first, second in combinations(common, 2) if len(common) <= _MANY else _likely_pairs(common, was, now):
        stayed = _alike(was[first], now[first]) + _alike(was[second], now[second])
        changed = _alike(was[first], now[second]) + _alike(was[second], now[first])
        turned = places[first] > places[second]
        if changed > stayed + (0 if turned else _SURELY):
            found |= {first, second}
    return found


def _likely_pairs(names: list[str], was: dict[str, Context], now: dict[str, Context]) -> set[tuple[str, str]]:
    """Of many placeholders the pairs of which one has neighbours now that the other had; words of all tell nothing."""
    order = {name: number for number, name in enumerate(names)}
    had: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        for said in was[name]:
            had[said].append(name)
    return {
        (name, other) if order[name] < order[other] else (other, name)
        for name in names
        for others in (had.get(said, ()) for said in now[name])
        if len(others) <= _FEW
        for other in others
        if other != name
    }


def _contexts(text: str) -> dict[str, Context]:
    """What stands beside each placeholder, by how near it is; in the order in which they come first."""
    found: defaultdict[str, Context] = defaultdict(dict)
    tokens = _TOKEN.findall(text)
    for place, token in enumerate(tokens):
        if _PLACEHOLDER.fullmatch(token):
            context = found[token]
            _look("<", tokens[max(0, place - _REACH) : place][::-1], context)
            _look(">", tokens[place + 1 : place + 1 + _REACH], context)
    return found


def _look(side: str, row: list[str], context: Context) -> None:
    """Add to a context what stands on one side, the nearest first."""
    distance = 1
    if row:
        beside = "<>" if _PLACEHOLDER.fullmatch(row[0]) else stem(row[0].lower())
        context[side + beside] = _NEXT_TO
    for token in row:
        if distance > _REACH:
            return
        word = token.lower()
        if word in _BREAKS:
            distance += _BREAK
            continue
        if not _PLACEHOLDER.fullmatch(token):
            said = stem(word)
            context[said] = max(context.get(said, 0), (1 if is_content(word) else _GRAMMAR) / distance)
        distance += 1


def _alike(some: Context, others: Context) -> float:
    return sum(min(weight, others[said]) for said, weight in some.items() if said in others)
