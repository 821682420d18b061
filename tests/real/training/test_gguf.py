"""GGUF files: laid out as llama.cpp's own converter does it, and read by llama.cpp as transformers reads the model."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import llamacpp
from tests.real.tiny import SIZES, TEXTS, random_adapter, targets, tiny_model
from training.errors import ExportError

pytestmark = pytest.mark.filterwarnings("ignore")  # others' warnings
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
    from training.gguf import write_adapter, write_model
    from training.merge import merge
    from voice.adapter import read_adapter, tag

    folder = tmp_path_factory.mktemp(kind)
    tiny_model(kind, folder / "base")
    random_adapter(folder / "base", folder / "adapter", targets(kind))
    adapter = read_adapter(folder / "adapter")
    merge(folder / "base", adapter, folder / "merged")
    write_adapter(adapter, folder / "base", folder / "adapter.gguf", tag("ana", "0"))
    write_model(folder / "base", folder / "base.gguf", "f32")
    write_model(folder / "merged", folder / "merged.gguf", "f32")
    return folder


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
def test_the_adapter_is_what_llama_cpps_own_converter_makes(made: Path) -> None:
    import numpy as np

    script = llamacpp.source() / "convert_lora_to_gguf.py"
    call = [script, "--base", made / "base", "--outfile", made / "theirs.gguf", made / "adapter"]
    done = subprocess.run([sys.executable, *map(str, call)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    ours, theirs = tensors(made / "adapter.gguf"), tensors(made / "theirs.gguf")
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.slow
@pytest.mark.llamacpp
def test_llama_cpp_says_what_peft_says(made: Path) -> None:
    from nic_voice.parity import by_llama, compare
    from training.reference import reference

    program = llamacpp.program()
    forced, expected = reference(made / "base", made / "adapter", "Rewrite as I type it: chat sentence.")
    for name, model, adapter in (("adapter", "base", made / "adapter.gguf"), ("merged", "merged", None)):
        agreement = compare(name, expected, by_llama(program, made / f"{model}.gguf", adapter, forced))
        assert agreement.positions == 400
        agreement.require(exact=True)
    bare = compare("without", expected, by_llama(program, made / "base.gguf", None, forced))
    assert bare.same < 0.9  # the adapter does something


@pytest.mark.slow
@pytest.mark.llamacpp
def test_llama_cpp_cuts_texts_as_the_tokenizer_does(made: Path) -> None:
    from transformers import AutoTokenizer

    from nic_voice.parity import served

    tokenizer = AutoTokenizer.from_pretrained(made / "base")
    with served([llamacpp.program(), "--model", str(made / "base.gguf")], "/health", "llama-server") as client:
        for text in (*TEXTS, *SMALL):
            answer = client.post("/tokenize", json={"content": text, "add_special": False})
            assert answer.json()["tokens"] == tokenizer(text, add_special_tokens=False)["input_ids"], text
