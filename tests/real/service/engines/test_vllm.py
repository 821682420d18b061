"""The real vLLM on the CPU: a tiny model and two adapters of random numbers. The road asks the small base model."""

import asyncio
import multiprocessing
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from service.engines import Adapter, Sampling
from service.engines.supervised import Supervised
from service.engines.vllm import VllmEngine
from service.errors import EngineFailed, EngineUnavailable, PromptTooLong
from service.settings import load_settings
from tests.clock import eventually
from tests.real.adapters import random_adapter
from voice.base_model import BaseModel
from voice.manifest import ADAPTER_NAME
from voice.prompt import Prompt

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning"),  # of torch, when vLLM imports it
]

PROMPT = Prompt("Rewrite as I type it: chat.", "I will be ten minutes late, please start without me.")
GREEDY = Sampling(max_tokens=12, temperature=0)


@pytest.fixture(scope="session")
def adapters(adapters: list[Adapter]) -> list[Adapter]:
    """Two of them."""
    return adapters[:2]


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


async def test_strength_goes_from_the_base_to_the_voice(
    vllm: VllmEngine, adapters: list[Adapter], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIC_VOICE_CACHE", str(tmp_path))

    async def said(strength: float) -> str:
        return (await vllm.generate(PROMPT, replace(adapters[0], strength=strength), GREEDY)).text

    voice = await said(1)
    assert await said(0) == await base_answer(vllm, GREEDY) != voice
    half, more = await asyncio.gather(said(0.5), said(1.5))
    assert len({half, more, voice}) > 1
    assert await said(1) == voice  # and none of them has taken its place


async def test_more_voices_than_slots_take_turns(vllm: VllmEngine, base: BaseModel, tmp_path: Path) -> None:
    many = [random_adapter(tmp_path / str(seed), base, seed) for seed in range(10, 16)]
    assert len(many) > load_settings().max_loras
    alone = [(await vllm.generate(PROMPT, adapter, GREEDY)).text for adapter in many]
    asked = [adapter for _ in range(4) for adapter in many]
    async with asyncio.timeout(300):  # none starves
        together = await asyncio.gather(*(vllm.generate(PROMPT, adapter, GREEDY) for adapter in asked))
    assert [answer.text for answer in together] == alone * 4
    assert len(set(alone)) > 1


async def test_many_seeded_requests_at_once_are_answered(vllm: VllmEngine, adapters: list[Adapter]) -> None:
    """More tokens than vLLM takes in one step: a seeded prompt that it cut there has ended the whole engine."""
    await vllm.load(adapters[0])
    prompts = [Prompt(PROMPT.system, f"Message {number}: {PROMPT.text} " * 4) for number in range(48)]
    warm = Sampling(max_tokens=2, temperature=0.7, seed=7)
    answers = await asyncio.gather(*(vllm.generate(prompt, adapters[0], warm) for prompt in prompts))
    assert len(answers) == len(prompts)
    assert await vllm.generate(prompts[3], adapters[0], warm) == answers[3]


async def test_the_base_answers_in_parts(vllm: VllmEngine) -> None:
    turns = [("user", "What is the capital of France? One word.")]
    parts = [part async for part in vllm.converse(turns, Sampling(max_tokens=20, temperature=0))]
    assert len(parts) > 1
    assert sum(part.completion_tokens for part in parts) == 20
    assert [part.finish_reason for part in parts] == [None] * (len(parts) - 1) + ["length"]
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
    broken = Adapter("torn", "v1", tmp_path, "0")
    (tmp_path / "adapter_config.json").write_text((adapters[0].folder / "adapter_config.json").read_text())
    (tmp_path / "adapter_model.safetensors").write_bytes(b"torn")
    with pytest.raises(EngineFailed, match="adapter 'torn'"):
        await vllm.load(broken)
    await vllm.check()
    assert (await vllm.generate(PROMPT, adapters[1], GREEDY)).text


async def test_an_adapter_that_comes_under_load_changes_nobodys_answer(
    vllm: VllmEngine, adapters: list[Adapter], base: BaseModel, tmp_path: Path
) -> None:
    async def said(adapter: Adapter) -> str:
        return (await vllm.generate(PROMPT, adapter, GREEDY)).text

    alone = [await said(adapter) for adapter in adapters]
    under_way = [asyncio.create_task(said(adapters[number % 2])) for number in range(24)]
    await asyncio.sleep(0.1)
    eva = random_adapter(tmp_path / "eva", base, seed=9)
    await vllm.load(eva)
    later = [asyncio.create_task(said([*adapters, eva][number % 3])) for number in range(24)]
    assert await asyncio.gather(*under_way) == [alone[number % 2] for number in range(24)]
    found = await asyncio.gather(*later)
    assert found == [[*alone, found[2]][number % 3] for number in range(24)]
    assert await said(eva) == found[2]
    assert len({*alone, found[2]}) == 3


async def test_an_adapter_that_changes_nothing_is_refused(
    vllm: VllmEngine, adapters: list[Adapter], tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    shutil.copytree(adapters[0].folder, tmp_path / "idle")
    weights = load_file(tmp_path / "idle" / ADAPTER_NAME)
    idle = {name: 0 * weight if "lora_B" in name else weight for name, weight in weights.items()}
    save_file(idle, tmp_path / "idle" / ADAPTER_NAME)
    with pytest.raises(EngineFailed, match="'idle' changes nothing"):
        await vllm.load(Adapter("idle", "v1", tmp_path / "idle", "1"))
    assert (await vllm.generate(PROMPT, adapters[0], GREEDY)).text != await base_answer(vllm, GREEDY)


async def test_tokens_are_counted_as_text(vllm: VllmEngine) -> None:
    assert await vllm.count("I am late.") == 4
    assert await vllm.count("<|im_end|>") > 1


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_killed_engine_comes_back_by_itself(base: BaseModel, adapters: list[Adapter]) -> None:
    before = set(multiprocessing.active_children())
    made: list[VllmEngine] = []

    def make() -> VllmEngine:
        made.append(VllmEngine(base, load_settings(max_model_len=512), largest_rank=8))
        return made[-1]

    engine = Supervised(make)
    await engine.start()
    await engine.load(adapters[0])
    text = (await engine.generate(PROMPT, adapters[0], GREEDY)).text
    long = Sampling(max_tokens=300, temperature=1)
    waiting = [asyncio.create_task(engine.generate(PROMPT, adapters[0], long)) for _ in range(4)]
    await eventually(lambda: made[0]._llm.get_num_unfinished_requests() == len(waiting))
    for process in set(multiprocessing.active_children()) - before:
        process.kill()
    async with asyncio.timeout(60):  # none hangs
        ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(one, EngineUnavailable) for one in ended), ended
    async with asyncio.timeout(600):
        while not engine.restarts:  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.2)
    assert (await engine.generate(PROMPT, adapters[0], GREEDY)).text == text
    await engine.stop()
    assert set(multiprocessing.active_children()) <= before
