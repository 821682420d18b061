"""Which triplets are held back to see how well the training goes.

In: all triplets of a file. Out: those to train on, those to validate with, and how many went to neither, by reason.
The split is by thread and time, never by row: an answer given a minute later in the same chat would tell what the
validation asks. It depends on the triplets alone, not on their order and not on a seed.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from voice.triplet import Triplet

FEWEST = 8  # a loss over fewer examples is noise
COPY = "copy_in_training"


@dataclass(slots=True)
class Split:
    """The triplets in two parts that share no thread and no own text."""

    training: list[Triplet] = field(default_factory=list)
    validation: list[Triplet] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


def split(triplets: Sequence[Triplet], share: float, most: int) -> Split:
    """Hold back whole groups, the most recent first, up to `share` of the triplets and `most` of them.

    A group is a thread; without a thread, all of a source on one day; without a date, the rows that share an own text,
    in an order by hash. A group that is too large is left to training. Should that leave too little, threads are cut
    by day. What was held back but has an own text that is trained on too ('ok') is dropped and counted.
    """
    target = min(int(len(triplets) * share), most)
    if target < FEWEST:
        return Split(training=list(triplets))
    rows = _rows(triplets)
    chosen = _choose(triplets, target, lambda triplet: _group(triplet, rows))
    if len(chosen) < target / 2:
        chosen = _choose(triplets, target, lambda triplet: f"{_day(triplet)}/{_group(triplet, rows)}")
    found = Split()
    for place, triplet in enumerate(triplets):
        (found.validation if place in chosen else found.training).append(triplet)
    trained = {_text(triplet) for triplet in found.training}
    fresh = [triplet for triplet in found.validation if _text(triplet) not in trained]
    if len(fresh) < FEWEST:
        return Split(training=list(triplets))
    found.dropped[COPY] = len(found.validation) - len(fresh)
    found.dropped = +found.dropped
    found.validation = fresh
    return found


def _choose(triplets: Sequence[Triplet], target: int, group: Callable[[Triplet], str]) -> set[int]:
    """The places of the triplets in the most recent groups that fit into `target` together."""
    groups: dict[str, list[int]] = defaultdict(list)
    for place, triplet in enumerate(triplets):
        if triplet.origin != "feedback":  # few, weighted and given on purpose: always trained on
            groups[group(triplet)].append(place)
    chosen: set[int] = set()
    for places in _most_recent_first(groups, triplets):
        if len(chosen) + len(places) <= target:
            chosen.update(places)
    return chosen


def _most_recent_first(groups: dict[str, list[int]], triplets: Sequence[Triplet]) -> Iterable[list[int]]:
    def age(item: tuple[str, list[int]]) -> tuple[float, str]:
        dates = [date.timestamp() for place in item[1] if (date := triplets[place].sent_at)]
        return (-max(dates, default=float("-inf")), hashlib.sha256(item[0].encode()).hexdigest())

    return [places for _, places in sorted(groups.items(), key=age)]


def _group(triplet: Triplet, rows: dict[str, str]) -> str:
    if triplet.thread is not None:
        return f"thread/{triplet.thread}"
    if triplet.sent_at is not None:
        return f"day/{triplet.source}/{_day(triplet)}"
    return f"row/{rows[_row(triplet)]}"


def _rows(triplets: Sequence[Triplet]) -> dict[str, str]:
    """Each row without thread and date -> the first of the rows that it shares own texts with, over any way."""
    first: dict[str, str] = {}

    def find(row: str) -> str:
        while first.setdefault(row, row) != row:
            first[row] = first[first[row]]
            row = first[row]
        return row

    by_text: dict[str, str] = {}
    loose = [triplet for triplet in triplets if triplet.thread is None and triplet.sent_at is None]
    for triplet in loose:
        one, other = find(_row(triplet)), find(by_text.setdefault(_text(triplet), _row(triplet)))
        first[max(one, other)] = min(one, other)
    return {row: find(row) for row in map(_row, loose)}


def _row(triplet: Triplet) -> str:
    return triplet.id.rsplit(":", 1)[0]


def _day(triplet: Triplet) -> str:
    return triplet.sent_at.date().isoformat() if triplet.sent_at else ""


def _text(triplet: Triplet) -> str:
    return " ".join(triplet.own.casefold().split())
