"""How often the same is learned: copies of a text, and words that stand alone.

In: the rows of all sources, cut into pieces. Out: the same rows; what is too much has become a dropped piece.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from extraction.clean import noise
from extraction.own import Dropped, Own
from extraction.pieces import Piece
from extraction.reason import Reason

_LAST = datetime.max.replace(tzinfo=UTC)
Placed = tuple[Own, Piece]


@dataclass(frozen=True, slots=True)
class Limits:
    """`copies` of one text are learned at most, and so many one-word texts of chats that they are `one_word_share`
    of all pieces."""

    copies: int = 3
    one_word_share: float = 0.02


def apply(found: Sequence[Own], limits: Limits) -> None:
    """Drop what is more than the limits allow; the first copies stay, and answers before other single words."""
    pieces = sorted(
        ((own, piece) for own in found for piece in own.pieces),
        key=lambda placed: (placed[0].sent_at or _LAST, placed[1].id),
    )
    total = len(pieces)
    alone = [placed for placed in pieces if placed[0].register == "chat" and noise.is_one_word(placed[1].own)]
    _drop(_beyond_share(alone, math.ceil(limits.one_word_share * total)), Reason.ONE_WORD)
    taken = {id(piece) for _, piece in alone}
    _drop(_beyond_copies((placed for placed in pieces if id(placed[1]) not in taken), limits.copies), Reason.COPY)


def _beyond_copies(pieces: Iterable[Placed], most: int) -> list[Placed]:
    seen: defaultdict[tuple[str, str], int] = defaultdict(int)
    beyond = []
    for own, piece in pieces:
        key = piece.unit, " ".join(piece.own.casefold().split())
        seen[key] += 1
        if seen[key] > most:
            beyond.append((own, piece))
    return beyond


def _beyond_share(alone: Sequence[Placed], most: int) -> list[Placed]:
    answers = [placed for placed in alone if placed[0].answers]
    others = [placed for placed in alone if not placed[0].answers]
    kept = _evenly(answers, most)
    kept |= _evenly(others, most - len(kept))
    return [placed for placed in alone if id(placed[1]) not in kept]


def _evenly(ordered: Sequence[Placed], most: int) -> set[int]:
    """The ids of at most so many of the pieces, spread over their time."""
    if len(ordered) <= most:
        return {id(piece) for _, piece in ordered}
    return {id(ordered[index * len(ordered) // most][1]) for index in range(max(0, most))}


def _drop(pieces: Iterable[Placed], reason: Reason) -> None:
    gone: defaultdict[int, list[Placed]] = defaultdict(list)
    for own, piece in pieces:
        gone[id(own)].append((own, piece))
    for placed in gone.values():
        own, ids = placed[0][0], {id(piece) for _, piece in placed}
        own.dropped += [Dropped(reason, piece.own) for _, piece in placed]
        own.pieces = [piece for piece in own.pieces if id(piece) not in ids]
