"""From the rows of a Nexus to triplets.jsonl and ledger.json.

In: a DSN, an Owner and a folder. Out: in that folder, one triplet per sentence the owner wrote (or per message, or
both), ordered by date and id, and a ledger that counts every row and every sentence. Equal rows give equal bytes.

    ledger = await extract("postgresql://localhost/nexus", load_owner(Path("owner.toml")), Path("data"))
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from extraction.clean import noise, quotes
from extraction.clean.steps import Rejected, run
from extraction.ledger import FILE_NAME as LEDGER_NAME
from extraction.ledger import Counts, Ledger
from extraction.nexus import Nexus, Row, connect
from extraction.owner import Owner
from extraction.sources import SOURCES, Source
from voice.atomic import atomic_write, flush
from voice.errors import UserError
from voice.facts import invented
from voice.neutral import neutralise
from voice.prompt import system_text
from voice.sentences import split
from voice.triplet import Triplet, Unit, dump_triplets

FILE_NAME = "triplets.jsonl"
ORIGIN = "rules"
NOT_OWN = "not_own"
SENTENCE_CHECKS = (noise.reaction, noise.links, noise.tapback, noise.table_row, quotes.left_over)
_THREAD_DIGITS = 16
_LAST = datetime.max.replace(tzinfo=UTC)

UnitChoice = Literal["sentence", "message", "both"]
Progress = Callable[[str, int, int], None]


class ExtractionError(UserError):
    """An extraction that cannot give any triplet; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a row gave: its triplets, and the reasons for the sentences that were dropped."""

    triplets: list[Triplet]
    dropped: list[str]


def ignore_progress(source: str, rows_done: int, rows_total: int) -> None:
    """Draw nothing."""


async def extract(
    dsn: str, owner: Owner, out: Path, *, unit: UnitChoice = "sentence", on_progress: Progress = ignore_progress
) -> Ledger:
    """Write out/triplets.jsonl and out/ledger.json; nothing is written when an error is raised."""
    triplets: list[Triplet] = []
    walked: dict[str, Counts] = {}
    async with connect(dsn) as nexus:
        sources, skipped = await present_sources(nexus, owner)
        for source in sources:
            walked[source.name] = await _walk(nexus, source, owner, unit, triplets, on_progress)
    for name, counts in walked.items():
        counts.check(name)
    if not triplets:
        raise ExtractionError(_nothing_found(owner, walked))
    triplets.sort(key=lambda triplet: (triplet.sent_at or _LAST, triplet.sent_at is None, triplet.id))
    with atomic_write(out / LEDGER_NAME) as ledger_file, atomic_write(out / FILE_NAME) as triplets_file:
        _, sha256 = dump_triplets(triplets_file, triplets)
        ledger = Ledger(unit=unit, sources=walked, skipped=skipped, sha256=sha256)
        ledger_file.write(ledger.to_json().encode())
        flush(ledger_file)  # all bytes of both are on the disk before either takes its place
    return ledger


async def present_sources(nexus: Nexus, owner: Owner) -> tuple[list[Source], dict[str, str]]:
    """The sources that the owner wants and the database has, and why others are skipped.

    Raises ExtractionError, naming all that is missing, when a table lacks a column, when there is no table of a source
    that the owner asks for, or when there is none at all.
    """
    present: list[Source] = []
    skipped: dict[str, str] = {}
    missing: list[str] = []
    for source in SOURCES:
        if owner.sources is not None and source.name not in owner.sources:
            skipped[source.name] = "not among the owner's sources"
            continue
        columns = await nexus.columns(source.table)
        if columns is None and owner.sources is not None:
            missing.append(source.table)
            continue
        if columns is None:
            skipped[source.name] = f"there is no table {source.table}"
            continue
        missing += [f"{source.table}.{column}" for column in source.reads if column not in columns]
        present.append(source)
    if missing:
        raise ExtractionError(
            f"The database lacks {', '.join(missing)}. Update Nexus, or name other `sources` in owner.toml."
        )
    if not present:
        raise ExtractionError("This database has no table of a Nexus that is to be read. Check the database in --dsn.")
    return present, skipped


def row_to_triplets(source: Source, row: Row, owner: Owner, unit: UnitChoice) -> Kept | Rejected:
    """The triplets of a row, or why it gives none before it comes to sentences."""
    if not source.is_own(row, owner):
        return Rejected(NOT_OWN)
    for check in source.checks:
        if reason := check(row):
            return Rejected(reason)
    texts: list[str] = []
    why = "empty"
    for text in source.texts_of(row, owner):
        cleaned = run(source.steps, text)
        if isinstance(cleaned, Rejected):
            why = cleaned.reason
        elif cleaned:
            texts.append(cleaned)
        elif text.strip():
            why = "nothing_own"  # quotes, signatures or invisible characters, nothing else
    if not texts:
        return Rejected(why)
    return _pair(source, row, owner, [piece for text in texts for piece in pieces(text, unit)])


def pieces(text: str, unit: UnitChoice) -> Iterator[tuple[str, Unit]]:
    """The sentences of a text, the text itself, or both; a text of one sentence is not given twice."""
    sentences = split(text)
    if unit != "message":
        yield from ((sentence, "sentence") for sentence in sentences)
    if unit == "message" or (unit == "both" and len(sentences) > 1):
        yield text, "message"


def why_dropped(own: str) -> str | None:
    """The reason to drop a sentence whatever its source; None to keep it."""
    return next(filter(None, (check(own) for check in SENTENCE_CHECKS)), None)


def _pair(source: Source, row: Row, owner: Owner, own_pieces: list[tuple[str, Unit]]) -> Kept:
    register, thread, sent_at = source.register_of(row), _thread(source, row, owner), _date(row[source.date])
    kept = Kept(triplets=[], dropped=[])
    for number, (own, unit) in enumerate(own_pieces):
        triplet_id = f"{source.name}:{row[source.key]}:{number}"
        reason = "own_name" if owner.signs_as(own) else why_dropped(own)
        neutral = "" if reason else neutralise(own, register, triplet_id)
        if not reason and invented(neutral, own):
            reason = "invented_fact"
        if reason:
            kept.dropped.append(reason)
            continue
        kept.triplets.append(
            Triplet(
                id=triplet_id, source=source.name, register=register, unit=unit, thread=thread, sent_at=sent_at,
                origin=ORIGIN, system=system_text(register), neutral=neutral, own=own,
            )
        )  # fmt: skip
    return kept


async def _walk(
    nexus: Nexus, source: Source, owner: Owner, unit: UnitChoice, triplets: list[Triplet], on_progress: Progress
) -> Counts:
    """Read one source to its end; its triplets are added to `triplets`."""
    counts = Counts()
    total = await nexus.count(source.table)
    on_progress(source.name, 0, total)
    async for page in nexus.pages(source.table, source.key, source.reads):
        for row in page:
            outcome = row_to_triplets(source, row, owner, unit)
            _count(counts, outcome)
            if isinstance(outcome, Kept) and outcome.triplets:
                counts.undated += row[source.date] is None
                triplets += outcome.triplets
        on_progress(source.name, counts.rows_read, max(total, counts.rows_read))
    return counts


def _count(counts: Counts, outcome: Kept | Rejected) -> None:
    counts.rows_read += 1
    if isinstance(outcome, Rejected):
        counts.rows_rejected[outcome.reason] += 1
        return
    counts.sentences_read += len(outcome.triplets) + len(outcome.dropped)
    counts.sentences_rejected.update(outcome.dropped)
    counts.triplets += len(outcome.triplets)
    if outcome.triplets:
        counts.rows_used += 1
    else:
        counts.rows_rejected[outcome.dropped[0]] += 1


def _thread(source: Source, row: Row, owner: Owner) -> str | None:
    """A keyed hash of the thread: its id may be a phone number. Owner.thread_key says what that is good for."""
    value = row[source.thread] if source.thread else None
    if not value:
        return None
    message = f"{source.name}\0{source.thread_key(str(value))}".encode()
    return hmac.new(owner.thread_key, message, hashlib.sha256).hexdigest()[:_THREAD_DIGITS]


def _date(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _nothing_found(owner: Owner, walked: dict[str, Counts]) -> str:
    own = sum(counts.rows_read - counts.rows_rejected[NOT_OWN] for counts in walked.values())
    read = ", ".join(f"{name} {counts.rows_read}" for name, counts in walked.items())
    if own:
        return (
            f"{own} rows are the owner's, but none has a sentence left after cleaning (rows read: {read}). "
            f"Nothing was written. `nic-voice clean --source NAME` shows what cleaning does to a text."
        )
    return (
        f"No row is the owner's. Tried {owner.described()}; rows read: {read}. Nothing was written. "
        f"Compare the identities in owner.toml with the senders in the database."
    )
