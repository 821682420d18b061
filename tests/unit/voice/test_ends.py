"""Greetings, sign-offs, names and signatures."""

import pytest

from voice.ends import closes, closing_names, greets, without_ends


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi Ana,\n\nThe file is here.\n\nBest regards,\nTom", "The file is here."),
        ("Hello everyone,\n\nThe file is here. Thank you for your help.", "The file is here."),
        ("Hi there. The file is here. Thanks, Ana", "The file is here."),
        ("Bob, the file is here. Ana", "the file is here."),
        ("Jeff and Dave, look at this", "look at this"),
        ("hey look at this", "hey look at this"),
        ("Good morning, look at this. ana", "look at this."),
        ("Look at this.\n\n-- \nAna Example\n202-555-0100", "Look at this."),
        ("Look at this. ------------------ Sent from my BlackBerry Handheld (www.example.com)", "Look at this."),
        ("Look at this. Sent from my iPhone", "Look at this."),
        ("It was sent from my house.", "It was sent from my house."),
        ("Look at this.\n- one\n- two", "Look at this.\n- one\n- two"),
        ("However, I like it.", "However, I like it."),
        ("Tomorrow, we leave.", "Tomorrow, we leave."),
        ("Thanks, Ana", "Thanks, Ana"),
        ("I told Bob", "I told Bob"),
        ("Thank you so much for the wonderful evening we had at your house with all of them", None),
        ("  ", ""),
    ],
)
def test_what_is_between_them(text: str, expected: str | None) -> None:
    assert without_ends(text, ["ana"]) == (text if expected is None else expected)


def test_how_somebody_signs_is_found() -> None:
    texts = [f"Here is number {n}. Ana" for n in range(5)] + [f"Number {n} is done.\naex" for n in range(4)]
    texts += ["any questions?", "No questions.", "call me, no questions", "see you tomorrow"]
    assert closing_names(texts) == {"ana", "aex"}
    assert closing_names([]) == frozenset()


@pytest.mark.parametrize(
    ("text", "opens", "ends"),
    [
        ("Hi Ana, done", True, False),
        ("done. thanks", False, True),
        ("done", False, False),
        ("Bob, done.\nAna", True, True),
    ],
)
def test_whether_there_are_any(text: str, opens: bool, ends: bool) -> None:
    assert (greets(text), closes(text)) == (opens, ends)
