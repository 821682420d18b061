import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.engines import Adapter, Sampling, remote
from service.engines.remote import RemoteEngine
from service.errors import EngineAwaited, EngineFailed, EngineUnavailable, PromptTooLong
from service.settings import load_settings
from tests.clock import eventually
from tests.fake_tokenizer import FakeTokenizer
from tests.unit.service.engines.model_server import Behaviour, Server, serving
from voice.base_model import BaseModel
from voice.manifest import file_sha256
from voice.prompt import Prompt, encode

PROMPT = Prompt("be me", "I am here.")
SAMPLING = Sampling(max_tokens=64, temperature=0.3, top_p=0.9, seed=2**40 + 5)
LENGTH = len(encode(FakeTokenizer(), PROMPT))
Running = Callable[..., AbstractAsyncContextManager[RemoteEngine]]


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Running:
    monkeypatch.setattr(remote, "_tokenizer", lambda _: FakeTokenizer())
    monkeypatch.setattr(remote, "AGAIN_S", 0.05)

    @asynccontextmanager
    async def run(*servers: Server, **settings: object) -> AsyncIterator[RemoteEngine]:
        urls = ",".join(server.url for server in servers)
        engine = RemoteEngine(BaseModel("base", Path("base"), "0"), load_settings(engine_urls=urls, **settings))
        try:
            await engine.start()
            yield engine
        finally:
            await engine.stop()

    return run


@pytest.fixture
def ana(tmp_path: Path) -> Adapter:
    folder = tmp_path / ".versions" / "ana" / "v1"
    folder.mkdir(parents=True)
    (folder / "adapter.gguf").write_bytes(b"")
    (folder / "adapter_config.json").write_text('{"lora_alpha": 32}')
    (folder / "adapter_model.safetensors").write_bytes(b"")
    return Adapter("ana", "v1", folder, file_sha256(folder / "adapter_model.safetensors"))


@pytest.fixture
def llama(ana: Adapter) -> Behaviour:
    return Behaviour(adapters={"0": "/elsewhere/bob.gguf", "3": str(ana.folder / "adapter.gguf")})


def at(ana: Adapter, strength: float) -> Adapter:
    return replace(ana, strength=strength)


async def test_llama_server_is_sent_token_ids_and_the_adapters_scale(
    running: Running, ana: Adapter, llama: Behaviour
) -> None:
    with serving(llama) as server:
        async with running(server) as engine:
            await engine.load(ana)
            done = await engine.generate(PROMPT, at(ana, 0.75), SAMPLING)
    assert (done.text, done.prompt_tokens, done.completion_tokens, done.finish_reason) == (
        "so it goes",
        LENGTH,
        4,
        "stop",
    )
    _, body = llama.asked[-1]
    assert body["prompt"] == encode(FakeTokenizer(), PROMPT)
    assert body["lora"] == [{"id": 0, "scale": 0}, {"id": 3, "scale": 0.75}]
    assert (body["n_predict"], body["temperature"], body["top_p"]) == (64, 0.3, 0.9)
    assert 0 <= body["seed"] < 2**32 - 1
    assert body["cache_prompt"] is False


async def test_the_base_model_wears_no_adapter(running: Running, ana: Adapter, llama: Behaviour) -> None:
    with serving(llama) as server:
        async with running(server) as engine:
            await engine.generate(PROMPT, at(ana, 0), SAMPLING)
            said = [part async for part in engine.converse([("user", "hello")], SAMPLING)]
    bare = [{"id": 0, "scale": 0}, {"id": 3, "scale": 0}]
    assert [body["lora"] for path, body in llama.asked if path == "/completion"] == [bare, bare]
    assert [part.text for part in said] == ["so ", "it ", "goes", ""]
    assert [part.finish_reason for part in said] == [None, None, None, "stop"]
    assert sum(part.completion_tokens for part in said) == 4
    assert [bool(part.prompt_tokens) for part in said] == [True, False, False, False]


async def test_vllm_has_each_strength_loaded_as_a_model(
    running: Running, ana: Adapter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NIC_VOICE_CACHE", str(tmp_path / "cache"))
    vllm = Behaviour(kind="vllm", adapters={"ana": str(ana.folder)})
    with serving(vllm) as server:
        async with running(server) as engine:
            await engine.load(ana)
            done = await engine.generate(PROMPT, ana, SAMPLING)
            for strength in (0.5, 0.5, 0):
                await engine.generate(PROMPT, at(ana, strength), SAMPLING)
    assert (done.text, done.prompt_tokens, done.completion_tokens) == ("so it goes", LENGTH, 3)
    models = [body["model"] for path, body in vllm.asked if path == "/v1/completions"]
    half = f"ana@v1@{ana.sha256[:12]}@0.5"
    assert models == ["ana", half, half, "base"]
    [loaded] = [body for path, body in vllm.asked if path == "/v1/load_lora_adapter"]
    assert '"lora_alpha": 16' in (Path(loaded["lora_path"]) / "adapter_config.json").read_text()
    assert vllm.asked[-1][1]["stop_token_ids"] == [2]


async def test_a_vllm_that_loads_nothing_says_how_to_start_it(running: Running, ana: Adapter) -> None:
    with serving(Behaviour(kind="vllm", loads_adapters=False)) as server:
        async with running(server) as engine:
            with pytest.raises(EngineFailed, match="VLLM_ALLOW_RUNTIME_LORA_UPDATING"):
                await engine.load(ana)


async def test_an_adapter_that_is_not_there_says_how_to_start_llama_server(running: Running, ana: Adapter) -> None:
    with serving(Behaviour(adapters={"0": "/elsewhere/bob.gguf"})) as server:
        async with running(server) as engine:
            with pytest.raises(EngineFailed, match=r"--lora ana/adapter\.gguf --lora-init-without-apply"):
                await engine.load(ana)


async def test_an_adapter_that_changes_nothing_is_refused(running: Running, ana: Adapter, llama: Behaviour) -> None:
    llama.adapters_do_something = False
    with serving(llama) as server:
        async with running(server) as engine:
            with pytest.raises(EngineFailed, match="'ana' changes nothing"):
                await engine.load(ana)


@pytest.mark.parametrize(
    ("place", "found"),
    [("/m/ana/v1/adapter.gguf", True), ("/m/ana.gguf", True), ("/m/ana/adapter.gguf", True),
     ("/m/bob/adapter.gguf", False), ("/m/anabel.gguf", False),
     ("/m/bob/v1/adapter.gguf", False), ("/m/v1/bob.gguf", False), ("/m/ana/v0/adapter.gguf", False)],
)  # fmt: skip
async def test_an_adapter_on_another_machine_is_told_by_its_name(
    running: Running, ana: Adapter, place: str, found: bool
) -> None:
    with serving(Behaviour(adapters={"0": place})) as server:
        async with running(server) as engine:
            if found:
                await engine.load(ana)
            else:
                with pytest.raises(EngineFailed):
                    await engine.load(ana)


async def test_an_older_version_on_this_machine_is_not_taken_for_the_new_one(running: Running, ana: Adapter) -> None:
    old = ana.folder.with_name("v0") / "adapter.gguf"
    old.parent.mkdir()
    old.write_bytes(b"")
    with serving(Behaviour(adapters={"0": str(old)})) as server:
        async with running(server) as engine:
            with pytest.raises(EngineFailed, match="does not have this version of voice 'ana'"):
                await engine.load(ana)


async def test_a_server_that_is_still_loading_is_waited_for(running: Running, llama: Behaviour) -> None:
    llama.loading = 3
    with serving(llama) as server:
        async with running(server) as engine:
            assert llama.loading == 0  # it was asked again until it had loaded
            assert llama.asked
            await engine.check()


async def test_a_server_with_another_model_is_refused(running: Running) -> None:
    with serving(Behaviour(odd_tokens=True)) as server, pytest.raises(EngineFailed, match="it runs another model"):
        async with running(server):
            pass


async def test_a_server_that_tells_no_tokens_is_refused_and_when_it_comes_later_looked_at_again(
    running: Running, ana: Adapter, llama: Behaviour, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "MEET_S", 0.2)
    with serving(Behaviour(tells_tokens=False)) as server, pytest.raises(EngineFailed, match="does not say its tokens"):
        async with running(server):
            pass
    with serving(llama) as server:
        async with running(server) as engine:
            llama.tells_tokens = False
            llama.restart(*llama.adapters.values())
            with pytest.raises(EngineUnavailable):
                await engine.generate(PROMPT, ana, SAMPLING)
            llama.tells_tokens = True
            await eventually(lambda: engine.well)
    assert "does not say its tokens" in caplog.text


async def test_a_key_is_sent_and_asked_for(running: Running, ana: Adapter, llama: Behaviour) -> None:
    llama.key = "k-123"
    with serving(llama) as server:
        async with running(server, engine_key="k-123") as engine:
            await engine.generate(PROMPT, ana, SAMPLING)
        with pytest.raises(EngineFailed, match="NIC_VOICE_ENGINE_KEY"):
            async with running(server):
                pass


async def test_no_server_at_all_is_said_and_one_that_comes_later_is_found(
    running: Running, ana: Adapter, llama: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "START_S", 0.2)
    monkeypatch.setattr(remote, "_tokenizer", lambda _: FakeTokenizer())
    monkeypatch.setattr(remote, "AGAIN_S", 0.05)
    with serving(Behaviour()) as server:
        port = server.server_address[1]
    engine = RemoteEngine(BaseModel("base", Path("base"), "0"), load_settings(engine_urls=server.url))
    try:
        for _ in range(2):
            with pytest.raises(EngineAwaited, match="No model server answers at http"):
                await engine.start()
        monkeypatch.setattr(remote, "START_S", 30.0)
        with serving(llama, port):
            await engine.start()
            assert (await engine.generate(PROMPT, ana, SAMPLING)).text == "so it goes"
    finally:
        await engine.stop()


@pytest.mark.parametrize(
    "others",
    [{"/v1/models": {"object": "list", "data": [{"id": "llama3", "object": "model", "owned_by": "library"}]}},
     {"/v1/models": {"models": []}}, {"/v1/models": []}, {"/props": {}, "/lora-adapters": []}, {"/props": "hello"}],
)  # fmt: skip
async def test_what_is_no_model_server_is_told(running: Running, others: dict[str, Any]) -> None:
    with (
        serving(Behaviour(kind="other", others=others)) as server,
        pytest.raises(EngineFailed, match=r"neither llama-server nor vLLM's own server\. Set NIC_VOICE_ENGINE_URLS"),
    ):
        async with running(server):
            pass


async def test_another_server_takes_over_and_the_first_comes_back(
    running: Running, ana: Adapter, llama: Behaviour
) -> None:
    other = Behaviour(adapters=llama.adapters)
    with serving(other) as second, serving(llama) as first:
        port = first.server_address[1]
        async with running(first, second) as engine:
            await eventually(lambda: len(engine._servers) == 2)
            first.die()
            for _ in range(4):
                assert (await engine.generate(PROMPT, ana, SAMPLING)).text == "so it goes"
            await engine.check()
            with serving(llama, port):
                await eventually(lambda: len(engine._servers) == 2)
                before = len(llama.asked)
                await asyncio.gather(*(engine.generate(PROMPT, ana, SAMPLING) for _ in range(4)))
                assert len(llama.asked) > before  # the least busy one is asked


async def test_when_the_last_server_is_gone_requests_get_503(running: Running, ana: Adapter, llama: Behaviour) -> None:
    with serving(llama) as server:
        async with running(server) as engine:
            server.die()
            for _ in range(2):
                with pytest.raises(EngineUnavailable, match="No model server answers"):
                    await engine.generate(PROMPT, ana, SAMPLING)
            with pytest.raises(EngineUnavailable):
                await engine.check()


@pytest.mark.parametrize(("kind", "by_load"), [("llama", False), ("llama", True), ("vllm", True)])
async def test_a_server_that_died_is_noticed_by_whoever_asks_next(
    kind: str, by_load: bool, running: Running, ana: Adapter
) -> None:
    adapters = {"ana": "/elsewhere"} if kind == "vllm" else {"3": str(ana.folder / "adapter.gguf")}
    with serving(Behaviour(kind=kind, adapters=adapters)) as server:
        async with running(server) as engine:
            server.die()
            if by_load:
                with pytest.raises(EngineUnavailable):
                    await engine.load(ana)
                assert not engine._servers
            with pytest.raises(EngineUnavailable, match="No model server answers"):
                await engine.check()
            assert not engine._servers


@pytest.mark.parametrize("after", [0, 1, 3])
async def test_an_answer_that_breaks_off_is_asked_for_elsewhere_unless_part_of_it_is_out(
    running: Running, ana: Adapter, llama: Behaviour, after: int
) -> None:
    llama.breaks_off_after = after
    with serving(llama) as first, serving(Behaviour(adapters=llama.adapters)) as second:
        async with running(first, second) as engine:
            await eventually(lambda: len(engine._servers) == 2)
            for _ in range(2):
                assert (await engine.generate(PROMPT, ana, SAMPLING)).text == "so it goes"
        async with running(first) as engine:
            parts = engine.converse([("user", "hello")], SAMPLING)
            with pytest.raises(EngineUnavailable):
                _ = [part async for part in parts]


async def test_a_text_that_does_not_fit_is_refused_and_a_long_answer_is_bounded(
    running: Running, ana: Adapter, llama: Behaviour
) -> None:
    llama.context = LENGTH + 10
    with serving(llama) as server:
        async with running(server) as engine:
            await engine.generate(PROMPT, ana, SAMPLING)
            assert llama.asked[-1][1]["n_predict"] == 10
            with pytest.raises(PromptTooLong, match=f"context here is {LENGTH + 10}"):
                await engine.generate(Prompt("be me", "I am here, and I go on."), ana, SAMPLING)


async def test_whoever_does_not_wait_any_more_frees_the_slot(running: Running, ana: Adapter, llama: Behaviour) -> None:
    llama.slow_s = 0.2
    with serving(llama) as server:
        async with running(server) as engine:
            waiting = asyncio.create_task(engine.generate(PROMPT, ana, SAMPLING))
            await eventually(lambda: bool(llama.asked[-1][1].get("stream")))
            waiting.cancel()
            await eventually(llama.hung_up.is_set)
            assert engine._busy.total() == 0


async def test_what_a_server_says_reaches_no_error_and_no_log(
    running: Running, ana: Adapter, caplog: pytest.LogCaptureFixture, llama: Behaviour
) -> None:
    caplog.set_level(logging.DEBUG, "service")
    with serving(llama) as server:
        async with running(server) as engine:
            llama.loading = 1
            with pytest.raises(EngineUnavailable) as raised:
                await engine.generate(PROMPT, ana, SAMPLING)
    assert "Loading model" not in str(raised.value) + caplog.text
    assert "I am here" not in caplog.text
