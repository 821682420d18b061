import asyncio
from typing import Any

import pytest

from service.app import create_app
from service.errors import EngineAwaited, EngineFailed, EngineUnavailable, VoicesError
from service.settings import Settings
from tests.fake_engine import FakeEngine
from tests.unit.service.conftest import MakeVoice, Serve, user
from voice.manifest import TripletsRef

CHAT = "/v1/chat/completions"


async def test_it_answers_while_the_model_loads(make_voice: MakeVoice, serve: Serve, engine: FakeEngine) -> None:
    make_voice("ana")
    engine.start_gate.clear()
    async with serve(ready=False) as client:
        assert (await client.get("/health")).json() == {"status": "ok"}
        for early in (await client.get("/ready"), await client.post(CHAT, json={"messages": user("Hi.")})):
            assert (early.status_code, early.headers["retry-after"]) == (503, "5")
            assert early.json()["error"]["code"] == "engine_unavailable"
        assert not engine.stopped
    assert engine.stopped


async def test_readiness_follows_the_engine(make_voice: MakeVoice, serve: Serve, engine: FakeEngine) -> None:
    make_voice("ana")
    async with serve() as client:
        assert (await client.get("/ready")).status_code == 200
        engine.alive = False
        assert (await client.get("/ready")).status_code == 503
        assert (await client.get("/health")).status_code == 200


async def test_a_start_that_fails_with_what_nobody_expected_is_told_and_logged(
    make_voice: MakeVoice, serve: Serve, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    make_voice("ana")
    monkeypatch.setattr(engine, "start", lambda: dict[str, str]()["max_model_len"])
    async with serve() as client:
        answer = await client.get("/ready")
        assert answer.status_code == 503
        assert "an error that nobody expected (KeyError)" in answer.json()["error"]["message"]
    assert "could not start: KeyError at " in caplog.text


async def test_a_model_server_that_is_not_there_yet_is_waited_for_and_named(
    make_voice: MakeVoice, serve: Serve, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    there = asyncio.Event()

    async def start() -> None:
        await asyncio.sleep(0.01)
        if not there.is_set():
            raise EngineAwaited("No model server answers at http://127.0.0.1:8651 yet.")

    make_voice("ana")
    monkeypatch.setattr(engine, "start", start)
    async with serve(ready=False) as client:
        await asyncio.sleep(0.2)
        answer = await client.post(CHAT, json={"messages": user("Hi.")})
        assert answer.status_code == 503
        assert "No model server answers at http://127.0.0.1:8651 yet." in answer.json()["error"]["message"]
        assert caplog.text.count("not ready yet: No model server answers") == 1
        there.set()
        async with asyncio.timeout(30):
            while (await client.get("/ready")).status_code != 200:  # noqa: ASYNC110  it has no event
                await asyncio.sleep(0.02)
        assert (await client.post(CHAT, json={"messages": user("Hi.")})).status_code == 200


async def test_an_engine_that_does_not_start(
    make_voice: MakeVoice, settings: Settings, serve: Serve, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise EngineUnavailable("vLLM cannot serve it: no memory")

    make_voice("ana")
    monkeypatch.setattr(engine, "start", fail)
    async with serve() as client:
        answer = await client.get("/ready")
    assert answer.status_code == 503
    assert "no memory" in answer.json()["error"]["message"]


async def test_an_adapter_that_does_not_load(make_voice: MakeVoice, serve: Serve, engine: FakeEngine) -> None:
    make_voice("ana")
    make_voice("bob")
    engine.load_errors["bob"] = EngineFailed("vLLM cannot load adapter 'bob': bad header")
    async with serve() as client:
        assert engine.loaded == ["ana"]
        refused = await client.post(CHAT, json={"voice": "bob", "messages": user("Hi.")})
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "voice_refused")
        assert "bad header" in (await client.get("/v1/voices/bob")).json()["reason"]
        assert (await client.post(CHAT, json={"voice": "ana", "messages": user("Hi.")})).status_code == 200


async def test_models(make_voice: MakeVoice, serve: Serve) -> None:
    make_voice("ana", aliases=["anna"])
    make_voice("old", prompt_version=99)
    async with serve() as client:
        listed = (await client.get("/v1/models")).json()
        assert listed["object"] == "list"
        assert [card["id"] for card in listed["data"]] == ["ana", "base"]
        ana = (await client.get("/v1/models/anna")).json()
        assert ana == listed["data"][0]
        assert (ana["root"], ana["owned_by"], ana["aliases"]) == ("base", "nic-voice", ["ana-voice", "anna"])
        assert (await client.get("/v1/models/base")).json()["id"] == "base"
        assert (await client.get("/v1/models/old")).status_code == 409
        assert (await client.get("/v1/models/Qwen/Qwen2.5-3B")).json()["error"]["code"] == "model_not_found"


async def test_a_voice_says_what_it_is(make_voice: MakeVoice, serve: Serve) -> None:
    folder = make_voice("ana", triplets=TripletsRef(sha256="0", count=3, path="/home/ana/triplets.jsonl"))
    make_voice("old", prompt_version=99)
    async with serve() as client:
        ana = (await client.get("/v1/voices/ana-voice")).json()
        assert ana["scores"] is None
        (folder / "scores.json").write_text('{"texts": 200}')
        assert (await client.get("/v1/voices/ana")).json()["scores"] == {"texts": 200}
        old = (await client.get("/v1/voices/old")).json()
        unknown = await client.get("/v1/voices/eva")
    assert (ana["name"], ana["status"], ana["version"]) == ("ana", "served", "v1")
    assert ana["triplets"] == {"sha256": "0", "count": 3}
    assert (ana["registers"], ana["default_register"]) == (["chat", "email"], "chat")
    assert (old["name"], old["status"]) == ("old", "refused")
    assert "Retrain it" in old["reason"]
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "expected"), [("GET", "/nothing", 404), ("GET", CHAT, 405), ("POST", "/health", 405)]
)
async def test_other_addresses(method: str, path: str, expected: int, make_voice: MakeVoice, serve: Serve) -> None:
    make_voice("ana")
    async with serve() as client:
        answer = await client.request(method, path)
    assert answer.status_code == expected
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


async def test_metrics_have_bounded_labels(make_voice: MakeVoice, serve: Serve) -> None:
    make_voice("ana")
    async with serve() as client:
        for name in ("ana", "eva", "made up"):
            await client.post(CHAT, json={"voice": name, "messages": user("I am late.")})
        numbers = (await client.get("/metrics")).text
    assert 'nic_voice_requests_total{status="200",voice="ana"} 1.0' in numbers
    assert 'nic_voice_requests_total{status="404",voice="unknown"} 2.0' in numbers
    assert 'nic_voice_tokens_total{direction="in",voice="ana"} 3.0' in numbers
    assert 'nic_voice_tokens_total{direction="out",voice="ana"} 4.0' in numbers
    assert "nic_voice_in_flight 0.0" in numbers
    assert 'nic_voice_first_piece_seconds_count{voice="ana"} 1.0' in numbers
    assert "nic_voice_engine_up 1.0" in numbers
    assert "nic_voice_voices_served 1.0" in numbers
    assert "nic_voice_voices_refused 0.0" in numbers
    assert "nic_voice_adapter_loads 1.0" in numbers


async def test_the_openapi_document_shows_the_body(make_voice: MakeVoice, serve: Serve) -> None:
    make_voice("ana")
    async with serve() as client:
        document = (await client.get("/openapi.json")).json()
    post = document["paths"][CHAT]["post"]
    assert post["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ChatRequest"}
    assert {"ChatRequest", "Message", "TextPart"} <= set(document["components"]["schemas"])
    assert set(post["responses"]) == set("200 400 401 404 409 413 415 429 502 503 504 508".split())
    assert "Retry-After" in post["responses"]["503"]["headers"]
    assert "engine_unavailable" in post["responses"]["503"]["content"]["application/json"]["examples"]


async def test_the_documents_examples_are_true(make_voice: MakeVoice, serve: Serve, engine: FakeEngine) -> None:
    make_voice("nic")
    engine.answer = lambda prompt, _: prompt.text.lower()
    async with serve(guard="facts") as client:
        document = (await client.get("/openapi.json")).json()
        post = document["paths"][CHAT]["post"]
        asked = post["requestBody"]["content"]["application/json"]["examples"]
        found = await client.post(CHAT, json=asked["rewrite"]["value"])
        stream = await client.post(CHAT, json=asked["stream"]["value"])
        half = await client.post(CHAT, json=asked["half as strong"]["value"] | {"register": "chat"})
        upstream = await client.post(CHAT, json=asked["draft first"]["value"])
    said = post["responses"]["200"]["content"]["application/json"]["example"]
    assert shape(found.json()) == shape(said)
    assert stream.text.endswith("data: [DONE]\n\n")
    assert half.json()["voice"]["strength"] == 0.5
    assert upstream.json()["error"]["code"] == "no_upstream"  # none is set here


def shape(content: Any) -> Any:
    """Keys and types; the framework leaves out of its document what is null."""
    if isinstance(content, dict):
        return {key: shape(value) for key, value in content.items() if value is not None}
    return [shape(value) for value in content] if isinstance(content, list) else type(content)


def test_without_a_voice_there_is_no_application(settings: Settings, engine: FakeEngine) -> None:
    with pytest.raises(VoicesError):
        create_app(settings, engine)


def test_the_base_of_the_first_voice_is_the_default(
    make_voice: MakeVoice, settings: Settings, engine: FakeEngine
) -> None:
    make_voice("ana")
    app = create_app(settings.model_copy(update={"model": None}), engine)
    assert list(app.state.service.voices.served) == ["ana"]
