"""What is held out: whole threads, the ones that began last."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from voice.split import split
from voice.triplet import Triplet

START = datetime(2020, 1, 1, tzinfo=UTC)


def triplet(row: int, thread: str | None, day: int | None, source: str = "s", own: str = "") -> Triplet:
    date = None if day is None else START + timedelta(days=day)
    return Triplet(
        f"{source}:{row}:0", source, "chat", "sentence", thread, date, "rules", "s", "n", own or f"own {row}"
    )


def ids(triplets: list[Triplet]) -> list[str]:
    return [triplet.id for triplet in triplets]


def test_the_threads_that_began_last_are_held_out_whole() -> None:
    triplets = [triplet(row, f"t{row // 5}", day=row) for row in range(100)]
    triplets += [triplet(200, "t0", day=300)]  # an old thread that goes on
    parts = split(triplets, share=0.1, most=1000)
    assert ids(parts.held_out) == [f"s:{row}:0" for row in range(90, 100)]
    assert ids(parts.learn) == [triplet.id for triplet in triplets if triplet.id not in ids(parts.held_out)]


def test_a_thread_that_is_too_long_gives_its_last_days() -> None:
    triplets = [triplet(row, "one", day=row // 4) for row in range(100)]
    assert ids(split(triplets, 0.1, 1000).held_out) == [f"s:{row}:0" for row in range(88, 100)]


def test_every_source_is_in_it() -> None:
    triplets = [triplet(row, f"t{row}", day=row) for row in range(50)]
    triplets += [triplet(row, None, day=None, source="old") for row in range(100)]
    held = [triplet.source for triplet in split(triplets, 0.1, 1000).held_out]
    assert (held.count("s"), held.count("old")) == (5, 10)


def test_pieces_of_a_row_and_copies_stay_on_one_side() -> None:
    triplets = [triplet(row, None, None) for row in range(40)]
    triplets += [
        Triplet(f"s:{row}:m", "s", "chat", "message", None, None, "rules", "s", "n", f"m {row}") for row in range(40)
    ]
    held = split(triplets, 0.2, 1000).held_out
    rows = [triplet.id.split(":")[1] for triplet in held]
    assert sorted(rows) == sorted([row for row in set(rows) for _ in range(2)])
    words = "the very same words again"
    copies = [*triplets, triplet(90, "t", 500, own=words), triplet(91, "u", 1, own=words.upper())]
    assert {"s:90:0", "s:91:0"} <= set(ids(split(copies, 0.1, 1000).held_out))


def test_most_is_kept() -> None:
    triplets = [triplet(row, f"t{row}", day=row) for row in range(1000)]
    assert len(split(triplets, 0.5, 20).held_out) == 20
    assert split(triplets, 0, 20).held_out == []
    assert split([], 0.1, 20).held_out == []


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.none() | st.integers(0, 30)), max_size=60),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_file_does_not_matter(rows: list[tuple[str | None, int | None]], chance: object) -> None:
    triplets = [triplet(row, thread, day) for row, (thread, day) in enumerate(rows)]
    shuffled = list(triplets)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = split(triplets, 0.2, 1000), split(shuffled, 0.2, 1000)
    assert one.sha256 == other.sha256
    assert len(one.learn) + len(one.held_out) == len(triplets)
    assert not set(ids(one.learn)) & set(ids(one.held_out))
