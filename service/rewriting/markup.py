"""What of a Markdown text is no prose: tables, rules, fenced code; and its headings.

In: a masked text. Out: (start, end, kind) of these blocks in order, as markdown-it-py sees them, in whole lines.
"""

import re
from collections.abc import Iterator
from typing import Literal

from markdown_it import MarkdownIt

Kind = Literal["copy", "title"]

_KINDS: dict[str, Kind] = {
    "table_open": "copy", "fence": "copy", "hr": "copy", "heading_open": "title",
}  # fmt: skip
_LINE = re.compile(r"\r\n?|\n")


def _parser() -> MarkdownIt:
    """Blocks alone. What people type without meaning it is no markup: indented lines, a line under a line, HTML; and
    what follows a quoted line is mostly the answer to it, in Markdown more of the quote.
    """
    parser = (
        MarkdownIt("commonmark").enable("table").disable(["code", "html_block", "lheading", "reference", "blockquote"])
    )
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


_PARSER = _parser()


def blocks(text: str) -> Iterator[tuple[int, int, Kind]]:
    """(start, end, kind) of what is no prose, the outermost of what lies in one another."""
    starts = [0, *(match.end() for match in _LINE.finditer(text))]
    starts += [len(text)]
    after = 0
    for token in _PARSER.parse(text):
        kind = _KINDS.get(token.type)
        if kind and token.map and token.map[0] >= after:
            first, after = token.map
            yield starts[first], starts[min(after, len(starts) - 1)], kind
