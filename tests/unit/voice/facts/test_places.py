"""Placeholders that changed places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.facts.compare import Difference, compare
from voice.facts.identifiers import KINDS
from voice.facts.places import exchanged


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Pay 40 to <iban1> and 900 to <iban2>.", "pay 40 to <iban2> and 900 to <iban1>"),
        ("Copy <path1> to <path2>.", "copy <path2> to <path1>"),
        ("Use <id1>, not <id2>.", "use <id2>, not <id1>"),
        ("Tom's number is <phone1>, Ana's is <phone2>.", "toms <phone2>, anas <phone1>"),
        ("The gate code is <secret1> and the alarm is <secret2>.", "gate <secret2>, alarm <secret1>"),
        ("Mail <email1>, not <email2>. Tom is away.", "tom's away so mail <email2>, not <email1>"),
        ("Send it to <email1> and <email2>.", "send it to <email2> and <email1>"),
        ("Order <id1> came, order <id2> did not.", "<id2> came, <id1> didnt"),
        ("Call <phone1> or mail <email1>.", "call <email1> or mail <phone1>"),
        ("Take <link1> first, then <link2>, then <link3>.", "take <link3> first, then <link2>, then <link1>"),
    ],
)
def test_an_exchange_is_seen(before: str, after: str) -> None:
    assert exchanged(before, after)
    found = compare(before, after)
    assert set(found.missing) & set(found.invented) & set(KINDS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Pay 40 to <iban1> and 900 to <iban2>.", "<iban2> gets 900, <iban1> 40"),
        ("Call <phone1> or mail <email1>.", "mail <email1> or call <phone1>"),
        ("Call <phone1> and then <phone2>.", "<phone1>, then <phone2>"),
        ("The key is in <path1>. Run <code1> first.", "run <code1> first, the key's in <path1>"),
        ("Please use the new address <email1> instead of <email2>.", "use <email1> now not <email2>"),
        ("My number is <phone1>; hers is <phone2>.", "mine <phone1>, hers <phone2>"),
        ("Your order <id1> was sent to <address1> with <id2>.", "sent <id1> to <address1>, tracking <id2>"),
    ],
)
def test_what_stays_with_its_neighbours_may_move(before: str, after: str) -> None:
    assert exchanged(before, after) == set()
    assert "<" not in "".join(compare(before, after).invented)


PARTS = "<id1> <id2> <phone1> <link1> call pay 40 900 to and , . not tom the \n".split(" ")


@given(st.lists(st.sampled_from(PARTS), max_size=30), st.sampled_from([" ", ""]))
def test_a_text_holds_no_exchange_of_itself(parts: list[str], between: str) -> None:
    text = between.join(parts)
    assert exchanged(text, text) == set()


def test_many_placeholders_are_done() -> None:
    before = " ".join(f"<id{number}> is for {number}," for number in range(1, 2000))
    after = before.replace("<id7>", "<id0>").replace("<id8>", "<id7>").replace("<id0>", "<id8>")
    assert exchanged(before, after) == {"<id7>", "<id8>"}


def test_an_exchange_far_apart_is_seen_among_many() -> None:
    things = "boat ladder garage kitchen printer office shed roof cellar garden bakery school church station".split()
    before = ". ".join(f"The {thing} is <id{number}>" for number, thing in enumerate(things, start=1))
    after = before.replace("<id2>", "<id0>").replace("<id13>", "<id2>").replace("<id0>", "<id13>")
    assert exchanged(before, after) == {"<id2>", "<id13>"}
    assert exchanged(before, before.replace("The ", "").replace(" is", ":")) == set()


def test_a_text_without_placeholders_differs_in_nothing() -> None:
    assert compare("Pay him.", "pay him") == Difference()
