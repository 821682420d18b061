"""Files that are either the old one or the whole new one, never half of it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from voice.errors import explain_os_error


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """A binary file that takes the place of `path` when the block ends, and vanishes when it raises.

    The parent folder is made if it is missing. Raises UserError for a full disk, a refused permission and the like.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            flush(file)
        temporary.chmod(0o644)
        temporary.replace(path)
        temporary = None
    except OSError as error:
        error.filename = str(path)
        raise explain_os_error(error, f"Writing {path.name}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def flush(file: IO[bytes]) -> None:
    """Put what was written to `file` so far on the disk."""
    file.flush()
    os.fsync(file.fileno())


def write_text(path: Path, text: str) -> None:
    """Put `text` (UTF-8) at `path`, all of it or nothing."""
    with atomic_write(path) as file:
        file.write(text.encode())
