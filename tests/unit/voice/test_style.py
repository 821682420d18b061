"""What the verifier of a voice looks at."""

from voice.style import HABITS, grams, habits


def test_features() -> None:
    assert grams("I am. You are") == {"i", "am", "you", "are", "i am", "am you", "you are"}
    assert habits(["hey — ok", "Fine."]).shape == (2, len(HABITS))
