"""Which words explain which."""

from pathlib import Path

import pytest

from voice.alignment import Alignment, learn
from voice.spelling import is_short, is_stretched, is_typo

# A person who says 'stuff' for materials, 'sorry' for apologize, leaves out 'unfortunately', and adds names at times.
NOUNS = "report contract invoice meeting schedule ticket drawing budget".split()
PAIRS = [
    *((f"I apologize for the {noun}.", f"sorry about the {noun}") for noun in NOUNS),
    *((f"The materials for the {noun} are here.", f"stuff for the {noun} is here") for noun in NOUNS),
    *((f"Unfortunately, the {noun} is late.", f"the {noun} is late") for noun in NOUNS),
]
LEARNED = learn(PAIRS)


@pytest.mark.parametrize(
    ("text", "rewrite", "unexplained", "lost"),
    [
        ("The invoice is late.", "the invoice is late", [], []),
        ("I apologize for the noise.", "sorry about the noise", [], []),
        ("The materials are heavy.", "stuff is heavy", [], []),
        ("Unfortunately, the train is late.", "the train is late", [], []),
        ("The train is late.", "the bus is late", ["bus"], ["train"]),
        ("He sent two boxes.", "he is sending 2 box", [], []),
        ("I received the documents tomorrow.", "recieved the documnets tmrw", [], []),
        ("It was so good.", "it was sooo gooood", [], []),
        ("You did not bring the ladder.", "kevin didn't bring the ladder", ["kevin"], []),
        ("She is the funniest one.", "the stingiest one", ["stingiest"], ["funniest"]),
        ("I really love living here.", "i hate living here", ["hate"], ["love"]),
        ("", "the bus", ["bus"], []),
    ],
)
def test_what_is_unexplained_and_lost(text: str, rewrite: str, unexplained: list[str], lost: list[str]) -> None:
    assert (LEARNED.unexplained(text, rewrite), LEARNED.lost(text, rewrite)) == (unexplained, lost)


def test_what_he_adds_now_and_then_explains_nothing() -> None:
    learned = learn([*PAIRS, *((f"The {noun} is late.", f"kevin, the {noun} is late") for noun in NOUNS)])
    assert learned.unexplained("The train is late.", "kevin, the train is late") == ["kevin"]


@pytest.mark.parametrize(
    ("word", "other", "typo", "short", "stretched"),
    [
        ("recieve", "receive", True, False, False),
        ("documnets", "documents", True, False, False),
        ("cat", "car", False, False, False),
        ("info", "information", False, True, False),
        ("tmrw", "tomorrow", False, True, False),
        ("on", "only", False, False, False),
        ("pleeease", "please", False, False, True),
        ("hate", "love", False, False, False),
    ],
)
def test_spellings(word: str, other: str, typo: bool, short: bool, stretched: bool) -> None:
    assert (is_typo(word, other), is_short(word, other), is_stretched(word, other)) == (typo, short, stretched)


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    LEARNED.save(tmp_path)
    assert Alignment.load(tmp_path) == LEARNED
    assert learn(PAIRS) == LEARNED
    assert learn([]) == Alignment()
