"""What a voice's judges say of the pairs that they were learned from."""

import pytest

from training.judges import same_threshold, unexplained_share
from voice.judges.verdict import Judges
from voice.triplet import Triplet

NOUNS = "report contract invoice meeting schedule ticket drawing budget".split()


def test_what_he_always_says_for_something_is_explained_and_what_he_adds_is_not() -> None:
    says = [(f"I apologize for the {noun}.", f"sorry for the {noun}") for noun in NOUNS] * 4
    assert unexplained_share(says) == 0
    adds = [(f"The {noun} is here.", f"the {noun} is here kevin") for noun in NOUNS] * 4
    assert 0.4 < unexplained_share(adds) < 0.6
    assert unexplained_share([]) == 0


def drafted(own: str, origin: str = "big") -> Triplet:
    return Triplet("s:1:0", "s", "chat", "message", None, None, origin, "s", "I hope that the boat is not wet.", own)


@pytest.mark.parametrize(
    ("triplets", "expected"),
    [
        ([drafted("hope the boat isnt wet")] * 100, 0.5),
        ([drafted("hope the boat isnt wet")] * 96 + [drafted("i sold the boat to a pirate, its wet")] * 4, 0.5),
        ([drafted("hope the boat isnt wet")] * 90 + [drafted("i sold the boat to a pirate, its wet")] * 10, 0.2),
        ([drafted("hope the boat isnt wet")] * 39, None),
        ([drafted("hope the boat isnt wet", "rules")] * 100, None),
    ],
    ids=["never more than a half", "one in twenty may be refused", "a free writer", "too few", "made by rules"],
)
def test_the_threshold_of_a_voice(triplets: list[Triplet], expected: float | None) -> None:
    found = same_threshold(Judges(), triplets)
    if expected == 0.2:
        assert found is not None and 0 < found < expected
    else:
        assert found == expected
