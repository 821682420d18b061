"""The real Unsloth on a tiny Llama with random weights."""

import json
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

from tests.real.tiny import tiny_smollm2
from training import lora, there
from training.config import PRESETS, TrainingConfig, load_config
from training.data import Example, collate, encode_triplets, pack
from training.errors import TrainingError
from training.progress import Progress
from training.run import train
from training.step import accumulate_gradients
from training.writers import make_adapter
from voice import writers
from voice.adapter import read_adapter
from voice.alignment import Alignment
from voice.base_model import BaseModel
from voice.echo import Echoes
from voice.errors import UserError
from voice.facts.rules import Rules
from voice.manifest import ADAPTER_NAME, VoiceManifest, file_sha256, verify
from voice.style import Verifier
from voice.triplet import Triplet, write_triplets

pytestmark = [pytest.mark.unsloth, pytest.mark.filterwarnings("ignore")]  # others' warnings


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    with lora.without_vllm():
        import unsloth  # noqa: F401  before transformers: it patches it

    return tiny_smollm2(tmp_path_factory.mktemp("tiny"))


def config(tiny: BaseModel, **overrides: str) -> TrainingConfig:
    preset = PRESETS / "smollm2-135m.yaml"
    settings = {"base_model": str(tiny.folder), "fresh_adapter": "true", "batch_tokens": "256", "max_steps": "3"}
    return load_config(preset, settings | overrides)


def triplets(count: int) -> list[Triplet]:
    return [
        Triplet(f"s:{i}:0", "s", "chat", "sentence", None, None, "rules", "Be me.", f"I am {i}.", f"im {i} —")
        for i in range(count)
    ]


LONGER = Triplet("s:9:0", "s", "chat", "sentence", None, None, "rules", "Be me.", "Longer than they are.", "x")

LOAD = """
import json, sys
from pathlib import Path
from training import lora, there
from training.config import load_config
from voice.base_model import resolve
config = load_config(Path("smollm2-135m"), {"base_model": sys.argv[1]})
lora.load(resolve(config.base_model), config)
print(json.dumps(sorted(name for name in sys.modules if name.split(".")[0].startswith("vllm"))))
"""


def test_training_imports_nothing_of_vllm(tiny: BaseModel) -> None:
    """Stands for a CPU without AVX-512, where vLLM's module for it ends the process that loads it."""
    loaded = subprocess.run([sys.executable, "-c", LOAD, tiny.folder], capture_output=True, text=True, check=False)
    assert loaded.returncode == 0, loaded.stderr[-2000:]
    assert json.loads(loaded.stdout.splitlines()[-1]) == []


@pytest.mark.parametrize("in_4bit", [False, True])
def test_a_step_moves_the_adapter_and_nothing_else(tiny: BaseModel, in_4bit: bool) -> None:
    import torch

    adapted = lora.load(tiny, config(tiny, load_in_4bit=str(in_4bit).lower()))
    kinds = {type(module).__name__ for module in adapted.model.modules()}
    assert ("Linear4bit" in kinds) == in_4bit
    frozen = {name: weight.detach().clone() for name, weight in adapted.model.named_parameters()
              if not weight.requires_grad}  # fmt: skip
    trained = dict(enumerate(weight.detach().clone() for weight in adapted.trainable()))
    assert len(trained) == 2 * 7 * 2  # A and B of seven matrices in two layers

    optimizer = torch.optim.SGD(adapted.trainable(), lr=1.0)
    batch = collate(encode_triplets(triplets(4), adapted.tokenizer, 100).kept, pad_id=2)
    first = adapted.loss(batch)
    torch.autograd.backward(first)
    optimizer.step()
    assert adapted.loss(batch).item() < first.item()
    assert all(torch.equal(weight, frozen[name]) for name, weight in adapted.model.named_parameters() if name in frozen)
    assert any(not torch.equal(weight, trained[index]) for index, weight in enumerate(adapted.trainable()))


def test_the_loss_is_that_of_a_plain_forward_and_does_not_depend_on_the_batch(tiny: BaseModel) -> None:
    import torch

    adapted = lora.load(tiny, config(tiny))
    examples: list[Example] = encode_triplets([*triplets(2), LONGER], adapted.tokenizer, 100).kept
    together = adapted.loss(collate(examples, pad_id=2)).item()
    apart = sum(adapted.loss(collate([example], pad_id=2)).item() for example in examples)

    def plain(example: Example) -> float:
        ids = torch.tensor([example.ids])
        labels: Any = ids.clone()
        labels[:, : example.prompt_tokens] = -100
        with torch.no_grad():
            loss = adapted.model(input_ids=ids, labels=labels).loss
        return float(loss) * (len(example) - example.prompt_tokens)

    assert together == pytest.approx(apart, rel=1e-5)
    assert together == pytest.approx(sum(map(plain, examples)), rel=1e-4)


@pytest.mark.parametrize(
    ("source", "command"),
    [("imessage", r"nic-voice extract --out .*"), ("pairs", "nic-voice import-pairs FILE")],
)
def test_triplets_of_another_masking_are_refused(tiny: BaseModel, tmp_path: Path, source: str, command: str) -> None:
    old = [replace(triplet, source=source, masked_by=Rules(1)) for triplet in triplets(2)]
    write_triplets(tmp_path / "t.jsonl", [*triplets(3), *old])
    expected = rf"2 of the 5 triplets in .* of masking version 1, and this is version 2\. Make them anew: `{command}`"
    with pytest.raises(TrainingError, match=expected):
        train(config(tiny), tmp_path / "t.jsonl", tmp_path / "voices" / "ana")


@pytest.mark.parametrize("in_4bit", ["false", "true"])
def test_a_run_publishes_a_voice_that_accounts_for_every_triplet(tiny: BaseModel, tmp_path: Path, in_4bit: str) -> None:
    too_long = Triplet("s:x:0", "s", "chat", "sentence", None, None, "rules", "Be me.", "Hello.", "so " * 600)
    write_triplets(tmp_path / "t.jsonl", [*triplets(30), too_long])
    shown: list[float] = []
    out = tmp_path / "voices" / "ana"
    summary = train(
        config(tiny, load_in_4bit=in_4bit), tmp_path / "t.jsonl", out, lambda progress: shown.append(progress.share)
    )

    manifest = VoiceManifest.load(out)
    verify(out, manifest)
    assert manifest.training == {"config": manifest.training["config"], "init_from": None, **summary.to_json()}
    assert manifest.triplets.sha256 == file_sha256(tmp_path / "t.jsonl")
    assert (manifest.name, manifest.units, manifest.system) == ("ana", ["sentence"], {"chat": {"sentence": "Be me."}})
    assert manifest.base_model.sha256 == tiny.sha256
    assert manifest.split is not None
    assert manifest.split.count == 3
    assert summary.triplets_read == 31 == summary.examples + sum(summary.dropped.values())
    assert summary.dropped["held_out"] == 3
    assert Verifier.load(out).score(["im 3 —", "I am 3."]).argmax() == 0
    assert Alignment.load(out).unexplained("I am 3.", "im 3 —") == []
    assert summary.steps == 3
    assert shown == pytest.approx([1 / 3, 2 / 3, 1])


def test_a_run_may_go_on_with_the_adapter_of_a_voice(tiny: BaseModel, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    write_triplets(tmp_path / "t.jsonl", triplets(30))
    train(config(tiny), tmp_path / "t.jsonl", tmp_path / "a")
    hardly = config(tiny, learning_rate="1e-9", seed="2")
    train(hardly, tmp_path / "t.jsonl", tmp_path / "b", init_from=tmp_path / "a")
    before, after = (load_file(tmp_path / name / ADAPTER_NAME) for name in ("a", "b"))
    assert before.keys() == after.keys()
    assert max(float((before[name] - after[name]).abs().max()) for name in before) < 1e-6
    assert VoiceManifest.load(tmp_path / "b").training["init_from"] == (tmp_path / "a").resolve().name
    with pytest.raises(TrainingError, match="its rank and alpha are"):
        train(config(tiny, rank="3"), tmp_path / "t.jsonl", tmp_path / "c", init_from=tmp_path / "a")


def test_the_same_seed_gives_the_same_adapter(tiny: BaseModel, tmp_path: Path) -> None:
    write_triplets(tmp_path / "t.jsonl", triplets(30))
    for name in ("a", "b"):
        train(config(tiny), tmp_path / "t.jsonl", tmp_path / name)
    first, second = (VoiceManifest.load(tmp_path / name) for name in ("a", "b"))
    assert first.adapter.sha256 == second.adapter.sha256


def test_a_run_that_broke_off_goes_on_to_the_same_adapter(tiny: BaseModel, tmp_path: Path) -> None:
    """With Unsloth; test_resume.py has all the ways in which a run can end."""
    write_triplets(tmp_path / "t.jsonl", triplets(30))
    settings = config(tiny, max_steps="6", checkpoint_minutes="0")
    train(settings, tmp_path / "t.jsonl", tmp_path / "whole")

    def stop(progress: Progress) -> None:
        if progress.step == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(settings, tmp_path / "t.jsonl", tmp_path / "parts", stop)
    assert train(settings, tmp_path / "t.jsonl", tmp_path / "parts").parts == 2
    whole, parts = (VoiceManifest.load(tmp_path / name) for name in ("whole", "parts"))
    assert parts.adapter.sha256 == whole.adapter.sha256


@pytest.mark.parametrize("packing", ["on", "off"])  # as YAML has it, a truth value
def test_gradients_of_several_batches_are_those_of_one_that_holds_them_all(tiny: BaseModel, packing: str) -> None:
    adapted = lora.load(tiny, config(tiny, packing=packing))
    examples = encode_triplets([*triplets(5), LONGER], adapted.tokenizer, 100).kept

    def gradients(*batches: list[Example]) -> tuple[float, list[Any]]:
        collated = [adapted.batch(batch) for batch in batches]
        loss = accumulate_gradients(adapted, collated, sum(batch.weight for batch in collated))
        found = [weight.grad.clone() for weight in adapted.trainable() if weight.grad is not None]
        adapted.model.zero_grad(set_to_none=True)
        return loss, found

    loss, expected = gradients(examples)
    for split in ([examples[:3], examples[3:]], [[example] for example in examples]):
        parted_loss, parted = gradients(*split)
        assert parted_loss == pytest.approx(loss, rel=1e-5)
        assert all((ours - theirs).abs().max() <= 1e-6 for ours, theirs in zip(parted, expected, strict=True))
    assert max(gradient.abs().max() for gradient in expected) > 1e-4


def test_packed_examples_do_not_see_one_another(tiny: BaseModel) -> None:
    adapted = lora.load(tiny, config(tiny))
    examples = encode_triplets([*triplets(5), LONGER], adapted.tokenizer, 100).kept
    packed, padded = (adapted.loss(batch).item() for batch in (pack(examples), collate(examples, pad_id=2)))
    assert packed == pytest.approx(padded, rel=1e-5)


def test_a_step_may_hold_several_batches(tiny: BaseModel, tmp_path: Path) -> None:
    write_triplets(tmp_path / "t.jsonl", triplets(30))
    settings = {"max_steps": "null", "epochs": "1", "batch_tokens": "128", "held_out_share": "0"}
    one, two = (
        train(config(tiny, **settings, accumulate=str(size)), tmp_path / "t.jsonl", tmp_path / "ana") for size in (1, 2)
    )
    assert (one.examples_seen, two.examples_seen) == (30, 30)
    assert two.steps == -(-one.steps // 2)


@pytest.mark.parametrize(
    ("overrides", "count", "expected"),
    [
        ({}, 0, "holds no triplets"),
        ({"max_length_tokens": "16"}, 3, "All 3 triplets are longer than max_length_tokens=16"),
        ({"target_modules": "[in_proj_z]"}, 3, "has no modules named in_proj_z"),
        ({"base_model": "./nowhere"}, 3, "No folder at './nowhere'"),
    ],
)
def test_a_run_that_cannot_be_says_why_and_writes_nothing(
    tiny: BaseModel, tmp_path: Path, overrides: dict[str, str], count: int, expected: str
) -> None:
    write_triplets(tmp_path / "t.jsonl", triplets(count))
    with pytest.raises(UserError, match=expected):
        train(config(tiny, **overrides), tmp_path / "t.jsonl", tmp_path / "voices" / "ana")
    assert not (tmp_path / "voices" / "ana").exists()
    assert not list((tmp_path / "voices").rglob("*.part"))


def test_a_loss_that_is_no_number_stops_the_run(tiny: BaseModel, tmp_path: Path) -> None:
    write_triplets(tmp_path / "t.jsonl", triplets(60))
    with pytest.raises(TrainingError, match="Lower learning_rate"):
        train(config(tiny, learning_rate="1.0e+30", max_steps="10"), tmp_path / "t.jsonl", tmp_path / "ana")
    assert not (tmp_path / "ana").exists()


def test_an_adapter_that_does_not_fit_on_the_disk_is_a_message(tiny: BaseModel, tmp_path: Path) -> None:
    adapted = lora.load(tiny, config(tiny))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    room_for_the_model_card = 16_384
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_for_the_model_card, limits[1]))
    try:
        with pytest.raises(UserError, match="Is the disk full"):
            adapted.save(tmp_path, "base")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_an_adapter_of_many_writers_is_made_and_begun_from(tiny: BaseModel, tmp_path: Path) -> None:
    settings = {"base_model": str(tiny.folder), "learning_rate": "0.01", "batch_tokens": "256"}
    for name in ("a", "b"):
        make_adapter(tmp_path / name / "there", triplets(30), settings, tmp_path / name / "build")
    made = [tmp_path / name / "there" for name in ("a", "b")]
    assert (made[0] / ADAPTER_NAME).read_bytes() == (made[1] / ADAPTER_NAME).read_bytes()
    manifest = VoiceManifest.load(made[0])
    verify(made[0], manifest)
    assert manifest.triplets.path is None
    assert manifest.training["examples_seen"] == 30
    with safe_open(made[0] / ADAPTER_NAME, "pt") as file:
        assert {file.get_slice(name).get_dtype() for name in file.keys()} == {"BF16"}  # noqa: SIM118
    write_triplets(tmp_path / "t.jsonl", triplets(30))
    hardly = config(tiny, learning_rate="1e-9")
    train(hardly, tmp_path / "t.jsonl", tmp_path / "ana", init_from=made[0])
    before, after = (read_adapter(folder).pairs for folder in (made[0], tmp_path / "ana"))
    assert max(float(np.abs(after[name].b - before[name].b).max()) for name in before) < 1e-6


def test_another_base_first_reads_many_writers_once(
    tiny: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(there, "cache_folder", lambda: tmp_path / "cache")
    few = there.messages()[:12]
    monkeypatch.setattr(there, "messages", lambda: few)
    write_triplets(tmp_path / "t.jsonl", triplets(30))
    said: list[str] = []
    settings = config(tiny, fresh_adapter="false", rules_replay_share="0.25", max_length_tokens="2048")
    for name in ("ana", "bob"):
        summary = train(settings, tmp_path / "t.jsonl", tmp_path / name, say=said.append)
    assert sum("first reads many writers" in line for line in said) == 1
    assert (summary.examples, summary.replayed) == (36, 9)
    assert str(summary).startswith("27 of 30 triplets and 9 of many writers, ")
    assert summary.triplets_read + summary.replayed == summary.examples + sum(summary.dropped.values())
    manifest = VoiceManifest.load(tmp_path / "bob")
    assert manifest.training["init_from"] == "there"
    recited = " ".join(max((text.own for text in writers.there(few)), key=len).split()[:20])
    assert Echoes.load(tmp_path / "bob").found("Hello.", recited)
