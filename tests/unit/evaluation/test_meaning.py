"""Whether rewrites say the same."""

import pytest

from evaluation.meaning import compare, plain_words
from voice.judges.verdict import Judges


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
    [found] = compare([text], [rewrite], [text], [typed or (text, rewrite)], [0.5], Judges(), frozenset(), judged=False)
    assert (found.unexplained, found.lost, found.similarity) == (unexplained, lost, 0.5)


@pytest.mark.parametrize(
    ("text", "rewrite", "lost", "invented"),
    [
        ("Please ask Kevin about Anna's team.", "ask kevin bout annas team", (), ()),
        ("Please ask Kevin.", "ask Karen", ("kevin",), ("karen",)),
        ("The Report is with Kevin.", "report is w Kevin", (), ()),
        ("See you on Wed in May.", "SEE U WED IN MAY", (), ()),
    ],
    ids=["in lower case", "another one", "no name elsewhere", "shouted"],
)
def test_names_that_are_lost_or_invented(
    text: str, rewrite: str, lost: tuple[str, ...], invented: tuple[str, ...]
) -> None:
    plain = plain_words(["the Report is late", "report it"])
    [found] = compare([text], [rewrite], [text], [(text, rewrite)], [0.5], Judges(), plain, judged=False)
    assert (found.names_lost, found.names_invented) == (lost, invented)
