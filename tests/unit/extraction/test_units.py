import pytest

from extraction.units import UnitChoice, cuts, is_message, messages_of
from voice.units import MESSAGE_TOKENS, about_tokens

ONE = "we meet at the old mill by the river tomorrow. "  # about ten tokens


@pytest.mark.parametrize(
    ("text", "choice", "expected"),
    [
        ("One. Two.", "sentence", [("0", "One.", "sentence"), ("1", "Two.", "sentence")]),
        ("One. Two.", "message", [("m", "One. Two.", "message")]),
        ("One. Two.", "both", [("0", "One.", "sentence"), ("1", "Two.", "sentence"), ("m", "One. Two.", "message")]),
        ("hey\n\nOne", "message", [("m", "hey\n\nOne", "message")]),
        ("One.", "sentence", [("0", "One.", "sentence")]),
        ("", "sentence", []),
    ],
)
def test_units(text: str, choice: UnitChoice, expected: list[tuple[str, str, str]]) -> None:
    assert [(cut.number, cut.text, cut.unit) for cut in cuts([text], choice, "s:1")] == expected


def test_a_text_of_one_sentence_is_one_piece_and_every_other_one_a_message() -> None:
    units = [[cut.unit for cut in cuts(["One."], "both", f"s:{row}")] for row in range(400)]
    assert all(len(unit) == 1 for unit in units)
    assert 150 < units.count(["message"]) < 250
    assert is_message("s:1") == is_message("s:1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ONE * 3, 1),
        (f"{ONE * 10}\n\n{ONE * 10}", 2),
        (ONE * 30, 3),
        (f"{ONE}\n\n{ONE * 30}", 4),
        ("word " * 200, 1),
    ],
)
def test_long_texts_give_several_messages(text: str, expected: int) -> None:
    messages = messages_of(text)
    assert len(messages) == expected
    assert " ".join(" ".join(messages).split()) == " ".join(text.split())
    assert all(about_tokens(message) <= MESSAGE_TOKENS for message in messages) == (text[:4] != "word")


LONG = "word " * 200 + "."


@pytest.mark.parametrize(
    ("text", "choice", "expected"),
    [
        (LONG, "both", ["sentence"]),
        (LONG, "message", ["message"]),
        (f"{LONG} Yes.", "both", ["sentence"] * 2 + ["message"]),
    ],
)
def test_a_sentence_longer_than_a_message_is_not_lost(text: str, choice: UnitChoice, expected: list[str]) -> None:
    assert [cut.unit for cut in cuts([text], choice, "")] == expected
