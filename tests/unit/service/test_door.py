import asyncio
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from nic_voice.main import main
from service import keys as keys_module
from service.app import create_app
from service.door import is_loopback
from service.errors import Overloaded, SettingsError, TooManyRequests
from service.keys import Keys, make_key
from service.limits import Limits
from service.settings import Settings, load_settings
from tests.clock import hurry
from tests.fake_engine import FakeEngine
from tests.unit.service.conftest import MakeVoice, Serve, address, listening, user

CHAT = "/v1/chat/completions"
BODY = {"messages": user("I am late.")}


def line(name: str, key: str) -> str:
    return f"{name}:{hashlib.sha256(key.encode()).hexdigest()}"


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


KEYS = SecretStr(f"{line('aria', 'key-a')}, {line('forge', 'key-f')}")


@pytest.fixture(autouse=True)
def ana(make_voice: MakeVoice) -> None:
    make_voice("ana")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 401),
        (bearer("key-a"), 200),
        (bearer("key-f"), 200),
        ({"Authorization": "bearer  key-f "}, 200),
        (bearer("key-x"), 401),
        (bearer(""), 401),
        ({"Authorization": "Basic key-a"}, 401),
        ({"Authorization": "Bearer " + line("aria", "key-a").split(":")[1]}, 401),
        ({"Authorization": b"Bearer \xff\xfe"}, 401),
    ],
)
async def test_who_may_come_in(headers: dict[str, str], expected: int, serve: Serve) -> None:
    async with serve(keys=KEYS) as client:
        answers = [await client.post(CHAT, json=BODY, headers=headers), await client.get("/v1/models", headers=headers)]
        numbers = (await client.get("/metrics")).text
    assert [answer.status_code for answer in answers] == [expected] * 2
    if expected == 401:
        assert answers[0].json()["error"]["code"] == "invalid_api_key"
        assert answers[0].headers["www-authenticate"] == "Bearer"
        assert answers[0].headers["x-request-id"].startswith("req-")
        assert 'nic_voice_refused_total{code="invalid_api_key"} 2.0' in numbers
        assert 'nic_voice_requests_total{status="401",voice="unknown"} 1.0' in numbers


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"/health": 200, "/ready": 200, "/metrics": 200, "/openapi.json": 200, "/v1/models": 401, "/x": 401}),
        ({"open_health": False}, {"/health": 401, "/ready": 401, "/metrics": 200}),
        ({"open_metrics": False}, {"/health": 200, "/ready": 200, "/metrics": 401}),
    ],
)
async def test_what_is_open(changes: dict[str, Any], expected: dict[str, int], serve: Serve) -> None:
    async with serve(keys=KEYS, **changes) as client:
        assert {path: (await client.get(path)).status_code for path in expected} == expected
        for path in expected:
            assert (await client.get(path, headers=bearer("key-a"))).status_code in (200, 404)


async def test_keys_change_without_a_restart(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "LOOK_EVERY_S", 0)
    file = tmp_path / "keys"
    file.write_text(f"# who may call\n{line('old', 'key-o')}  # leaves\n\n")
    async with serve(keys_file=file) as client:

        async def status(key: str) -> int:
            return (await client.get("/v1/models", headers=bearer(key))).status_code

        assert [await status("key-o"), await status("key-n")] == [200, 401]
        file.write_text(f"{line('new', 'key-n')}\n")
        assert [await status("key-o"), await status("key-n")] == [401, 200]
        file.write_text("not a key\n")  # half-written, or a mistake: nobody is locked out
        assert [await status("key-o"), await status("key-n")] == [401, 200]
        file.unlink()  # its keys are revoked, and still keys are needed
        assert [await status("key-o"), await status("key-n")] == [401, 401]
        file.write_text(f"{line('new', 'key-n')}\n")
        assert [await status("key-o"), await status("key-n")] == [401, 200]
        file.write_text("")  # no keys at all: nobody comes in
        assert [await status("key-o"), await status("key-n")] == [401, 401]


def test_keys_of_the_file_and_of_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(line("a", "key-a"))
    keys = Keys(load_settings(keys_file=file, keys=line("env", "key-e")))
    file.write_text(line("b", "key-b"))
    keys.reload()
    assert keys.names == ["b", "env"]
    assert [keys.owner(key) for key in ("key-a", "key-b", "key-e")] == [None, "b", "env"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("aria:1234", "Key 1 in"),
        ("secret-key-itself", "Key 1 in"),
        (f"{line('a', 'x')}\n{line('a', 'y')}", "'a' is twice"),
    ],
)
def test_keys_that_make_no_sense(text: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    for given in ({"keys": SecretStr(text)}, {"keys_file": file}):
        with pytest.raises(SettingsError, match=expected) as caught:
            Keys(load_settings(**given))
        assert "secret-key" not in str(caught.value)
    with pytest.raises(SettingsError, match="cannot be read"):
        Keys(load_settings(keys_file=tmp_path / "nowhere"))


def test_the_command_makes_a_key(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["key", "aria"])
    made = done.stderr.split()[-1]
    file = tmp_path / "keys"
    file.write_text(done.stdout)
    assert Keys(load_settings(keys_file=file)).owner(made) == "aria"
    assert made not in done.stdout
    assert make_key("aria")[0] != make_key("aria")[0]
    assert CliRunner().invoke(main, ["key", "no spaces"]).exit_code == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"host": "127.0.0.1"}, True),
        ({"host": "::1"}, True),
        ({"host": "localhost"}, True),
        ({"host": "0.0.0.0"}, False),
        ({"host": "::"}, False),
        ({"host": "nic.example"}, False),
        ({"host": "0.0.0.0", "keys": KEYS}, True),
        ({"host": "0.0.0.0", "allow_without_keys": True}, True),
    ],
)
def test_strangers_need_a_key(changes: dict[str, Any], expected: bool, settings: Settings, engine: FakeEngine) -> None:
    changed = settings.model_copy(update=changes)
    if expected:
        assert create_app(changed, engine)
        return
    assert not is_loopback(changed.host)
    with pytest.raises(SettingsError, match="nic-voice key NAME"):
        create_app(changed, engine)


async def test_the_rate_of_a_key(serve: Serve) -> None:
    async with serve(keys=KEYS, requests_per_minute=2) as client:
        found = [await client.post(CHAT, json=BODY, headers=bearer("key-a")) for _ in range(3)]
        other = await client.post(CHAT, json=BODY, headers=bearer("key-f"))
        assert (await client.get("/v1/models", headers=bearer("key-a"))).status_code == 200
    assert [answer.status_code for answer in [*found, other]] == [200, 200, 429, 200]
    assert found[2].json()["error"]["code"] == "rate_limit_exceeded"
    assert 1 <= int(found[2].headers["retry-after"]) <= 30


def test_a_rate_comes_back_with_time(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("service.limits.time.monotonic", lambda: now)
    limits = Limits(settings.model_copy(update={"requests_per_minute": 2}))
    limits.admit("a"), limits.admit("a")
    with pytest.raises(TooManyRequests) as caught:
        limits.admit("a")
    assert caught.value.retry_after_s == 30
    now += 30
    limits.admit("a")
    with pytest.raises(TooManyRequests):
        limits.admit("a")


async def test_one_key_at_the_same_time(serve: Serve, engine: FakeEngine) -> None:
    engine.gate.clear()
    async with serve(keys=KEYS, requests_per_key=1) as client:
        first = asyncio.create_task(client.post(CHAT, json=BODY, headers=bearer("key-a")))
        await engine.arrived.wait()
        second = await client.post(CHAT, json=BODY, headers=bearer("key-a"))
        other = asyncio.create_task(client.post(CHAT, json=BODY, headers=bearer("key-f")))
        await asyncio.sleep(0.01)
        engine.gate.set()
        assert [second.status_code, (await first).status_code, (await other).status_code] == [429, 200, 200]
        assert second.headers["retry-after"] == "1"
        assert (await client.post(CHAT, json=BODY, headers=bearer("key-a"))).status_code == 200


async def test_the_queue_has_an_end(serve: Serve, engine: FakeEngine) -> None:
    engine.gate.clear()
    async with serve(max_in_flight=1, max_queue=1) as client:
        first = asyncio.create_task(client.post(CHAT, json=BODY))
        await engine.arrived.wait()
        second = asyncio.create_task(client.post(CHAT, json=BODY))
        async with asyncio.timeout(30):
            while "nic_voice_queue 1.0" not in (await client.get("/metrics")).text:  # noqa: ASYNC110  it has no event
                await asyncio.sleep(0.01)
        third = await client.post(CHAT, json=BODY)
        numbers = (await client.get("/metrics")).text
        assert len(engine.asked) == 1
        engine.gate.set()
        assert [(await first).status_code, (await second).status_code] == [200, 200]
    assert (third.status_code, third.json()["error"]["code"], third.headers["retry-after"]) == (503, "overloaded", "2")
    assert "nic_voice_queue 1.0" in numbers
    assert "nic_voice_working 1.0" in numbers


async def test_turns_are_taken_in_order_and_never_lost(settings: Settings) -> None:
    limits = Limits(settings.model_copy(update={"max_in_flight": 1, "max_queue": 3}))
    working, *waiting = [limits.admit("a") for _ in range(4)]
    assert working.take_now()
    turns: list[int] = []

    async def take(number: int) -> None:
        await waiting[number].take()
        turns.append(number)

    tasks = [asyncio.create_task(take(number)) for number in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await limits.admit("a").take()
    working.give_back()
    working.give_back()
    tasks[0].cancel()  # in the moment in which its turn has come
    await asyncio.gather(*tasks[:2], return_exceptions=True)
    assert turns == [1]
    waiting[0].give_back()
    assert (limits.working, limits.waiting) == (1, 1)
    waiting[1].give_back()
    await tasks[2]
    waiting[2].give_back()
    assert (limits.working, limits.waiting, turns) == (0, 0, [1, 2])


@pytest.mark.parametrize("stream", [False, True])
async def test_a_deadline(stream: bool, serve: Serve, engine: FakeEngine) -> None:
    engine.gate.clear()
    async with serve(deadline_seconds=100, max_in_flight=1) as client:
        asked = asyncio.create_task(client.post(CHAT, json={**BODY, "stream": stream}))
        await engine.arrived.wait()
        hurry(100)
        late = await asked
        assert engine.cancellations == 1
        assert "nic_voice_working 0.0" in (await client.get("/metrics")).text  # its place is free again
    assert (late.status_code, late.json()["error"]["code"]) == (504, "deadline_exceeded")


async def test_a_deadline_in_the_middle_of_a_stream(settings: Settings, engine: FakeEngine) -> None:
    engine.gate.clear()
    body, text = {"stream": True, "messages": user("> quoted\nI am late.")}, ""
    async with (
        listening(settings.model_copy(update={"deadline_seconds": 100.0}), engine) as server,
        httpx.AsyncClient(base_url=address(server), timeout=None) as client,
    ):
        async with client.stream("POST", CHAT, json=body) as answer:
            async for part in answer.aiter_text():
                text += part
                if "> quoted" in part:
                    hurry(100)
        numbers = (await client.get("/metrics")).text
    *_, quoted, last = [json.loads(part[6:]) for part in text.split("\n\n") if part.startswith("data: {")]
    assert quoted["choices"][0]["delta"]["content"] == "> quoted"
    assert last["error"]["code"] == "deadline_exceeded"
    assert "[DONE]" not in text
    assert 'nic_voice_requests_total{status="504",voice="ana"} 1.0' in numbers


@pytest.mark.parametrize("model", [None, "base"])
async def test_the_input_is_limited_by_tokens(model: str | None, serve: Serve, engine: FakeEngine) -> None:
    async with serve(max_input_tokens=3) as client:
        fits = await client.post(CHAT, json={"model": model, "messages": user("one two three")})
        long = await client.post(CHAT, json={"model": model, "messages": user("one two three four")})
        huge = await client.post(CHAT, json={"model": model, "messages": user("x" * 1000)})
    assert fits.status_code == 200
    for answer in (long, huge):
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "context_length_exceeded")


async def test_headers_and_no_cors(serve: Serve) -> None:
    page = {"Origin": "https://aria.example"}
    async with serve() as client:
        for answer in (await client.post(CHAT, json=BODY, headers=page), await client.get("/none", headers=page)):
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"
            assert "access-control-allow-origin" not in answer.headers
        assert (await client.options(CHAT, headers=page)).status_code == 405


async def test_cors_for_the_origins_that_are_named(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIC_VOICE_CORS_ORIGINS", "https://aria.example, https://b.example")
    settings = load_settings()
    assert settings.origins == ["https://aria.example", "https://b.example"]
    preflight = {
        "Origin": "https://aria.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    async with serve(cors_origins=settings.cors_origins, keys=KEYS) as client:
        asked = await client.options(CHAT, headers=preflight)
        refused = await client.post(CHAT, json=BODY, headers={"Origin": "https://aria.example"})
        stranger = await client.options(CHAT, headers={**preflight, "Origin": "https://c.example"})
    assert (asked.status_code, refused.status_code, stranger.status_code) == (200, 401, 400)
    assert asked.headers["access-control-allow-origin"] == "https://aria.example"
    assert refused.headers["access-control-allow-origin"] == "https://aria.example"
    assert "access-control-allow-origin" not in stranger.headers


def test_secrets_are_masked_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIC_VOICE_KEYS", line("aria", "key-a"))
    monkeypatch.setenv("NIC_VOICE_ENGINE_KEY", "sk-secret")
    assert os.environ["NIC_VOICE_KEYS"].split(":")[1] not in str(load_settings())
    assert "sk-secret" not in str(load_settings())
