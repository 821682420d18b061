"""vLLM's own server with the small base model in float32, two voices of random numbers, behind RemoteEngine."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nic_voice.parity import served
from service.engines import Sampling
from service.engines.remote import RemoteEngine
from service.settings import load_settings
from tests.real.adapters import random_adapter
from voice.base_model import SMOLLM2, resolve
from voice.prompt import Prompt

pytestmark = [pytest.mark.slow, pytest.mark.vllm, pytest.mark.timeout(900)]

PROMPT = Prompt("Rewrite as I type it: chat.", "I will be ten minutes late, please start without me.")
GREEDY = Sampling(max_tokens=8, temperature=0)
# vLLM's own operators on a CPU give a request without adapter, in a batch with others, the last adapter's words.
COMMAND = [
    "env", "NICVOICE_GROUPED_LORA=1", "VLLM_ALLOW_RUNTIME_LORA_UPDATING=True", sys.executable, "-m",
    "vllm.entrypoints.openai.api_server", "--dtype", "float32", "--max-model-len", "512", "--enforce-eager",
    "--enable-lora", "--max-lora-rank", "8", "--max-loras", "4",
]  # fmt: skip


async def test_voices_and_strengths_are_loaded_as_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = resolve(SMOLLM2)
    ana, bob = (random_adapter(tmp_path / name, base, seed) for seed, name in enumerate(("ana", "bob")))
    with served([*COMMAND, "--model", str(base.folder)], "/health", "vLLM's server") as client:
        monkeypatch.setenv("NIC_VOICE_CACHE", str(tmp_path / "cache"))
        engine = RemoteEngine(base, load_settings(engine_urls=str(client.base_url)))
        await engine.start()
        for adapter in (ana, bob):
            await engine.load(adapter)
        worn = [ana, bob, replace(ana, strength=0.5), replace(bob, strength=1.5), replace(ana, strength=0.0)]
        alone = [(await engine.generate(PROMPT, adapter, GREEDY)).text for adapter in worn]
        together = await asyncio.gather(*(engine.generate(PROMPT, adapter, GREEDY) for adapter in worn * 4))
        turns = [("system", PROMPT.system), ("user", PROMPT.text)]
        bare = "".join([part.text async for part in engine.converse(turns, GREEDY)])
        await engine.stop()
    assert [answer.text for answer in together] == alone * 4
    assert alone[-1] == bare
    assert len({*alone[:2], bare}) == 3
