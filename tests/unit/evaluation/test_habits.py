"""Habits, counted."""

import pytest

from evaluation.habits import habits, overshoot
from voice.words import is_near_copy, repeats


def test_habits_are_counted() -> None:
    texts = ["hi Bob, cant make it — sorry!! thx", "I don't know. Please let me know if you're late :)"]
    found = habits(texts, frozenset("hi bob make it sorry i know please let me if late".split()), frozenset({"thx"}))
    expected = {
        "words a text": 8.5, "greeting %": 50, "sign-off %": 50, "lower-case start %": 50, "no end mark %": 50,
        "emoji %": 50, "contractions / 1,000 words": 2000 / 17, "em-dashes / 1,000 words": 1000 / 17,
        "exclamation marks / 1,000 words": 1000 / 17, "assistant's phrases / 1,000 words": 1000 / 17,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize(
    ("before", "after", "owner", "expected"),
    [(0, 5, 10, 0.5), (0, 20, 10, 2), (10, 12, 5, -0.4), (5, 5, 5, None), (100, 50, 101, None), (0, 0, 0, None)],
)
def test_overdoing_is_more_than_1(before: float, after: float, owner: float, expected: float | None) -> None:
    assert overshoot(before, after, owner) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("text", "rewrite", "near", "repeated"),
    [
        ("I will be there at nine, as usual.", "i will be there at nine as usual", True, False),
        ("I will be there at nine, as usual.", "ill be there at 9 as usual", False, False),
        ("He said that he is ready.", "he said that he is ready. he said that he is ready", False, True),
        ("No no no no no. No no no no no.", "no no no no no. no no no no no", True, False),
        ("", "", True, False),
    ],
)
def test_near_copies_and_repetitions(text: str, rewrite: str, near: bool, repeated: bool) -> None:
    assert (is_near_copy(text, rewrite), repeats(text, rewrite)) == (near, repeated)
