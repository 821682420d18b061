"""The state of an extraction: what was read so far, in a hidden SQLite file beside the files that it becomes.

In: pages of rows that were read, each page in one transaction. Out: the same, for the merge. A process that is killed
loses the page it was in, nothing else. The file holds the owner's sentences, masked: only he may read it.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from voice.errors import UserError

FILE_NAME = ".extract.sqlite"
CACHE_KIB = 24_000
_TABLES = ("meta", "source", "counted", "known", "heard", "candidate")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS source (
    name TEXT PRIMARY KEY, last_key TEXT, watermark TEXT, seen_max TEXT, finished INTEGER NOT NULL, learned TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counted (
    source TEXT, what TEXT, reason TEXT, n INTEGER NOT NULL, PRIMARY KEY (source, what, reason)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS known (source TEXT, key TEXT, PRIMARY KEY (source, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS heard (source TEXT, thread INTEGER, sent_at INTEGER, key, question INTEGER);
CREATE TABLE IF NOT EXISTS candidate (
    no INTEGER PRIMARY KEY, id TEXT, source TEXT, key, register TEXT, unit TEXT, thread INTEGER, sent_at INTEGER,
    own TEXT, neutral TEXT, copy INTEGER, answer INTEGER, words INTEGER
);
"""


class StagingError(UserError):
    """A state file that cannot be used; says which and what to do."""


class Candidate(NamedTuple):
    """A pair that a row gave; rules over the whole set may still drop it.

    `key` is the row's, `thread` a signed 64-bit hash, `sent_at` microseconds since 1970 in UTC, `copy` the same number
    for the same words, `answer` 0, 1 for a word that is an answer after a question, 2 for one that is noise elsewhere.
    """

    id: str
    source: str
    key: int | str
    register: str
    unit: str
    thread: int | None
    sent_at: int | None
    own: str
    neutral: str
    copy: int
    answer: int
    words: int


class Heard(NamedTuple):
    """That somebody wrote in a thread at a time; `question`: somebody else than the owner, ending in a question."""

    source: str
    thread: int
    sent_at: int
    key: int | str
    question: bool


@dataclass(slots=True)
class Page:
    """What one page of rows gave; `counted` is by what (`rows`, `row`, `sentence`) and reason."""

    candidates: list[Candidate] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(slots=True)
class Place:
    """How far a source was read: its last key, the newest row known, and what was learned about its sender."""

    last_key: Any = None
    watermark: Any = None
    seen_max: Any = None
    finished: bool = False
    learned: frozenset[str] | None = None


class Staging:
    """The open state file; nobody else can open it meanwhile."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self.db = sqlite3.connect(path, isolation_level=None, timeout=1)
            self.db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute("PRAGMA synchronous=NORMAL")  # a killed process loses nothing, a power cut the last pages
            self.db.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            self.db.executescript("BEGIN EXCLUSIVE;" + _SCHEMA + "COMMIT;")
        except sqlite3.OperationalError as error:
            raise StagingError(
                f"{path} is in use or cannot be written: another extraction into this folder is running, or the disk "
                "is full or read-only. Wait for it, or use another --out."
            ) from error
        except (OSError, sqlite3.Error) as error:
            raise StagingError(f"{path} cannot be used ({type(error).__name__}). Delete it and run again.") from error

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that happens within is on the disk, or none of it."""
        try:
            self.db.execute("BEGIN")
            yield
            self.db.execute("COMMIT")
        except sqlite3.Error as error:
            raise StagingError(
                f"Writing {self.path} failed ({type(error).__name__}). Is the disk full? Run again to go on."
            ) from error
        finally:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")

    def get(self, name: str) -> str | None:
        """A remembered value."""
        row = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def remember(self, name: str, value: str) -> None:
        """Remember a value."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def clear(self, fingerprint: str) -> None:
        """Forget everything and begin a walk."""
        with self.transaction():
            for table in _TABLES:
                self.db.execute(f"DROP TABLE {table}")
            for statement in filter(str.strip, _SCHEMA.split(";")):
                self.db.execute(statement)
            self.remember("fingerprint", fingerprint)
            self.remember("phase", "walk")

    def forget_source(self, name: str) -> None:
        """Forget what was read of one source."""
        with self.transaction():
            for table in ("counted", "known", "heard", "candidate"):
                self.db.execute(f"DELETE FROM {table} WHERE source = ?", (name,))
            self.db.execute("DELETE FROM source WHERE name = ?", (name,))

    def place(self, source: str) -> Place:
        """How far a source was read."""
        row = self.db.execute("SELECT * FROM source WHERE name = ?", (source,)).fetchone()
        if row is None:
            return Place()
        _, *values, finished, learned = row
        last_key, watermark, seen_max = (json.loads(value) if value else None for value in values)
        return Place(last_key, watermark, seen_max, bool(finished), frozenset(json.loads(learned)) if learned else None)

    def keep_place(self, source: str, place: Place) -> None:
        """Remember how far a source was read."""
        values = (json.dumps(value, default=str) for value in (place.last_key, place.watermark, place.seen_max))
        learned = None if place.learned is None else json.dumps(sorted(place.learned))
        self.db.execute(
            "INSERT OR REPLACE INTO source VALUES (?, ?, ?, ?, ?, ?)", (source, *values, place.finished, learned)
        )

    def keep_page(self, source: str, page: Page, place: Place) -> None:
        """Put a page on the disk together with the place after it."""
        with self.transaction():
            self.db.executemany(f"INSERT INTO candidate VALUES (NULL{', ?' * len(Candidate._fields)})", page.candidates)
            self.db.executemany("INSERT INTO heard VALUES (?, ?, ?, ?, ?)", page.heard)
            self.db.executemany("INSERT OR IGNORE INTO known VALUES (?, ?)", ((source, key) for key in page.keys))
            self.db.executemany(
                "INSERT INTO counted VALUES (?, ?, ?, ?) "
                "ON CONFLICT (source, what, reason) DO UPDATE SET n = n + excluded.n",
                ((source, *key, n) for key, n in page.counted.items()),
            )
            self.keep_place(source, place)

    def known(self, source: str, keys: Iterable[str]) -> set[str]:
        """Those of the keys that were read before."""
        find = "SELECT 1 FROM known WHERE source = ? AND key = ?"
        return {key for key in keys if self.db.execute(find, (source, key)).fetchone()}

    def counts(self, source: str) -> Counter[tuple[str, str]]:
        """What was counted at reading a source, by what and reason."""
        rows = self.db.execute("SELECT what, reason, n FROM counted WHERE source = ?", (source,))
        return Counter({(what, reason): n for what, reason, n in rows})
