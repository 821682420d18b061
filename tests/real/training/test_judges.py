"""What a voice's judges say of the pairs that they were learned from."""

from training.judges import unexplained_share

NOUNS = "report contract invoice meeting schedule ticket drawing budget".split()


def test_what_he_always_says_for_something_is_explained_and_what_he_adds_is_not() -> None:
    says = [(f"I apologize for the {noun}.", f"sorry for the {noun}") for noun in NOUNS] * 4
    assert unexplained_share(says) == 0
    adds = [(f"The {noun} is here.", f"the {noun} is here kevin") for noun in NOUNS] * 4
    assert 0.4 < unexplained_share(adds) < 0.6
    assert unexplained_share([]) == 0
