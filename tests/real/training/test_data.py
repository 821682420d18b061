from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fake_tokenizer import SPECIAL, FakeTokenizer
from training.data import (
    Batch,
    Example,
    check_batch,
    collate,
    encode_triplets,
    pack,
    plan_batches,
    without_surplus_copies,
)
from voice.prompt import END
from voice.triplet import Triplet

TOKENIZER = FakeTokenizer()


def triplet(own: str) -> Triplet:
    return Triplet("s:1:0", "s", "chat", "sentence", None, None, "rules", "be me", "Hello.", own)


def test_the_loss_is_on_the_answer_and_its_end_only() -> None:
    examples = encode_triplets([triplet("hi —"), triplet("yo")], TOKENIZER, 200)
    batch = collate(examples.kept, pad_id=0)
    for row, own in enumerate(("hi —", "yo")):
        assert TOKENIZER.decode(batch.ids[row][batch.weights[row] > 0].tolist()) == own + END
    assert batch.target_tokens == len("hi —") + len("yo") + 2
    assert batch.attention is not None
    assert batch.attention.sum() == sum(map(len, examples.kept)) == examples.tokens


def test_what_is_too_long_is_dropped_whole_and_counted() -> None:
    examples = encode_triplets([triplet("hi"), triplet("x" * 300), triplet("yo")], TOKENIZER, 200)
    assert (examples.read, len(examples.kept), examples.dropped) == (3, 2, Counter(too_long=1))


def test_what_the_person_changed_can_weigh_more() -> None:
    [example] = encode_triplets([triplet("Helo!")], TOKENIZER, 200, changed_weight=3).kept
    assert [TOKENIZER.decode([token]) for token in example.ids[example.prompt_tokens :]] == [*"Helo!", END]
    assert example.weights == (1, 1, 1, 3, 3, 1)  # the o, too: it comes after a letter that was left out
    [example] = encode_triplets([replace(triplet("Helo!"), weight=2)], TOKENIZER, 200, changed_weight=3).kept
    assert example.weights == (2, 2, 2, 6, 6, 2)


def test_what_rules_left_as_it_was_typed_can_weigh_less() -> None:
    by_rules, drafted = triplet("Helo!"), replace(triplet("Helo!"), origin="big-model")
    examples = encode_triplets([by_rules, drafted], TOKENIZER, 200, rules_copy_weight=0.5).kept
    assert [example.weights for example in examples] == [(0.5, 0.5, 0.5, 1, 1, 1), (1,) * 6]


@pytest.mark.parametrize(("share", "kept"), [(1.0, 40), (0.5, 20), (0.2, 12), (0.0, 10)])
def test_near_copies_have_no_more_than_their_share(share: float, kept: int) -> None:
    neutral = "I will bring the old ladder to the boat at eight o'clock."
    copies = [Triplet(f"s:{n}:0", "s", "chat", "sentence", None, None, "rules", "be me", neutral, neutral.lower())
              for n in range(30)]  # fmt: skip
    others = [Triplet(f"s:{n}:0", "s", "chat", "sentence", None, None, "rules", "be me", neutral, "8 w/ ladder")
              for n in range(30, 40)]  # fmt: skip
    found = without_surplus_copies([*copies, *others], share, seed=1)
    assert len(found) == kept
    assert found[-10:] == others
    assert found == without_surplus_copies([*copies, *others], share, seed=1)


def test_case_and_marks_make_no_near_copy() -> None:
    one = Triplet(
        "s:1:0", "s", "chat", "sentence", None, None, "rules", "be me", "See you at 8, Ana.", "see you at 8 ana"
    )
    assert without_surplus_copies([one], 0.15, seed=1) == [one]


def test_padding_is_right_and_masked() -> None:
    batch = collate([Example((5, 6, 7), (1.0, 2.5)), Example((8,), (1.0,))], pad_id=SPECIAL[END])
    assert batch.ids.tolist() == [[5, 6, 7], [8, 2, 2]]
    assert batch.attention is not None
    assert batch.attention.tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch.weights.tolist() == [[0, 1, 2.5], [1, 0, 0]]
    assert (batch.target_tokens, batch.weight) == (3, 4.5)


def test_a_packed_batch_is_one_row_whose_places_start_anew() -> None:
    batch = pack([Example((5, 6, 7), (1.0, 2.5)), Example((8, 9), (1.0,))])
    assert batch.ids.tolist() == [[5, 6, 7, 8, 9]]
    assert batch.positions is not None
    assert batch.positions.tolist() == [[0, 1, 2, 0, 1]]
    assert batch.weights.tolist() == [[0, 1, 2.5, 0, 1]]


EXAMPLES = [Example((5, 6, 2), (1.0, 2.5)), Example((8, 2), (1.0,))]


@pytest.mark.parametrize("make", [pack, lambda examples: collate(examples, pad_id=0)], ids=["packed", "padded"])
def test_a_batch_that_is_not_what_it_claims_is_found(make: Callable[[list[Example]], Batch]) -> None:
    check_batch(make(EXAMPLES), EXAMPLES, end_id=2)
    light = [Example((8, 3, 2), (0.05, 0.3))]  # weights that no binary fraction is
    check_batch(make(light), light, end_id=2)
    cut = [EXAMPLES[0], Example((8, 3), (1.0,))]
    for batch, examples, expected in (
        (make(EXAMPLES), EXAMPLES[:1], "2 examples for 1"),
        (make(EXAMPLES), EXAMPLES[::-1], "example 0 of the first batch has other tokens and a loss outside the answer"),
        (make(cut), cut, "example 1 of the first batch has no answer that ends"),
    ):
        with pytest.raises(ValueError, match=expected):
            check_batch(batch, examples, end_id=2)


@given(st.lists(st.integers(1, 300), min_size=1), st.integers(16, 400), st.integers(0, 3), st.booleans())
def test_an_epoch_holds_every_index_once_within_the_budget(
    lengths: list[int], budget: int, epoch: int, packed: bool
) -> None:
    batches = plan_batches(lengths, budget, seed=1, epoch=epoch, packed=packed)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    sizes = [[lengths[index] for index in batch] for batch in batches]
    assert all(len(size) == 1 or (sum(size) if packed else len(size) * max(size)) <= budget for size in sizes)
    assert batches == plan_batches(lengths, budget, seed=1, epoch=epoch, packed=packed)


def test_epochs_and_seeds_differ() -> None:
    lengths = [10] * 200
    assert len({str(plan_batches(lengths, 100, seed, epoch)) for seed in (1, 2) for epoch in (0, 1)}) == 4


@pytest.mark.parametrize("seed", [1, 2])
def test_padding_stays_small_on_message_lengths(seed: int) -> None:
    lengths = [28 + (i * i) % 97 for i in range(2000)]
    batches = plan_batches(lengths, 512, seed, epoch=0)
    padded = sum(len(batch) * max(lengths[i] for i in batch) for batch in batches)
    assert 1 - sum(lengths) / padded < 0.05
