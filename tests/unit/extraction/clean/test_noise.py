"""What is nobody's voice, and what only looks like it."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extraction.clean import noise

CHECKS: list[Callable[[str], str | None]] = [
    noise.attachment,
    noise.links,
    noise.automated_subject,
    noise.automated,
    noise.table_row,
    noise.reaction,
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("\ufffc", True), (" \ufffc\ufffc\n", True), ("\ufffc look", False), ("", False), (" ", False)],
)
def test_attachments(text: str, expected: bool) -> None:
    assert noise.attachment(text) == ("attachment" if expected else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.org/a?b=1", True),
        ("www.example.org\nhttp://x.org", True),
        ("see https://example.org", False),
        ("", False),
    ],
)
def test_links(text: str, expected: bool) -> None:
    assert noise.links(text) == ("links" if expected else None)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Accepted: lunch @ Mon", True),
        ("Declined: lunch", True),
        ("Automatic reply: lease", True),
        ("Out of Office: lease", True),
        ("Out of Office AutoReply: lease", True),
        ("Undeliverable: lease", True),
        ("Delivery Status Notification (Failure)", True),
        ("Your Sample Shop order #1234", True),
        ("Order confirmation 1234", True),
        ("out of office tomorrow", False),
        ("Re: Accepted: lunch", False),
        ("your order of the books, which one first?", False),
        ("accepted into the choir!", False),
        ("", False),
    ],
)
def test_subjects_of_automated_mail(subject: str, expected: bool) -> None:
    assert noise.automated_subject(subject) == ("automated" if expected else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("This is an automated message.", True),
        ("Please do not reply to this email.", True),
        ("Spring news!\n\nClick here to unsubscribe.", True),
        ("You are receiving this because you signed up", True),
        ("I am out of the office until Monday with limited access to mail.", True),
        ("I'm out of the office tomorrow, shall we meet on Friday?", False),
        ("please unsubscribe me", False),
        ("she has accepted the job", False),
        ("", False),
    ],
)
def test_texts_of_automated_mail(text: str, expected: bool) -> None:
    assert noise.automated(text) == ("automated" if expected else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("north\t500\t900", True),
        ("rent      1200      per month", True),
        ("4711\t\tbuy", True),
        ("well.   i think so.    maybe", False),
        ("rent is due on friday      1200", False),
        ("no columns at all", False),
        ("", False),
    ],
)
def test_rows_of_tables(text: str, expected: bool) -> None:
    assert noise.table_row(text) == ("table_row" if expected else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lol", True),
        ("LOOOL", True),
        ("hahaha", True),
        ("Haha!!", True),
        ("ok", True),
        ("Okay.", True),
        ("kk", True),
        ("👍", True),
        ("😂😂 lol", True),
        ("?!", True),
        ("hmmm…", True),
        ("yes", False),
        ("nope", False),
        ("tomorrow", False),
        ("42", False),
        ("ok then", False),
        ("hahaha no", False),
        ("home", False),
        ("hello", False),
        ("him", False),
        ("cool it", False),
    ],
)
def test_one_word_reactions_are_not_one_word_answers(text: str, expected: bool) -> None:
    assert noise.reaction(text) == ("reaction" if expected else None)


@settings(deadline=None)
@given(st.text(st.characters()))
def test_no_text_makes_a_check_raise(text: str) -> None:
    for check in CHECKS:
        assert check(text) is None or isinstance(check(text), str)


@pytest.mark.parametrize(
    "text",
    [
        "can you get mom to unsubscribe from that thing?",
        "I'm out of the office tomorrow, if something is urgent contact Bob",
    ],
)
def test_prose_about_automated_things_is_not_automated(text: str) -> None:
    assert noise.automated(text) is None
