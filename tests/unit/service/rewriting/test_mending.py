"""What is taken back of a rewrite that may not go out."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.rewriting.mending import mended
from voice.words import words

TEXT = "Please send the two drives back by 6 February, otherwise I would like to get the money, which is $378."


def gaps(text: str, **costs: float) -> list[tuple[str, float]]:
    """A token a word, as the reader gives them; so much less likely are those named."""
    return [
        (f" {word}" if place else word, costs.get(word.strip(",.$"), 0.0)) for place, word in enumerate(text.split())
    ]


def test_what_lost_the_most_is_taken_back_first() -> None:
    rewrite = "send the 2 drives back by 6 february, else i'll pay $378"
    [*versions] = mended(TEXT, rewrite, gaps(TEXT, would=4, like=3, get=9, money=9, two=0.4))
    assert versions[0].startswith("send the 2 drives back by 6 february, ")
    assert "get the money, which is $378" in versions[0]
    assert all("i'll pay" not in version for version in versions)


def test_a_word_that_moved_is_moved_back_as_a_whole() -> None:
    text = "The interface to the new accounting system is not a part of this phase of the work."
    rewrite = "the accounting interface is not a part of this phase of the big work"
    for version in mended(text, rewrite, gaps(text, system=8, new=8)):
        assert version.lower().count("accounting") == version.lower().count("interface") == 1


def test_nothing_is_mended_of_a_rewrite_that_is_the_text() -> None:
    assert list(mended(TEXT, TEXT, gaps(TEXT))) == []


WORDS = st.lists(st.sampled_from("a boat is here, not there. Two <link1> $3".split()), min_size=1, max_size=12).map(
    " ".join
)


@given(WORDS, WORDS, st.floats(0, 9))
def test_versions_have_ever_fewer_changes_and_no_word_of_their_own(text: str, rewrite: str, gap: float) -> None:
    versions = list(mended(text, rewrite, gaps(text, boat=gap, there=2.0)))
    known = {*words(text), *words(rewrite)}
    assert all(set(words(version)) <= known for version in versions)
    assert all(one != other for one, other in pairwise(versions))
