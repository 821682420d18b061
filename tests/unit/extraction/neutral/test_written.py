"""Drafts by the small model."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from extraction.drafts import Draft
from extraction.neutral.stage import triplet_of
from extraction.neutral.written import AT_ONCE, BACK, TEMPERATURE, TRIES, Who, WrittenDrafts, known_drafts, lessons
from extraction.pieces import Piece
from voice.judges.verdict import Judges
from voice.prompt import BACK_SYSTEM

OWN, GOOD, ALSO, BAD = "see u at 8", "I will see you at 8.", "You will see me at 8.", "I will see you at 9."


class Hand:
    """A hand-written writer: what it writes for a text in turn, the last one ever after."""

    def __init__(self, *drafts: str) -> None:
        self.drafts = drafts
        self.asked: list[tuple[list[str], float, int]] = []

    def write(self, texts: Sequence[str], temperature: float, seed: int) -> list[str]:
        self.asked.append((list(texts), temperature, seed))
        return [self.drafts[min(seed, len(self.drafts) - 1)]] * len(texts)


def piece(n: int, own: str, draft: str | None = None) -> Piece:
    sent_at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=n)
    return Piece(f"s:{n}:0", "s", "chat", "sentence", f"t{n}", sent_at, own, 1, draft, "big" if draft else None)


def written(
    hand: Hand, folder: Path, known: dict[str, Draft] | None = None, version: str = "v1", most: int = 1
) -> WrittenDrafts:
    who = Who(BACK, version, lambda: hand, Judges())
    return WrittenDrafts(who, folder / "answers.sqlite", known or {}, most)


def test_the_first_good_draft_is_kept_and_written_once(tmp_path: Path) -> None:
    hand = Hand(BAD, GOOD)
    drafts = written(hand, tmp_path)
    assert drafts.look_up(piece(1, OWN)) == "not_asked"
    assert [open.own for open in drafts.open([piece(1, OWN), piece(2, OWN)])] == [OWN]
    drafts.fill([piece(1, OWN)])
    assert drafts.look_up(piece(1, OWN)) == [Draft(GOOD, BACK)]
    assert hand.asked == [([OWN], 0.0, 0), ([OWN], TEMPERATURE, 1)]
    assert drafts.open([piece(1, OWN)]) == []
    drafts.close()
    other = written(hand, tmp_path, version="v2")
    assert other.look_up(piece(1, OWN)) == "not_asked"
    other.close()


def test_as_many_good_drafts_as_are_wanted(tmp_path: Path) -> None:
    drafts = written(Hand(GOOD, BAD, ALSO), tmp_path, most=3)
    drafts.fill([piece(1, OWN)])
    assert drafts.look_up(piece(1, OWN)) == [Draft(GOOD, BACK), Draft(ALSO, BACK)]
    drafts.close()


@pytest.mark.parametrize(
    ("own", "draft", "reason"),
    [
        (OWN, BAD, "other_facts"),
        ("the boat is wet again", "The ship is wet again, I think.", "says_else"),
        ("the boat is wet", "The boat is wet, and every sailor drinks rum under purple skies.", "says_else"),
        ("the boat is wet", "", "empty"),
    ],
)
def test_a_text_without_a_good_draft_has_none(tmp_path: Path, own: str, draft: str, reason: str) -> None:
    hand = Hand(draft)
    drafts = written(hand, tmp_path)
    drafts.fill([piece(1, own)])
    assert drafts.look_up(piece(1, own)) == reason
    assert len(hand.asked) == TRIES
    drafts.close()


def test_what_is_known_is_not_written(tmp_path: Path) -> None:
    drafts = written(Hand("no"), tmp_path, {"s:1:0": Draft("I will see you.", "big")})
    assert drafts.open([piece(1, "see u")]) == []
    assert drafts.look_up(piece(1, "see u")) == [Draft("I will see you.", "big")]
    drafts.close()


def test_when_the_minutes_are_over_it_stops_and_goes_on_from_there(tmp_path: Path) -> None:
    pieces = [piece(n, f"see u at {n}") for n in range(AT_ONCE + 3)]
    hand, said = Hand("no"), list[str]()
    drafts = written(hand, tmp_path)
    drafts.fill(pieces, minutes=1e-9, say=said.append)
    assert len(drafts.open(pieces)) == 3
    assert [line.startswith(f"All {len(pieces)} texts") for line in said] == [True]
    drafts.fill(drafts.open(pieces))
    assert drafts.open(pieces) == []
    drafts.close()


def test_lessons_come_from_what_there_is_and_never_from_what_is_held_out() -> None:
    pieces = [piece(n, f"late again by {n}", f"I am late again by {n}." if n % 2 else None) for n in range(20)]
    written = [triplet_of(pieces[4], "I am afraid that I am late again by 4.", "big"),
               triplet_of(pieces[6], "Late again by 6.", "rules"),
               triplet_of(piece(8, "another text"), "Another text.", "big")]  # fmt: skip
    known = known_drafts(pieces, written)
    assert sorted(known) == sorted([*(f"s:{n}:0" for n in range(1, 20, 2)), "s:4:0"])
    taught = lessons(pieces, known, share=0.2, most=100)
    assert [(lesson.id, lesson.neutral, lesson.own) for lesson in taught][:2] == [
        ("s:1:0", "late again by 1", "I am late again by 1."),
        ("s:3:0", "late again by 3", "I am late again by 3."),
    ]
    assert {lesson.id for lesson in taught} == {f"s:{n}:0" for n in (1, 3, 4, 5, 7, 9, 11, 13, 15)}
    assert {lesson.system for lesson in taught} == {BACK_SYSTEM}
