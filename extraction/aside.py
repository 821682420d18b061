"""The owner's texts that were rejected, kept aside for him to look at.

In: texts with the reason to reject them. Out: JSONL, one object {"id", "reason", "text"} a line. It holds private text
and is for the owner's eyes alone.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from extraction.reason import Reason
from voice.atomic import atomic_write


class Aside:
    """Where rejected texts go."""

    def __init__(self, file: IO[bytes] | None) -> None:
        """Into a file, or nowhere."""
        self._file = file

    def put(self, row: str, reason: Reason, text: str) -> None:
        """Keep a text of a row."""
        if self._file and text.strip():
            line = json.dumps({"id": row, "reason": reason, "text": text}, ensure_ascii=False)
            self._file.write(f"{line}\n".encode("utf-8", "replace"))


NOWHERE = Aside(None)


@contextmanager
def kept_in(path: Path | None) -> Iterator[Aside]:
    """Keep rejected texts in a file, which stands there once all went well; nowhere without one."""
    if path is None:
        yield NOWHERE
        return
    with atomic_write(path) as file:
        yield Aside(file)
