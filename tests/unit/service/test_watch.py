import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from service import watch
from service.errors import EngineFailed, EngineUnavailable
from tests.fake_engine import FakeEngine
from tests.unit.service.conftest import MakeVoice, Serve, user
from voice.manifest import ADAPTER_NAME, FILE_NAME, VoiceManifest, file_sha256
from voice.style import Verifier

CHAT = "/v1/chat/completions"
REAL_STAMPS = watch.stamps


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_EVERY_S", "FIRST_PAUSE_S", "LONGEST_PAUSE_S"):
        monkeypatch.setattr(watch, name, 0.02)


async def ask(client: httpx.AsyncClient, voice: str) -> httpx.Response:
    return await client.post(CHAT, json={"voice": voice, "messages": user("Hi.")})


async def until(client: httpx.AsyncClient, voice: str, is_so: Callable[[dict[str, object]], bool]) -> None:
    """Wait until what the service says of a voice is so."""
    async with asyncio.timeout(30):
        while not is_so((await client.get(f"/v1/voices/{voice}")).json()):  # noqa: ASYNC110  it has no event
            await asyncio.sleep(0.02)


async def test_a_new_voice_is_served_and_one_that_is_gone_is_not(
    make_voice: MakeVoice, serve: Serve, root: Path, engine: FakeEngine
) -> None:
    make_voice("ana")
    async with serve() as client:
        assert (await ask(client, "bob")).status_code == 404
        make_voice("bob", aliases=["boss"])
        await until(client, "bob", lambda said: said.get("status") == "served")
        assert (await ask(client, "boss")).json()["choices"][0]["message"]["content"] == "bob: hi."
        assert engine.loaded == ["ana", "bob"]  # before any request
        (root / "bob").unlink()
        await until(client, "bob", lambda said: "error" in said)
        assert (await ask(client, "boss")).status_code == 404
        assert [card["id"] for card in (await client.get("/v1/models")).json()["data"]][:-1] == ["ana"]


async def test_a_new_version_takes_over_and_what_is_under_way_ends_on_the_old_one(
    make_voice: MakeVoice, serve: Serve, root: Path, engine: FakeEngine
) -> None:
    make_voice("ana", version="v1")
    async with serve() as client:
        engine.gate.clear()
        under_way = asyncio.create_task(ask(client, "ana"))
        await engine.arrived.wait()
        (root / "ana").unlink()
        make_voice("ana", version="v2")
        await until(client, "ana", lambda said: said.get("version") == "v2")
        engine.gate.set()
        assert (await under_way).json()["voice"]["adapter"] == "v1"
        assert (await ask(client, "ana")).json()["voice"]["adapter"] == "v2"
    assert [adapter.version for _, adapter, _ in engine.asked] == ["v1", "v2"]


async def test_a_broken_version_is_refused_and_the_one_before_goes_on(
    make_voice: MakeVoice, serve: Serve, root: Path
) -> None:
    make_voice("ana", version="v1")
    make_voice("bob")
    async with serve() as client:
        (root / "ana").unlink()
        make_voice("ana", version="v2", prompt_version=99)
        await until(client, "ana", lambda said: said.get("newer_version") == "refused")
        said = (await client.get("/v1/voices/ana")).json()
        assert (said["status"], said["version"]) == ("served", "v1")
        assert "prompt version 99" in said["reason"]
        assert (await ask(client, "ana")).json()["voice"]["adapter"] == "v1"
        assert (await ask(client, "bob")).status_code == 200
        (root / "ana").unlink()
        make_voice("ana", version="v3")
        await until(client, "ana", lambda said: said.get("version") == "v3")
        assert "reason" not in (await client.get("/v1/voices/ana")).json()


async def test_a_refused_voice_that_was_mended_is_served(make_voice: MakeVoice, serve: Serve, root: Path) -> None:
    make_voice("ana")
    folder = make_voice("bob", prompt_version=99)
    async with serve() as client:
        assert (await ask(client, "bob")).status_code == 409
        manifest = json.loads((folder / FILE_NAME).read_text())
        good = json.loads((root / "ana" / FILE_NAME).read_text())
        (folder / FILE_NAME).write_text(json.dumps(manifest | {"prompt_version": good["prompt_version"]}, indent=1))
        await until(client, "bob", lambda said: said.get("status") == "served")
        assert (await ask(client, "bob")).status_code == 200


async def test_an_adapter_that_the_engine_cannot_load_is_refused_and_a_dead_engine_is_waited_for(
    make_voice: MakeVoice, serve: Serve, engine: FakeEngine
) -> None:
    make_voice("ana")
    async with serve() as client:
        engine.alive = False
        make_voice("bob")
        await asyncio.sleep(0.2)
        assert (await ask(client, "bob")).status_code == 404
        engine.load_errors["bob"] = EngineFailed("rank 64 is too large")
        engine.alive = True
        await until(client, "bob", lambda said: said.get("status") == "refused")
        assert (await client.get("/v1/voices/bob")).json()["reason"] == "rank 64 is too large"


async def test_a_refused_version_is_tried_again_once_the_advice_was_followed(
    make_voice: MakeVoice, serve: Serve, engine: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    make_voice("ana")
    engine.load_errors["bob"] = EngineFailed("Make its file with `nic-voice export`.")
    make_voice("bob")
    async with serve() as client:
        assert (await ask(client, "bob")).status_code == 409
        await asyncio.sleep(0.2)  # it is tried again in vain, which is said once
        assert caplog.text.count("'bob' is refused") == 1
        del engine.load_errors["bob"]
        await until(client, "bob", lambda said: said.get("status") == "served")
        assert (await ask(client, "bob")).status_code == 200


async def test_a_version_that_lacks_a_file_is_served_when_it_comes(
    make_voice: MakeVoice, serve: Serve, beside: Path
) -> None:
    make_voice("ana")
    folder = make_voice("bob")
    (folder / "style.npz").unlink()
    async with serve() as client:
        assert "style.npz cannot be read" in (await ask(client, "bob")).json()["error"]["message"]
        shutil.copy(beside / "style.npz", folder)
        await until(client, "bob", lambda said: said.get("status") == "served")


@pytest.mark.parametrize(("deaths", "status"), [(1, "served"), (2, "served"), (9, "refused")])
async def test_an_engine_that_dies_while_it_loads_a_version_is_given_two_more(
    make_voice: MakeVoice, serve: Serve, engine: FakeEngine, deaths: int, status: str
) -> None:
    make_voice("ana")
    async with serve() as client:
        engine.load_errors["bob"] = EngineUnavailable("dead")
        engine.load_errors_left["bob"] = deaths
        make_voice("bob")
        await until(client, "bob", lambda said: said.get("status") == status)
        if status == "refused":
            assert "died each time" in (await client.get("/v1/voices/bob")).json()["reason"]
            assert engine.load_errors_left["bob"] == deaths - 3  # and no more
            await asyncio.sleep(0.2)
            assert engine.load_errors_left["bob"] == deaths - 3
        assert (await ask(client, "ana")).status_code == 200


async def test_an_error_that_nobody_expected_refuses_that_version_alone(
    make_voice: MakeVoice, serve: Serve, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_voice("ana")
    make_voice("eva")
    engine.load_errors["eva"] = RuntimeError("what it says may be private")
    async with serve() as client:
        assert (await ask(client, "eva")).json()["error"]["message"] == (
            "Voice 'eva' is not served: The engine cannot load it (RuntimeError). Train it again."
        )
        monkeypatch.setattr(Verifier, "load", lambda _: 1 / 0)
        make_voice("bob")
        await until(client, "bob", lambda said: said.get("status") == "refused")
        reason = (await client.get("/v1/voices/bob")).json()["reason"]
        assert reason == "Voice 'bob' cannot be read (ZeroDivisionError). Copy it again or train it again."
        monkeypatch.undo()
        make_voice("kim")
        await until(client, "kim", lambda said: said.get("status") == "served")


async def test_a_look_that_fails_is_counted_and_not_the_last(
    make_voice: MakeVoice, serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_voice("ana")
    async with serve() as client:
        monkeypatch.setattr(watch, "stamps", lambda *_: 1 / 0)
        make_voice("bob")

        async def failures() -> float:
            lines = (await client.get("/metrics")).text.splitlines()
            return next(float(line.split()[1]) for line in lines if line.startswith("nic_voice_watch_failures_total"))

        async with asyncio.timeout(30):
            while await failures() < 2:  # noqa: ASYNC110  it has no event
                await asyncio.sleep(0.02)
        assert "looking at the voices failed: ZeroDivisionError at " in caplog.text
        monkeypatch.setattr(watch, "stamps", REAL_STAMPS)
        await until(client, "bob", lambda said: said.get("status") == "served")


async def test_a_folder_that_is_away_for_a_moment_takes_no_voice_away(
    make_voice: MakeVoice, serve: Serve, root: Path
) -> None:
    make_voice("ana")
    async with serve() as client:
        away = root.with_name("away")
        shutil.move(root, away)
        await asyncio.sleep(0.2)
        assert (await ask(client, "ana")).status_code == 200
        shutil.move(away, root)
        await asyncio.sleep(0.1)
        assert (await ask(client, "ana")).status_code == 200


async def test_a_voice_that_is_trained_again_in_its_place_is_another_adapter_to_the_engine(
    make_voice: MakeVoice, serve: Serve, engine: FakeEngine
) -> None:
    folder = make_voice("ana")
    async with serve() as client:
        assert (await ask(client, "ana")).status_code == 200
        (folder / ADAPTER_NAME).write_bytes(b"others")
        manifest = VoiceManifest.load(folder)
        adapter = manifest.adapter.model_copy(update={"sha256": file_sha256(folder / ADAPTER_NAME)})
        manifest.model_copy(update={"adapter": adapter, "aliases": ["anna"]}).write(folder)
        await until(client, "anna", lambda said: said.get("status") == "served")
        assert (await ask(client, "ana")).status_code == 200
    (_, before, _), (_, after, _) = engine.asked
    assert (before.version, after.version, engine.loaded) == ("v1", "v1", ["ana", "ana"])
    assert before.sha256 != after.sha256 == adapter.sha256
