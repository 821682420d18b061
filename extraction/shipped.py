"""What the service wrote for the owner is not his: texts of which at least half was shipped before they were sent.

In: the rows of all sources, cut into pieces, and what was shipped. Out: the same rows; such pieces are dropped.
"""

from collections.abc import Sequence

from extraction.own import Dropped, Own
from extraction.reason import Reason
from voice.shipped import Shipped

LEAST_SHARE = 0.5


def apply(found: Sequence[Own], shipped: Shipped) -> None:
    """Drop what was shipped."""
    for own in found:
        kept = [piece for piece in own.pieces if shipped.share(piece.own, own.sent_at) < LEAST_SHARE]
        own.dropped += [Dropped(Reason.SHIPPED, piece.own) for piece in own.pieces if piece not in kept]
        own.pieces = kept
