"""One adapter, four programs: PEFT, the merged model in transformers, vLLM and llama.cpp say the same.

On the real SmolLM2 with an adapter on all seven matrices, float32 everywhere, 50 prompts. Bounds: 1e-4 on every
probability of the next token between PEFT, merged transformers and vLLM; the same text from llama.cpp.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.training import llamacpp
from tests.training.tiny import SEVEN, prompts, random_adapter
from voice.base_model import SMOLLM2, resolve

pytestmark = [
    pytest.mark.slow, pytest.mark.unsloth, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(1800),
]  # fmt: skip
BOUND = 1e-4
TOKENS = 24


class Voice:
    """The base, the adapter, and what PEFT makes of the prompts."""

    def __init__(self, folder: Path) -> None:
        import torch
        from peft import PeftModel
        from transformers import AutoModelForCausalLM, AutoTokenizer

        from training.adapter import read_adapter
        from training.merge import merge

        self.folder, self.base, self.adapter = folder, resolve(SMOLLM2).folder, folder / "adapter"
        given = os.environ.get("NIC_VOICE_TEST_ADAPTER")  # a trained one instead of a random one
        if given:
            self.adapter = Path(given)
        else:
            random_adapter(self.base, self.adapter, SEVEN, rank=16, size=0.01)
        merge(self.base, read_adapter(self.adapter), folder / "merged")
        self.tokenizer = AutoTokenizer.from_pretrained(self.base)
        self.prompts = prompts(self.tokenizer)
        plain = AutoModelForCausalLM.from_pretrained(self.base, dtype=torch.float32)
        self.plain = next_token(plain, self.prompts)
        self.model = PeftModel.from_pretrained(plain, self.adapter).eval()
        self.next = next_token(self.model, self.prompts)


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voice]:
    yield Voice(tmp_path_factory.mktemp("behaviour"))


def next_token(model: Any, asked: list[list[int]]) -> Any:
    """The probabilities of the next token, (prompts, vocabulary)."""
    import torch

    with torch.no_grad():
        rows = [model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1] for ids in asked]
    return torch.stack(rows).softmax(-1)


def test_the_adapter_changes_what_the_base_says(voice: Voice) -> None:
    assert ((voice.plain - voice.next).abs().amax(-1) > 100 * BOUND).float().mean() > 0.9


def test_merged_transformers_says_what_peft_says(voice: Voice) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    merged = AutoModelForCausalLM.from_pretrained(voice.folder / "merged", dtype=torch.float32)
    assert (next_token(merged, voice.prompts) - voice.next).abs().max() < BOUND


@pytest.mark.vllm
@pytest.mark.parametrize("merged", [False, True], ids=["adapter", "merged"])
def test_vllm_says_what_peft_says(voice: Voice, merged: bool) -> None:
    import math

    model, adapter = (voice.folder / "merged", None) if merged else (voice.base, voice.adapter)
    said = ask_vllm(voice.folder, model, adapter, 16, voice.prompts)
    for row, found in zip(voice.next, said, strict=True):
        assert max(abs(math.exp(logprob) - float(row[int(token)])) for token, logprob in found.items()) < BOUND


@pytest.mark.llamacpp
def test_llama_server_writes_what_peft_writes(voice: Voice) -> None:
    from training.adapter import read_adapter
    from training.gguf import write_adapter, write_model

    try:
        llamacpp.llama_server()
    except llamacpp.CannotBuildError as error:
        pytest.skip(f"no llama-server: {error}")
    write_adapter(read_adapter(voice.adapter), voice.base, voice.folder / "adapter.gguf")
    write_model(voice.base, voice.folder / "base.gguf")
    write_model(voice.folder / "merged", voice.folder / "merged.gguf")
    expected = [greedy(voice.model, ids) for ids in voice.prompts]
    with llamacpp.running(voice.folder / "base.gguf", voice.folder / "adapter.gguf", voice.folder / "log") as server:
        assert [server.greedy(ids, TOKENS, adapter=1.0) for ids in voice.prompts] == expected
        for text in ("On 12 March 2025 at 7:30 PM, call 555-0142.", "naïve — “yes” 🙂", "a\n\nb  c"):
            assert server.tokenize(text) == voice.tokenizer(text, add_special_tokens=False)["input_ids"]
    with llamacpp.running(voice.folder / "merged.gguf", None, voice.folder / "log") as server:
        assert [server.greedy(ids, TOKENS) for ids in voice.prompts] == expected


def greedy(model: Any, ids: list[int]) -> list[int]:
    """The likeliest next tokens, up to and including the end token."""
    import torch

    with torch.no_grad():
        said = model.generate(
            input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long),
            max_new_tokens=TOKENS, do_sample=False, repetition_penalty=1.0, eos_token_id=2, pad_token_id=2,
        )  # fmt: skip
    found: list[int] = said[0, len(ids) :].tolist()
    return found


def ask_vllm(
    folder: Path, model: Path, adapter: Path | None, rank: int, asked: list[list[int]]
) -> list[dict[str, float]]:
    """What tests/training/vllm_logprobs.py answers, in a process of its own: Unsloth has patched this one."""
    request, answer = folder / "request.json", folder / "answer.json"
    request.write_text(json.dumps({
        "model": str(model), "adapter": adapter and str(adapter), "rank": rank, "prompts": asked, "answer": str(answer),
    }))  # fmt: skip
    settings = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1",
                "VLLM_CPU_OMP_THREADS_BIND": "0-1"}  # fmt: skip
    script = Path(__file__).with_name("vllm_logprobs.py")
    done = subprocess.run(
        [sys.executable, script, request], env=os.environ | settings, capture_output=True, text=True, check=False,
        timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[dict[str, float]] = json.loads(answer.read_text())
    return found
