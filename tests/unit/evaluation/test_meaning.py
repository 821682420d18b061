"""Whether rewrites say the same."""

import pytest

from evaluation.meaning import compare
from voice.alignment import Alignment


@pytest.mark.parametrize(
    ("text", "rewrite", "typed", "unexplained", "lost"),
    [
        ("The boat is wet.", "boat's wet", None, (), ()),
        ("The boat is wet.", "the ladder is wet", None, ("ladder",), ("boat",)),
        ("A whole chicken and fog.", "snow, a whole chicken, fog",
         ("Snow, a whole chicken and fog.", "snow, a whole chicken, fog"), (), ()),
        ("Cheers to the boat, Basil.", "to the boat",
         ("Cheers to the boat, Basil.", "cheers basil\n\nto the boat"), (), ()),
    ],
    ids=["the same", "another word", "an end taken off the text alone", "an end taken off the rewrite alone"],
)  # fmt: skip
def test_words_that_are_new_or_lost(
    text: str, rewrite: str, typed: tuple[str, str] | None, unexplained: tuple[str, ...], lost: tuple[str, ...]
) -> None:
    [found] = compare([text], [rewrite], [text], [typed or (text, rewrite)], [0.5], Alignment(), frozenset())
    assert (found.unexplained, found.lost, found.similarity) == (unexplained, lost, 0.5)
