"""What cleaning says about one text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extraction.explain import explain
from extraction.owner import SOURCE_NAMES
from voice.errors import UserError

MAIL = "sounds good — nine then\n\nThanks\nNic\n\nOn 5 March 2018, Ana <ana@example.org> wrote:\n> nine?\n"


@pytest.mark.parametrize(
    ("source", "body", "own", "reason"),
    [
        ("gmail", MAIL, "sounds good — nine then\n\nThanks", None),
        ("gmail", f"<p>{MAIL.splitlines()[0]}</p><blockquote type=cite>nine?</blockquote>", MAIL.splitlines()[0], None),
        ("gmail", "-----Original Message-----\nFrom: Ana\nTo: Nic\n\nnine?", "", "nothing_own"),
        ("work_email", "This is an automated message.", "This is an automated message.", "automated"),
        ("imessage", "Liked “nine?”", "Liked “nine?”", "tapback"),
        ("imessage", "\ufffc", "", "attachment"),
        ("imessage", "lol", "lol", "reaction"),
        ("imessage", "lol. nine it is", "lol. nine it is", None),
        ("facebook", "thatâ\x80\x99s it", "that’s it", None),
        ("google_voice", "", "", "empty"),
    ],
)
def test_own_text_and_the_reason_to_drop_it(source: str, body: str, own: str, reason: str | None) -> None:
    found = explain(source, body)
    assert (found.own, found.reason) == (own, reason)


def test_an_unknown_source_is_named_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"'gmial'.*gmail"):
        explain("gmial", "x")


@pytest.mark.parametrize("source", SOURCE_NAMES)
@settings(deadline=None)
@given(text=st.text(st.characters()))
def test_cleaning_is_idempotent_and_never_raises(source: str, text: str) -> None:
    once = explain(source, text)
    assert explain(source, once.own).own == once.own
    assert once.own or once.reason
