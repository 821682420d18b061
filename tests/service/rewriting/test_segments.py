import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rewriting.segments import split
from voice.triplet import UNITS, Unit

_LINES = st.sampled_from(
    ["", "  ", "Hello there. How are you?", "- buy milk", "  1) call", "> quoted", "```", "~~~~ py", "https://a.example",
     "# Title", "[x] done", "…", "a\u2028b", "\tx"]
)  # fmt: skip
_TEXTS = st.one_of(st.text(), st.lists(_LINES).map("\n".join), st.lists(_LINES).map("\r\n".join))


@given(_TEXTS, st.sampled_from(UNITS))
def test_segments_together_are_the_text(text: str, unit: Unit) -> None:
    segments = split(text, unit)
    assert "".join(segment.lead + segment.text for segment in segments) == text
    assert all(segment.text == segment.text.strip() for segment in segments)
    assert all(segment.text for segment in segments if segment.rewrite)
    assert all(segment.text for segment in segments[:-1])


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("I am here. Are you?", "sentence", ["I am here.", "Are you?"]),
        ("I am here. Are you?", "message", ["I am here. Are you?"]),
        ("I am here.\nAre you?\n\nWrite me.", "message", ["I am here.\nAre you?", "Write me."]),
        ("- buy milk\n  2. call Ana", "sentence", ["buy milk", "call Ana"]),
        ("- buy milk\n- call Ana", "message", ["buy milk", "call Ana"]),
        ("- [ ] buy milk", "sentence", ["buy milk"]),
        ("## The plan", "sentence", ["The plan"]),
        ("Look:\n```\nx = 1\n\ny = 2\n```\nNice.", "sentence", ["Look:", "Nice."]),
        ("Look:\n```\nx = 1", "sentence", ["Look:"]),
        ("~~~\n```\nx\n~~~\nNice.", "sentence", ["Nice."]),
        ("> you said so\nI did.", "sentence", ["I did."]),
        ("https://example.org/a\nSee above.", "sentence", ["See above."]),
        ("See https://example.org/a", "sentence", ["See https://example.org/a"]),
        ("- <https://example.org/a>", "sentence", []),
        ("---\n...", "sentence", []),
        ("  \n", "sentence", []),
    ],
)
def test_what_is_rewritten(text: str, unit: Unit, expected: list[str]) -> None:
    assert [segment.text for segment in split(text, unit) if segment.rewrite] == expected


def test_a_fenced_block_is_one_segment() -> None:
    block = "```py\nx = 1\n\n```"
    assert [(s.lead, s.text, s.rewrite) for s in split(f"Look.\n{block}\n", "sentence")] == [
        ("", "Look.", True),
        ("\n", block, False),
        ("\n", "", False),
    ]
