"""One real vLLM on the CPU for all tests that ask it, with a tiny model and adapters of random numbers."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from service.engines import Adapter
from service.engines.vllm import VllmEngine
from service.errors import EngineUnavailable
from service.settings import load_settings
from tests.real.adapters import random_adapter
from tests.real.tiny import tiny_smollm2
from voice.base_model import BaseModel


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    """A tiny model: what is looked at is who gets whose answer, not what it says."""
    return tiny_smollm2(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def adapters(base: BaseModel, tmp_path_factory: pytest.TempPathFactory) -> list[Adapter]:
    """As many as the engine has places for."""
    root = tmp_path_factory.mktemp("adapters")
    return [random_adapter(root / name, base, seed) for seed, name in enumerate(("ana", "bob", "cem", "dot"))]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def vllm(base: BaseModel, adapters: list[Adapter]) -> AsyncIterator[VllmEngine]:
    """The engine, running; it can be asked from its start to its stop and not longer."""
    settings = load_settings(max_model_len=512, max_loras=len(adapters))
    engine = VllmEngine(base, settings, largest_rank=8)
    with pytest.raises(EngineUnavailable):
        await engine.check()
    await engine.start()
    await engine.check()
    yield engine
    await engine.stop()
    with pytest.raises(EngineUnavailable):
        await engine.check()
