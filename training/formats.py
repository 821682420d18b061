"""A published voice in other formats, beside its adapter: a merged model and files for llama.cpp.

In: a voice folder. Out, in the same version of it: merged/ (transformers, vLLM), adapter.gguf (`llama-server --lora`),
merged.gguf (`llama-server --model`), and exports.json, which says what they were made from. The command is
`nic-voice export voices/nic --merged --gguf`.

A version stays what it is: none of its files is touched, voice.json neither, so the service sees no new voice. Each
format is made under another name, takes its place by a rename when it is whole, and is listed after that.
"""

import hashlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from safetensors import SafetensorError

from training.adapter import LoraAdapter, read_adapter
from training.export import ExportError
from training.gguf import text_config, write_adapter, write_model
from training.merge import merge
from voice.atomic import write_text
from voice.base_model import BaseModel, resolve
from voice.errors import explain_os_error
from voice.manifest import VoiceManifest, file_sha256, verify

EXPORTS = "exports.json"


def export_voice(folder: Path, merged: bool, gguf: bool, dtype: str | None = None) -> list[Path]:
    """Write the formats asked for into the published voice `folder` points at; returns what is there now.

    `dtype` is that of the merged model and its GGUF; None: the base's own.
    """
    manifest = VoiceManifest.load(folder)
    verify(folder, manifest)
    base = resolve(manifest.base_model.name)
    if base.sha256 != manifest.base_model.sha256:
        raise ExportError(
            f"Voice '{manifest.name}' was trained on another {base.name} than the one on this machine "
            f"({manifest.base_model.sha256[:12]}…, not {base.sha256[:12]}…). Put that one back, or train it again."
        )
    version = folder.resolve()
    adapter = read_adapter(version)
    if gguf:
        text_config(base.folder)  # an architecture that llama.cpp does not know is said before any work
    try:
        return _write(version, manifest, base, adapter, merged, gguf, dtype)
    except SafetensorError as error:
        raise ExportError(f"The weights of {base.name} cannot be read: {error}. Copy the model again.") from error
    except OSError as error:
        raise explain_os_error(error, f"Exporting voice '{manifest.name}'") from error


def _write(
    version: Path, manifest: VoiceManifest, base: BaseModel, adapter: LoraAdapter, merged: bool, gguf: bool,
    dtype: str | None,
) -> list[Path]:  # fmt: skip
    made: list[Path] = []
    with TemporaryDirectory(prefix=".", suffix=".part", dir=version) as temporary:
        work = Path(temporary)
        if merged or gguf:
            merge(base.folder, adapter, work / "merged", dtype)
        if gguf:
            write_adapter(adapter, base.folder, work / "adapter.gguf")
            write_model(work / "merged", work / "merged.gguf")
            made += [work / "adapter.gguf", work / "merged.gguf"]
        if merged:
            made.append(work / "merged")
        places = [version / path.name for path in made]
        for path, place in zip(made, places, strict=True):
            path.chmod(0o755 if path.is_dir() else 0o644)
            _replace(path, place, work)
    _record(version, manifest, dtype, places)
    return places


def _replace(path: Path, place: Path, work: Path) -> None:
    """A folder cannot be renamed onto one that is not empty: the old one steps aside first."""
    if place.is_dir():
        place.rename(work / f"old-{place.name}")
    path.replace(place)


def _record(version: Path, manifest: VoiceManifest, dtype: str | None, places: list[Path]) -> None:
    file = version / EXPORTS
    known = json.loads(file.read_text()) if file.exists() else {}
    for place in places:
        known[place.name] = {
            "sha256": _tree_sha256(place) if place.is_dir() else file_sha256(place),
            "dtype": "float32" if place.name == "adapter.gguf" else dtype or "as the base",
            "adapter": manifest.adapter.sha256,
            "base_model": manifest.base_model.name,
        }
    write_text(file, json.dumps(known, indent=2, sort_keys=True) + "\n")


def _tree_sha256(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(f"{path.name} {file_sha256(path)}\n".encode())
    return digest.hexdigest()
