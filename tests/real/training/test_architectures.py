"""Each architecture that a preset names, tiny and with random weights: QLoRA, LoRA in bfloat16, publish, and vLLM."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real.tiny import LINEAR, SEVEN, prompts, tiny_model
from training import lora, there
from training.config import PRESETS, TrainingConfig, load_config
from training.run import train
from voice.adapter import read_adapter
from voice.base_model import BaseModel
from voice.manifest import ADAPTER_NAME, VoiceManifest, verify
from voice.triplet import Triplet, write_triplets

pytestmark = [pytest.mark.unsloth, pytest.mark.filterwarnings("ignore")]  # others' warnings
KINDS = ["qwen2", "qwen2_untied", "qwen3_5_text"]
NEXT_TOKENS = Path(__file__).parent / "vllm_next_tokens.py"


@pytest.fixture(scope="module", params=KINDS)
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    with lora.without_vllm():
        import unsloth  # noqa: F401  before transformers: it patches it

    return tiny_model(request.param, tmp_path_factory.mktemp(request.param))


def config(tiny: BaseModel, **overrides: str) -> TrainingConfig:
    preset = "qwen3.5-9b" if "qwen3_5" in str(tiny.folder) else "qwen2.5-3b"
    settings = {
        "base_model": str(tiny.folder),
        "fresh_adapter": "true",
        "max_steps": "2",
        "validate_every": "1",
        "batch_tokens": "256",
        "learning_rate": "0.01",
    }
    return load_config(PRESETS / f"{preset}.yaml", settings | overrides)


def triplets(path: Path) -> Path:
    write_triplets(path, [
        Triplet(f"s:{i}:0", "s", "chat", "sentence", None, None, "rules", "Be me.", f"I am {i}.", f"im {i} —")
        for i in range(40)
    ])  # fmt: skip
    return path


@pytest.mark.parametrize(
    "settings",
    [{"load_in_4bit": "true"}, {"load_in_4bit": "false"}, {"load_in_4bit": "false", "gradient_checkpointing": "true"}],
    ids=["4 bits", "bfloat16", "checkpointing"],
)
def test_it_is_trained_and_published(tiny: BaseModel, tmp_path: Path, settings: dict[str, str]) -> None:
    from safetensors import safe_open

    summary = train(config(tiny, **settings), triplets(tmp_path / "t.jsonl"), tmp_path / "ana")
    verify(tmp_path / "ana", VoiceManifest.load(tmp_path / "ana"))
    assert summary.steps == 2
    assert summary.last_validation_loss is not None
    with safe_open(str(tmp_path / "ana" / "adapter_model.safetensors"), "np") as file:
        adapted = {name.split(".")[-3] for name in file.keys()}  # noqa: SIM118  not a dict
        moved = [name for name in file.keys() if "lora_B" in name and abs(file.get_tensor(name)).max() > 0]  # noqa: SIM118
        assert len(moved) == len(file.keys()) / 2
    assert adapted == {*SEVEN, *(LINEAR if "qwen3_5" in str(tiny.folder) else [])}


def test_it_first_reads_many_writers(tiny: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(there, "cache_folder", lambda: tmp_path / "cache")
    few = sorted(there.messages(), key=lambda message: len(message.draft))[:12]
    monkeypatch.setattr(there, "messages", lambda: few)
    said: list[str] = []
    hardly = config(tiny, fresh_adapter="false", load_in_4bit="false", learning_rate="0.001")
    train(hardly, triplets(tmp_path / "t.jsonl"), tmp_path / "ana", say=said.append)
    assert any("first reads many writers" in line for line in said)
    (place,) = (tmp_path / "cache").rglob(ADAPTER_NAME)
    learned, went_on = (read_adapter(folder).pairs for folder in (place.parent, tmp_path / "ana"))
    assert all(abs(pair.b).max() > 0 for pair in learned.values())
    assert all(abs(went_on[name].b - pair.b).max() < abs(pair.b).max() for name, pair in learned.items())


@pytest.mark.slow
@pytest.mark.vllm
@pytest.mark.timeout(900)
def test_vllm_says_what_was_trained(tiny: BaseModel, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    voice, dtype, bound = tmp_path / "ana", "float32", 1e-4
    if "qwen3_5" in str(tiny.folder):
        pytest.importorskip("torchvision", reason="vLLM's Qwen3.5 imports torchvision, which the CPU lock has not")
        dtype, bound = "bfloat16", 1e-3  # the only one in which vLLM has linear attention on a CPU
    train(config(tiny, dtype="float32", load_in_4bit="false"), triplets(tmp_path / "t.jsonl"), voice)
    asked = prompts(AutoTokenizer.from_pretrained(tiny.folder), 20)
    request = {"model": str(tiny.folder), "dtype": dtype, "adapter": str(voice.resolve()), "rank": 16, "prompts": asked}
    (tmp_path / "request.json").write_text(json.dumps(request | {"answer": str(tmp_path / "answer.json")}))
    cores = ",".join(map(str, sorted(os.sched_getaffinity(0))))  # vLLM leaves one idle, also of one
    done = subprocess.run(
        [sys.executable, str(NEXT_TOKENS), str(tmp_path / "request.json")], capture_output=True, text=True, check=False,
        env=os.environ | {"VLLM_CPU_OMP_THREADS_BIND": cores, "VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    base = AutoModelForCausalLM.from_pretrained(tiny.folder, dtype=getattr(torch, dtype))
    model = PeftModel.from_pretrained(base, voice).eval()
    with torch.no_grad():
        expected = [model(input_ids=torch.tensor([ids])).logits[0, -1].float().softmax(-1) for ids in asked]
        with model.disable_adapter():
            without = [model(input_ids=torch.tensor([ids])).logits[0, -1].float().softmax(-1) for ids in asked]
    assert all(float((ours - theirs).abs().max()) > 3 * bound for ours, theirs in zip(expected, without, strict=True))
    for row, found in zip(expected, json.loads((tmp_path / "answer.json").read_text()), strict=True):
        assert max(abs(probability - float(row[int(token)])) for token, probability in found.items()) < bound
