"""Merged models and GGUF files, on tiny models: what is in them, and that a voice's version is not disturbed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.manifests import a_manifest
from tests.training.tiny import SIZES, random_adapter, targets, tiny_model
from training.export import ExportError, publish
from voice.base_model import BaseModel
from voice.errors import UserError
from voice.manifest import ADAPTER_NAME, BaseModelRef, VoiceManifest, verify

pytestmark = [pytest.mark.unsloth, pytest.mark.filterwarnings("ignore")]  # others' warnings


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
def voice(base: BaseModel, adapter_folder: Path, tmp_path: Path) -> Path:
    def describe(sha256: str) -> VoiceManifest:
        return a_manifest(sha256).model_copy(update={"base_model": BaseModelRef(name=base.name, sha256=base.sha256)})

    def save(folder: Path) -> None:
        for file in adapter_folder.iterdir():
            if file.name != "README.md":
                (folder / file.name).write_bytes(file.read_bytes())

    (tmp_path / ".versions" / "ana").mkdir(parents=True)
    publish(tmp_path / "ana", save, describe)
    return tmp_path / "ana"


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return {name: tensor for file in folder.glob("*.safetensors") for name, tensor in load_file(file).items()}


def test_a_merged_weight_is_the_base_plus_the_scaled_product(
    base: BaseModel, adapter_folder: Path, tmp_path: Path
) -> None:
    import torch

    from training.adapter import read_adapter
    from training.merge import merge

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

    from training.adapter import read_adapter
    from training.merge import merge

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
    from training.formats import export_voice

    before = {file.name: file.read_bytes() for file in voice.iterdir()}
    made = export_voice(voice, merged=True, gguf=True, dtype="bfloat16")
    assert {path.name for path in made} == {"merged", "adapter.gguf", "merged.gguf"}
    assert {name: (voice / name).read_bytes() for name in before} == before
    verify(voice, VoiceManifest.load(voice))
    listed = json.loads((voice / "exports.json").read_text())
    assert {name: entry["dtype"] for name, entry in listed.items()} == {
        "adapter.gguf": "float32", "merged": "bfloat16", "merged.gguf": "bfloat16",
    }  # fmt: skip
    assert {path.name for path in voice.iterdir()} == {*before, *listed, "exports.json"}
    assert json.loads((voice / "merged" / "config.json").read_text())["dtype"] == "bfloat16"


def test_a_second_export_replaces_the_first(voice: Path) -> None:
    from training.formats import export_voice

    export_voice(voice, merged=True, gguf=False)
    export_voice(voice, merged=True, gguf=False, dtype="float16")
    assert json.loads((voice / "exports.json").read_text())["merged"]["dtype"] == "float16"
    assert not list(voice.glob(".*"))


def test_another_base_is_refused_and_nothing_is_left(voice: Path, base: BaseModel) -> None:
    from training.formats import export_voice

    manifest = VoiceManifest.load(voice)
    wrong = manifest.model_copy(update={"base_model": BaseModelRef(name=base.name, sha256="0" * 64)})
    wrong.write(voice.resolve())
    before = sorted(voice.iterdir())
    with pytest.raises(ExportError, match="was trained on another"):
        export_voice(voice, merged=True, gguf=True)
    assert sorted(voice.iterdir()) == before


def test_an_adapter_of_another_model_is_refused(adapter_folder: Path, base: BaseModel, tmp_path: Path) -> None:
    from training.adapter import LoraAdapter, read_adapter
    from training.merge import merge

    adapter = read_adapter(adapter_folder)
    moved = {module.replace("layers.3.", "layers.33."): pair for module, pair in adapter.pairs.items()}
    with pytest.raises(ExportError, match=r"has no .*layers\.33\."):
        merge(base.folder, LoraAdapter(adapter.rank, adapter.scale, moved), tmp_path / "merged")


@pytest.mark.parametrize(
    ("change", "expected"),
    [({"use_dora": True}, "use_dora"), ({"bias": "all"}, "bias"), ({"rank_pattern": {"q_proj": 2}}, "rank_pattern")],
)
def test_more_than_a_plain_lora_is_refused(
    adapter_folder: Path, tmp_path: Path, change: dict[str, Any], expected: str
) -> None:
    from training.adapter import read_adapter

    config = json.loads((adapter_folder / "adapter_config.json").read_text()) | change
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    (tmp_path / ADAPTER_NAME).write_bytes((adapter_folder / ADAPTER_NAME).read_bytes())
    with pytest.raises(ExportError, match=f"no plain LoRA \\({expected}\\)"):
        read_adapter(tmp_path)


def test_a_full_disk_leaves_nothing(voice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    from training import formats

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = sorted(voice.iterdir())
    monkeypatch.setattr(formats, "write_model", full)
    with pytest.raises(UserError, match="disk is full"):
        formats.export_voice(voice, merged=True, gguf=True)
    assert sorted(voice.iterdir()) == before
