"""What report.html draws: how many triplets and drops of which kind, never a text.

Out of the merge, computed in SQL over the whole set, so that no row has to be held in memory.
"""

from dataclasses import dataclass, field

LENGTH_STEP = 5  # words; a length's bucket is the smallest number of words that falls into it: 0, 5, 10, ...
LONGEST = 100  # everything longer is in the last bucket


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of one extraction. A year of None is that of triplets without a date; buckets are in words.

    `by_source_year`, `by_register` and `lengths` count triplets written; `dropped` counts sentences and rows by
    source and reason, `not_own` left out; `redactions` counts placeholders by kind.
    """

    by_source_year: dict[str, dict[int | None, int]] = field(default_factory=dict)
    by_register: dict[str, int] = field(default_factory=dict)
    lengths: dict[str, dict[int, int]] = field(default_factory=dict)
    dropped: dict[str, dict[str, int]] = field(default_factory=dict)
    redactions: dict[str, int] = field(default_factory=dict)


def bucket(words: int) -> int:
    """The bucket of a text of so many words."""
    return min(words // LENGTH_STEP * LENGTH_STEP, LONGEST)
