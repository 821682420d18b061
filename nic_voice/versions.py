"""The versions of the voices in a folder: which there are, which one is served, another one in its place, the old away.

In: the folder of voices. Out: Versions, newest last. A service that runs takes up what changes by itself.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from training.publish import point, versions_of
from voice.errors import UserError, explain_os_error
from voice.manifest import FILE_NAME, VoiceManifest, verify


class VersionError(UserError):
    """A voice or version that is not there; says which there are."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a voice."""

    folder: Path
    active: bool

    @property
    def id(self) -> str:
        """Its name, which begins with the time it was made."""
        return self.folder.name


def names(root: Path) -> list[str]:
    """The voices of the folder that have versions."""
    folder = root / ".versions"
    return sorted(path.name for path in folder.iterdir() if versions(root, path.name)) if folder.is_dir() else []


def versions(root: Path, name: str) -> list[Version]:
    """The complete versions of a voice, oldest first."""
    active = (root / name).resolve() if (root / name).is_symlink() else None
    folder = versions_of(root / name)
    found = sorted(path for path in folder.iterdir() if (path / FILE_NAME).is_file()) if folder.is_dir() else []
    return [Version(path, path.resolve() == active) for path in found if not path.name.startswith(".")]


def activate(root: Path, name: str, wanted: str) -> Version:
    """Have the voice be the version whose id is, or begins with, `wanted`; its files are checked first."""
    there = _require(root, name)
    found = [version for version in there if version.id == wanted] or [
        version for version in there if version.id.startswith(wanted)
    ]
    if len(found) != 1:
        which = "is no version" if not found else "is not one version"
        raise VersionError(f"'{wanted}' {which} of voice '{name}': {', '.join(version.id for version in there)}.")
    verify(found[0].folder, VoiceManifest.load(found[0].folder))
    try:
        point(root / name, found[0].folder)
    except OSError as error:
        raise explain_os_error(error, f"Pointing voice '{name}' to {found[0].id}") from error
    return found[0]


def rollback(root: Path, name: str) -> Version:
    """Have the voice be the version before the one that it is."""
    there = _require(root, name)
    place = next((place for place, version in enumerate(there) if version.active), 0)
    if place == 0:
        raise VersionError(f"Voice '{name}' has no version before the one that it is.")
    return activate(root, name, there[place - 1].id)


def prune(root: Path, name: str, keep: int) -> list[Version]:
    """Remove all versions but the newest `keep` and the one that the voice is; what was removed."""
    there = _require(root, name)
    old = [version for version in there[: max(0, len(there) - keep)] if not version.active]
    for version in old:
        try:
            shutil.rmtree(version.folder)
        except OSError as error:
            raise explain_os_error(error, f"Removing {version.folder}") from error
    return old


def _require(root: Path, name: str) -> list[Version]:
    if there := versions(root, name):
        return there
    known = ", ".join(names(root)) or "none"
    raise VersionError(f"There are no versions of a voice '{name}' in {root}. Known: {known}.")
