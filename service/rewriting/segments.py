"""A text -> the segments to rewrite, and between them what is left alone.

Left alone: fenced code, quoted lines, lines that are only a link, blank lines, indentation, list markers and headings'
hashes. Putting all segments together gives the text back, to the letter.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from voice.sentences import spans
from voice.triplet import Unit

_FENCE = re.compile(r"\s*(?P<fence>`{3,}|~{3,})")
_QUOTE = re.compile(r"\s*>")
_LINK = re.compile(r"\s*(?:[-*+•]\s+)?<?(?:https?://|www\.)\S+\s*")
_MARKER = re.compile(r"\s*(?:(?:[-*+•]|\d{1,3}[.)]|#{1,6})\s+)*(?:\[[ xX]\]\s+)?")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the text; `lead` (white space, a list marker) goes before it and is never touched."""

    lead: str
    text: str
    rewrite: bool


def split(text: str, unit: Unit) -> list[Segment]:
    """The segments of a text in order; the last one holds only a lead when the text ends in white space."""
    segments: list[Segment] = []
    end = 0
    for start, stop, rewrite in _pieces(text, unit):
        segments.append(Segment(text[end:start], text[start:stop], rewrite))
        end = stop
    if end < len(text):
        segments.append(Segment(text[end:], "", False))
    return segments


def _pieces(text: str, unit: Unit) -> Iterator[tuple[int, int, bool]]:
    """(start, end, rewrite?) of everything that is more than white space or a marker, in order."""
    for start, stop, kind in _blocks(text):
        if kind != "text":
            found = [(start, stop)] if kind == "copy" else []
        else:
            body = start + _marker_length(text[start:stop])
            found = [(body + a, body + b) for a, b in spans(text[body:stop])] if unit == "sentence" else [(body, stop)]
        for first, last in found:
            piece = text[first:last]
            if piece.strip():
                first, last = first + len(piece) - len(piece.lstrip()), first + len(piece.rstrip())
                yield first, last, kind == "text" and any(letter.isalnum() for letter in piece)


def _blocks(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, kind) of lines that belong together: a fenced block, a line to copy, a list item, a paragraph."""
    start = position = 0
    kind = "blank"
    for line, line_kind, joins in _lines(text):
        if not joins and position > start:
            yield start, position, kind
            start = position
        kind = line_kind
        position += len(line)
    if position > start:
        yield start, position, kind


def _lines(text: str) -> Iterator[tuple[str, str, bool]]:
    """Every line with its kind (blank, copy, text) and whether it belongs to the line before it."""
    fence, before = "", "blank"
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        if fence:
            yield line, "copy", True
            if mark and mark["fence"].startswith(fence) and not line[mark.end() :].strip():
                fence = ""
            before = "copy"
            continue
        kind = "text"
        if mark or _QUOTE.match(line) or _LINK.fullmatch(line):
            kind = "copy"
        elif not line.strip():
            kind = "blank"
        yield line, kind, kind == before == "text" and not _marker_length(line)
        fence, before = mark["fence"] if mark else "", kind


def _marker_length(line: str) -> int:
    match = _MARKER.match(line)
    return match.end() if match else 0
