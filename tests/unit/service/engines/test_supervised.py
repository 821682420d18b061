import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from service.engines import Adapter, Completion, Sampling, supervised
from service.engines.supervised import Supervised
from service.engines.vllm import VllmEngine
from service.errors import EngineFailed, EngineUnavailable
from service.settings import load_settings
from tests.fake_engine import FakeEngine
from tests.fake_tokenizer import FakeTokenizer
from voice.base_model import BaseModel
from voice.prompt import Prompt

ANA = Adapter("ana", "v1", Path("ana"), "0")
GREEDY = Sampling(max_tokens=8, temperature=0)


class Mortal(FakeEngine):
    """A fake engine that may be dead, or not start."""

    starts = True

    async def start(self) -> None:
        if not self.starts:
            raise EngineUnavailable("no memory")

    async def generate(self, prompt: Prompt, adapter: Adapter, sampling: Sampling) -> Completion:
        await self.check()
        return await super().generate(prompt, adapter, sampling)


@pytest.fixture(autouse=True)
def _of_these_tests_alone() -> Iterator[None]:
    """Leave what was there before to itself: collecting it before each start would take most of the time."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Mortal]:
    """The engines that were made, newest last."""
    monkeypatch.setattr(supervised, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(supervised, "FIRST_PAUSE_S", 0.02)
    return []


@asynccontextmanager
async def running(made: list[Mortal], starts: Callable[[int], bool] = lambda _: True) -> AsyncIterator[Supervised]:
    def make() -> Mortal:
        made.append(Mortal())
        made[-1].starts = starts(len(made))
        return made[-1]

    engine = Supervised(make)
    await engine.start()
    yield engine
    await engine.stop()


async def answer(engine: Supervised) -> str:
    return (await engine.generate(Prompt("s", "Hi."), ANA, GREEDY)).text


async def until_well(engine: Supervised, restarts: int) -> None:
    async with asyncio.timeout(30):
        while engine.restarts < restarts:  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.01)


async def test_a_dead_engine_is_replaced_and_has_its_adapters_again(made: list[Mortal]) -> None:
    async with running(made) as engine:
        await engine.load(ANA)
        assert await answer(engine) == "ana: hi."
        made[0].alive = False
        await until_well(engine, 1)
        assert await answer(engine) == "ana: hi."
        await engine.check()
    assert [one.stopped for one in made] == [True, True]
    assert made[1].loaded == ["ana"]


async def test_a_dead_engine_is_let_go_before_the_next_one_starts(made: list[Mortal]) -> None:
    engines: list[weakref.ref[Mortal]] = []
    left: list[int] = []

    class Knotted(Mortal):
        async def start(self) -> None:
            self.itself = self
            left.append(sum(engine() is not None for engine in engines))

    def make() -> Mortal:
        engine = Knotted()
        engines.append(weakref.ref(engine))
        return engine

    engine = Supervised(make)
    await engine.start()
    for restarts in (1, 2):
        found = engines[-1]()
        assert found is not None
        found.alive = False
        del found
        await until_well(engine, restarts)
    await engine.stop()
    assert left == [1, 1, 1]


async def test_until_it_is_there_again_nothing_waits(made: list[Mortal]) -> None:
    hold = asyncio.Event()
    async with running(made, lambda number: number == 1 or hold.is_set()) as engine:
        made[0].alive = False
        with pytest.raises(EngineUnavailable):
            await answer(engine)
        async with asyncio.timeout(30):
            while len(made) < 3:  # two attempts that fail  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        for call in (engine.check(), engine.count("a"), answer(engine)):
            with pytest.raises(EngineUnavailable, match="being started again"):
                await call
        with pytest.raises(EngineUnavailable):
            _ = [part async for part in engine.converse([("user", "Hi.")], GREEDY)]
        hold.set()
        await until_well(engine, 1)
        assert await answer(engine) == "ana: hi."
    assert all(one.stopped for one in made)


async def test_an_engine_that_never_starts_is_not_tried_again(made: list[Mortal]) -> None:
    with pytest.raises(EngineUnavailable, match="no memory"):
        async with running(made, lambda _: False):
            pass
    assert len(made) == 1


async def test_stopping_ends_the_attempts(made: list[Mortal]) -> None:
    async with running(made, lambda number: number == 1):
        made[0].alive = False
        async with asyncio.timeout(30):
            while len(made) < 2:  # noqa: ASYNC110  what is waited for has no event
                await asyncio.sleep(0.01)
    count = len(made)
    await asyncio.sleep(0.2)
    assert len(made) == count
    assert made[-1].stopped


async def test_an_adapter_that_cannot_be_loaded_again_is_not_asked_for(
    made: list[Mortal], monkeypatch: pytest.MonkeyPatch
) -> None:
    """vLLM ends when it is asked for one that it cannot load."""
    async with running(made) as engine:
        await engine.load(ANA)

        async def fail(mortal: Mortal, adapter: Adapter) -> None:
            raise EngineFailed("The file is gone.")

        with monkeypatch.context() as patch:
            patch.setattr(Mortal, "load", fail)
            made[0].alive = False
            await until_well(engine, 1)
        with pytest.raises(EngineFailed, match="'ana' could not be loaded again"):
            await answer(engine)
        assert made[1].asked == []
        await engine.load(ANA)
        assert await answer(engine) == "ana: hi."


class Core:
    """Stands for vLLM's engine, which has died, or refuses an adapter."""

    output_handler = None

    def __init__(self, errored: bool) -> None:
        self.errored = errored

    async def add_lora(self, lora: object) -> None:
        raise RuntimeError("whatever it says")

    def shutdown(self, timeout: float) -> None:
        """Nothing to end."""


@pytest.mark.parametrize(("errored", "expected"), [(True, EngineUnavailable), (False, EngineFailed)])
async def test_an_engine_that_dies_while_it_loads_does_not_condemn_the_adapter(
    errored: bool, expected: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = VllmEngine(BaseModel("base", Path("base"), "0"), load_settings(), 16)
    monkeypatch.setattr(engine, "_llm", Core(errored))
    monkeypatch.setattr(engine, "_tokenizer", FakeTokenizer())

    async def lora(_: Adapter) -> object:
        return object()

    monkeypatch.setattr(engine, "_lora", lora)
    with pytest.raises(expected):
        await engine.load(ANA)
    await engine.stop()
