"""Cleaning what is clean changes nothing, in any source, whatever stands in it."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from extraction.clean.steps import Rejected
from extraction.explain import find_source
from extraction.own import cleaned
from extraction.owner import SOURCE_NAMES

PARTS = (
    "hey",
    "see you at 8",
    "Thanks,",
    "Ana Lee",
    "-- ",
    "--",
    "> quoted",
    "P.S. bring wine",
    "don\x92t",
    "&amp;",
    "<b>yes</b>",
    "On 3 May 2009 at 10:12, Ana <a@b.org> wrote:",
    "From: Ana Lee",
    "To: Nic",
    "Subject: lease",
    "(edited)",
    "voilÃ\xa0",
    "Sent: Monday, March 5, 2018 9:12 AM",
    "-----Original Message-----",
    "Sent from my iPhone",
    "________________",
    "<div>",
    "</div>",
    "\ufffc",
    "Liked “see you”",
    "Ana: hi",
    "Nic: hi",
    "\u200b",
    "😂",
    "http://example.org",
    "202-555-0143",
    "Dear Members,",
    "FOR IMMEDIATE RELEASE",
    "a@b.org <mailto:a@b.org>",
    "i went to the market early this morning because of it",
)
texts = st.lists(st.sampled_from(PARTS) | st.text(max_size=12), max_size=12).flatmap(
    lambda parts: st.sampled_from(["\n", "\n\n", " "]).map(lambda between: between.join(parts))
)


@pytest.mark.parametrize("name", SOURCE_NAMES)
@settings(deadline=None, max_examples=30)
@given(texts)
@example("")
def test_clean_text_stays_as_it_is(name: str, text: str) -> None:
    once = cleaned(find_source(name), text)
    if not isinstance(once, Rejected):
        assert cleaned(find_source(name), once) == once
