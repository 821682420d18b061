import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from service.app import create_app
from service.growing import segments
from service.segments import split
from service.settings import Settings, load_settings
from tests.service.conftest import MakeVoice, Serve, user
from tests.service.fake_engine import FakeEngine
from tests.service.upstream import USAGE, BigModel, Call, Script, big_model, streams
from voice.triplet import Unit

CHAT = "/v1/chat/completions"
CANARY = "the canary sings at noon"
ASKED = {"voice": "ana", "model": "big-72b", "messages": user(f"Write to Sam. {CANARY}")}


@pytest.fixture(autouse=True)
def ana(make_voice: MakeVoice) -> None:
    make_voice("ana")


@pytest.fixture
async def big() -> AsyncIterator[BigModel]:
    async with big_model() as model:
        yield model


def events(text: str) -> list[Any]:
    data = [part.removeprefix("data: ") for part in text.split("\n\n") if part.startswith("data: ")]
    return [item if item == "[DONE]" else json.loads(item) for item in data]


async def test_the_big_model_answers_and_the_voice_rewrites(serve: Serve, big: BigModel) -> None:
    asked = {
        **ASKED,
        "register": "email",
        "max_tokens": 90,
        "temperature": 0.2,
        "stream": False,
        "chat_template_kwargs": {"enable_thinking": False},
        "strength": 1,
        "candidates": 1,
        "n": 1,
    }
    async with serve(upstream_url=big.url, upstream_key=SecretStr("sk-up")) as client:
        answer = await client.post(CHAT, json=asked)
        numbers = (await client.get("/metrics")).text
    body = answer.json()
    assert body["choices"][0]["message"]["content"] == "ana: i am late. ana: so are you."
    assert body["voice"]["draft"] == {"model": "big-72b", "usage": USAGE}
    assert body["usage"]["completion_tokens"] == 8
    (call,) = big.calls
    assert call.body == {
        "model": "big-72b",
        "messages": ASKED["messages"],
        "max_tokens": 90,
        "temperature": 0.2,
        "chat_template_kwargs": {"enable_thinking": False},
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert (call.headers["x-nic-voice-hop"], call.headers["authorization"]) == ("1", "bearer sk-up")
    assert 'nic_voice_upstream_seconds_count{outcome="ok"} 1.0' in numbers


async def test_a_draft_that_is_not_streamed(serve: Serve, big: BigModel) -> None:
    async def script(call: Call) -> None:
        await call.head(kind="application/json")
        await call.raw(json.dumps({"choices": [{"message": {"content": "I am late."}}], "usage": USAGE}).encode())

    big.script = script
    async with serve(upstream_url=big.url) as client:
        body = (await client.post(CHAT, json=ASKED)).json()
    assert body["choices"][0]["message"]["content"] == "ana: i am late."
    assert body["voice"]["draft"]["usage"] == USAGE


async def test_a_draft_that_was_cut_off_is_said_to_be(serve: Serve, big: BigModel) -> None:
    big.script = streams("I am late. So are", reason="length")
    async with serve(upstream_url=big.url) as client:
        body = (await client.post(CHAT, json=ASKED)).json()
    assert body["choices"][0]["finish_reason"] == "length"


async def test_several_answers_share_one_draft(serve: Serve, big: BigModel, engine: FakeEngine) -> None:
    async with serve(upstream_url=big.url) as client:
        body = (await client.post(CHAT, json={**ASKED, "n": 3, "seed": 5})).json()
    assert [choice["message"]["content"] for choice in body["choices"]] == ["ana: i am late. ana: so are you."] * 3
    assert len(big.calls) == 1
    assert len({sampling.seed for _, _, sampling in engine.asked}) == 6


async def served(settings: Settings, engine: FakeEngine) -> AsyncGenerator[str]:
    """The service on a real port: an ASGI client would collect a stream before it shows it."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings, engine), port=0, log_config=None, lifespan="on"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn sets a flag
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


async def test_the_stream_starts_with_the_first_sentence(settings: Settings, engine: FakeEngine, big: BigModel) -> None:
    heard = asyncio.Event()

    async def script(call: Call) -> None:
        await call.head()
        await call.say("I am ", "late", ". ", "So")
        await asyncio.wait_for(heard.wait(), 10)  # the rest is not even written until the first sentence was shipped
        await call.say(" are you.", reason="stop")
        await call.done()

    big.script = script
    running = served(settings.model_copy(update={"upstream_url": big.url}), engine)
    url = await anext(running)
    text = ""
    async with (
        httpx.AsyncClient() as client,
        client.stream("POST", url + CHAT, json={**ASKED, "stream": True}) as answer,
    ):
        async for part in answer.aiter_text():
            text += part
            if "i am late" in text:
                heard.set()
    await anext(running, None)
    *chunks, done = events(text)
    assert "".join(c["choices"][0]["delta"].get("content", "") for c in chunks) == "ana: i am late. ana: so are you."
    assert done == "[DONE]"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_hangs_up_frees_the_upstream(
    stream: bool, settings: Settings, engine: FakeEngine, big: BigModel
) -> None:
    async def script(call: Call) -> None:
        await call.head()
        await call.say("I am late. So")
        await asyncio.wait_for(call.gone.wait(), 10)

    big.script = script
    running = served(settings.model_copy(update={"upstream_url": big.url}), engine)
    url = await anext(running)
    engine.gate.clear()
    async with httpx.AsyncClient() as client:
        asking = asyncio.create_task(client.post(url + CHAT, json={**ASKED, "stream": stream}))
        await asyncio.wait_for(engine.arrived.wait(), 10)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    await asyncio.wait_for(big.calls[0].gone.wait(), 10)
    await anext(running, None)
    assert engine.cancellations == 1


async def _nothing(call: Call) -> None:
    await call.head()
    await call.say(reason="stop")
    await call.done()


async def _stalls(call: Call) -> None:
    await asyncio.wait_for(call.gone.wait(), 10)


async def _stalls_midway(call: Call) -> None:
    await call.head()
    await call.say(CANARY)
    await asyncio.wait_for(call.gone.wait(), 10)


async def _resets(call: Call) -> None:
    call.reset()


async def _resets_midway(call: Call) -> None:
    await call.head()
    await call.say(CANARY)
    call.reset()


async def _breaks_off(call: Call) -> None:
    await call.head()
    await call.say(f"{CANARY} and")


async def _short_body(call: Call) -> None:
    await call.head(kind="application/json", more="Content-Length: 1000\r\n")
    await call.raw(f'{{"choices": "{CANARY}'.encode())


def _sends(content: bytes, kind: str = "text/event-stream") -> Script:
    async def script(call: Call) -> None:
        await call.head(kind=kind)
        await call.raw(content)

    return script


def _status(status: str, more: str = "") -> Script:
    async def script(call: Call) -> None:
        await call.head(status, "application/json", more)
        await call.raw(json.dumps({"error": {"message": CANARY}}).encode())

    return script


async def _no_http(call: Call) -> None:
    await call.raw(f"{CANARY}\r\n\r\n".encode())


FAULTS: dict[str, tuple[Script, int]] = {
    "nothing": (_nothing, 502),
    "stalls": (_stalls, 504),
    "stalls midway": (_stalls_midway, 504),
    "resets": (_resets, 502),
    "resets midway": (_resets_midway, 502),
    "breaks off": (_breaks_off, 502),
    "short body": (_short_body, 502),
    "no http": (_no_http, 502),
    "no json": (_sends(f"data: {CANARY}\n\n".encode()), 502),
    "no utf-8": (_sends(b'data: "\xff\xfe"\n\n'), 502),
    "a list": (_sends(f'data: ["{CANARY}"]\n\n'.encode()), 502),
    "odd types": (
        _sends(b'data: {"choices": {"a": 1}, "usage": 3}\n\ndata: {"choices": [7]}\n\ndata: [DONE]\n\n'),
        502,
    ),
    "deep": (_sends(b"data: " + b"[" * 100_000 + b"\n\n"), 502),
    "no line ends": (_sends(b"data: " + b"x" * 3_000_000), 502),
    "an error event": (_sends(f'data: {{"error": {{"message": "{CANARY}"}}}}\n\n'.encode()), 502),
    "html": (_sends(f"<html>{CANARY}</html>".encode(), "text/html"), 502),
    "not gzip": (_sends(b"", "application/json\r\nContent-Encoding: gzip"), 502),
    "endless": (_sends(b'data: {"choices": [{"delta": {"content": "word and "}}]}\n\n' * 1000), 502),
    "401": (_status("401 No"), 502),
    "404": (_status("404 No"), 502),
    "429": (_status("429 No"), 502),
    "500": (_status("500 No"), 502),
    "504": (_status("504 No"), 504),
    "508": (_status("508 No"), 502),
    "moved": (_status("302 Found", "Location: http://127.0.0.1:1/\r\n"), 502),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("stream", [False, True])
async def test_an_upstream_that_fails(
    stream: bool, fault: str, serve: Serve, big: BigModel, caplog: pytest.LogCaptureFixture
) -> None:
    big.script, expected = FAULTS[fault]
    changes = {"upstream_url": big.url, "upstream_stall_s": 0.2, "max_body_bytes": 4096}
    with caplog.at_level("DEBUG", logger="service"):
        async with serve(**changes) as client:
            answer = await client.post(CHAT, json={**ASKED, "stream": stream})
            numbers = (await client.get("/metrics")).text
    code = {502: "upstream_failed", 504: "upstream_timeout"}[expected]
    assert (answer.status_code, answer.json()["error"]["code"]) == (expected, code)
    assert f'nic_voice_upstream_seconds_count{{outcome="{code}"}} 1.0' in numbers
    assert "nic_voice_working 0.0" in numbers
    for seen in (answer.text, numbers, caplog.text):
        assert "canary" not in seen


async def test_an_upstream_that_fails_after_the_first_sentence(serve: Serve, big: BigModel) -> None:
    async def script(call: Call) -> None:
        await call.head()
        await call.say("I am late. ", "So are")
        await asyncio.sleep(0.2)
        call.reset()

    big.script = script
    async with serve(upstream_url=big.url) as client:
        text = (await client.post(CHAT, json={**ASKED, "stream": True})).text
    *_, said, last = events(text)
    assert said["choices"][0]["delta"]["content"] == "ana: i am late."
    assert last["error"]["code"] == "upstream_failed"


async def test_an_upstream_that_is_not_there(serve: Serve) -> None:
    async with serve(upstream_url="http://127.0.0.1:9/v1") as client:
        answer = await client.post(CHAT, json=ASKED)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_failed")
    assert "cannot be reached" in answer.json()["error"]["message"]


async def test_no_circles(serve: Serve, big: BigModel) -> None:
    async with serve(upstream_url=big.url) as client:
        answer = await client.post(CHAT, json=ASKED, headers={"X-Nic-Voice-Hop": "1"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (508, "call_loop")
    assert big.calls == []


async def test_who_needs_no_draft(serve: Serve, big: BigModel) -> None:
    async with serve(upstream_url=big.url) as client:
        for model in ("ana", "ana-voice", "base", None):
            assert (await client.post(CHAT, json={**ASKED, "model": model})).status_code == 200
        unknown = await client.post(CHAT, json={"model": "big-72b", "messages": user("Hi.")})
    assert unknown.status_code == 404
    assert big.calls == []


def test_the_address_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIC_VOICE_UPSTREAM_URL", "http://forge:8642/v1/")
    assert load_settings().upstream_url == "http://forge:8642/v1"
    monkeypatch.setenv("NIC_VOICE_UPSTREAM_URL", "forge:8642")
    with pytest.raises(Exception, match="NIC_VOICE_UPSTREAM_URL"):
        load_settings()


PARTS = st.sampled_from(
    ["Hello", " there", ". ", "So ", "are", " you", "?", "\n", "\n\n", "```", "```py\n", "~~~\n", "> quoted\n", "- ",
     "* ", "1. ", "1", "2) ", "e.g. ", "J. ", "etc.", "...", "…", " well", "https://a.b/c", " ", "\t", "# ", "5", "No. ",
     '"', "”", "。", "！", "Best,\n", "--\n", "| a | b |\n", "|---|\n", "\r\n", "\u2028", "i. ", "A", "🙂", "[x] ", "Thu. "]
)  # fmt: skip


@given(st.lists(PARTS, max_size=30), st.sampled_from(["sentence", "message"]))
async def test_a_growing_text_has_the_segments_of_the_whole(parts: list[str], unit: Unit) -> None:
    async def come() -> AsyncGenerator[str]:
        for part in parts:
            yield part

    assert [segment async for segment in segments(come(), unit)] == split("".join(parts), unit)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["One here. ", "Two", " here. Three"], ["One here.", None, "Two here."]),
        (["```py\nx. Y\n", "```\n", "Then this. And"], [None, "```py\nx. Y\n```", "Then this."]),
        (["- one\n", "- two\n", "- three"], ["one", "two", None]),
        (["I live in the U.S", ". ", "and"], [None, None, None]),
    ],
)
async def test_a_segment_is_given_as_soon_as_it_is_sure(parts: list[str], expected: list[str | None]) -> None:
    found: list[str] = []
    last_of_part: list[str | None] = []

    async def come() -> AsyncGenerator[str]:
        seen = 0
        for part in parts:
            yield part
            last_of_part.append(found[seen] if len(found) > seen else None)
            seen = len(found)

    async for segment in segments(come(), "sentence"):
        found.append(segment.text)
    assert last_of_part == expected
