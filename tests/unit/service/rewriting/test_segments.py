from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rewriting.segments import Rung, cut, finer, split
from voice.facts.masking import mask
from voice.triplet import Unit

_LINES = st.sampled_from(
    ["", "  ", "Hello there. How are you?", "- buy milk", "  1) call", "> quoted", "```", "~~~~ py", "https://a.example",
     "# Title", "[x] done", "…", "a\u2028b", "\tx"]
)  # fmt: skip
_TEXTS = st.one_of(st.text(), st.lists(_LINES).map("\n".join), st.lists(_LINES).map("\r\n".join))


RUNGS: tuple[Rung, ...] = get_args(Rung)


@given(_TEXTS, st.sampled_from(RUNGS))
def test_segments_together_are_the_text(text: str, rung: Rung) -> None:
    segments = split(text, rung)
    assert "".join(segment.lead + segment.text for segment in segments) == text
    assert all(segment.text == segment.text.strip() for segment in segments)
    assert all(segment.text for segment in segments if segment.rewrite)
    assert all(segment.text for segment in segments[:-1])


@pytest.mark.parametrize(
    ("text", "rung", "expected"),
    [
        ("I am here. Are you?", "sentence", ["I am here.", "Are you?"]),
        ("I am here. Are you?", "paragraph", ["I am here. Are you?"]),
        (" I am here.\n\n- Are you?\n", "whole", ["I am here.\n\n- Are you?"]),
        ("I am here.\nAre you?\n\nWrite me.", "paragraph", ["I am here.\nAre you?", "Write me."]),
        ("- buy milk\n  2. call Ana", "sentence", ["buy milk", "call Ana"]),
        ("- buy milk\n- call Ana", "paragraph", ["buy milk", "call Ana"]),
        ("- [ ] buy milk", "sentence", ["buy milk"]),
        ("## The plan", "sentence", []),
        ("Look.\n```\nx = 1\n\ny = 2\n```\nNice.", "sentence", ["Look.", "Nice."]),
        ("Look.\n```\nx = 1", "sentence", ["Look."]),
        ("| a | b |\n|---|---|\n| one here | two |\n\nNice.", "paragraph", ["Nice."]),
        ("**Budget:** It is spent.\n\n- **Open**: nothing is.", "sentence", ["It is spent.", "nothing is."]),
        ("Dear Ana,\n\nIt is spent.\n\nKind regards,\nTheo", "paragraph", ["It is spent."]),
        ("What is new:\n- this is", "paragraph", ["this is"]),
        ("~~~\n```\nx\n~~~\nNice.", "sentence", ["Nice."]),
        ("> you said so\nI did.", "sentence", ["I did."]),
        ("https://example.org/a\nSee above.", "sentence", ["See above."]),
        ("See https://example.org/a", "sentence", ["See <link1>"]),
        ("- <https://example.org/a>", "sentence", []),
        ("---\n...", "sentence", []),
        ("  \n", "sentence", []),
    ],
)
def test_what_is_rewritten(text: str, rung: Rung, expected: list[str]) -> None:
    assert [segment.text for segment in split(mask(text).text, rung) if segment.rewrite] == expected


def test_a_fenced_block_is_one_segment() -> None:
    block = "```py\nx = 1\n\n```"
    assert [(s.lead, s.text, s.rewrite) for s in split(mask(f"Look.\n{block}\n").text, "sentence")] == [
        ("", "Look.", True),
        ("\n", "<code1>", False),
        ("\n", "", False),
    ]


async def _count(text: str) -> int:
    return len(text.split())


LONG, PARAGRAPH = "word " * 300, "One here. Two here."
BOTH = ["sentence", "message"]
ONE_TWO = [("One here.", "sentence"), ("Two here.", "sentence")]


@pytest.mark.parametrize(
    ("text", "units", "expected"),
    [
        ("I am here.", BOTH, [("I am here.", "sentence")]),
        ("Hi Ana,\n\nI am here. Are you?\n", BOTH, [("Hi Ana,\n\nI am here. Are you?", "message")]),
        ("I am here. Are you?", ["sentence"], [("I am here.", "sentence"), ("Are you?", "sentence")]),
        ("I am here.", ["message"], [("I am here.", "message")]),
        ("Look.\n\n> you said so\n\nI did. I did.", BOTH, [("Look.", "sentence"), *[("I did.", "sentence")] * 2]),
        (f"{PARAGRAPH}\n\n{LONG}", BOTH, [*ONE_TWO, (LONG.strip(), "sentence")]),
        (
            f"{PARAGRAPH} {LONG}",
            ["message"],
            [("One here.", "message"), ("Two here.", "message"), (LONG.strip(), "message")],
        ),
        ("- buy milk", BOTH, [("buy milk", "sentence")]),
        ("See\n<link1>", BOTH, [("See\n<link1>", "message")]),
        ("See\n<code1>", BOTH, [("See", "sentence")]),
    ],
)
async def test_a_text_is_cut_as_little_as_the_voice_and_its_length_allow(
    text: str, units: list[Unit], expected: list[tuple[str, Unit]]
) -> None:
    segments = await cut(text, units, _count)
    assert [(segment.text, segment.unit(units)) for segment in segments if segment.rewrite] == expected


@given(_TEXTS, st.sampled_from([["sentence"], ["message"], ["message", "sentence"]]), st.integers(0, 3))
async def test_what_is_cut_is_the_text(text: str, units: list[Unit], tokens: int) -> None:
    async def count(_: str) -> int:
        return tokens * 100

    segments = await cut(text, units, count)
    assert "".join(segment.lead + segment.text for segment in segments) == text
    for segment in segments:
        if segment.rewrite and (smaller := finer(segment)):
            assert "".join(part.lead + part.text for part in smaller) == segment.lead + segment.text
