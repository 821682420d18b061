"""Files that people bring: lines of text, or JSONL.

In: a UTF-8 file. Out: its lines, split at newlines only (texts may hold the other line separators of Unicode), or the
objects of its lines.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from voice.errors import UserError, explain_os_error

_THREAD_DIGITS = 16


class LinesError(UserError):
    """A file that cannot be read, or a line of it that is not what it should be; says which and why."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a file, without their newlines; `is_jsonl` where the first one that is not blank is an object."""

    path: Path
    lines: list[str]
    key: bytes
    is_jsonl: bool

    def hashed(self, thread: Any) -> str | None:
        """A thread's name as a hash: it may be a phone number. The key is the file itself, which nobody else has."""
        if thread is None or thread == "":
            return None
        return hmac.new(self.key, str(thread).encode(), hashlib.sha256).hexdigest()[:_THREAD_DIGITS]

    def fault(self, line: int, what: str) -> LinesError:
        """An error that names the line (from 1)."""
        return LinesError(f"{self.path}, line {line}: {what}")


def read_lines(path: Path) -> Lines:
    """All lines of a file; LinesError when it is not UTF-8."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise explain_os_error(error, f"Reading {path.name}") from error
    try:
        lines = [line.removesuffix("\r") for line in content.decode("utf-8-sig").split("\n")]
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise LinesError(f"{path}, line {line}: not UTF-8. Write the file again as UTF-8.") from error
    first = next((line for line in lines if line.strip()), "")
    lines = lines[:-1] if lines[-1] == "" else lines
    return Lines(path, lines, hashlib.sha256(content).digest(), json_object(first) is not None)


def json_object(line: str) -> dict[str, Any] | None:
    """The object in a line of JSONL, None where there is none or its text is no Unicode (half of a character)."""
    try:
        found = json.loads(line)
        json.dumps(found, ensure_ascii=False).encode()
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def date_of(value: Any) -> datetime | None:
    """An ISO 8601 date in UTC (one without a zone is taken for UTC), None for none; ValueError for anything else."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError("not an ISO 8601 date")
    date = datetime.fromisoformat(value)
    return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
