"""Greetings and sign-offs that stand on lines of their own."""

import pytest

from voice.letter import greeting, sign_off

BODY = "\n\nThe boat is here.\n\n"


@pytest.mark.parametrize(
    ("opens", "whom"),
    [("Hi Petra,", "Petra"), ("Dear Ms. Brindle,", "Ms. Brindle"), ("Dear Lise and Anselm,", "Lise and Anselm"),
     ("Hello team!", "team"), ("Hi all,", "all"), ("Dear customers,", "customers"), ("Hey", ""), ("Good morning,", "")],
)  # fmt: skip
def test_a_greeting_and_whom_it_names(opens: str, whom: str) -> None:
    found = greeting(opens + BODY)
    assert found is not None and (found.end, found.whom) == (len(opens), whom)


@pytest.mark.parametrize(
    "text",
    [
        "Hi Petra, the boat is here.\nCome.",
        "The boat is here.",
        "Hi Petra",
        "",
        "Hello World is a program.\n\nIt is short.",
    ],
)
def test_what_says_something_is_no_greeting(text: str) -> None:
    assert greeting(text) is None


@pytest.mark.parametrize(
    ("closes", "who"),
    [("Kind regards,\nTobin Arkwell\nQuillhaven", "Tobin Arkwell"), ("Theo", "Theo"),
     ("Thanks in advance,\nTheo", "Theo"),
     ("With heartfelt sympathy,\nTobin", "Tobin"), ("Warmly,\nPetra", "Petra"), ("Best regards", ""),
     ("Greetings from Oslo,\nPetra", "Petra")],
)  # fmt: skip
def test_a_sign_off_and_who_signs(closes: str, who: str) -> None:
    text = f"Hi Ana,{BODY}{closes}"
    found = sign_off(text + "\n")
    assert found is not None and (text[found.start :], found.who) == (closes, who)
    assert sign_off(closes, alone=True) is not None
    assert sign_off(closes) is None


@pytest.mark.parametrize(
    "closes", ["Nice.", "Tomorrow", "See the file.", "All the best, and a hug to Lise,\nTobin", "12"]
)
def test_what_says_something_is_no_sign_off(closes: str) -> None:
    assert sign_off(f"Hi Ana,{BODY}{closes}") is None
