"""Nobody gets another's voice, whatever happens to the model server: it is started again with other numbers."""

import asyncio
import itertools
import random
from dataclasses import replace
from pathlib import Path

import pytest

from service.engines import Adapter
from service.engines.remote import RemoteEngine
from service.errors import EngineFailed, EngineUnavailable
from tests.clock import eventually
from tests.unit.service.engines.model_server import Behaviour, Server, serving
from tests.unit.service.engines.test_remote import PROMPT, SAMPLING, Running, running
from voice.adapter import tag

__all__ = ["running"]


@pytest.fixture
def people(tmp_path: Path) -> dict[str, Adapter]:
    found = {}
    for number, name in enumerate(("ana", "bob", "zoe")):
        folder = tmp_path / ".versions" / name / "1"
        folder.mkdir(parents=True)
        for file in ("adapter.gguf", "adapter_model.safetensors"):
            (folder / file).write_bytes(b"")
        (folder / "adapter_config.json").write_text('{"lora_alpha": 32}')
        found[name] = Adapter(name, "1", folder, f"{number}" * 64)
    return found


def file_of(adapter: Adapter) -> str:
    return str(adapter.folder / "adapter.gguf")


def speaking(people: dict[str, Adapter]) -> dict[str, str]:
    return {file_of(adapter): f"I am {name}" for name, adapter in people.items()}


async def asked(engine: RemoteEngine, adapter: Adapter) -> str:
    return (await engine.generate(PROMPT, adapter, SAMPLING)).text


@pytest.mark.parametrize("drawn", ["<__media_0123456789abcdef0123456789abcdef__>", None, "<__media__>"])
async def test_a_server_that_numbers_its_adapters_otherwise_is_noticed_at_once(
    drawn: str | None, running: Running, people: dict[str, Adapter]
) -> None:
    ana, bob, zoe = people.values()
    llama = Behaviour(drawn=drawn, speech=speaking(people))
    llama.restart(file_of(zoe), file_of(bob))
    with serving(llama) as server:
        async with running(server) as engine:
            assert await asked(engine, zoe) == "I am zoe"
            llama.restart(file_of(bob), file_of(zoe))
            assert [await asked(engine, one) for one in (zoe, bob)] == ["I am zoe", "I am bob"]
            llama.restart(file_of(ana), file_of(bob), file_of(zoe))
            assert [await asked(engine, one) for one in (zoe, ana, bob)] == ["I am zoe", "I am ana", "I am bob"]
            llama.restart(file_of(bob))
            assert await asked(engine, bob) == "I am bob"
            with pytest.raises(EngineFailed, match="does not have this version of voice 'zoe'"):
                await asked(engine, zoe)


async def test_one_that_is_started_again_while_it_is_asked_is_asked_again(
    running: Running, people: dict[str, Adapter]
) -> None:
    _, bob, zoe = people.values()
    llama = Behaviour(speech=speaking(people))
    llama.restart(file_of(zoe), file_of(bob))
    with serving(llama) as server:
        async with running(server) as engine:
            await engine.load(zoe)
            orders = [(bob, zoe), (zoe, bob), (bob, zoe)]

            def swap() -> None:
                if orders:
                    llama.restart(*map(file_of, orders.pop()))

            llama.before_answer = swap
            with pytest.raises(EngineUnavailable):  # twice in one request: nobody can say any more who that was
                await asked(engine, zoe)
            for _ in range(2):
                await eventually(lambda: engine.well)
                assert await asked(engine, zoe) == "I am zoe"


async def test_an_adapter_that_came_with_a_restart_is_known_without_another(
    running: Running, people: dict[str, Adapter]
) -> None:
    ana, bob, _ = people.values()
    llama = Behaviour(speech=speaking(people))
    llama.restart(file_of(ana))
    with serving(llama) as server:
        async with running(server) as engine:
            with pytest.raises(EngineFailed, match="'bob'"):
                await engine.load(bob)
            llama.restart(file_of(ana), file_of(bob))
            await engine.load(bob)
            assert await asked(engine, bob) == "I am bob"


async def test_what_a_file_says_of_itself_outranks_where_it_lies(running: Running, people: dict[str, Adapter]) -> None:
    ana, bob, _ = people.values()
    llama = Behaviour(speech={"/far/ana.gguf": "I am bob", "/far/x.gguf": "I am ana"})
    llama.restart("/far/ana.gguf", "/far/x.gguf")
    llama.said = {"0": tag("bob", bob.sha256), "1": tag("ana", ana.sha256)}
    with serving(llama) as server:
        async with running(server) as engine:
            assert [await asked(engine, one) for one in (ana, bob)] == ["I am ana", "I am bob"]
            with pytest.raises(EngineFailed, match="does not have this version of voice 'ana'"):
                await asked(engine, replace(ana, sha256="f" * 64))  # trained again in its place, not exported


async def test_where_two_adapters_may_be_meant_none_is_taken(running: Running, people: dict[str, Adapter]) -> None:
    llama = Behaviour()
    llama.restart("/far/ana.gguf", "/far/ana/adapter.gguf")
    with serving(llama) as server:
        async with running(server) as engine:
            with pytest.raises(EngineFailed, match="2 adapters that may be this version of voice 'ana'"):
                await asked(engine, people["ana"])


async def test_a_vllm_whose_names_stand_for_others_now_is_noticed(
    running: Running, people: dict[str, Adapter], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIC_VOICE_CACHE", str(tmp_path / "cache"))
    ana, bob, _ = people.values()
    speech = {str(adapter.folder): f"I am {name}" for name, adapter in people.items()}
    vllm = Behaviour(kind="vllm", adapters={"first": str(ana.folder), "second": str(bob.folder)}, speech=speech)
    with serving(vllm) as server:
        async with running(server) as engine:
            assert await asked(engine, ana) == "I am ana"
            vllm.adapters = {"first": str(bob.folder), "second": str(ana.folder)}
            assert [await asked(engine, one) for one in (ana, bob)] == ["I am ana", "I am bob"]
            vllm.adapters = {}
            assert [await asked(engine, one) for one in (ana, bob)] == ["I am ana", "I am bob"]
            lives: list[dict[str, str]] = [{}]
            vllm.before_answer = lambda: setattr(vllm, "adapters", lives.pop()) if lives else None
            assert await asked(engine, ana) == "I am ana"
            lives.append({"ana": str(bob.folder)})
            assert await asked(engine, ana) == "I am ana"


async def test_a_hundred_requests_while_the_server_comes_and_goes(running: Running, people: dict[str, Adapter]) -> None:
    """Renumbered, with one voice more and one less, between requests and under them: each in its own voice, or none."""
    chance = random.Random(3)
    llama = Behaviour(speech=speaking(people))
    llama.restart(*map(file_of, people.values()))
    with serving(llama) as server:
        async with running(server) as engine:
            done, answers = 0, itertools.count(1)
            lives = {50: ("zoe", "ana", "bob"), 150: ("bob", "zoe"), 240: ("bob", "zoe", "ana")}  # by answers before

            def restart() -> None:
                if life := lives.get(next(answers)):
                    llama.restart(*(file_of(people[name]) for name in life))

            llama.before_answer = restart
            for _ in range(3):
                await eventually(lambda: engine.well)
                wanted = [chance.choice(list(people)) for _ in range(100)]
                said = await asyncio.gather(*(asked(engine, people[name]) for name in wanted), return_exceptions=True)
                for name, answer in zip(wanted, said, strict=True):
                    assert isinstance(answer, (EngineUnavailable, EngineFailed)) or answer == f"I am {name}"
                    done += isinstance(answer, str)
            assert done > 50
            llama.before_answer = lambda: None
            await eventually(lambda: engine.well)
            llama.restart(*map(file_of, people.values()))
            assert await asked(engine, people["zoe"]) == "I am zoe"


def test_the_stand_in_numbers_by_its_order() -> None:
    llama = Behaviour()
    before = llama.drawn
    llama.restart("a", "b")
    assert llama.adapters == {"0": "a", "1": "b"}
    assert before != llama.drawn
    assert Server.daemon_threads
