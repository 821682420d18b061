"""Characters that nobody typed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extraction.clean.encoding import join_wraps, repair_mojibake, strip_invisible

ANY_TEXT = st.text(st.characters())  # lone surrogates too
WRAPPED = "the landlord wants to see both of us before he signs anything, which I\nthink is fair. bring the old lease"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("itâ\x80\x99s fine", "it’s fine"),
        ("itâ€™s fine", "it’s fine"),
        ("cafÃ© at 8", "café at 8"),
        ("ð\x9f\x98\x82", "😂"),
        ("café — “ok”…", "café — “ok”…"),
        ("teh ﬁle -- ok", "teh ﬁle -- ok"),
        ("", ""),
    ],
)
def test_mojibake_is_repaired_and_nothing_else(text: str, expected: str) -> None:
    assert repair_mojibake(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x0bc", "abc"),
        ("a\u200bb\ufeff", "ab"),
        ("look \ufffc", "look "),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("tab\tstays", "tab\tstays"),
        ("👨\u200d👩\u200d👧 and ❤\ufe0f", "👨\u200d👩\u200d👧 and ❤\ufe0f"),
        ("stray\u200d joiner", "stray joiner"),
        ("a\ud800b", "ab"),
        ("soo… TIRED — lol", "soo… TIRED — lol"),
    ],
)
def test_what_cannot_be_seen_goes(text: str, expected: str) -> None:
    assert strip_invisible(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WRAPPED, WRAPPED.replace("\n", " ")),
        (WRAPPED.replace("\n", " \n"), WRAPPED.replace("\n", " ")),
        (WRAPPED.replace("I\n", "I\nknow.\n"), WRAPPED.replace("I\n", "I\nknow.\n")),
        (WRAPPED.replace("I\n", "I always\nknow.\n"), WRAPPED.replace("I\n", "I always know.\n")),
        ("short line\nanother one", "short line\nanother one"),
        (WRAPPED.replace("\n", "\n\n"), WRAPPED.replace("\n", "\n\n")),
        (WRAPPED.replace("\nthink", "\n- think"), WRAPPED.replace("\nthink", "\n- think")),
        ("x" * 100 + "\nnext paragraph", "x" * 100 + "\nnext paragraph"),
        ("north 500      south 900      east 1200      west 40       total 2640\nnorth 1", None),
        ("", ""),
    ],
)
def test_only_lines_that_were_full_are_joined(text: str, expected: str | None) -> None:
    assert join_wraps(text) == (text if expected is None else expected)


@pytest.mark.parametrize("step", [repair_mojibake, strip_invisible, join_wraps])
@settings(deadline=None)
@given(text=ANY_TEXT)
def test_steps_are_idempotent_and_never_raise(step: "type[str]", text: str) -> None:
    once = step(text)
    assert step(once) == once
