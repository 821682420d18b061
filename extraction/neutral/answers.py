"""What a big model answered, kept on disk, so that nothing is asked twice however often the run is killed.

In: keys (a hash of text, register, unit, prompt and model) with answers. Out: the same. It holds private text, masked:
only its owner may read the file.
"""

import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from voice.errors import UserError

FILE_NAME = "answers.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    key BLOB PRIMARY KEY,
    draft TEXT,
    reason TEXT,
    tries INTEGER NOT NULL
) WITHOUT ROWID
"""


class AnswersError(UserError):
    """A file of answers that cannot be used."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A draft, or None with the reason why the last of `tries` was no good."""

    draft: str | None
    reason: str | None
    tries: int


def key_of(*parts: str) -> bytes:
    """What an answer is kept under."""
    lengths_and_parts = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(lengths_and_parts.encode("utf-8", "surrogatepass")).digest()


class Answers:
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
            raise AnswersError(
                f"{path} cannot be used ({type(error).__name__}). If it is broken, delete it: its texts are then asked "
                f"again."
            ) from error

    def get(self, key: bytes) -> Answer | None:
        """The answer under a key."""
        row = self._db.execute("SELECT draft, reason, tries FROM answers WHERE key = ?", (key,)).fetchone()
        return Answer(*row) if row else None

    def keep(self, answers: Iterable[tuple[bytes, Answer]]) -> None:
        """Put answers on the disk, all of them or none."""
        rows = [(key, answer.draft, answer.reason, answer.tries) for key, answer in answers]
        try:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", rows)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise AnswersError(
                f"Keeping answers failed ({type(error).__name__}). Is the disk full? What was kept before stays."
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()
