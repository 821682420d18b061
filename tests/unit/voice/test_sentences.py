import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.sentences import spans, split


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("ok", ["ok"]),
        ("ok. see you there", ["ok.", "see you there"]),
        ("Really?! yes.", ["Really?!", "yes."]),
        ("well... maybe", ["well... maybe"]),
        ("well... Maybe.", ["well...", "Maybe."]),
        ("Dr. Who came at 7 p.m. and left.", ["Dr. Who came at 7 p.m. and left."]),
        ("We left at 7 p.m. It rained.", ["We left at 7 p.m.", "It rained."]),
        ("see no. 5 please", ["see no. 5 please"]),
        ("it costs 3.50 at a.b.com now", ["it costs 3.50 at a.b.com now"]),
        ("take plan B. Then call me", ["take plan B.", "Then call me"]),
        ("love u. See you", ["love u.", "See you"]),
        ("你好。再见！走吧", ["你好。", "再见！", "走吧"]),
        ("J. Smith and I. ok", ["J. Smith and I.", "ok"]),
        ("1. milk", ["1. milk"]),
        ("one\ntwo\r\n\n three ", ["one", "two", "three"]),
        ('He said "no." Then left.', ['He said "no."', "Then left."]),
        ("lol 😂 ok!!! sure", ["lol 😂 ok!!!", "sure"]),
    ],
)
def test_split(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from(" .!?\n…\"')"))))
def test_spans_are_in_order_and_only_white_space_lies_between(text: str) -> None:
    end = 0
    for start, stop in spans(text):
        assert end <= start < stop
        assert text[end:start].strip() == ""
        assert text[start:stop].strip() == text[start:stop]
        end = stop
    assert text[end:].strip() == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("she joined the U.S. Army in may", ["she joined the U.S. Army in may"]),
        ("we are back in the U.S. It is cold", ["we are back in the U.S.", "It is cold"]),
        ("at 5 p.m. Friday then", ["at 5 p.m. Friday then"]),
        ("he got his Ph.D. Then he left", ["he got his Ph.D.", "Then he left"]),
        ("bring a few things, e.g. The Times", ["bring a few things, e.g. The Times"]),
        ("my number is ext. 12", ["my number is ext. 12"]),
        ("made it. :) see you", ["made it. :)", "see you"]),
        ("great!👍 Next", ["great!👍", "Next"]),
        ("i see . . . then we go", ["i see . . . then we go"]),
        ("i see . . . Then we go", ["i see . . .", "Then we go"]),
        ('"really?" she said', ['"really?" she said']),
        ("really? she said no", ["really?", "she said no"]),
        ("done. (finally!) now lunch", ["done. (finally!)", "now lunch"]),
        ("i mean it! — do not", ["i mean it! — do not"]),
        ("it is -5 out. -5! really", ["it is -5 out.", "-5!", "really"]),
        ("he works at Yahoo! Sports now", ["he works at Yahoo! Sports now"]),
    ],
)
def test_what_belongs_to_the_left_and_what_goes_on(text: str, expected: list[str]) -> None:
    assert split(text) == expected
