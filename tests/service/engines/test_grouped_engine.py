"""Grouped adapters in the real vLLM: the same words as its own operators give, and nobody else's."""

import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bench.mixed import Said, ask, mix, verdict
from service.engines import Adapter
from service.engines import vllm as vllm_engine
from service.engines.plugin import GROUPED_LORA
from service.engines.vllm import VllmEngine
from service.settings import load_settings
from tests.service.adapters import random_adapter
from voice.base_model import SMOLLM2, BaseModel, resolve

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning"),  # of torch, when vLLM imports it
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # of zmq
]

TEXTS = ("I am late.", "See you at eight then.", "Thank you.", "Who is there?", "The train left without us again.")


@pytest.fixture(scope="module")
def base() -> BaseModel:
    return resolve(SMOLLM2)


@pytest.fixture(scope="module")
def adapters(base: BaseModel, tmp_path_factory: pytest.TempPathFactory) -> list[Adapter]:
    root = tmp_path_factory.mktemp("adapters")
    return [random_adapter(root / f"voice{seed}", base, seed) for seed in range(4)]


@asynccontextmanager
async def engine(base: BaseModel, adapters: list[Adapter], grouped: bool) -> AsyncIterator[VllmEngine]:
    """An engine whose adapter slots are all taken by these."""
    settings = load_settings(max_model_len=256, max_loras=len(adapters), grouped_lora=grouped)
    running = VllmEngine(base, settings, largest_rank=8)
    await running.start()
    try:
        for adapter in adapters:
            await running.load(adapter)
        yield running
    finally:
        await running.stop()


@pytest.mark.slow
async def test_base_and_four_voices_in_one_batch_each_say_what_they_say_alone_and_with_vllms_own_operators(
    base: BaseModel, adapters: list[Adapter]
) -> None:
    said: dict[bool, list[Said]] = {}
    for grouped in (False, True):
        async with engine(base, adapters if grouped else adapters[:1], grouped) as running:
            said[grouped] = [await ask(running, adapters[0], text) for text in TEXTS]
            if grouped:
                counts, _ = await mix(running, adapters, TEXTS, total=300)
    verdicts = [verdict(ours, theirs, set()) for ours, theirs in zip(said[True], said[False], strict=True)]
    assert set(verdicts) <= {"the same", "different after a tie"}
    assert verdicts.count("the same") >= len(TEXTS) - 1
    assert (counts["another speaker's"], counts["different"]) == (0, 0)
    assert counts["the same"] > 270


WHICH = """
from vllm.platforms import current_platform
from vllm.plugins import load_general_plugins
load_general_plugins()
print(current_platform.get_punica_wrapper())
"""


@pytest.mark.parametrize(
    ("named", "expected"),
    [("", "vllm.lora.punica_wrapper.punica_cpu.PunicaWrapperCPU"), ("1", "service.engines.grouped_lora.GroupedLora")],
)
def test_vllms_own_server_stays_as_it_is(named: str, expected: str) -> None:
    environment = os.environ | {GROUPED_LORA: named}
    done = subprocess.run([sys.executable, "-c", WHICH], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == expected


@pytest.mark.parametrize(
    ("grouped", "versions", "expected", "lines"),
    [(True, vllm_engine.GROUPED_WITH, "1", 0), (False, vllm_engine.GROUPED_WITH, "", 0), (True, ("0.1",), "", 1)],
)
def test_what_the_engines_processes_are_told(
    base: BaseModel, grouped: bool, versions: tuple[str, ...], expected: str, lines: int,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setenv(GROUPED_LORA, "")
    monkeypatch.setattr(vllm_engine, "GROUPED_WITH", versions)
    with caplog.at_level(logging.WARNING, logger="service"):
        VllmEngine(base, load_settings(grouped_lora=grouped), 8)._arguments()
    assert os.environ[GROUPED_LORA] == expected
    assert len([record for record in caplog.records if record.name.startswith("service")]) == lines
