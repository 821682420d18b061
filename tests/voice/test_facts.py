import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.facts import Difference, Fact, compare, invented, numbers, visible


@pytest.mark.parametrize(
    ("neutral", "own", "expected"),
    [
        ("See you at 7:30 PM.", "7:30pm", []),
        ("It is 1,000 dollars.", "1000 bucks", []),
        ("See you.", "see u at 8", ["number"]),
        ("Before noon.", "b4 noon", []),
        ("8 people.", "8 ppl, all 8", []),
        ("On 3/4.", "on 3/5 or 6", ["date", "number"]),
        ("Call me.", "call [PHONE_1]", ["phone"]),
        ("Call [PHONE_1].", "[PHONE_1] or [PHONE_1]", ["phone"]),
        ("Let us meet.", "lets meet tues", ["weekday"]),
        ("It costs money.", "its $40", ["amount"]),
        ("An hour.", "1 hour", []),
    ],
)
def test_invented(neutral: str, own: str, expected: list[str]) -> None:
    assert invented(neutral, own) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("See you at 7:30 PM.", "see u at 7:30pm"),
        ("See you at 7:30 PM.", "see u at 7:30 p.m."),
        ("See you at 19:30.", "see u at 7:30 PM"),
        ("See you at 7 PM.", "see u at 7p"),
        ("See you at 7:00 PM.", "7pm it is"),
        ("At 12 PM.", "at noon"),
        ("It was $1,000.", "it was 1000 dollars"),
        ("It was $1,000.", "it was 1k bucks"),
        ("It costs two million dollars.", "its $2M"),
        ("On March 14.", "on 3/14"),
        ("On March 14th, 2024.", "on 3/14/24"),
        ("On the 14th of March.", "on Mar. 14th"),
        ("On Tuesday.", "on tue"),
        ("On Tuesdays.", "tues"),
        ("See you on Saturday.", "see u on sat"),
        ("20 percent off.", "20% off"),
        ("Two people.", "2 ppl"),
        ("Twenty-five people.", "25 ppl"),
        ("Two hundred people.", "200 ppl"),
        ("One hour.", "1 hr"),
        ("The first one.", "the 1st one"),
        ("See you tomorrow.", "see u tmrw"),
        ("I cannot come.", "I can't come"),
        ("I do not know.", "dunno"),
        ("No, I cannot come.", "cant come"),
        ("No.", "Nope"),
        ("No, thank you.", "nah thanks"),
        ("That is not a problem.", "that's not a problem"),
        ("Neither Ana nor Bob came.", "Ana and Bob didn't come"),
        ("Maria will come.", "maria's coming"),
        ("I talked to Maria Lopez.", "talked to Maria Lopez"),
        ("I think it is good. Sounds great.", "Sounds great, I think"),
        ("Thank you.", "Thx!!! Heyyy Soooo good"),
    ],
)
def test_facts_are_the_same_however_they_are_written(one: str, other: str) -> None:
    assert compare(one, other) == Difference((), ())
    assert compare(other, one) == Difference((), ())


@pytest.mark.parametrize(
    ("before", "after", "missing", "made_up"),
    [
        ("See you at 7:30 PM.", "see u at 7:30 AM", ("time",), ("time",)),
        ("See you at 7:30 PM.", "see u later", ("time",), ()),
        ("See you at 8.", "see u at 9", ("number",), ("number",)),
        ("It costs $40.", "its 40 euros", ("amount",), ("amount",)),
        ("On March 14.", "on 3/15", ("date",), ("date",)),
        ("On Tuesday.", "on thurs", ("weekday",), ("weekday",)),
        ("It is 20%.", "its 20", ("percentage",), ("number",)),
        ("See you tomorrow.", "see u today", ("day",), ("day",)),
        ("I cannot come.", "can come", ("negation",), ()),
        ("I can come.", "I can't come", (), ("negation",)),
        ("No.", "Yes", ("negation",), ()),
        ("Maria will come.", "she's coming", ("name",), ()),
        ("She will come.", "Maria's coming", (), ("name",)),
        ("Thank you.", "Thanks, Kay", (), ("name",)),
        ("We met in Oslo.", "we met", ("name",), ()),
        ("Call [PHONE_1].", "call me", ("phone",), ()),
        ("Call [PHONE_1].", "call [PHONE_2]", ("phone",), ("phone",)),
        ("Call [PHONE_1].", "call [PHONE_1] [PHONE_1]", (), ("phone",)),
    ],
)
def test_a_difference(before: str, after: str, missing: tuple[str, ...], made_up: tuple[str, ...]) -> None:
    assert compare(before, after) == Difference(missing, made_up)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("Thank you.", "thanks, nic", ("name",)),
        ("Nic, thank you.", "thanks nic", ()),
        ("Thank you.", "thanks, picnic", ()),
    ],
)
def test_the_owner_is_invented_in_any_spelling(before: str, after: str, expected: tuple[str, ...]) -> None:
    assert compare(before, after, own_names=["Nic"]).invented == expected


@pytest.mark.parametrize(
    "text",
    [
        "I sat in the sun.",
        "You may march on.",
        "We wed.",
        "b4 h2o mp3",
        "Will you? It may be.",
        "The Sun is out.",
        "LOL OK",
    ],
)
def test_these_are_no_facts(text: str) -> None:
    assert visible(text) == {}


def test_visible() -> None:
    assert visible("Maria paid $5 on Tue at 7pm, not 8.") == {
        Fact("name", "maria"): 1, Fact("amount", "$5"): 1, Fact("weekday", "tue"): 1, Fact("time", "19:00"): 1,
        Fact("number", "8"): 1, Fact("negation", "not"): 1,
    }  # fmt: skip


def test_numbers() -> None:
    assert numbers("8 of 8, two, 1,000 and 3.50") == {"8": 2, "2": 1, "1000": 1, "3.5": 1}


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("0123456789:/$%., apmnoNt'[]_"))))
def test_no_text_raises_or_differs_from_itself(text: str) -> None:
    assert compare(text, text).ok
    assert invented(text, text) == []
