"""What a voice's judges say of the pairs that they were learned from."""

import pytest

from training.judges import same_threshold
from voice.judges.verdict import Judges
from voice.triplet import Triplet


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
