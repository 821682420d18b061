"""A masked text -> the segments to rewrite, and between them what is left alone, or typed by the owner's habits.

A ladder of three rungs: the whole text, its paragraphs, their sentences. On the lower two greeting, sign-off, headings
and what a line opens with in bold are apart: they are not rewritten, but typed as the owner types (voice/hand.py). Left
alone are quotes, tables, lines that are only identifiers (a link, fenced code), blank lines and list markers. A text
that has any of those in it has no whole rung. Putting all segments together gives the text back, to the letter.
"""

import asyncio
import itertools
import re
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from service.long import in_thread
from service.rewriting.markup import blocks
from voice.facts.masking import ANY_PLACEHOLDER
from voice.letter import greeting, sign_off
from voice.sentences import spans
from voice.triplet import Unit
from voice.units import unit_of

_QUOTE = re.compile(r"\s*>")
_IDENTIFIERS = re.compile(rf"\s*(?:[-*+•]\s+)?(?:<?{ANY_PLACEHOLDER}>?[\s,;.]*)+")
_CODE = re.compile(r"<code\d+>")
_MARKER = re.compile(r"\s*(?:(?:[-*+•]|\d{1,3}[.)]|#{1,6})\s+)*(?:\[[ xX]\]\s+)?")
_BOLD = r"(?:\*\*[^*\n]{1,80}\*\*|__[^_\n]{1,80}__)"
_LEAD_IN = re.compile(rf"{_BOLD}(?::|(?<=[:.]\*\*)|(?<=[:.]__))(?=\s)")
_HEAD = re.compile(rf"{_BOLD}:?|(?:[\w'’/&-]+ ){{0,4}}[\w'’/&-]+:")  # a line of its own

AT_ONCE = 20  # segments that are looked at before others have a turn in the loop
# A text up to so many tokens is tried as one. What is longer, and a paragraph of it, hardly ever passes (docs/LOG.md).
WHOLE_TOKENS = 80
Rung = Literal["whole", "paragraph", "sentence"]
Part = Literal["body", "title", "greeting", "sign_off"]
Kind = Literal["blank", "copy", "text", "title", "greeting", "sign_off"]  # of lines


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the text; `lead` (white space, a list marker) goes before it and is never touched.

    What is not to `rewrite` is left alone where it is of the body, and else typed by the owner's habits.
    """

    lead: str
    text: str
    rewrite: bool
    rung: Rung
    part: Part = "body"

    def as_body(self) -> "Segment":
        """The same to be rewritten, where nobody knows how the owner types such a part."""
        return self if self.part == "body" else replace(self, part="body", rewrite=True)

    def unit(self, known: Collection[Unit]) -> Unit:
        """What to ask a voice for that knows these units: a sentence where it is one, else a message."""
        wanted = "sentence" if self.rung == "sentence" else unit_of(self.text)
        return wanted if wanted in known else next(iter(known))


async def cut(
    text: str, units: Collection[Unit], count: Callable[[str], Awaitable[int]], *, later: bool = False
) -> list[Segment]:
    """The largest segments that a voice knowing these `units` can take, by their tokens, in order.

    A `later` part of a text has no greeting, and may be nothing but the sign-off.
    """
    segments: list[Segment] = []
    ends = later and (found := sign_off(text, alone=True)) is not None and not text[: found.start].strip()
    waiting = [*reversed(await in_thread(text, split, text, "paragraph" if ends else "whole", later))]
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
    if segment.rung == "whole" and any(map(_is_no_prose, smaller)):
        return False
    if "message" in units and segment.rung == "whole":
        return await count(segment.text) <= WHOLE_TOKENS
    return len(await in_thread(segment.text, spans, segment.text)) <= 1


def _is_no_prose(part: Segment) -> bool:
    """Whether a paragraph is none that stands in a message as people type it: an item, a heading, a quote, code."""
    if part.lead.strip() or (part.part == "title" and not part.text.endswith(":")) or _LEAD_IN.match(part.text + " "):
        return True
    return not part.rewrite and bool(_QUOTE.match(part.text) or _CODE.search(part.text) or "|" in part.text)


def finer(segment: Segment) -> list[Segment]:
    """A segment one rung down: its paragraphs, or its sentences; none below a sentence."""
    if segment.rung == "sentence":
        return []
    parts = split(segment.text, "paragraph" if segment.rung == "whole" else "sentence")
    return [replace(parts[0], lead=segment.lead + parts[0].lead), *parts[1:]]


def split(text: str, rung: Rung, later: bool = False) -> list[Segment]:
    """The segments of a text in order; the last one holds only a lead when the text ends in white space."""
    segments: list[Segment] = []
    end = 0
    for start, stop, part, rewrite in _pieces(text, rung, later):
        segments.append(Segment(text[end:start], text[start:stop], rewrite, rung, part))
        end = stop
    if end < len(text):
        segments.append(Segment(text[end:], "", False, rung))
    return segments


def _pieces(text: str, rung: Rung, later: bool) -> Iterator[tuple[int, int, Part, bool]]:
    """(start, end, part, rewrite?) of everything that is more than white space or a marker, in order."""
    whole: list[tuple[int, int, Kind]] = [(0, len(text), "text")]
    for start, stop, kind in whole if rung == "whole" else _blocks(text, rung, later):
        found: list[tuple[int, int, Part]] = []
        if kind == "title" or kind == "greeting" or kind == "sign_off":
            marker = _marker_length(text[start:stop]) if kind == "title" else 0
            found.append((start + marker, stop, kind))
        elif kind == "copy" or rung == "whole":
            found = [(start, stop, "body")]
        elif kind == "text":
            body = start + _marker_length(text[start:stop])
            if opens := _LEAD_IN.match(text, body, stop):
                found = [(body, opens.end(), "title")]
                body = opens.end()
            sentences = spans(text[body:stop]) if rung == "sentence" else [(0, stop - body)]
            found += [(body + first, body + last, "body") for first, last in sentences]
        for first, last, part in found:
            piece = text[first:last]
            if piece.strip():
                first, last = first + len(piece) - len(piece.lstrip()), first + len(piece.rstrip())
                yield first, last, part, kind == "text" and part == "body" and any(letter.isalnum() for letter in piece)


def _blocks(text: str, rung: Rung, later: bool) -> Iterator[tuple[int, int, Kind]]:
    """(start, end, kind) of a text from its greeting to its sign-off, these only where it is cut into paragraphs."""
    start, end = 0, len(text)
    if rung == "paragraph":
        if not later and (found := greeting(text)):
            yield 0, (start := found.end), "greeting"
        if closes := sign_off(text, alone=later):
            end = closes.start
    middle = text[start:end]
    after = 0
    for first, last, kind in blocks(middle):
        yield from _prose(middle, start, after, first)
        yield start + first, start + last, kind
        after = last
    yield from _prose(middle, start, after, len(middle))
    if end < len(text):
        yield end, len(text), "sign_off"


def _prose(text: str, offset: int, first: int, last: int) -> Iterator[tuple[int, int, Kind]]:
    """(start, end, kind) of lines that belong together: a line to copy, a list item, a paragraph, a line that is a
    heading by its form.
    """
    start = position = first
    kind: Kind = "blank"
    for line, line_kind, joins in _lines(text[first:last]):
        if not joins and position > start:
            yield offset + start, offset + position, _kind(text[start:position], kind)
            start = position
        kind = line_kind
        position += len(line)
    if position > start:
        yield offset + start, offset + position, _kind(text[start:position], kind)


def _kind(block: str, kind: Kind) -> Kind:
    return "title" if kind == "text" and _HEAD.fullmatch(block.strip()) else kind


def _lines(text: str) -> Iterator[tuple[str, Kind, bool]]:
    """Every line with its kind (blank, copy, text) and whether it belongs to the line before it."""
    before: Kind = "blank"
    for line in text.splitlines(keepends=True):
        kind: Kind = "text"
        if not line.strip():
            kind = "blank"
        elif _QUOTE.match(line) or _IDENTIFIERS.fullmatch(line):
            kind = "copy"
        yield line, kind, kind == before == "text" and not _marker_length(line)
        before = kind


def _marker_length(line: str) -> int:
    match = _MARKER.match(line)
    return match.end() if match else 0
