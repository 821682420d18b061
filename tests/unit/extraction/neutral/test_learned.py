"""Drafts by an adapter that learned to write them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from extraction.drafts import Draft
from extraction.neutral.endpoint import EndpointError
from extraction.neutral.learned import VERSIONS, LearnedDrafts, known_drafts, lessons
from extraction.neutral.stage import triplet_of
from extraction.pieces import Piece
from tests.unit.extraction.neutral.endpoint_server import Behaviour, Server, serving
from voice.alignment import Alignment
from voice.style import HABITS, Verifier

NOTHING = np.zeros(len(HABITS), np.float32)
LIKES_KINDLY = Verifier(np.array(["kindly"]), np.ones(1, np.float32), NOTHING, NOTHING + 1, NOTHING, 0.0)


def piece(n: int, own: str, draft: str | None = None) -> Piece:
    sent_at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=n)
    return Piece(f"s:{n}:0", "s", "chat", "sentence", f"t{n}", sent_at, own, 1, draft, "big" if draft else None)


def learned(
    server: Server, folder: Path, known: dict[str, Draft] | None = None, version: str = "v1", most: int = 1
) -> LearnedDrafts:
    url = server.url.removesuffix("/v1")
    return LearnedDrafts(url, version, Alignment(), LIKES_KINDLY, folder / "answers.sqlite", known or {}, most)


def in_turn(*answers: str) -> Behaviour:
    left = list(answers)
    return Behaviour(answer=lambda _: left.pop(0) if len(left) > 1 else left[0])


async def test_the_best_of_the_good_versions_is_kept_and_asked_for_once(tmp_path: Path) -> None:
    own = piece(1, "see u at 8")
    behaviour = in_turn("I will see you at 8.", "I will kindly see you at 8.", "I will kindly see you at 9.")
    with serving(behaviour) as server:
        drafts = learned(server, tmp_path)
        assert drafts.look_up(own) == "not_asked"
        await drafts.fill([own, own])
        assert drafts.look_up(own) == [Draft("I will kindly see you at 8.", "learned")]
        assert [request["seed"] for request in server.requests] == list(range(VERSIONS))
        await drafts.fill([own])
        assert len(server.requests) == VERSIONS
        drafts.close()
        more = learned(server, tmp_path, most=3)
        both = [Draft("I will kindly see you at 8.", "learned"), Draft("I will see you at 8.", "learned")]
        assert more.look_up(own) == both
        more.close()
        other = learned(server, tmp_path, version="v2")
        assert other.look_up(own) == "not_asked"
        other.close()


@pytest.mark.parametrize(
    ("own", "draft", "reason"),
    [
        ("see u at 8", "I will see you at 9.", "other_facts"),
        ("the boat is wet again", "The ship is wet again, I think.", "says_else"),
        (
            "the boat is wet",
            "The boat is wet, and every sailor drinks rum under purple skies.",
            "says_else",
        ),
    ],
)
async def test_a_text_without_a_good_version_has_none(tmp_path: Path, own: str, draft: str, reason: str) -> None:
    with serving(in_turn(draft)) as server:
        drafts = learned(server, tmp_path)
        await drafts.fill([piece(1, own)])
        assert drafts.look_up(piece(1, own)) == reason
        drafts.close()


async def test_what_is_known_is_not_asked_for(tmp_path: Path) -> None:
    with serving(in_turn("no")) as server:
        drafts = learned(server, tmp_path, {"s:1:0": Draft("I will see you.", "big")})
        await drafts.fill([piece(1, "see u")])
        assert drafts.look_up(piece(1, "see u")) == [Draft("I will see you.", "big")]
        assert server.requests == []
        drafts.close()


async def test_a_service_that_fails_ends_it(tmp_path: Path) -> None:
    with serving(Behaviour(statuses=[500])) as server:
        drafts = learned(server, tmp_path)
        with pytest.raises(EndpointError, match="run the same command again"):
            await drafts.fill([piece(1, "see u")])
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
