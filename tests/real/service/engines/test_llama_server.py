"""The real llama-server behind RemoteEngine: two random voices on the small base model and on a tiny one."""

import asyncio
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, aclosing, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from nic_voice.parity import served
from nic_voice.serving import Process, free_port, running
from service.engines import Adapter, Sampling, remote
from service.engines.remote import RemoteEngine
from service.errors import EngineFailed, EngineUnavailable
from service.settings import load_settings
from tests import llamacpp
from tests.clock import eventually
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


def voices_on(base: BaseModel, folder: Path, *names: str) -> list[Adapter]:
    """Voices of random numbers on the model, two unless they are named, with their GGUF files."""
    found = [random_adapter(folder / name, base, seed) for seed, name in enumerate(names or ("ana", "bob"))]
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


def wearing(adapters: list[Adapter]) -> list[str]:
    """The arguments that give it adapters, numbered in this order."""
    worn = ",".join(str(adapter.folder / "adapter.gguf") for adapter in adapters)
    return ["--lora-init-without-apply", "--lora", worn] if adapters else []


@asynccontextmanager
async def engine_of(base: BaseModel, command: list[str], adapters: list[Adapter]) -> AsyncIterator[RemoteEngine]:
    """The engine of a llama-server that has read the adapters."""
    with served([*command, *wearing(adapters)], "/health", "llama-server") as client:
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


async def test_nobody_gets_anothers_voice_while_the_server_is_started_again_with_other_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed under a hundred requests, there again with its adapters in another order, one more or one less."""
    monkeypatch.setattr(remote, "AGAIN_S", 0.05)
    (tmp_path / "base").mkdir()
    base = tiny_model("qwen2_untied", tmp_path / "base")
    ana, bob, zoe = voices_on(base, tmp_path, "ana", "bob", "zoe")
    command = [*llama_server(base, "f32", tmp_path), "--threads", "1", "--host", "127.0.0.1"]
    port = free_port()
    asked = [(adapter, text) for adapter in (ana, bob, zoe) for text in TEXTS[:12]]
    engine = RemoteEngine(base, load_settings(engine_urls=f"http://127.0.0.1:{port}"))

    async def said(adapter: Adapter, text: str) -> str | None:
        drawn = Sampling(max_tokens=8, temperature=1.0, seed=TEXTS.index(text))
        try:
            return (await engine.generate(Prompt(SYSTEM, text), adapter, drawn)).text
        except (EngineUnavailable, EngineFailed):  # while nobody is there, or one who does not have the adapter
            await asyncio.sleep(0.05)
            return None

    def life(*adapters: Adapter) -> AbstractContextManager[Process]:
        whole = [*command, *wearing(list(adapters)), "--port", str(port)]
        return running(whole, f"http://127.0.0.1:{port}/health", name="llama-server", output=subprocess.DEVNULL)

    over, found = asyncio.Event(), Counter[tuple[str, str, str | None]]()

    def has_answered(least: int) -> bool:
        return sum(count for (_, _, text), count in found.items() if text is not None) >= least

    async def client(place: int) -> None:
        while not over.is_set():
            adapter, text = asked[place % len(asked)]
            found[adapter.name, text, await said(adapter, text)] += 1
            place += 7

    with life(ana, bob, zoe):
        await engine.start()
        alone = {(adapter.name, text): await said(adapter, text) for adapter, text in asked}
    clients = [asyncio.create_task(client(place)) for place in range(100)]
    for number, adapters in enumerate([(zoe, ana), (bob, zoe, ana), (bob, ana), (zoe, bob, ana), (ana, zoe)] * 2, 1):
        process = await asyncio.to_thread((serving := life(*adapters)).__enter__)
        await eventually(partial(has_answered, 12 * number))
        process.kill()
        await asyncio.to_thread(serving.__exit__, None, None, None)
    over.set()
    await asyncio.gather(*clients)
    await engine.stop()
    answers = Counter({one: count for one, count in found.items() if one[2] is not None})
    print(answers.total(), "answers,", found.total() - answers.total(), "refused")
    rounded = {one: count for one, count in answers.items() if one[2] != alone[one[:2]]}
    assert answers.total() > 100
    assert sum(rounded.values()) <= answers.total() / 20, rounded  # draws that fall between two words
    for (name, _, said_), _count in rounded.items():
        assert said_ not in {words for (other, _), words in alone.items() if other != name}


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
