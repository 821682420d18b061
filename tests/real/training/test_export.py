"""Merged models and GGUF files, on tiny models: what is in them, and that a voice's version is not disturbed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.manifests import a_manifest
from tests.real.tiny import SIZES, random_adapter, targets, tiny_model
from training.errors import ExportError
from training.publish import staged
from voice.base_model import BaseModel
from voice.errors import UserError
from voice.manifest import ADAPTER_NAME, BaseModelRef, VoiceManifest, file_sha256, verify

pytestmark = pytest.mark.filterwarnings("ignore")  # others' warnings


@pytest.fixture(scope="module", params=SIZES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def base(kind: str, tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    return tiny_model(kind, tmp_path_factory.mktemp(kind) / "base")


@pytest.fixture(scope="module")
def adapter_folder(kind: str, base: BaseModel) -> Path:
    folder = base.folder.parent / "adapter"
    random_adapter(base.folder, folder, targets(kind))
    return folder


@pytest.fixture
def voice(base: BaseModel, adapter_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIC_VOICE_CACHE", str(tmp_path / "cache"))
    (tmp_path / ".versions" / "ana").mkdir(parents=True)
    with staged(tmp_path / "ana") as folder:
        for name in ("adapter_config.json", ADAPTER_NAME):
            (folder / name).write_bytes((adapter_folder / name).read_bytes())
        manifest = a_manifest(file_sha256(folder / ADAPTER_NAME))
        manifest.model_copy(update={"base_model": BaseModelRef(name=base.name, sha256=base.sha256)}).write(folder)
    return tmp_path / "ana"


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return {name: tensor for file in folder.glob("*.safetensors") for name, tensor in load_file(file).items()}


def test_a_merged_weight_is_the_base_plus_the_scaled_product(
    base: BaseModel, adapter_folder: Path, tmp_path: Path
) -> None:
    import torch

    from training.merge import merge
    from voice.adapter import read_adapter

    merge(base.folder, read_adapter(adapter_folder), tmp_path / "merged")
    before, after, halves = weights(base.folder), weights(tmp_path / "merged"), weights(adapter_folder)
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert len(changed) == len(halves) // 2
    for name in changed:
        key = f"base_model.model.{name.removesuffix('.weight')}"
        product = halves[f"{key}.lora_B.weight"] @ halves[f"{key}.lora_A.weight"]
        assert torch.equal(after[name], before[name] + 2.0 * product)


def test_merged_transformers_and_peft_say_the_same(
    kind: str, base: BaseModel, adapter_folder: Path, tmp_path: Path
) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from training.merge import merge
    from voice.adapter import read_adapter

    merge(base.folder, read_adapter(adapter_folder), tmp_path / "merged")
    ids = torch.arange(3, 40)[None]
    plain = AutoModelForCausalLM.from_pretrained(base.folder, dtype=torch.float32)
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged", dtype=torch.float32)
    with torch.no_grad():
        said = [model(input_ids=ids).logits[0, -1].softmax(-1) for model in (plain, merged)]
        adapted = PeftModel.from_pretrained(plain, adapter_folder)(input_ids=ids).logits[0, -1].softmax(-1)
    assert (said[1] - adapted).abs().max() < 1e-5
    assert (said[0] - adapted).abs().max() > 1e-3  # the adapter does something


def test_an_export_stands_beside_an_untouched_version(voice: Path) -> None:
    from training.export import export_voice

    before = {file.name: file.read_bytes() for file in voice.iterdir()}
    made = export_voice(voice, merged=True, gguf=True)
    *beside, of_base = made
    assert {path.name for path in beside} == {"merged", "adapter.gguf", "merged.gguf"}
    assert of_base.parent.name == "gguf" and of_base.name.endswith("-q8_0.gguf")
    assert {name: (voice / name).read_bytes() for name in before} == before
    verify(voice, VoiceManifest.load(voice))
    listed = json.loads((voice / "exports.json").read_text())
    assert {name: entry["numbers"] for name, entry in listed.items()} == {
        "adapter.gguf": "f32", "merged": "those of the base model", "merged.gguf": "q8_0",
    }  # fmt: skip
    assert {path.name for path in voice.iterdir()} == {*before, *listed, "exports.json"}


def test_a_second_export_replaces_the_first_and_the_base_is_made_once(voice: Path) -> None:
    from training.export import export_voice

    first = export_voice(voice, merged=True, gguf=True, outtype="q8_0")
    size, made_ns = (voice / "merged.gguf").stat().st_size, first[-1].stat().st_mtime_ns
    export_voice(voice, merged=True, gguf=True, outtype="f32")
    assert (voice / "merged.gguf").stat().st_size > 2 * size
    assert json.loads((voice / "exports.json").read_text())["merged.gguf"]["numbers"] == "f32"
    assert export_voice(voice, merged=False, gguf=True, outtype="q8_0")[-1].stat().st_mtime_ns == made_ns
    assert not list(voice.glob(".*"))


def test_another_base_is_refused_and_nothing_is_left(voice: Path, base: BaseModel) -> None:
    from training.export import export_voice

    manifest = VoiceManifest.load(voice)
    wrong = manifest.model_copy(update={"base_model": BaseModelRef(name=base.name, sha256="0" * 64)})
    wrong.write(voice.resolve())
    before = sorted(voice.iterdir())
    with pytest.raises(ExportError, match="was trained on another"):
        export_voice(voice, merged=True, gguf=True)
    assert sorted(voice.iterdir()) == before


def test_an_adapter_of_another_model_is_refused(adapter_folder: Path, base: BaseModel, tmp_path: Path) -> None:
    from training.merge import merge
    from voice.adapter import read_adapter

    adapter = read_adapter(adapter_folder)
    moved = {module.replace("layers.3.", "layers.33."): pair for module, pair in adapter.pairs.items()}
    with pytest.raises(ExportError, match=r"has no .*layers\.33\."):
        merge(base.folder, replace(adapter, pairs=moved), tmp_path / "merged")


def test_a_full_disk_leaves_nothing(voice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    from training import export

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = sorted(voice.iterdir())
    monkeypatch.setattr(export, "write_model", full)
    with pytest.raises(UserError, match="disk is full"):
        export.export_voice(voice, merged=True, gguf=True)
    assert sorted(voice.iterdir()) == before
