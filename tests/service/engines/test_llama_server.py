"""The real llama-server with the small base model as Q8_0, two voices of random numbers, behind RemoteEngine."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace

import pytest
import pytest_asyncio

from nic_voice.parity import served
from service.engines import Adapter, Sampling
from service.engines.remote import RemoteEngine
from service.settings import load_settings
from tests import llamacpp
from tests.service.adapters import random_adapter
from training.gguf import write_adapter, write_model
from voice.adapter import read_adapter
from voice.base_model import SMOLLM2, BaseModel, resolve
from voice.prompt import Prompt

pytestmark = [pytest.mark.llamacpp, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

SYSTEM = "Rewrite as I type it: chat."
GREEDY, SHORT = Sampling(max_tokens=8, temperature=0), Sampling(max_tokens=4, temperature=0)
TEXTS = [f"I will be {number} minutes late, please start without me." for number in range(5, 55)]
STRENGTHS = (0.5, 1.0, 1.5)


@pytest.fixture(scope="module")
def base() -> BaseModel:
    return resolve(SMOLLM2)


@pytest.fixture(scope="module")
def adapters(base: BaseModel, tmp_path_factory: pytest.TempPathFactory) -> list[Adapter]:
    root = tmp_path_factory.mktemp("adapters")
    found = [random_adapter(root / name, base, seed) for seed, name in enumerate(("ana", "bob"))]
    for adapter in found:
        write_adapter(read_adapter(adapter.folder), base.folder, adapter.folder / "adapter.gguf")
    return found


@pytest.fixture(scope="module")
def command(base: BaseModel, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """llama-server without adapters."""
    program, model = llamacpp.program(), tmp_path_factory.mktemp("base") / "base.gguf"
    write_model(base.folder, model, "q8_0")
    flags = "--parallel 4 --ctx-size 4096 --cache-type-k f32 --cache-type-v f32 --flash-attn off"
    return [program, "--model", str(model), *flags.split()]


@pytest.fixture(scope="module")
def url(command: list[str], adapters: list[Adapter]) -> Iterator[str]:
    worn = ",".join(str(adapter.folder / "adapter.gguf") for adapter in adapters)
    with served([*command, "--lora-init-without-apply", "--lora", worn], "/health", "llama-server") as client:
        yield str(client.base_url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(base: BaseModel, url: str, adapters: list[Adapter]) -> AsyncIterator[RemoteEngine]:
    engine = RemoteEngine(base, load_settings(engine_urls=url))
    await engine.start()
    for adapter in adapters:
        await engine.load(adapter)
    yield engine
    await engine.stop()


async def test_three_hundred_mixed_requests_get_their_own_words(engine: RemoteEngine, adapters: list[Adapter]) -> None:
    async def said(adapter: Adapter, text: str) -> str:
        return (await engine.generate(Prompt(SYSTEM, text), adapter, SHORT)).text

    worn = [replace(adapter, strength=strength) for adapter in adapters for strength in STRENGTHS]
    alone = {(adapter, TEXTS[0]): await said(adapter, TEXTS[0]) for adapter in worn}
    assert len(set(alone.values())) > 2
    asked = [(adapter, text) for text in TEXTS for adapter in worn]
    together = dict(zip(asked, await asyncio.gather(*(said(*one) for one in asked)), strict=True))
    assert len(asked) == 300
    assert {one: together[one] for one in alone} == alone
    for text in TEXTS[1::10]:
        assert {adapter: together[adapter, text] for adapter in worn} == {
            adapter: await said(adapter, text) for adapter in worn
        }


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
    with served(command, "/health", "llama-server") as client:
        alone = RemoteEngine(base, load_settings(engine_urls=str(client.base_url)))
        await alone.start()
        assert bare == await alone.generate(prompt, replace(adapters[0], strength=0.0), GREEDY)
        await alone.stop()


async def test_a_seed_repeats_and_a_limit_cuts(engine: RemoteEngine, adapters: list[Adapter]) -> None:
    warm = Sampling(max_tokens=8, temperature=1.0, seed=2**50 + 3)
    prompt = Prompt(SYSTEM, TEXTS[0])
    first, second = [await engine.generate(prompt, adapters[0], warm) for _ in range(2)]
    assert first == second
    cut = await engine.generate(prompt, adapters[0], replace(warm, max_tokens=2))
    assert (cut.completion_tokens, cut.finish_reason) == (2, "length")


async def test_whoever_hangs_up_frees_the_slot(engine: RemoteEngine, adapters: list[Adapter]) -> None:
    long = Sampling(max_tokens=400, temperature=1.0)
    parts = engine.converse([("user", "Count to a thousand.")], long)
    async with aclosing(parts):
        await anext(parts)
    waiting = [asyncio.create_task(engine.generate(Prompt(SYSTEM, TEXTS[0]), adapters[0], long)) for _ in range(4)]
    await asyncio.sleep(0.5)
    for task in waiting:
        task.cancel()
    async with asyncio.timeout(30):
        await engine.generate(Prompt(SYSTEM, TEXTS[0]), adapters[0], GREEDY)
    await engine.check()
