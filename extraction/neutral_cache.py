"""What a big model answered, kept on disk, so that nothing is asked twice however often the run is killed.

In: keys (a hash of sentence, register, prompt and model) with answers. Out: the same. It holds private text, masked:
only its owner may read the file.
"""

import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from voice.errors import UserError

FILE_NAME = "neutral.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    key BLOB PRIMARY KEY,
    neutral TEXT,
    reason TEXT,
    tries INTEGER NOT NULL
) WITHOUT ROWID
"""


class CacheError(UserError):
    """A file of answers that cannot be used."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A neutral sentence, or None with the reason why the last of `tries` was no good."""

    neutral: str | None
    reason: str | None
    tries: int


def key_of(own: str, register: str, prompt_version: int, model: str) -> bytes:
    """What an answer is kept under."""
    parts = (own, register, str(prompt_version), model)
    lengths_and_parts = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(lengths_and_parts.encode("utf-8", "surrogatepass")).digest()


class NeutralCache:
    """The answers in one file; every `keep` is on the disk when it returns."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise CacheError(
                f"{path} cannot be used ({type(error).__name__}). If it is broken, delete it: its sentences are then "
                f"asked again."
            ) from error

    def get(self, key: bytes) -> Answer | None:
        """The answer under a key."""
        row = self._db.execute("SELECT neutral, reason, tries FROM answers WHERE key = ?", (key,)).fetchone()
        return Answer(*row) if row else None

    def keep(self, answers: Iterable[tuple[bytes, Answer]]) -> None:
        """Put answers on the disk, all of them or none."""
        rows = [(key, answer.neutral, answer.reason, answer.tries) for key, answer in answers]
        try:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", rows)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise CacheError(
                f"Keeping answers failed ({type(error).__name__}). Is the disk full? What was kept before stays."
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()
