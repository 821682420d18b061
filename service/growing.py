"""A text that is still being written -> its segments, each as soon as nothing that may follow can change it.

In: parts of a text as they come. Out: the same segments that `split` makes of the whole text, in order.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterable
from itertools import takewhile

from service.segments import Segment, split
from voice.triplet import Unit

# What may come next, one of each kind that could move a cut: the end of a sentence, of a line, of a block. A segment is
# done when it comes out the same before all of them.
_NEXT = (
    "", "a", "A", "1", ".", " ", " a", " A", " 1", "。A", '" A', "”A", ") A", "`", "~", "```", "~~~", "\n", "\nA",
    "\n\nA", "\n```\nA", "\n~~~\nA", "\n> A", "\n- A", "\n1. A", "\n| A |", "\n---\nA", "\n===\nA", "\n-- \nA", "\nhttps://a.b",
    "\n\nBest,\nA", "\n A", "\n    A", "\n# A",
)  # fmt: skip
_CUT = re.compile(r"[^\w ,]|\n")  # until one of these comes, no segment can have ended


async def segments(parts: AsyncIterable[str], unit: Unit) -> AsyncGenerator[Segment]:
    """The segments of all parts together."""
    text, given, fresh = "", 0, False
    async for part in parts:
        text += part
        fresh = fresh or bool(_CUT.search(part))
        if not fresh or not part.strip():
            continue  # a cut shows itself only when something follows it
        done = settled(text, unit)
        for segment in done[given:]:
            yield segment
        fresh = len(done) == given
        given = max(given, len(done))
    for segment in split(text, unit)[given:]:
        yield segment


def settled(text: str, unit: Unit) -> list[Segment]:
    """The first segments of a text that do not depend on what follows it."""
    first, *others = (split(text + following, unit) for following in _NEXT)
    same = takewhile(lambda row: all(segment == row[0] for segment in row[1:]), zip(first, *others, strict=False))
    return [row[0] for row in same]
