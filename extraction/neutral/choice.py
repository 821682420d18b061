"""Which of many pieces are worth a big model's time: a sample that is spread over what an owner writes.

In: pieces and a number. Out: as many of them, in their order; or all of them, in the order in which they are worth it.
Each source, register, unit and year in turn gives one, so that none of them is missing and the commonest do not take it
all. The same pieces give the same sample.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain, zip_longest

from extraction.pieces import Piece

_YEARS = 4  # of a sent_at's letters


def spread_sample(pieces: Sequence[Piece], count: int) -> list[Piece]:
    """At most `count` of the pieces."""
    kept = {piece.id for piece in spread(pieces)[:count]}
    return [piece for piece in pieces if piece.id in kept]


def spread(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces in such an order that any first part of them is spread over all."""
    groups: defaultdict[tuple[str, ...], list[Piece]] = defaultdict(list)
    for piece in sorted(pieces, key=lambda piece: hashlib.sha256(piece.id.encode()).digest()):
        year = str(piece.sent_at)[:_YEARS]
        groups[piece.source, piece.register, piece.unit, year].append(piece)
    in_turn = chain.from_iterable(zip_longest(*(groups[key] for key in sorted(groups))))
    return [piece for piece in in_turn if piece is not None]
