"""Voice folders: staged beside the published ones, complete once voice.json is there, published by a symlink.

In: what the block of `with staged(out) as folder` writes into the folder, voice.json last. Out: voices/<name> ->
voices/.versions/<name>/<id>/.
"""

import itertools
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from voice.errors import UserError, explain_os_error
from voice.manifest import NAME_PATTERN, VoiceManifest


class PublishError(UserError):
    """A voice folder that cannot be written; says why and what to do."""


def check_target(out: Path) -> None:
    """PublishError before any work when a voice could not be published at `out`, whose last part is its name."""
    if not re.match(NAME_PATTERN, out.name):
        raise PublishError(
            f"{out.name!r} cannot be a voice's name: it starts with a letter or digit and has only a-z, 0-9, '.', '_' "
            f"and '-'. Give --out voices/NAME."
        )
    if out.exists() and not out.is_symlink():
        raise PublishError(f"{out} exists and is not a published voice. Move it away, or give another --out.")
    try:
        versions_of(out).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain_os_error(error, f"Making a place for voice '{out.name}'") from error


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """A folder for a new version; at the end of the block `out` points to it.

    On any failure the old version stays and nothing is left behind.
    """
    folder = Path(tempfile.mkdtemp(suffix=".part", prefix=".", dir=versions_of(out)))
    try:
        folder.chmod(0o755)
        yield folder
        adapter_sha256 = VoiceManifest.load(folder).adapter.sha256
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{adapter_sha256[:8]}"
        version = folder.with_name(name)
        for number in itertools.count(2):  # the same adapter within a second
            if not version.exists():
                break
            version = folder.with_name(f"{name}-{number}")
        folder.rename(version)
        point(out, version)
    except OSError as error:
        raise explain_os_error(error, f"Writing voice '{out.name}'") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def versions_of(out: Path) -> Path:
    """The folder that holds the versions of the voice at `out`."""
    return out.parent / ".versions" / out.name


def point(out: Path, version: Path) -> None:
    """Have the voice's link `out` lead to that version, from one moment to the next."""
    link = out.with_name(f".{out.name}.{os.getpid()}.link")
    link.unlink(missing_ok=True)
    link.symlink_to(version.relative_to(out.parent), target_is_directory=True)
    link.replace(out)
