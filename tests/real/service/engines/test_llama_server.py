"""The real llama-server behind RemoteEngine: two random voices on the small base model and on a tiny one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from nic_voice.parity import served
from service.engines import Adapter, Sampling
from service.engines.remote import RemoteEngine
from service.settings import load_settings
from tests import llamacpp
from tests.real.adapters import random_adapter
from tests.real.tiny import tiny_model
from training.gguf import write_adapter, write_model
from voice.adapter import read_adapter, tag
from voice.base_model import SMOLLM2, BaseModel, resolve
from voice.prompt import Prompt

pytestmark = [
    pytest.mark.llamacpp,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore"),  # others' warnings
]

SYSTEM = "Rewrite as I type it: chat."
GREEDY = Sampling(max_tokens=8, temperature=0)
TEXTS = [f"I will be {number} minutes late, please start without me." for number in range(5, 55)]
STRENGTHS = (0.5, 1.0, 1.5)


def voices_on(base: BaseModel, folder: Path) -> list[Adapter]:
    """Two voices of random numbers on the model, with their GGUF files."""
    found = [random_adapter(folder / name, base, seed) for seed, name in enumerate(("ana", "bob"))]
    for adapter in found:
        said = tag(adapter.name, adapter.sha256)
        write_adapter(read_adapter(adapter.folder), base.folder, adapter.folder / "adapter.gguf", said)
    return found


def llama_server(base: BaseModel, outtype: str, folder: Path) -> list[str]:
    """The command, without adapters."""
    program, model = llamacpp.program(), folder / "base.gguf"
    write_model(base.folder, model, outtype)
    flags = "--parallel 4 --ctx-size 4096 --cache-type-k f32 --cache-type-v f32 --flash-attn off"
    return [program, "--model", str(model), *flags.split()]


@asynccontextmanager
async def engine_of(base: BaseModel, command: list[str], adapters: list[Adapter]) -> AsyncIterator[RemoteEngine]:
    """The engine of a llama-server that has read the adapters."""
    worn = ",".join(str(adapter.folder / "adapter.gguf") for adapter in adapters)
    flags = ["--lora-init-without-apply", "--lora", worn] if adapters else []
    with served([*command, *flags], "/health", "llama-server") as client:
        engine = RemoteEngine(base, load_settings(engine_urls=str(client.base_url)))
        await engine.start()
        for adapter in adapters:
            await engine.load(adapter)
        yield engine
        await engine.stop()


@pytest.fixture(scope="module")
def base() -> BaseModel:
    return resolve(SMOLLM2)


@pytest.fixture(scope="module")
def adapters(base: BaseModel, tmp_path_factory: pytest.TempPathFactory) -> list[Adapter]:
    return voices_on(base, tmp_path_factory.mktemp("adapters"))


@pytest.fixture(scope="module")
def command(base: BaseModel, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return llama_server(base, "q8_0", tmp_path_factory.mktemp("base"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(base: BaseModel, command: list[str], adapters: list[Adapter]) -> AsyncIterator[RemoteEngine]:
    async with engine_of(base, command, adapters) as engine:
        yield engine


async def test_three_hundred_mixed_requests_get_their_own_words(tmp_path: Path) -> None:
    """A tiny model in float32: what a request says beside others differs from what it says alone by rounding only."""
    (tmp_path / "base").mkdir()
    base = tiny_model("qwen2_untied", tmp_path / "base")
    adapters = voices_on(base, tmp_path)
    worn = [replace(adapter, strength=strength) for adapter in adapters for strength in STRENGTHS]
    asked = [(adapter, text) for text in TEXTS for adapter in worn]
    assert len(asked) == 300
    async with engine_of(base, [*llama_server(base, "f32", tmp_path), "--threads", "1"], adapters) as engine:

        async def said(adapter: Adapter, text: str) -> str:
            drawn = Sampling(max_tokens=8, temperature=1.0, seed=TEXTS.index(text))
            return (await engine.generate(Prompt(SYSTEM, text), adapter, drawn)).text

        alone = {one: await said(*one) for one in asked}
        together = dict(zip(asked, await asyncio.gather(*(said(*one) for one in asked)), strict=True))
    assert len(set(alone.values())) > 250
    others = {one for one in asked if together[one] != alone[one]}
    assert len(others) <= 3, others  # a draw that falls between two words
    for adapter, text in others:
        assert together[adapter, text] not in {alone[other, text] for other in worn}


async def test_the_bare_model_is_strength_0(
    engine: RemoteEngine, adapters: list[Adapter], base: BaseModel, command: list[str]
) -> None:
    prompt = Prompt(SYSTEM, TEXTS[0])
    bare = await engine.generate(prompt, replace(adapters[0], strength=0.0), GREEDY)
    parts = [part async for part in engine.converse([("system", SYSTEM), ("user", TEXTS[0])], GREEDY)]
    assert "".join(part.text for part in parts) == bare.text
    assert sum(part.completion_tokens for part in parts) == bare.completion_tokens
    assert sum(part.prompt_tokens for part in parts) == bare.prompt_tokens
    assert bare.text != (await engine.generate(prompt, adapters[0], GREEDY)).text
    async with engine_of(base, command, []) as alone:
        assert bare == await alone.generate(prompt, replace(adapters[0], strength=0.0), GREEDY)


async def test_a_seed_repeats_and_a_limit_cuts(engine: RemoteEngine, adapters: list[Adapter]) -> None:
    warm = Sampling(max_tokens=8, temperature=1.0, seed=2**50 + 3)
    prompt = Prompt(SYSTEM, TEXTS[0])
    first, second = [await engine.generate(prompt, adapters[0], warm) for _ in range(2)]
    assert first == second
    cut = await engine.generate(prompt, adapters[0], replace(warm, max_tokens=2))
    assert (cut.completion_tokens, cut.finish_reason) == (2, "length")


async def test_whoever_hangs_up_frees_the_slot(engine: RemoteEngine, adapters: list[Adapter]) -> None:
    long = Sampling(max_tokens=400, temperature=1.0)
    before = await engine.generate(Prompt(SYSTEM, TEXTS[0]), adapters[0], GREEDY)
    parts = engine.converse([("user", "Count to a thousand.")], long)
    async with aclosing(parts):
        await anext(parts)
    waiting = [asyncio.create_task(engine.generate(Prompt(SYSTEM, TEXTS[0]), adapters[0], long)) for _ in range(4)]
    await asyncio.sleep(0.5)
    for task in waiting:
        task.cancel()
    async with asyncio.timeout(30):
        assert await engine.generate(Prompt(SYSTEM, TEXTS[0]), adapters[0], GREEDY) == before
    await engine.check()
