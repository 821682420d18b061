"""From the rows of a Nexus to triplets.jsonl, in two stages with a file between them.

In: a DSN, an Owner and a folder. Out, in that folder: own.jsonl, what the owner wrote, ordered by date and id, with
own.ledger.json; then triplets.jsonl, the same with neutral sides, and ledger.json, which counts every row and every
sentence of both stages. The second stage needs no database. Equal rows give equal bytes.

    ledger = await extract("postgresql://localhost/nexus", load_owner(Path("owner.toml")), Path("data"))
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from extraction import habits, limits, lookalikes, shipped
from extraction import ledger as ledgers
from extraction import pieces as files
from extraction.aside import NOWHERE, Aside
from extraction.clean.steps import run_regardless
from extraction.drafts import Draft, read_drafts, with_drafts
from extraction.elsewhere import Elsewhere
from extraction.errors import ExtractionError
from extraction.ledger import Counts, Ledger
from extraction.limits import Limits
from extraction.neutral.stage import add_neutral
from extraction.nexus import Nexus, Row, connect
from extraction.own import Own, cut_pieces, date_of, read_row
from extraction.owner import Owner
from extraction.pieces import Piece, Secrets, holds_secret, masked
from extraction.reason import Reason
from extraction.runs import Turn, join_runs, mark_answers, turn_of
from extraction.sources import SOURCES, WITHOUT_QUOTES, Source, speakers_of
from extraction.units import UnitChoice
from voice.atomic import atomic_write, flush
from voice.ends import closing_names
from voice.errors import counted
from voice.facts.masking import kinds_in
from voice.facts.people import Names
from voice.facts.rules import CURRENT, Rules
from voice.shipped import Shipped

_PEOPLE = "aurora_social_identities"
_LAST = datetime.max.replace(tzinfo=UTC)

Progress = Callable[[str, int, int], None]


def ignore_progress(source: str, rows_done: int, rows_total: int) -> None:
    """Draw nothing."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is wanted of the first stage: the `unit` of a piece, a file of `drafts`, what becomes of `secrets`.

    With `mask_names` placeholders stand for the people of the Nexus's identity table, too, and for the owner. What was
    `shipped` by the service is not learned.
    """

    unit: UnitChoice = "both"
    drafts: Path | None = None
    secrets: Secrets = "mask"
    mask_names: bool = False
    limits: Limits = field(default_factory=Limits)
    shipped: Shipped | None = None


AS_USUAL = Wishes()


async def extract(
    dsn: str, owner: Owner, out: Path, wishes: Wishes = AS_USUAL, *, on_progress: Progress = ignore_progress
) -> Ledger:
    """Both stages; what stands in `out` stays as it is when the first one fails."""
    await gather_own(dsn, owner, out, wishes, on_progress=on_progress)
    return add_neutral(out)


async def gather_own(
    dsn: str,
    owner: Owner,
    out: Path,
    wishes: Wishes = AS_USUAL,
    *,
    aside: Aside = NOWHERE,
    on_progress: Progress = ignore_progress,
) -> Ledger:
    """The first stage: rows -> out/own.jsonl and out/own.ledger.json; what is rejected of the owner's goes `aside`."""
    given = read_drafts(wishes.drafts) if wishes.drafts else {}
    walks: dict[str, _Walk] = {}
    elsewhere = Elsewhere()
    async with connect(dsn) as nexus:
        sources, skipped = await present_sources(nexus, owner)
        for source in sources:
            walks[source.name] = await _walk(nexus, source, owner, aside, elsewhere, on_progress)
        names = await _people(nexus, owner) if wishes.mask_names else None
    found = [own for walk in walks.values() for own in walk.found]
    habits.learn(found, elsewhere)
    for walk in walks.values():
        mark_answers(walk.turns)
        for own in walk.found:
            if not own.rejected:
                cut_pieces(own, owner, wishes.unit)
        if wishes.unit != "sentence":
            join_runs(walk.turns, wishes.unit)
    if wishes.shipped:
        shipped.apply(found, wishes.shipped)
    limits.apply(found, wishes.limits)
    walked = {name: _counted(walk, owner, aside) for name, walk in walks.items()}
    pieces = [piece for own in found for piece in own.pieces]
    if not pieces:
        raise ExtractionError(_nothing_found(owner, walked))
    return write_own(out, wishes.unit, walked, skipped, pieces, given, wishes.secrets, names, owner.rules)


def write_own(
    out: Path,
    unit: UnitChoice,
    walked: dict[str, Counts],
    skipped: dict[str, str],
    pieces: list[Piece],
    drafts: dict[str, Draft],
    secrets: Secrets = "mask",
    names: Names | None = None,
    rules: Rules = CURRENT,
) -> Ledger:
    """The file between the stages, ordered by date and id, with the ledger of the first one beside it."""
    pieces, unused = with_drafts(pieces, drafts, unit)
    signed = closing_names(piece.own for piece in pieces)
    pieces = [masked(piece, signed, names, rules) for piece in pieces]
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


@dataclass(slots=True)
class _Walk:
    """What a source gave: its counts, the owner's rows, the turns of its chats, and who wrote the other rows."""

    counts: Counts = field(default_factory=Counts)
    found: list[Own] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    senders: Counter[str] = field(default_factory=Counter)


async def _walk(
    nexus: Nexus, source: Source, owner: Owner, aside: Aside, elsewhere: Elsewhere, on_progress: Progress
) -> _Walk:
    """Read one source to its end."""
    walk = _Walk()
    counts = walk.counts
    total = await nexus.count(source.table)
    on_progress(source.name, 0, total)
    async for page in nexus.pages(source.table, source.key, source.reads):
        for row in page:
            outcome = read_row(source, row, owner)
            counts.rows_read += 1
            if isinstance(outcome, Own):
                walk.found.append(outcome)
            else:
                counts.rows_rejected[outcome.reason] += 1
                counts.words_read += outcome.words_read
                counts.count_cut(f"{source.name}:{row[source.key]}", outcome.words_cut)
                if outcome.reason == Reason.NOT_OWN:
                    walk.senders.update(_senders(source, row))
                    if source.register_of(row) in habits.MAIL:
                        others = run_regardless(WITHOUT_QUOTES, row[source.text] or "")
                        elsewhere.add(others, date_of(row[source.date]))
                else:
                    texts = "\n".join(source.texts_of(row, owner))  # of a conversation his part
                    aside.put(f"{source.name}:{row[source.key]}", outcome.reason, texts)
            if turn := turn_of(source, row, owner, outcome, len(walk.turns)):
                walk.turns.append(turn)
        on_progress(source.name, counts.rows_read, max(total, counts.rows_read))
    return walk


def _senders(source: Source, row: Row) -> set[str]:
    """Who wrote a row that is not the owner's."""
    if source.turns:
        return speakers_of(row[source.text] or "")
    return {row[column] for column in source.senders if row[column]}


def _counted(walk: _Walk, owner: Owner, aside: Aside) -> Counts:
    """The counts of a source, once it is decided what is learned of its rows."""
    counts = walk.counts
    counts.lookalikes = lookalikes.find(walk.senders, owner)
    for own in walk.found:
        reasons = [dropped.reason for dropped in own.dropped]
        counts.sentences_read += len(own.pieces) + len(reasons)
        counts.sentences_rejected.update(reasons)
        counts.triplets += len(own.pieces)
        counts.words_read += own.words_read
        counts.count_cut(own.row, own.words_cut)
        if own.pieces:
            counts.rows_used += 1
            counts.undated += own.sent_at is None
        else:
            counts.rows_rejected[own.rejected or reasons[0]] += 1
        if own.rejected:
            aside.put(own.row, own.rejected, "\n".join(own.texts))
        for dropped in own.dropped:
            aside.put(own.row, dropped.reason, dropped.text)
    return counts


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
