"""From the sources of a Nexus into the state file, page by page, going on where an earlier call stopped.

In: an open Nexus, a Reader, the state. Out: the state with every page of every source; each page is one transaction.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from extraction.clean import noise
from extraction.clean.steps import Rejected
from extraction.nexus import Nexus, Row
from extraction.pipeline import NOT_OWN, Reader, microseconds, thread_hash
from extraction.sources import Source
from extraction.staging import Heard, Page, Place, Staging

Progress = Callable[[str, int, int], None]
_QUESTION = re.compile(r"[?？؟][^\w]*$")


def read_page(source: Source, rows: list[Row], reader: Reader, keep_keys: bool) -> Page:
    """What a page of rows gives."""
    page = Page()
    for row in rows:
        page.counted["rows", ""] += 1
        outcome = reader.read(source, row)
        if isinstance(outcome, Rejected):
            page.counted["row", outcome.reason] += 1
        else:
            page.candidates += outcome.candidates
            page.counted.update(("sentence", reason) for reason in outcome.dropped)
            if not outcome.candidates:
                page.counted["row", outcome.dropped[0]] += 1
        if keep_keys:
            page.keys.append(str(row[source.key]))
        is_own = not (isinstance(outcome, Rejected) and outcome.reason == NOT_OWN)
        if heard := _heard(source, row, reader, is_own):
            page.heard.append(heard)
    return page


async def walk(
    nexus: Nexus, source: Source, reader: Reader, staging: Staging, increment: bool, on_progress: Progress
) -> None:
    """Read a source to its end, or what is new in it; afresh when the rows known no longer add up to the table's."""
    total = await nexus.count(source.table)
    on_progress(source.name, 0, total)
    columns = await nexus.columns(source.table) or set()
    if source.watermark not in columns:
        source = replace(source, watermark=None)
    place = staging.place(source.name)
    if increment and place.finished:
        await _read_new(nexus, source, reader, staging, place)
        if staging.counts(source.name)["rows", ""] == await nexus.count(source.table):
            on_progress(source.name, total, total)
            return
        staging.forget_source(source.name)  # rows were deleted, or came late under an old number
        place = Place()
    if not place.finished:
        await _read_all(nexus, source, reader, staging, place, total, on_progress)


async def _read_all(
    nexus: Nexus, source: Source, reader: Reader, staging: Staging, place: Place, total: int, on_progress: Progress
) -> None:
    columns = (*source.reads, *([source.watermark] if source.watermark else []))
    done = staging.counts(source.name)["rows", ""]
    async for rows in nexus.pages(source.table, source.key, columns, after=_key(place.last_key)):
        place.last_key = _stored(rows[-1][source.key])
        place.seen_max = _newest(source, rows, place.seen_max)
        staging.keep_page(source.name, read_page(source, rows, reader, not _is_serial(source, rows)), place)
        done += len(rows)
        on_progress(source.name, done, max(total, done))
    place.watermark, place.finished = place.seen_max, True
    with staging.transaction():
        staging.keep_place(source.name, place)


async def _read_new(nexus: Nexus, source: Source, reader: Reader, staging: Staging, place: Place) -> None:
    """Rows above the watermark; where that is a time, or there is none, those that are not known."""
    columns = (*source.reads, *([source.watermark] if source.watermark else []))
    if source.watermark and (place.watermark is None or isinstance(place.watermark, int)):
        async for rows in nexus.pages(source.table, source.watermark, columns, after=place.watermark):
            place.watermark = place.seen_max = rows[-1][source.watermark]
            staging.keep_page(source.name, read_page(source, rows, reader, False), place)
        return
    new = (source.watermark, datetime.fromisoformat(place.watermark)) if source.watermark else None
    async for rows in nexus.pages(source.table, source.key, columns, new=new):
        known = staging.known(source.name, (str(row[source.key]) for row in rows))
        place.seen_max = _newest(source, rows, place.seen_max)
        fresh = [row for row in rows if str(row[source.key]) not in known]
        staging.keep_page(source.name, read_page(source, fresh, reader, True), place)
    place.watermark = place.seen_max
    with staging.transaction():
        staging.keep_place(source.name, place)


def _heard(source: Source, row: Row, reader: Reader, is_own: bool) -> Heard | None:
    """What an answer may follow: a message of a chat, with a date and a thread."""
    sent_at, text = microseconds(row[source.date]), row[source.text]
    if sent_at is None or not text or not source.thread or source.register_of(row) != "chat":
        return None
    thread = thread_hash(source, row, reader.owner)
    if thread is None or any(check(row) for check in source.checks) or noise.tapback(text):
        return None
    key = row[source.key] if isinstance(row[source.key], int) else str(row[source.key])
    return Heard(source.name, thread, sent_at, key, not is_own and bool(_QUESTION.search(text)))


def _is_serial(source: Source, rows: list[Row]) -> bool:
    return source.watermark is not None and isinstance(rows[0][source.watermark], int)


def _newest(source: Source, rows: list[Row], seen: Any) -> Any:
    """The highest watermark so far; a time as ISO 8601."""
    column = source.watermark
    if column is None:
        return seen
    values = [row[column] for row in rows if row[column] is not None]
    if not values:
        return seen
    highest = max(values)
    if not isinstance(highest, datetime):
        return highest if seen is None else max(highest, seen)
    return (highest if seen is None else max(highest, datetime.fromisoformat(seen))).isoformat()


def _stored(key: Any) -> Any:
    return {"uuid": str(key)} if isinstance(key, UUID) else key


def _key(stored: Any) -> Any:
    return UUID(stored["uuid"]) if isinstance(stored, dict) else stored
