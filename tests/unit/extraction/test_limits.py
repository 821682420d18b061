"""How often the same is learned."""

from datetime import UTC, datetime, timedelta

from extraction import limits
from extraction.limits import Limits
from extraction.own import Own
from extraction.pieces import Piece
from extraction.reason import Reason

MONDAY = datetime(2018, 3, 5, 12, tzinfo=UTC)


def _own(number: int, text: str, *, answers: bool = False) -> Own:
    sent_at = MONDAY + timedelta(hours=number)
    row = f"imessage:{number:03}"
    piece = Piece(f"{row}:0", "imessage", "chat", "sentence", "t", sent_at, text)
    return Own(row, "imessage", "chat", "t", sent_at, [text], answers=answers, pieces=[piece])


def test_the_first_copies_stay() -> None:
    found = [
        _own(number, text) for number, text in enumerate(["on my way", "On my  way", "late", "on my way", "on my way"])
    ]
    limits.apply(found, Limits(copies=2, one_word_share=1))
    assert [[piece.own for piece in own.pieces] for own in found] == [["on my way"], ["On my  way"], ["late"], [], []]
    assert [own.dropped for own in found[3:]] == [[(Reason.COPY, "on my way")]] * 2


def test_single_words_are_a_share_and_answers_come_first() -> None:
    found = [_own(number, f"see you at gate {number}") for number in range(80)]
    found += [_own(100 + number, "tomorrow") for number in range(10)]
    found += [_own(200 + number, "yes", answers=True) for number in range(10)]
    limits.apply(found, Limits(one_word_share=0.05))
    kept = [own for own in found[80:] if own.pieces]
    assert [own.pieces[0].own for own in kept] == ["yes"] * 5
    assert [own.row for own in kept] == [f"imessage:{200 + number}" for number in (0, 2, 4, 6, 8)]  # over all the time
    assert all(own.dropped == [(Reason.ONE_WORD, own.texts[0])] for own in found[80:] if not own.pieces)


def test_more_single_words_than_answers_fill_the_share() -> None:
    found = [_own(number, f"see you at gate {number}") for number in range(90)]
    found += [_own(100, "yes", answers=True), *(_own(101 + number, "tomorrow") for number in range(9))]
    limits.apply(found, Limits(copies=99, one_word_share=0.04))
    assert sorted(own.pieces[0].own for own in found[90:] if own.pieces) == ["tomorrow"] * 3 + ["yes"]
