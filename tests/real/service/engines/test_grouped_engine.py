"""Grouped adapters in the real vLLM: the same words as its own operators give, and nobody else's."""

import logging
import os
import subprocess
import sys

import pytest

from bench.mixed import ask, mix, verdict
from service.engines import Adapter
from service.engines import vllm as vllm_engine
from service.engines.plugin import GROUPED_LORA
from service.engines.vllm import VllmEngine
from service.settings import load_settings
from voice.base_model import BaseModel

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning"),  # of torch, when vLLM imports it
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # of zmq
]

TEXTS = ("I am late.", "See you at eight then.", "Thank you.", "Who is there?", "The train left without us again.")


@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="session")
async def test_base_and_four_voices_in_one_batch_each_say_what_they_say_alone_and_with_vllms_own_operators(
    vllm: VllmEngine, base: BaseModel, adapters: list[Adapter]
) -> None:
    for adapter in adapters:
        await vllm.load(adapter)
    ours = [await ask(vllm, adapters[0], text) for text in TEXTS]
    counts, _ = await mix(vllm, adapters, TEXTS, total=300)
    ungrouped = VllmEngine(base, load_settings(max_model_len=256, max_loras=1, grouped_lora=False), largest_rank=8)
    await ungrouped.start()
    await ungrouped.load(adapters[0])
    theirs = [await ask(ungrouped, adapters[0], text) for text in TEXTS]
    await ungrouped.stop()
    verdicts = [verdict(one, other, set()) for one, other in zip(ours, theirs, strict=True)]
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


@pytest.mark.parametrize(("cores", "expected"), [(2, vllm_engine.ONE_PROCESS), (8, None)])
def test_few_cores_compute_in_the_engines_own_process(
    base: BaseModel, cores: int, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GROUPED_LORA, "")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert VllmEngine(base, load_settings(), 8)._arguments().distributed_executor_backend == expected
