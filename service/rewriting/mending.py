"""A rewrite that may not go out -> the same with some of its clauses taken back.

In: a text, its rewrite, and how much less likely each token of the text became. Out: versions of the rewrite, the ones
with the most changes first, each with those clauses taken back that took the most from what the text says. What is
taken back stands as in the text, so that the owner's habits of typing (voice/hand.py) have to be put on it again.
Nothing smaller than a clause is taken back: halves of two make no sentence.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from voice.words import is_content, stem, words

_CHUNK = re.compile(r"\S+\s*")
_ENDS_CLAUSE = re.compile(r"[,;:.!?)—–-][\"'”’]?\s*$")
_BEGIN_CLAUSES = frozenset("and but or so because although though if when while which who unless until whether".split())
_KEPT = (0.6, 0.25)  # shares of what the changes cost together that the versions still cost
_ADDED = 1.0  # what a word costs that the rewrite adds, in nats
_FREE = 0.5  # nats by which a token may get less likely for nothing

Gaps = Sequence[tuple[str, float]]


@dataclass(slots=True)
class _Clause:
    """Chunks `first` to `last` of the text, what became of them, and what that costs."""

    first: int
    last: int
    typed: list[str] = field(default_factory=list)
    cost: float = 0.0
    lost: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)
    is_other: bool = False  # by its words, and not only by how they are typed


def mended(text: str, rewrite: str, gaps: Gaps) -> Iterator[str]:
    """Versions between the rewrite and the text, each with fewer changes than the one before; none without any."""
    before, after = (_CHUNK.findall(side) for side in (text, rewrite))
    clauses = _clauses(before, after, _costs(before, gaps))
    groups = sorted(_together(clauses), key=lambda group: sum(clause.cost for clause in group))
    total = sum(clause.cost for clause in clauses)
    given = set[str]()
    for share in _KEPT:
        left, kept = share * total, list[_Clause]()
        for group in groups:
            left -= sum(clause.cost for clause in group)
            if left < 0:
                version = _with(before, clauses, kept)
                if any(clause.is_other for clause in kept) and version not in given:
                    given.add(version)
                    yield version
                break
            kept += group


def _with(before: Sequence[str], clauses: Sequence[_Clause], kept: Sequence[_Clause]) -> str:
    """The text with what became of these clauses."""
    written: list[str] = []
    for clause in clauses:
        written += clause.typed if clause in kept else before[clause.first : clause.last]
    return "".join(chunk if chunk[-1:].isspace() else f"{chunk} " for chunk in written).strip()


def _costs(before: Sequence[str], gaps: Gaps) -> list[float]:
    """What each chunk of the text lost, by the tokens that begin in it; nothing where nobody read."""
    costs = [0.0] * len(before)
    end = position = place = 0
    ends = [end := end + len(chunk) for chunk in before]
    for token, gap in gaps:
        start = position + len(token) - len(token.lstrip())
        while place < len(ends) - 1 and start >= ends[place]:
            place += 1
        if costs:
            costs[place] += max(0.0, gap - _FREE)
        position += len(token)
    return costs


def _clauses(before: Sequence[str], after: Sequence[str], costs: Sequence[float]) -> list[_Clause]:
    """The clauses of the text, cut where a word on either side of the cut stands in the rewrite, too."""
    was, now = (["".join(words(chunk)) or chunk.strip() for chunk in side] for side in (before, after))
    same: dict[int, int] = {}
    for block in difflib.SequenceMatcher(None, was, now, autojunk=False).get_matching_blocks():
        same |= {block.a + place: block.b + place for place in range(block.size)}
    clauses = []
    first = start = 0
    for place in range(1, len(before) + 1):
        is_last = place == len(before)
        opens = is_last or _ENDS_CLAUSE.search(before[place - 1]) or was[place] in _BEGIN_CLAUSES
        if not opens or not (is_last or place in same or place - 1 in same):
            continue
        end = len(after) if is_last else same.get(place, same.get(place - 1, 0) + 1)
        lost, new = (_content(side) for side in (before[first:place], after[start:end]))
        added = max(0, end - start - (place - first))
        cost = sum(costs[first:place]) + _ADDED * added
        is_other = was[first:place] != now[start:end]
        clauses.append(_Clause(first, place, list(after[start:end]), cost, lost - new, new - lost, is_other))
        first, start = place, end
    return clauses


def _content(chunks: Sequence[str]) -> set[str]:
    return {stem(word) for word in words("".join(chunks)) if is_content(word)}


def _together(clauses: Sequence[_Clause]) -> list[list[_Clause]]:
    """The clauses in groups: those between which a word moved belong together."""
    groups: list[list[_Clause]] = []
    for clause in clauses:
        joined = [group for group in groups if any(one.lost & clause.new or one.new & clause.lost for one in group)]
        for group in joined:
            groups.remove(group)
        groups.append([*(one for group in joined for one in group), clause])
    return groups
