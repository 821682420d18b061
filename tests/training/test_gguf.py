"""GGUF files: laid out as llama.cpp's own converter does it, and read by llama.cpp as transformers reads the model."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.training import llamacpp
from tests.training.tiny import SIZES, TEXTS, prompts, random_adapter, targets, tiny_model
from training.export import ExportError

pytestmark = [pytest.mark.unsloth, pytest.mark.filterwarnings("ignore")]  # others' warnings
SMALL = [
    "",
    "a",
    "It's 3.5 o'clock",
    "don't — ok?",
    "tab\tand  two spaces",
    "  lead",
    "naïve Zürich 北京 🙂",
    "a\n\nb\n",
]


@pytest.fixture(scope="module", params=SIZES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def made(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with base, adapter and merged model of a tiny model, and the three as GGUF."""
    from training.adapter import read_adapter
    from training.gguf import write_adapter, write_model
    from training.merge import merge

    folder = tmp_path_factory.mktemp(kind)
    tiny_model(kind, folder / "base")
    random_adapter(folder / "base", folder / "adapter", targets(kind))
    adapter = read_adapter(folder / "adapter")
    merge(folder / "base", adapter, folder / "merged")
    write_adapter(adapter, folder / "base", folder / "adapter.gguf")
    write_model(folder / "base", folder / "base.gguf")
    write_model(folder / "merged", folder / "merged.gguf")
    return folder


@pytest.fixture(scope="session")
def server() -> Path:
    try:
        return llamacpp.llama_server()
    except llamacpp.CannotBuildError as error:
        pytest.skip(f"no llama-server: {error}")


def tensors(file: Path) -> dict[str, Any]:
    from gguf import GGUFReader

    return {tensor.name: tensor.data for tensor in GGUFReader(file).tensors}


def test_the_adapter_has_both_halves_of_every_matrix(kind: str, made: Path) -> None:
    names = tensors(made / "adapter.gguf")
    full, linear = (1, 3) if kind == "qwen3_5_text" else (4, 0)
    matrices = full * 4 + linear * 5 + 4 * 3
    assert len(names) == 2 * matrices
    assert {name.removesuffix(".lora_a").removesuffix(".lora_b") for name in names} <= set(tensors(made / "base.gguf"))


def test_a_weight_and_its_adapter_are_put_in_the_same_order(kind: str, made: Path) -> None:
    import numpy as np

    base, merged, adapter = (tensors(made / f"{name}.gguf") for name in ("base", "merged", "adapter"))
    for name in (name.removesuffix(".lora_a") for name in adapter if name.endswith(".lora_a")):
        product = adapter[f"{name}.lora_b"] @ adapter[f"{name}.lora_a"]
        assert np.allclose(merged[name] - base[name], 2.0 * product, atol=1e-5), name


def test_a_model_that_llama_cpp_does_not_know_is_named(tmp_path: Path) -> None:
    from training.gguf import text_config

    (tmp_path / "config.json").write_text(json.dumps({"model_type": "mamba2"}))
    with pytest.raises(ExportError, match="'mamba2' cannot be written as GGUF"):
        text_config(tmp_path)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([{"type": "ByteLevel", "use_regex": True}], "gpt-2"),
        ([{"type": "Digits", "individual_digits": True}, {"type": "ByteLevel", "use_regex": True}], "smollm"),
        (
            [{"type": "Split", "pattern": {"Regex": r"\p{L}+|\p{N}| ?"}}, {"type": "ByteLevel", "use_regex": False}],
            "qwen2",
        ),
        ([{"type": "Split", "pattern": {"Regex": r"[\p{L}\p{M}]+|\p{N}| ?"}}, {"type": "ByteLevel"}], "qwen35"),
    ],
)
def test_the_way_a_text_is_cut_has_a_name(steps: list[dict[str, Any]], expected: str) -> None:
    from training.gguf_tokenizer import pre_tokenizer

    assert pre_tokenizer({"pre_tokenizer": {"type": "Sequence", "pretokenizers": steps}}) == expected


def test_an_unknown_way_to_cut_a_text_is_refused() -> None:
    from training.gguf_tokenizer import pre_tokenizer

    with pytest.raises(ExportError, match="no known name"):
        pre_tokenizer({"pre_tokenizer": {"type": "Metaspace"}})


@pytest.mark.slow
@pytest.mark.llamacpp
def test_the_adapter_is_what_llama_cpps_own_converter_makes(server: Path, made: Path) -> None:
    import numpy as np

    script = llamacpp.source() / "convert_lora_to_gguf.py"
    call: list[str | Path] = [
        sys.executable,
        script,
        "--base",
        made / "base",
        "--outfile",
        made / "theirs.gguf",
        made / "adapter",
    ]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    ours, theirs = tensors(made / "adapter.gguf"), tensors(made / "theirs.gguf")
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.slow
@pytest.mark.llamacpp
def test_llama_cpp_says_what_transformers_and_peft_say(server: Path, made: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(made / "base")
    asked = prompts(tokenizer, 20)
    model = AutoModelForCausalLM.from_pretrained(made / "base", dtype=torch.float32)
    plain = [greedy(model, ids, 12) for ids in asked]
    adapted_model = PeftModel.from_pretrained(model, made / "adapter")
    adapted = [greedy(adapted_model, ids, 12) for ids in asked]
    assert sum(a != b for a, b in zip(plain, adapted, strict=True)) > 15  # the adapter does something

    with llamacpp.running(made / "base.gguf", made / "adapter.gguf", made / "log.txt") as running:
        assert [running.greedy(ids, 12, adapter=0.0) for ids in asked] == plain
        assert [running.greedy(ids, 12, adapter=1.0) for ids in asked] == adapted
        for text in (*TEXTS, *SMALL):
            assert running.tokenize(text) == tokenizer(text, add_special_tokens=False)["input_ids"], text
    with llamacpp.running(made / "merged.gguf", None, made / "log.txt") as running:
        assert [running.greedy(ids, 12) for ids in asked] == adapted


def greedy(model: Any, prompt: Sequence[int], tokens: int, end: int = 2) -> list[int]:
    """The likeliest next tokens, up to and including the end token."""
    import torch

    ids = list(prompt)
    with torch.no_grad():
        for _ in range(tokens):
            ids.append(int(model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1].argmax()))
            if ids[-1] == end:
                break
    return ids[len(prompt) :]
