"""The whole extraction: the sources of a Nexus -> the state file -> triplets.jsonl and ledger.json.

In: a DSN, an Owner, a folder and Options. Out: both files and the ledger; the state stays in the folder, hidden, so
that a run that was killed goes on where it was and `increment` reads only what is new.

    ledger = await extract("postgresql://localhost/nexus", load_owner(Path("owner.toml")), Path("data"))
"""

from collections.abc import Callable
from pathlib import Path

from extraction.ledger import Counts, Ledger
from extraction.merge import Merge
from extraction.nexus import Nexus, connect, where
from extraction.options import Options
from extraction.owner import Owner
from extraction.pipeline import NOT_OWN, Reader
from extraction.sources import SOURCES, Source
from extraction.staging import FILE_NAME, Staging
from extraction.walk import Progress, walk
from voice.errors import UserError

Say = Callable[[str], None]


class ExtractionError(UserError):
    """An extraction that cannot give any triplet; says why and what to do."""


def ignore_progress(source: str, rows_done: int, rows_total: int) -> None:
    """Draw nothing."""


def say_nothing(line: str) -> None:
    """Print nothing."""


async def extract(
    dsn: str, owner: Owner, out: Path, options: Options | None = None, *, on_progress: Progress = ignore_progress,
    say: Say = say_nothing,
) -> Ledger:  # fmt: skip
    """Write out/triplets.jsonl and out/ledger.json; neither is touched when an error is raised."""
    options = options or Options()
    async with connect(dsn) as nexus:
        sources, skipped = await present_sources(nexus, owner)
        existed = _exists(out)
        staging = Staging(out / FILE_NAME)
        try:
            increment = _begin(staging, options.fingerprint(where(dsn), owner), options.increment, say)
            reader = Reader(owner, options.unit, options.since, secrets=options.secrets, region=options.region)
            for source in sources:
                await walk(nexus, source, reader, staging, increment, on_progress)
            merge = Merge(staging, [source.name for source in sources], options.balance)
            if not sum(counts.triplets for counts in merge.counts.values()):
                staging.clear("")
                raise ExtractionError(_nothing_found(owner, merge.counts))
            ledger = merge.write(out, options.unit, skipped)
            with staging.transaction():
                staging.remember("phase", "done")
        except ExtractionError:
            staging.close()
            _remove_state(out, existed)
            raise
        finally:
            staging.close()
    return ledger


def _begin(staging: Staging, fingerprint: str, increment: bool, say: Say) -> bool:
    """Go on, begin anew, or read what is new; returns whether the last."""
    before, phase = staging.get("fingerprint"), staging.get("phase")
    if before != fingerprint:
        if before:
            say("Owner, options, database or version differ from those of the last run: all rows are read again.")
        staging.clear(fingerprint)
        return False
    if phase == "walk":
        say("Going on where the last run stopped.")
        return False
    if increment:
        with staging.transaction():
            staging.remember("phase", "increment")
        return True
    staging.clear(fingerprint)
    return False


def _exists(folder: Path) -> bool:
    return folder.is_dir()


def _remove_state(out: Path, existed: bool) -> None:
    for file in out.glob(f"{FILE_NAME}*"):
        file.unlink()
    if not existed:
        out.rmdir()


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
