"""The real vLLM on the CPU, with the small base model and two adapters of random numbers."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import torch
from safetensors.torch import save_file

from service.engines import Adapter, Sampling
from service.engines.vllm import VllmEngine
from service.errors import EngineFailed, EngineUnavailable, PromptTooLong
from service.settings import load_settings
from voice.base_model import SMOLLM2, BaseModel, resolve
from voice.prompt import Prompt

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning"),  # of torch, when vLLM imports it
]

PROMPT = Prompt("Rewrite as I type it: chat.", "I will be ten minutes late, please start without me.")
GREEDY = Sampling(max_tokens=12, temperature=0)


def random_adapter(folder: Path, base: BaseModel, seed: int, rank: int = 8) -> Adapter:
    """A LoRA of the attention's q and v projections whose B is not zero, so that it changes the answer."""
    config = json.loads((base.folder / "config.json").read_text())
    hidden, layers = config["hidden_size"], config["num_hidden_layers"]
    key_size = hidden // config["num_attention_heads"] * config["num_key_value_heads"]
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for layer in range(layers):
        for module, size in (("q_proj", hidden), ("v_proj", key_size)):
            prefix = f"base_model.model.model.layers.{layer}.self_attn.{module}"
            tensors[f"{prefix}.lora_A.weight"] = torch.randn(rank, hidden, generator=generator) * 0.1
            tensors[f"{prefix}.lora_B.weight"] = torch.randn(size, rank, generator=generator) * 0.1
    folder.mkdir()
    save_file(tensors, folder / "adapter_model.safetensors")
    described = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": rank,
        "lora_alpha": rank,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": ["q_proj", "v_proj"],
        "base_model_name_or_path": str(base.folder),
    }
    (folder / "adapter_config.json").write_text(json.dumps(described))
    return Adapter(folder.name, "v1", folder)


@pytest.fixture(scope="module")
def base() -> BaseModel:
    return resolve(SMOLLM2)


@pytest.fixture(scope="module")
def adapters(base: BaseModel, tmp_path_factory: pytest.TempPathFactory) -> list[Adapter]:
    root = tmp_path_factory.mktemp("adapters")
    return [random_adapter(root / name, base, seed) for seed, name in enumerate(("ana", "bob"))]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def vllm(base: BaseModel) -> AsyncIterator[VllmEngine]:
    engine = VllmEngine(base, load_settings(max_model_len=512), largest_rank=8)
    with pytest.raises(EngineUnavailable):
        await engine.check()
    await engine.start()
    yield engine
    await engine.stop()
    with pytest.raises(EngineUnavailable):
        await engine.check()


async def base_answer(vllm: VllmEngine, sampling: Sampling) -> str:
    turns = [("system", PROMPT.system), ("user", PROMPT.text)]
    return "".join([part.text async for part in vllm.converse(turns, sampling)])


async def test_each_adapter_answers_in_its_own_way(vllm: VllmEngine, adapters: list[Adapter]) -> None:
    for adapter in adapters:
        await vllm.load(adapter)
    first = [await vllm.generate(PROMPT, adapter, GREEDY) for adapter in adapters]
    together = await asyncio.gather(*(vllm.generate(PROMPT, adapter, GREEDY) for adapter in adapters))
    texts = [answer.text for answer in first]
    assert [answer.text for answer in together] == texts
    assert len({*texts, await base_answer(vllm, GREEDY)}) == 3
    assert all(1 <= answer.completion_tokens <= 12 and answer.prompt_tokens > 10 for answer in first)


async def test_the_base_answers_in_parts(vllm: VllmEngine) -> None:
    turns = [("user", "What is the capital of France? One word.")]
    parts = [part async for part in vllm.converse(turns, Sampling(max_tokens=20, temperature=0))]
    assert "Paris" in "".join(part.text for part in parts)
    assert [part.finish_reason for part in parts] == [None] * (len(parts) - 1) + ["stop"]
    assert [part.prompt_tokens > 0 for part in parts] == [True] + [False] * (len(parts) - 1)


async def test_a_seed_repeats_and_a_limit_cuts(vllm: VllmEngine, adapters: list[Adapter]) -> None:
    hot = Sampling(max_tokens=8, temperature=1.5, seed=3)
    once, again = [await vllm.generate(PROMPT, adapters[0], hot) for _ in range(2)]
    assert once == again
    assert (once.completion_tokens, once.finish_reason) == (8, "length")


async def test_cancelling_and_closing_free_the_engine(vllm: VllmEngine, adapters: list[Adapter]) -> None:
    long = Sampling(max_tokens=400, temperature=1.0)
    task = asyncio.create_task(vllm.generate(PROMPT, adapters[0], long))
    parts = vllm.converse([("user", "Count to one thousand.")], long)
    await anext(parts)
    assert vllm._llm.get_num_unfinished_requests() == 2
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert vllm._llm.get_num_unfinished_requests() == 1
    await parts.aclose()
    assert vllm._llm.get_num_unfinished_requests() == 0


async def test_a_prompt_beyond_the_context(vllm: VllmEngine, adapters: list[Adapter]) -> None:
    with pytest.raises(PromptTooLong, match="context is 512"):
        await vllm.generate(Prompt("Rewrite.", "word " * 600), adapters[0], GREEDY)


async def test_a_broken_adapter_leaves_the_engine_alive(
    vllm: VllmEngine, adapters: list[Adapter], tmp_path: Path
) -> None:
    broken = Adapter("torn", "v1", tmp_path)
    (tmp_path / "adapter_config.json").write_text((adapters[0].folder / "adapter_config.json").read_text())
    (tmp_path / "adapter_model.safetensors").write_bytes(b"torn")
    with pytest.raises(EngineFailed, match="adapter 'torn'"):
        await vllm.load(broken)
    await vllm.check()
    assert (await vllm.generate(PROMPT, adapters[1], GREEDY)).text


async def test_tokens_are_counted_as_text(vllm: VllmEngine) -> None:
    assert await vllm.count("I am late.") == 4
    assert await vllm.count("<|im_end|>") > 1
