"""Voice folders -> the voices that are served, and those that are refused with the reason.

In: the folder `voices/`, where each `<name>` is a voice folder or a symlink to a version of it, and the base model.
Out: Voices, which finds a voice by its name or alias.
"""

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.engines import Adapter
from service.errors import NotFound, VoiceRefused, VoicesError, place_of_error, quotable
from voice.adapter import CONFIG_NAME
from voice.base_model import BaseModel
from voice.errors import UserError, explain_os_error
from voice.facts.rules import VERSION as MASKING_VERSION
from voice.facts.rules import VERSIONS as MASKING_VERSIONS
from voice.hand import Hands, load_hands
from voice.judges.verdict import Judges
from voice.manifest import FILE_NAME, SCORES_NAME, ManifestError, VoiceManifest, verify
from voice.prompt import PROMPT_VERSION
from voice.style import Verifier

log = logging.getLogger(__name__)

_MAKE_AGAIN = "Copy it again or train it again."
_HOW_TO_MAKE_ONE = "`nic-voice train --triplets FILE --out {folder}/NAME` makes one; or set NIC_VOICE_VOICES."


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that is served."""

    manifest: VoiceManifest
    adapter: Adapter
    judges: Judges
    verifier: Verifier
    hands: Hands = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name that its folder and its manifest agree on."""
        return self.manifest.name


class Voices:
    """The voices of a folder, by name and alias."""

    def __init__(self, served: list[Voice], refused: dict[str, str], base: str = "") -> None:
        """`base` is what the base model is called, which no alias may be."""
        self._base = base
        self.served = {voice.name: voice for voice in served}
        self.refused = refused  # not served at all, or not in the version that is there now
        self.loads = 0  # adapters that the engine took
        self._name_aliases()

    def put(self, voice: Voice) -> None:
        """Serve a voice, or another version of it; what is under way keeps the version that it began with."""
        self.served[voice.name] = voice
        self.loads += 1
        self.refused.pop(voice.name, None)
        self._name_aliases()

    def remove(self, name: str) -> None:
        """Forget a voice."""
        self.served.pop(name, None)
        self.refused.pop(name, None)
        self._name_aliases()

    def refuse(self, name: str, reason: str) -> None:
        """Do not serve a voice, for that reason; a version of it that is served already goes on being served."""
        if self.refused.get(name) != reason:
            log.error("voice %r is refused: %s", name, reason)
        self.refused[name] = reason
        self._name_aliases()

    def require_some(self) -> None:
        """VoicesError when no voice is served at all."""
        if not self.served:
            raise _none_left(self.refused)

    def _name_aliases(self) -> None:
        self._aliases: dict[str, str] = {}
        for voice in self.served.values():
            for alias in (f"{voice.name}-voice", *voice.manifest.aliases):
                if alias == self._base:
                    log.warning("alias %r of voice %r is the name of the base model", alias, voice.name)
                    continue
                owner = self._aliases.setdefault(alias, voice.name)
                if owner != voice.name or alias in self.names:
                    log.warning("alias %r of voice %r is already taken", alias, voice.name)
        for name in self.refused:
            self._aliases.setdefault(f"{name}-voice", name)

    @property
    def names(self) -> list[str]:
        """All voices that are there, served or refused."""
        return sorted({*self.served, *self.refused})

    @property
    def largest_rank(self) -> int:
        """The rank of the largest adapter that is served."""
        return max(voice.manifest.adapter.rank for voice in self.served.values())

    def aliases(self, name: str) -> list[str]:
        """The other names that lead to a voice."""
        return [alias for alias, owner in self._aliases.items() if owner == name and alias not in self.names]

    def canonical(self, name: str) -> str | None:
        """The name of the voice that a name or alias stands for; None when there is none."""
        return name if name in self.names else self._aliases.get(name)

    def find(self, name: str) -> Voice:
        """The voice of that name or alias; NotFound or VoiceRefused."""
        canonical = self.canonical(name)
        if canonical is None:
            message = f"There is no voice{quotable(name)}. Known: {', '.join(self.names)}."
            raise NotFound(message, param="voice", code="voice_not_found")
        if canonical not in self.served:
            raise VoiceRefused(f"Voice '{canonical}' is not served: {self.refused[canonical]}", param="voice")
        return self.served[canonical]


def folders(root: Path) -> list[Path]:
    """The voice folders of a folder by name; VoicesError when there is none."""
    how = _HOW_TO_MAKE_ONE.format(folder=root)
    if not root.is_dir():
        raise VoicesError(f"There is no folder {root} with voices. {how}")
    if (root / FILE_NAME).is_file():
        raise VoicesError(f"{root} is itself a voice. Give the folder that holds it: {root.parent}.")
    try:
        entries = sorted(path for path in root.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise explain_os_error(error, f"Reading the voices in {root}") from error
    found = [path for path in entries if (path / FILE_NAME).is_file()]
    if not found:
        raise VoicesError(f"No voice in {root}: no folder there has a {FILE_NAME}. {how}")
    return found


def first_base(root: Path) -> str:
    """The base model of the first voice that can be read."""
    reasons = {}
    for path in folders(root):
        try:
            return VoiceManifest.load(path).base_model.name
        except ManifestError as error:
            reasons[path.name] = str(error)
    raise _none_left(reasons)


def scores(folder: Path) -> dict[str, Any] | None:
    """What `nic-voice evaluate` wrote beside the manifest; None when it never ran on this version."""
    try:
        found: dict[str, Any] = json.loads((folder / SCORES_NAME).read_bytes())
    except (OSError, ValueError):
        return None
    return found


def load_voices(root: Path, base: BaseModel) -> Voices:
    """All voices of a folder, checked against the base model; VoicesError when every one is refused."""
    served: list[Voice] = []
    refused: dict[str, str] = {}
    for path in folders(root):
        try:
            served.append(load_voice(path, base))
        except UserError as error:
            refused[path.name] = str(error)
            log.error("voice %r is refused: %s", path.name, error)
    if not served:
        raise _none_left(refused)
    return Voices(served, refused, base.name)


def load_voice(path: Path, base: BaseModel) -> Voice:
    """The voice in a folder, checked against the base model; UserError says why it cannot be served."""
    try:
        return _load_voice(path, base)
    except UserError:
        raise
    except Exception as error:  # whatever the libraries raise for files that are damaged
        log.error("reading voice %r failed: %s at %s", path.name, type(error).__name__, place_of_error(error))
        raise ManifestError(
            f"Voice '{path.name}' cannot be read ({type(error).__name__}). Copy it again or train it again."
        ) from error


def _load_voice(path: Path, base: BaseModel) -> Voice:
    folder = path.resolve()
    manifest = VoiceManifest.load(folder)
    if manifest.name != path.name:
        raise ManifestError(
            f"The folder '{path.name}' holds the voice '{manifest.name}'. Rename the folder to {manifest.name}."
        )
    if manifest.name == base.name:
        raise ManifestError(f"The voice '{manifest.name}' is called like the base model. Give it another name.")
    if manifest.base_model.sha256 != base.sha256:
        raise ManifestError(_wrong_base(manifest, base))
    if manifest.prompt_version != PROMPT_VERSION:
        raise ManifestError(
            f"Adapter '{manifest.name}' was trained with prompt version {manifest.prompt_version}; "
            f"this server speaks {PROMPT_VERSION}. Retrain it."
        )
    if manifest.masking not in MASKING_VERSIONS:
        raise ManifestError(
            f"Adapter '{manifest.name}' was trained with masking version {manifest.masking}; "
            f"this server knows {', '.join(map(str, MASKING_VERSIONS))}. Retrain it, or update this server."
        )
    verify(folder, manifest)
    _verify_config(folder, manifest)
    if manifest.masking != MASKING_VERSION:
        log.info(
            "voice %r was trained with masking version %d and is served by it; what is trained anew gets version %d",
            manifest.name, manifest.masking, MASKING_VERSION,
        )  # fmt: skip
    version = folder.name if path.is_symlink() else manifest.adapter.sha256[:12]
    adapter = Adapter(manifest.name, version, folder, manifest.adapter.sha256)
    return Voice(manifest, adapter, Judges.load(folder, manifest), Verifier.load(folder), load_hands(folder))


def _verify_config(folder: Path, manifest: VoiceManifest) -> None:
    """Check that the adapter is scaled as the manifest says; ManifestError otherwise."""
    try:
        config = json.loads((folder / CONFIG_NAME).read_bytes())
        found = config.get("r"), config.get("lora_alpha")
    except OSError as error:
        raise ManifestError(f"Voice '{manifest.name}': {CONFIG_NAME} is missing. {_MAKE_AGAIN}") from error
    except (ValueError, AttributeError) as error:
        raise ManifestError(f"Voice '{manifest.name}': {CONFIG_NAME} is damaged. {_MAKE_AGAIN}") from error
    if found != (manifest.adapter.rank, manifest.adapter.alpha):
        raise ManifestError(
            f"Voice '{manifest.name}': {CONFIG_NAME} says r={found[0]} and lora_alpha={found[1]}, {FILE_NAME} "
            f"{manifest.adapter.rank} and {manifest.adapter.alpha:g}. {_MAKE_AGAIN}"
        )


def _none_left(refused: dict[str, str]) -> VoicesError:
    return VoicesError("No voice can be served:\n" + "\n".join(f"  {name}: {why}" for name, why in refused.items()))


def _wrong_base(manifest: VoiceManifest, base: BaseModel) -> str:
    trained_on = manifest.base_model
    if trained_on.name == base.name:
        return (
            f"Adapter '{manifest.name}' was trained on {base.name} with other weights ({trained_on.sha256[:12]}…) than "
            f"this server's ({base.sha256[:12]}…). Retrain it, or start with --model and the folder of those weights."
        )
    return (
        f"Adapter '{manifest.name}' was trained on {trained_on.name}; this server runs {base.name}. "
        f"Retrain it, or start with --model {trained_on.name}."
    )
