"""A masked text -> the segments to rewrite, and between them what is left alone.

A ladder of three rungs: the whole text, its paragraphs, their sentences. Left alone on the lower two: quoted lines,
lines that are only identifiers (a link, fenced code), blank lines, indentation, list markers and headings' hashes; a
text that has code or quotes has no whole rung. Putting all segments together gives the text back, to the letter.
"""

import asyncio
import itertools
import re
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from service.long import in_thread
from voice.facts.masking import ANY_PLACEHOLDER
from voice.sentences import spans
from voice.triplet import Unit
from voice.units import DRAFT_TOKENS, unit_of

_QUOTE = re.compile(r"\s*>")
_IDENTIFIERS = re.compile(rf"\s*(?:[-*+•]\s+)?(?:<?{ANY_PLACEHOLDER}>?[\s,;.]*)+")
_CODE = re.compile(r"<code\d+>")
_MARKER = re.compile(r"\s*(?:(?:[-*+•]|\d{1,3}[.)]|#{1,6})\s+)*(?:\[[ xX]\]\s+)?")

AT_ONCE = 20  # segments that are looked at before others have a turn in the loop
Rung = Literal["whole", "paragraph", "sentence"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the text; `lead` (white space, a list marker) goes before it and is never touched."""

    lead: str
    text: str
    rewrite: bool
    rung: Rung

    def unit(self, known: Collection[Unit]) -> Unit:
        """What to ask a voice for that knows these units: a sentence where it is one, else a message."""
        wanted = "sentence" if self.rung == "sentence" else unit_of(self.text)
        return wanted if wanted in known else next(iter(known))


async def cut(text: str, units: Collection[Unit], count: Callable[[str], Awaitable[int]]) -> list[Segment]:
    """The largest segments that a voice knowing these `units` can take, by their tokens, in order."""
    segments: list[Segment] = []
    waiting = list(reversed(await in_thread(text, split, text, "whole")))
    for looked in itertools.count():
        if not waiting:
            break
        if looked % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)
        segment = waiting.pop()
        smaller = []
        if segment.rung != "sentence" and segment.rewrite:
            smaller = await in_thread(segment.text, finer, segment)
        if not smaller or await _fits(segment, smaller, units, count):
            segments.append(segment)
        else:
            waiting += reversed(smaller)
    return segments


async def _fits(
    segment: Segment, smaller: list[Segment], units: Collection[Unit], count: Callable[[str], Awaitable[int]]
) -> bool:
    """Whether a segment need not be cut; `smaller` is what it would be cut into."""
    kept_apart = any(_QUOTE.match(part.text) or _CODE.search(part.text) for part in smaller if not part.rewrite)
    if segment.rung == "whole" and (kept_apart or (_marker_length(segment.text) and len(smaller) == 1)):
        return False
    if "message" in units:
        return await count(segment.text) <= DRAFT_TOKENS
    return len(await in_thread(segment.text, spans, segment.text)) <= 1


def finer(segment: Segment) -> list[Segment]:
    """A segment one rung down: its paragraphs, or its sentences; none below a sentence."""
    if segment.rung == "sentence":
        return []
    parts = split(segment.text, "paragraph" if segment.rung == "whole" else "sentence")
    return [Segment(segment.lead + parts[0].lead, parts[0].text, parts[0].rewrite, parts[0].rung), *parts[1:]]


def split(text: str, rung: Rung) -> list[Segment]:
    """The segments of a text in order; the last one holds only a lead when the text ends in white space."""
    segments: list[Segment] = []
    end = 0
    for start, stop, rewrite in _pieces(text, rung):
        segments.append(Segment(text[end:start], text[start:stop], rewrite, rung))
        end = stop
    if end < len(text):
        segments.append(Segment(text[end:], "", False, rung))
    return segments


def _pieces(text: str, rung: Rung) -> Iterator[tuple[int, int, bool]]:
    """(start, end, rewrite?) of everything that is more than white space or a marker, in order."""
    for start, stop, kind in [(0, len(text), "text")] if rung == "whole" else _blocks(text):
        if kind != "text":
            found = [(start, stop)] if kind == "copy" else []
        elif rung == "whole":
            found = [(start, stop)]
        else:
            body = start + _marker_length(text[start:stop])
            found = [(body + a, body + b) for a, b in spans(text[body:stop])] if rung == "sentence" else [(body, stop)]
        for first, last in found:
            piece = text[first:last]
            if piece.strip():
                first, last = first + len(piece) - len(piece.lstrip()), first + len(piece.rstrip())
                yield first, last, kind == "text" and any(letter.isalnum() for letter in piece)


def _blocks(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, kind) of lines that belong together: a line to copy, a list item, a paragraph."""
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
    before = "blank"
    for line in text.splitlines(keepends=True):
        kind = "text"
        if not line.strip():
            kind = "blank"
        elif _QUOTE.match(line) or _IDENTIFIERS.fullmatch(line):
            kind = "copy"
        yield line, kind, kind == before == "text" and not _marker_length(line)
        before = kind


def _marker_length(line: str) -> int:
    match = _MARKER.match(line)
    return match.end() if match else 0
