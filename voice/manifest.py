"""voice.json: what a voice folder says of itself. It is written last, so a folder that has one is complete."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from voice.atomic import write_text
from voice.errors import UserError
from voice.facts.rules import Rules
from voice.triplet import Register, Unit

FILE_NAME = "voice.json"
SCORES_NAME = "scores.json"
ADAPTER_NAME = "adapter_model.safetensors"
BESIDE = ("adapter_config.json", "hand.json", "*.npz")  # what a voice consists of besides
NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"


def scores_name(gguf: str | None) -> str:
    """The file with what `evaluate` scores: of the voice, or of its GGUF with such numbers, for example q8_0."""
    return f"scores-{gguf}.json" if gguf else SCORES_NAME


class ManifestError(UserError):
    """A voice folder that cannot be used; says which, why and what to do."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class BaseModelRef(_Frozen):
    """The model that the adapter was trained on; `sha256` is voice.base_model's fingerprint of its files."""

    name: str
    sha256: str


class TripletsRef(_Frozen):
    """The file that the adapter was trained on, by the SHA-256 of its bytes; `path` is where it stood then."""

    sha256: str
    count: int
    path: str | None = None


class SplitRef(_Frozen):
    """What voice.split held out of training; `sha256` is that of the held-out ids, `count` their number."""

    rule: int
    share: float
    most: int
    count: int
    sha256: str


class AdapterRef(_Frozen):
    """The LoRA adapter: SHA-256 of adapter_model.safetensors, rank and alpha."""

    sha256: str
    rank: int
    alpha: float


class VoiceManifest(_Frozen):
    """voice.json. `system` holds the system texts that it was trained with, by register and unit; `units` the units;
    `masking` is the version of the rules of voice.facts, `phone_regions` where its owner's telephone numbers are from;
    `signs_as` are the words that its owner ends his texts with;
    `writes_pleasantries` says whether he writes what voice.pleasantries knows, `masks_names` whether people's names
    were masked, too; `beside` the SHA-256 of each other file of the voice.
    """

    name: str = Field(pattern=NAME_PATTERN)
    aliases: list[str] = []
    base_model: BaseModelRef
    prompt_version: int
    system: dict[Register, dict[Unit, str]] = Field(min_length=1)
    default_register: Register
    units: list[Unit] = Field(min_length=1)
    masking: int
    phone_regions: list[str] = []
    signs_as: list[str] = []
    writes_pleasantries: bool = True
    masks_names: bool = False
    triplets: TripletsRef
    split: SplitRef | None = None
    adapter: AdapterRef
    beside: dict[str, str] = {}
    training: dict[str, Any] = {}
    created_at: datetime
    # Of voices made before; nothing reads them.
    unexplained_share: float | None = Field(default=None, exclude=True)
    same_threshold: float | None = Field(default=None, exclude=True)

    @property
    def registers(self) -> list[Register]:
        """The registers that the voice was trained in."""
        return list(self.system)

    @property
    def rules(self) -> Rules:
        """By which rules its texts are masked."""
        return Rules(self.masking, tuple(self.phone_regions))

    @model_validator(mode="after")
    def _texts_are_complete(self) -> "VoiceManifest":
        if self.default_register not in self.system:
            raise ValueError("default_register has no system text")
        if set(self.units) != {unit for texts in self.system.values() for unit in texts} or not all(
            self.system.values()
        ):
            raise ValueError("units and system texts do not agree")
        return self

    @classmethod
    def load(cls, folder: Path) -> "VoiceManifest":
        """Read folder/voice.json; ManifestError when it is missing, unreadable or not a manifest."""
        try:
            return cls.model_validate_json((folder / FILE_NAME).read_bytes())
        except FileNotFoundError as error:
            raise ManifestError(
                f"{folder} holds no {FILE_NAME}, so it is not a finished voice. `nic-voice train` writes it last."
            ) from error
        except OSError as error:
            raise ManifestError(f"{folder / FILE_NAME} cannot be read: {error.strerror}.") from error
        except ValidationError as error:
            fields = ", ".join(sorted({".".join(map(str, item["loc"])) or item["type"] for item in error.errors()}))
            raise ManifestError(f"{folder / FILE_NAME} is not a voice manifest ({fields}). Train it again.") from error

    def write(self, folder: Path) -> None:
        """Write folder/voice.json with the hashes of what lies beside it, all of it or nothing."""
        there = sorted(path for pattern in BESIDE for path in folder.glob(pattern))
        whole = self.model_copy(update={"beside": {path.name: file_sha256(path) for path in there}})
        write_text(folder / FILE_NAME, whole.model_dump_json(indent=2) + "\n")


def verify(folder: Path, manifest: VoiceManifest) -> None:
    """Check that the folder's files are those that its manifest names; ManifestError otherwise."""
    for name, sha256 in {ADAPTER_NAME: manifest.adapter.sha256, **manifest.beside}.items():
        try:
            found = file_sha256(folder / name)
        except OSError as error:
            raise ManifestError(
                f"Voice '{manifest.name}': {name} cannot be read: {error.strerror}. Copy it again or train it again."
            ) from error
        if found != sha256:
            raise ManifestError(
                f"Voice '{manifest.name}': {name} has SHA-256 {found[:12]}…, {FILE_NAME} says {sha256[:12]}…. The file "
                f"is damaged or was replaced; copy it again or train it again."
            )


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
