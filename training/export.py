"""A published voice in other formats, beside its adapter: a merged model, and files for llama.cpp.

In: a voice folder. Out, in the same version of it: merged/ (for transformers and vLLM), adapter.gguf (`llama-server
--lora`), merged.gguf (`llama-server --model`), and exports.json, which says what they were made from; in the cache
folder, once for all voices: the base model as GGUF. The command is `nic-voice export voices/nic --merged --gguf`.

A version stays what it is: none of its files is touched, voice.json neither, so the service sees no new voice. Each
format is made under another name, takes its place by a rename when it is whole, and is listed after that.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from safetensors import SafetensorError

from training.errors import ExportError
from training.gguf import text_config, write_adapter, write_model
from training.merge import merge
from voice.adapter import read_adapter, tag
from voice.atomic import write_text
from voice.base_model import BaseModel, gguf_place, resolve
from voice.errors import explain_os_error
from voice.manifest import VoiceManifest, file_sha256, verify

EXPORTS = "exports.json"
ADAPTER, MERGED, MERGED_GGUF = "adapter.gguf", "merged", "merged.gguf"

# In: the base model's folder, the version's, that of the new files, the base as GGUF. Out: how near each format is.
Check = Callable[[Path, Path, Path, Path | None], dict[str, Any]]


def export_voice(
    folder: Path, merged: bool, gguf: bool, outtype: str = "q8_0", say: Callable[[str], None] = lambda _: None,
    check: Check | None = None,
) -> list[Path]:  # fmt: skip
    """Write what was asked for into the version that `folder` points at; the files and folders that are there now.

    `gguf` gives the adapter and the base as GGUF, with `merged` the merged model, too; models are of `outtype`. Nothing
    takes its place that `check` raises for; what it returns goes into exports.json.
    """
    manifest = VoiceManifest.load(folder)
    verify(folder, manifest)
    base = resolve(manifest.base_model.name)
    if base.sha256 != manifest.base_model.sha256:
        raise ExportError(
            f"Voice '{manifest.name}' was trained on another {base.name} than the one on this machine "
            f"({manifest.base_model.sha256[:12]}…, not {base.sha256[:12]}…). Put that one back, or train it again."
        )
    if gguf:
        text_config(base.folder)  # an architecture that llama.cpp does not know is said before any work
    try:
        base_gguf = _base_gguf(base, outtype, say) if gguf else None
        made = _write(folder.resolve(), manifest, base, merged, base_gguf, outtype, say, check)
        return [*made, base_gguf] if base_gguf else made
    except SafetensorError as error:
        raise ExportError(f"The weights of {base.name} cannot be read: {error}. Copy the model again.") from error
    except OSError as error:
        raise explain_os_error(error, f"Exporting voice '{manifest.name}'") from error


def _base_gguf(base: BaseModel, outtype: str, say: Callable[[str], None]) -> Path:
    """The base model as GGUF, made once; every adapter of it can be put on it."""
    place = gguf_place(base, outtype)
    if not place.exists():
        say(f"writing {base.name} as {outtype} GGUF, once")
        place.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".", suffix=".part", dir=place.parent) as work:
            write_model(base.folder, Path(work) / place.name, outtype)
            (Path(work) / place.name).replace(place)
    return place


def _write(
    version: Path, manifest: VoiceManifest, base: BaseModel, merged: bool, base_gguf: Path | None, outtype: str,
    say: Callable[[str], None], check: Check | None,
) -> list[Path]:  # fmt: skip
    adapter, made, gguf = read_adapter(version), [], base_gguf is not None
    with TemporaryDirectory(prefix=".", suffix=".part", dir=version) as temporary:
        work = Path(temporary)
        if gguf:
            write_adapter(adapter, base.folder, work / ADAPTER, tag(manifest.name, manifest.adapter.sha256))
            made.append(ADAPTER)
        if merged:
            say("merging the adapter into the base model")
            merge(base.folder, adapter, work / MERGED, "float32" if outtype == "f32" else None)
            made.append(MERGED)
        if merged and gguf:
            say(f"writing the merged model as {outtype} GGUF")
            write_model(work / MERGED, work / MERGED_GGUF, outtype)
            made.append(MERGED_GGUF)
        agreement = check(base.folder, version, work, base_gguf) if check else {}
        for name in made:
            (work / name).chmod(0o755 if (work / name).is_dir() else 0o644)  # the server may run as somebody else
            _replace(work / name, version / name, work)
    _record(version, manifest, outtype, made, agreement)
    return [version / name for name in made]


def _replace(path: Path, place: Path, work: Path) -> None:
    """A folder cannot be renamed onto one that is not empty: the old one steps aside first."""
    if place.is_dir():
        place.rename(work / f"old-{place.name}")
    path.replace(place)


def _record(version: Path, manifest: VoiceManifest, outtype: str, names: list[str], agreement: dict[str, Any]) -> None:
    file = version / EXPORTS
    known = json.loads(file.read_text()) if file.exists() else {}
    for name in names:
        place = version / name
        known[name] = {
            "sha256": _tree_sha256(place) if place.is_dir() else file_sha256(place),
            "numbers": {ADAPTER: "f32", MERGED_GGUF: outtype}.get(name, "those of the base model"),
            "adapter": manifest.adapter.sha256,
            "base_model": manifest.base_model.name,
            "agreement": agreement,
        }
    write_text(file, json.dumps(known, indent=2, sort_keys=True) + "\n")


def _tree_sha256(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(f"{path.name} {file_sha256(path)}\n".encode())
    return digest.hexdigest()
