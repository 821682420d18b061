"""Voice folders: staged beside the published ones, complete once voice.json is there, published by a symlink.

In: an adapter that can save itself and a manifest. Out: voices/<name> -> voices/.versions/<name>/<id>/.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from voice.errors import UserError, explain_os_error
from voice.manifest import ADAPTER_NAME, NAME_PATTERN, VoiceManifest, file_sha256


class ExportError(UserError):
    """A voice folder that cannot be written; says why and what to do."""


def check_target(out: Path) -> str:
    """The voice's name, the last part of `out`; ExportError before any work when it could not be published there."""
    if not re.match(NAME_PATTERN, out.name):
        raise ExportError(
            f"{out.name!r} cannot be a voice's name: it starts with a letter or digit and has only a-z, 0-9, '.', '_' "
            f"and '-'. Give --out voices/NAME."
        )
    if out.exists() and not out.is_symlink():
        raise ExportError(f"{out} exists and is not a published voice. Move it away, or give another --out.")
    try:
        _versions(out).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain_os_error(error, f"Making a place for voice '{out.name}'") from error
    return out.name


def publish(out: Path, save: Callable[[Path], None], describe: Callable[[str], VoiceManifest]) -> VoiceManifest:
    """Write a new version and point `out` at it; on any failure the old version stays and nothing is left behind.

    `save(folder)` writes the adapter; `describe(adapter_sha256)` gives the manifest, which is written last.
    """
    staged = Path(tempfile.mkdtemp(suffix=".part", prefix=".", dir=_versions(out)))
    try:
        staged.chmod(0o755)
        save(staged)
        adapter_sha256 = file_sha256(staged / ADAPTER_NAME)
        manifest = describe(adapter_sha256)
        manifest.write(staged)
        version = staged.with_name(f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{adapter_sha256[:8]}")
        staged.rename(version)
        _point(out, version)
    except OSError as error:
        raise explain_os_error(error, f"Writing voice '{out.name}'") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return manifest


def _versions(out: Path) -> Path:
    return out.parent / ".versions" / out.name


def _point(out: Path, version: Path) -> None:
    link = out.with_name(f".{out.name}.{os.getpid()}.link")
    link.unlink(missing_ok=True)
    link.symlink_to(version.relative_to(out.parent), target_is_directory=True)
    link.replace(out)
