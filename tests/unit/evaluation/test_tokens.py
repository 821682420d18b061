"""What each way of telling writers apart sees."""

import pytest

from evaluation.baselines import contract
from evaluation.tokens import function_words, letters, masked, whole, whole_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I can't, won't and don't.", "I can not, will not and do not."),
        ("i cant, wont and dont", "i can not, will not and do not"),
        ("It’s what they're like; I'm sure he'll go.", "It is what they are like; I am sure he will go."),
        ("I've said we'd come", "I have said we would come"),
        ("Ana's file was ill, well", "Ana's file was ill, well"),
        ("we were there", "we were there"),
    ],
)
def test_contractions_are_spelled_out(text: str, expected: str) -> None:
    assert whole(text) == expected


def test_who_only_contracts_changes_nothing_but_function_words() -> None:
    text = "I am sure that it is late, and we are not ready. They will not come."
    short = contract(text)
    assert short == "I'm sure that it's late, and we aren't ready. They won't come."
    assert (letters(short), whole_words(short), masked(short)) == (letters(text), whole_words(text), masked(text))
    assert function_words(short) != function_words(text)


def test_marks_are_for_function_words_and_lambdag() -> None:
    assert letters("Well...  ok -- fine!") == letters("Well, ok; fine.") == "Well ok fine"
    assert whole_words("Well... ok") == ["well", "ok"]
    assert function_words("Well... ok") == ["well", "...", "ok", "well ...", "... ok"]


def test_content_words_are_masked_by_their_endings() -> None:
    assert masked("The dogs walked slowly to 12 parks. Running!") == [
        ["the", "Ws", "Wed", "Wly", "to", "#", "Ws", "."],
        ["Wing", "!"],
    ]
