from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.validation import COPY, FEWEST, Split, split
from voice.triplet import Triplet

START = datetime(2020, 1, 1, tzinfo=UTC)


def triplet(number: int, thread: str | None, day: int | None, own: str = "", origin: str = "rules") -> Triplet:
    sent_at = None if day is None else START + timedelta(days=day)
    return Triplet(
        f"s:{number}:0", "s", "chat", "sentence", thread, sent_at, origin, "be me", "Hi.", own or f"hi {number}"
    )


def parts(triplets: list[Triplet], share: float = 0.2, most: int = 300) -> tuple[set[str], set[str], Split]:
    found = split(triplets, share, most)
    return {t.id for t in found.training}, {t.id for t in found.validation}, found


def test_whole_threads_are_held_back_the_most_recent_first() -> None:
    triplets = [triplet(i, f"thread {i // 5}", i) for i in range(100)]
    training, validation, _ = parts(triplets)
    assert validation == {f"s:{i}:0" for i in range(80, 100)}
    assert training == {f"s:{i}:0" for i in range(80)}


def test_a_thread_that_is_too_large_is_trained_on() -> None:
    triplets = [triplet(i, "everybody" if i % 2 else f"thread {i // 8}", i) for i in range(400)]
    _, _, found = parts(triplets)
    assert len(found.validation) > 40
    assert {t.thread for t in found.validation}.isdisjoint({"everybody"})


def test_one_thread_alone_is_cut_by_day() -> None:
    triplets = [triplet(i, "everybody", i // 10) for i in range(200)]
    _, validation, _ = parts(triplets)
    assert validation == {f"s:{i}:0" for i in range(160, 200)}


def test_undated_rows_go_by_hash_and_copies_stay_together() -> None:
    triplets = [triplet(i, None, None, own=f"text {i % 50}") for i in range(200)]
    training, validation, found = parts(triplets)
    assert not found.dropped
    assert 0 < len(validation) <= 40
    assert {t.own for t in found.training}.isdisjoint({t.own for t in found.validation})
    assert parts(triplets[::-1])[:2] == (training, validation)


def test_what_is_trained_on_elsewhere_does_not_validate() -> None:
    triplets = [triplet(i, f"thread {i // 5}", i, own="OK" if i % 5 == 0 else "") for i in range(100)]
    _, validation, found = parts(triplets)
    assert found.dropped == Counter({COPY: 4})
    assert len(validation) == 16


@pytest.mark.parametrize(
    ("count", "share", "most", "expected"),
    [(30, 0.02, 300, 0), (1000, 0.02, 300, 20), (1000, 0.02, 10, 10), (1000, 0.0, 300, 0), (40, 0.2, 300, FEWEST)],
)
def test_how_many_are_held_back(count: int, share: float, most: int, expected: int) -> None:
    _, validation, _ = parts([triplet(i, None, i) for i in range(count)], share, most)
    assert len(validation) == expected


def test_feedback_is_always_trained_on() -> None:
    triplets = [triplet(i, None, None, origin="feedback" if i < 50 else "pairs") for i in range(100)]
    training, _, _ = parts(triplets)
    assert {f"s:{i}:0" for i in range(50)} <= training


rows = st.tuples(st.sampled_from([None, "a", "b", "c", "d"]), st.none() | st.integers(0, 40), st.integers(0, 60))


@given(st.lists(rows, max_size=120), st.floats(0, 0.5))
def test_nothing_disappears_and_the_parts_share_no_text(
    found: list[tuple[str | None, int | None, int]], share: float
) -> None:
    triplets = [triplet(i, thread, day, f"own {own}") for i, (thread, day, own) in enumerate(found)]
    training, validation, result = parts(triplets, share)
    assert len(triplets) == len(training) + len(validation) + result.dropped.total()
    assert len(validation) <= len(triplets) * share
    assert {t.own for t in result.training}.isdisjoint({t.own for t in result.validation})
