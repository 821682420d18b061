"""What of a Markdown text is no prose."""

import pytest

from service.rewriting.markup import blocks


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# The boat\nIt is here.", [("# The boat\n", "title")]),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n\nNice.", [("| a | b |\n|---|---|\n| 1 | 2 |\n", "copy")]),
        ("One.\r\n\r\n***\r\n\r\nTwo.", [("***\r\n", "copy")]),
        ("```\nx = 1\n```", [("```\nx = 1\n```", "copy")]),
        ("- one\n  - # two\n- three", [("  - # two\n", "title")]),
        ("    it is far in, and no code\n\nA name\n---\nnext", [("---\n", "copy")]),
        ("> said so\nI did\n<b>it</b>\n[1]: /x", []),
        ("a | b\nno table", []),
        ("", []),
    ],
)
def test_blocks_that_are_no_prose(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(text[start:end], kind) for start, end, kind in blocks(text)] == expected
