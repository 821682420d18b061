"""From the rows of a Nexus to triplets.jsonl, in two stages with a file between them.

In: a DSN, an Owner and a folder. Out, in that folder: own.jsonl, what the owner wrote, ordered by date and id, with
own.ledger.json; then triplets.jsonl, the same with neutral sides, and ledger.json, which counts every row and every
sentence of both stages. The second stage needs no database. Equal rows give equal bytes.

    ledger = await extract("postgresql://localhost/nexus", load_owner(Path("owner.toml")), Path("data"))
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from extraction import ledger as ledgers
from extraction import pieces as files
from extraction.clean.steps import Rejected
from extraction.drafts import Draft, read_drafts, with_drafts
from extraction.errors import ExtractionError
from extraction.ledger import Counts, Ledger
from extraction.neutral.stage import add_neutral
from extraction.nexus import Nexus, connect
from extraction.own import Own, read_row
from extraction.owner import Owner
from extraction.pieces import Piece, Secrets, holds_secret, masked
from extraction.reason import Reason
from extraction.runs import Turn, join_runs, turn_of
from extraction.sources import SOURCES, Source
from extraction.units import UnitChoice
from voice.atomic import atomic_write, flush
from voice.ends import closing_names
from voice.errors import counted
from voice.facts.masking import kinds_in
from voice.facts.people import Names

_PEOPLE = "aurora_social_identities"
_LAST = datetime.max.replace(tzinfo=UTC)

Progress = Callable[[str, int, int], None]


def ignore_progress(source: str, rows_done: int, rows_total: int) -> None:
    """Draw nothing."""


async def extract(
    dsn: str,
    owner: Owner,
    out: Path,
    *,
    unit: UnitChoice = "both",
    drafts: Path | None = None,
    secrets: Secrets = "mask",
    mask_names: bool = False,
    on_progress: Progress = ignore_progress,
) -> Ledger:
    """Both stages; what stands in `out` stays as it is when the first one fails."""
    await gather_own(
        dsn, owner, out, unit=unit, drafts=drafts, secrets=secrets, mask_names=mask_names, on_progress=on_progress
    )
    return add_neutral(out)


async def gather_own(
    dsn: str,
    owner: Owner,
    out: Path,
    *,
    unit: UnitChoice = "both",
    drafts: Path | None = None,
    secrets: Secrets = "mask",
    mask_names: bool = False,
    on_progress: Progress = ignore_progress,
) -> Ledger:
    """The first stage: rows -> out/own.jsonl and out/own.ledger.json.

    With `mask_names` placeholders stand for the people of the Nexus's identity table, too, and for the owner.
    """
    given = read_drafts(drafts) if drafts else {}
    pieces: list[Piece] = []
    walked: dict[str, Counts] = {}
    async with connect(dsn) as nexus:
        sources, skipped = await present_sources(nexus, owner)
        for source in sources:
            walked[source.name] = await _walk(nexus, source, owner, unit, pieces, on_progress)
        names = await _people(nexus, owner) if mask_names else None
    if not pieces:
        raise ExtractionError(_nothing_found(owner, walked))
    return write_own(out, unit, walked, skipped, pieces, given, secrets, names)


def write_own(
    out: Path,
    unit: UnitChoice,
    walked: dict[str, Counts],
    skipped: dict[str, str],
    pieces: list[Piece],
    drafts: dict[str, Draft],
    secrets: Secrets = "mask",
    names: Names | None = None,
) -> Ledger:
    """The file between the stages, ordered by date and id, with the ledger of the first one beside it."""
    pieces, unused = with_drafts(pieces, drafts, unit)
    signed = closing_names(piece.own for piece in pieces)
    pieces = [masked(piece, signed, names) for piece in pieces]
    if secrets == "drop":
        secret = [piece for piece in pieces if holds_secret(piece.own)]
        pieces = [piece for piece in pieces if not holds_secret(piece.own)]
        ledgers.reject_pieces(walked, secret, {piece.row for piece in pieces}, Reason.SECRET)
        if not pieces:
            raise ExtractionError(
                "Every text holds a secret. Nothing was written; `--secrets mask` keeps them, masked."
            )
    pieces.sort(key=lambda piece: (piece.sent_at or _LAST, piece.sent_at is None, piece.id))
    counted_drafts = {"read": len(drafts), "used": len(drafts) - unused, "for_no_text": unused} if drafts else {}
    for name, counts in walked.items():
        counts.check(name)
    with atomic_write(out / ledgers.OWN_FILE_NAME) as ledger_file, atomic_write(out / files.FILE_NAME) as own_file:
        sha256 = files.dump_pieces(own_file, pieces)
        hidden = Counter(kind for piece in pieces for kind in kinds_in(piece.own))
        ledger = Ledger(
            unit, walked, skipped, sha256, counted_drafts, dict(sorted(hidden.items())), masks_names=names is not None
        )
        ledger_file.write(ledger.to_json().encode())
        flush(ledger_file)  # all bytes of both are on the disk before either takes its place
    return ledger


async def _people(nexus: Nexus, owner: Owner) -> Names:
    """Everybody whom the Nexus knows by name, and the owner."""
    known = [*owner.names, *owner.nicknames]
    if await nexus.columns(_PEOPLE) is not None:
        async for page in nexus.pages(_PEOPLE, "id", ["display_name", "is_person"]):
            known += [row["display_name"] for row in page if row["display_name"] and row["is_person"] is not False]
    return Names(known)


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


async def _walk(
    nexus: Nexus, source: Source, owner: Owner, unit: UnitChoice, pieces: list[Piece], on_progress: Progress
) -> Counts:
    """Read one source to its end; its pieces are added to `pieces`."""
    counts = Counts()
    found: list[Own] = []
    turns: list[Turn] = []
    total = await nexus.count(source.table)
    on_progress(source.name, 0, total)
    async for page in nexus.pages(source.table, source.key, source.reads):
        for row in page:
            outcome = read_row(source, row, owner, unit)
            counts.rows_read += 1
            if isinstance(outcome, Rejected):
                counts.rows_rejected[outcome.reason] += 1
            else:
                counts.undated += bool(outcome.pieces) and row[source.date] is None
                found.append(outcome)
            if unit != "sentence" and (turn := turn_of(source, row, owner, outcome, len(turns))):
                turns.append(turn)
        on_progress(source.name, counts.rows_read, max(total, counts.rows_read))
    if unit != "sentence":
        join_runs(turns, unit)
    for own in found:
        _count(counts, own)
        pieces += own.pieces
    return counts


def _count(counts: Counts, own: Own) -> None:
    counts.sentences_read += len(own.pieces) + len(own.dropped)
    counts.sentences_rejected.update(own.dropped)
    counts.triplets += len(own.pieces)
    if own.pieces:
        counts.rows_used += 1
    else:
        counts.rows_rejected[own.dropped[0]] += 1


def _nothing_found(owner: Owner, walked: dict[str, Counts]) -> str:
    own = sum(counts.rows_read - counts.rows_rejected[Reason.NOT_OWN] for counts in walked.values())
    read = ", ".join(f"{name} {counts.rows_read}" for name, counts in walked.items())
    if own:
        are = "is the owner's, but it has no" if own == 1 else "are the owner's, but none has a"
        return (
            f"{counted(own, 'row')} {are} sentence left after cleaning (rows read: {read}). "
            f"Nothing was written. `nic-voice clean --source NAME` shows what cleaning does to a text."
        )
    return (
        f"No row is the owner's. Looked for {owner.described()}; rows read: {read}. Nothing was written. "
        f"Compare the identities in owner.toml with the senders in the database."
    )
