"""Samples of pieces."""

from datetime import UTC, datetime

from extraction.neutral.choice import spread_sample
from extraction.pieces import Piece


def test_a_sample_is_spread_over_sources_and_years_and_always_the_same() -> None:
    pieces = [
        Piece(f"{source}:{year}-{n}:0", source, "chat", "sentence", None, datetime(year, 1, 1, tzinfo=UTC), "ok")
        for source, year, count in (("imessage", 2019, 300), ("imessage", 2020, 4), ("gmail", 2019, 40))
        for n in range(count)
    ]
    sample = spread_sample(pieces, 30)
    counts = [sum(piece.source == source and piece.sent_at == date for piece in sample)
              for source, date in {(piece.source, piece.sent_at): None for piece in pieces}]  # fmt: skip
    assert counts == [13, 4, 13]
    assert sample == spread_sample(pieces[::-1], 30)[::-1]
    assert spread_sample(pieces, 1000) == pieces
