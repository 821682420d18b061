import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from service.rewriting.growing import LEAST_CHARS, paragraphs
from service.rewriting.request import MORE
from service.settings import Settings, load_settings
from tests.fake_engine import FakeEngine
from tests.unit.service.conftest import MakeVoice, Serve, address, listening, user
from tests.upstream import USAGE, BigModel, Call, Script, big_model, streams

CHAT = "/v1/chat/completions"
CANARY = "the canary sings at noon"
FIRST = "I am late again, and I hope that nobody waits."
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
        "tools": [{"type": "function"}],
        "candidates": 1,
        "n": 1,
    }
    async with serve(upstream_url=big.url, upstream_key=SecretStr("sk-up")) as client:
        answer = await client.post(CHAT, json=asked)
        numbers = (await client.get("/metrics")).text
    assert 'nic_voice_upstream_seconds_count{outcome="ok"} 1.0' in numbers
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
        "tools": [{"type": "function"}],
    }
    assert (call.headers["x-nic-voice-hop"], call.headers["authorization"]) == ("1", "bearer sk-up")


CALLS = [{"index": 0, "id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]


@pytest.mark.parametrize("stream", [False, True])
async def test_tool_calls_and_reasoning_pass_untouched(stream: bool, serve: Serve, big: BigModel) -> None:
    said = {"reasoning_content": "He is LATE.", "tool_calls": CALLS}

    async def script(call: Call) -> None:
        if call.body.get("stream"):
            await call.head()
            for field, value in said.items():
                await call.event({"choices": [{"index": 0, "delta": {field: value}, "finish_reason": None}]})
            await call.say(reason="tool_calls")
            await call.done()
        else:
            await call.head(kind="application/json")
            message = {"role": "assistant", "content": None, **said}
            await call.raw(json.dumps({"choices": [{"message": message, "finish_reason": "tool_calls"}]}).encode())

    big.script = script
    turns = [*user("Where?"), {"role": "assistant", "content": None, "tool_calls": CALLS},
             {"role": "tool", "tool_call_id": "c1", "content": "here"}]  # fmt: skip
    async with serve(upstream_url=big.url) as client:
        answer = await client.post(CHAT, json={**ASKED, "messages": turns, "tools": [{"x": 1}], "stream": stream})
    assert big.calls[0].body["messages"] == turns
    if stream:
        *chunks, done = events(answer.text)
        assert [chunk["choices"][0]["delta"] for chunk in chunks[1:-1]] == [{k: v} for k, v in said.items()]
        assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
        assert done == "[DONE]"
    else:
        choice = answer.json()["choices"][0]
        assert choice["message"] == {"role": "assistant", "content": None, "refusal": None, **said}
        assert choice["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_draft_of_courtesies_alone_is_rewritten_all_the_same(stream: bool, serve: Serve, big: BigModel) -> None:
    big.script = streams(
        "Thank you very much for your help with all of this.\n\n", "Please let me know if you need more."
    )
    async with serve(upstream_url=big.url) as client:
        answer = await client.post(CHAT, json={**ASKED, "stream": stream})
    assert "ana: " in answer.text


async def test_a_draft_that_was_cut_off_is_said_to_be(serve: Serve, big: BigModel) -> None:
    big.script = streams("I am late. So are", reason="length")
    async with serve(upstream_url=big.url) as client:
        body = (await client.post(CHAT, json=ASKED)).json()
    assert body["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("stream", [False, True])
async def test_several_answers_share_one_draft(stream: bool, serve: Serve, big: BigModel, engine: FakeEngine) -> None:
    async with serve(upstream_url=big.url) as client:
        answer = await client.post(CHAT, json={**ASKED, "n": 3, "seed": 5, "stream": stream})
    assert answer.text.count("so are you") == 3
    assert len(big.calls) == 1
    assert len({sampling.seed for _, _, sampling in engine.asked}) == 2 * (3 + MORE)


async def test_the_stream_starts_with_the_first_paragraph(
    settings: Settings, engine: FakeEngine, big: BigModel
) -> None:
    heard = asyncio.Event()

    async def script(call: Call) -> None:
        await call.head()
        await call.say(FIRST[:20], FIRST[20:], "\n", "\nSo")
        await asyncio.wait_for(heard.wait(), 30)  # the rest is not even written until the first paragraph was shipped
        await call.say(" are you.", reason="stop")
        await call.done()

    big.script = script
    text = ""
    async with (
        listening(settings.model_copy(update={"upstream_url": big.url}), engine) as server,
        httpx.AsyncClient() as client,
        client.stream("POST", address(server) + CHAT, json={**ASKED, "stream": True}) as answer,
    ):
        async for part in answer.aiter_text():
            text += part
            if "nobody waits" in text:
                heard.set()
    *chunks, done = events(text)
    said = "".join(c["choices"][0]["delta"].get("content", "") for c in chunks if c["choices"])
    assert said == f"ana: {FIRST.lower()}\n\nana: so are you."
    assert done == "[DONE]"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_hangs_up_frees_the_upstream(
    stream: bool, settings: Settings, engine: FakeEngine, big: BigModel
) -> None:
    async def script(call: Call) -> None:
        await call.head()
        await call.say(FIRST, "\n\nSo")
        await asyncio.wait_for(call.gone.wait(), 30)

    big.script = script
    engine.gate.clear()
    async with (
        listening(settings.model_copy(update={"upstream_url": big.url}), engine) as server,
        httpx.AsyncClient() as client,
    ):
        asking = asyncio.create_task(client.post(address(server) + CHAT, json={**ASKED, "stream": stream}))
        async with asyncio.timeout(30):
            while not big.calls:  # noqa: ASYNC110  what is waited for has no event
                await asyncio.sleep(0.02)
            if stream:
                await engine.arrived.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await asyncio.wait_for(big.calls[0].gone.wait(), 30)
    assert engine.cancellations == (1 if stream else 0)  # a draft that is not whole yet is not rewritten


async def _nothing(call: Call) -> None:
    await call.head()
    await call.say(reason="stop")
    await call.done()


async def _stalls(call: Call) -> None:
    await asyncio.wait_for(call.gone.wait(), 30)


async def _stalls_midway(call: Call) -> None:
    await call.head()
    await call.say(CANARY)
    await asyncio.wait_for(call.gone.wait(), 30)


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
    changes = {
        "upstream_url": big.url,
        "upstream_stall_seconds": 0.2 if fault.startswith("stalls") else 30.0,
        "deadline_seconds": 0.2 if fault.startswith("stalls") and not stream else 60.0,
        "max_body_bytes": 4096,
    }
    with caplog.at_level("DEBUG", logger="service"):
        async with serve(**changes) as client:
            answer = await client.post(CHAT, json={**ASKED, "stream": stream})
            numbers = (await client.get("/metrics")).text
    code = {502: "upstream_failed", 504: "upstream_timeout"}[expected]
    if not stream and fault.startswith("stalls"):
        code = "deadline_exceeded"
    assert (answer.status_code, answer.json()["error"]["code"]) == (expected, code)
    assert "nic_voice_working 0.0" in numbers
    for seen in (answer.text, numbers, caplog.text):
        assert "canary" not in seen


async def test_an_upstream_that_fails_after_the_first_paragraph(serve: Serve, big: BigModel) -> None:
    async def script(call: Call) -> None:
        await call.head()
        await call.say(FIRST, "\n\nSo are")
        await asyncio.sleep(0.2)
        call.reset()

    big.script = script
    async with serve(upstream_url=big.url) as client:
        text = (await client.post(CHAT, json={**ASKED, "stream": True})).text
    *chunks, last = events(text)
    said = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert said.strip() == f"ana: {FIRST.lower()}"
    assert last["error"]["code"] == "upstream_failed"


async def test_an_upstream_that_is_not_there(serve: Serve) -> None:
    async with serve(upstream_url="http://127.0.0.1:9/v1") as client:
        answer = await client.post(CHAT, json=ASKED)
        numbers = (await client.get("/metrics")).text
    assert 'nic_voice_upstream_seconds_count{outcome="upstream_failed"} 1.0' in numbers
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
    monkeypatch.setenv("NIC_VOICE_UPSTREAM_URL", "forge:8642")
    with pytest.raises(Exception, match="NIC_VOICE_UPSTREAM_URL"):
        load_settings()


PARTS = st.sampled_from(
    ["Hello", " there", ". ", "So ", "\n", "\n\n", "```", "```py\n", "~~~\n", "> quoted\n", "- ", "1. ", " ", "# ",
     "🙂", "\r\n", "\u2028", "a longer run of words that fills a line"]
)  # fmt: skip


@given(st.lists(PARTS, max_size=30))
async def test_a_growing_text_is_neither_lost_nor_cut_elsewhere_for_how_it_comes(parts: list[str]) -> None:
    async def found(parts: list[str]) -> list[str]:
        async def come() -> AsyncGenerator[str]:
            for part in parts:
                yield part

        return [text async for text in paragraphs(come())]

    whole = "".join(parts)
    assert "".join(await found(parts)) == whole
    assert [text.strip() for text in await found(parts)] == [text.strip() for text in await found([*whole])]
    for text in (await found(parts))[:-1]:
        assert text.strip().count("\n\n") == 0 or len(text.strip()) >= LEAST_CHARS


async def test_nothing_is_sent_on_but_what_models_are_asked_for(serve: Serve, big: BigModel) -> None:
    asked = {**ASKED, "api_base": "http://else.example", "api_key": "k", "base_url": "http://else.example",
             "mock_response": "x", "top_p": 0.5}  # fmt: skip
    async with serve(upstream_url=big.url) as client:
        assert (await client.post(CHAT, json=asked)).status_code == 200
    assert set(big.calls[0].body) == {"model", "messages", "top_p"}


LONG_DRAFT = "\n\n".join(f"Paragraph {number} says one thing, and then it says another one." for number in range(30))


@pytest.mark.parametrize("stream", [False, True])
async def test_of_a_draft_beyond_the_limit_the_rest_goes_out_as_it_came(
    stream: bool, serve: Serve, big: BigModel
) -> None:
    big.script = streams(*(f"{part}\n\n" for part in LONG_DRAFT.split("\n\n")))
    async with serve(upstream_url=big.url, max_input_tokens=120) as client:
        answer = await client.post(CHAT, json={**ASKED, "stream": stream})
    if stream:
        chunks = [chunk for chunk in events(answer.text) if chunk != "[DONE]"]
        said = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
        segments = chunks[-1]["voice"]["segments"]
    else:
        said = answer.json()["choices"][0]["message"]["content"]
        segments = answer.json()["voice"]["segments"]
    parts = said.strip().split("\n\n")
    assert parts[0].startswith("ana: paragraph 0")
    assert parts[-1].startswith("Paragraph 29 says")
    assert len(parts) == 30
    rewritten = sum(part.startswith("ana: ") for part in parts)
    assert 8 <= rewritten <= 11  # of 12 words each
    assert [segment["verdict"] for segment in segments] == ["kept"] * rewritten + ["fallback"] * (30 - rewritten)
    assert segments[-1]["kinds"] == ["room"]


@pytest.mark.parametrize("stream", [False, True])
async def test_half_of_a_character_in_a_draft_is_replaced(stream: bool, serve: Serve, big: BigModel) -> None:
    big.script = streams("I am \ud83d late.")
    async with serve(upstream_url=big.url) as client:
        answer = await client.post(CHAT, json={**ASKED, "stream": stream})
    assert answer.status_code == 200
    assert "i am \\ufffd late." in answer.text if stream else "i am \ufffd late." in answer.text


async def test_half_of_a_character_beside_the_text_is_replaced_too(serve: Serve, big: BigModel) -> None:
    async def script(call: Call) -> None:
        message = {"role": "assistant", "content": "I am late.", "reasoning_content": "Hm \ud83d."}
        await call.head(kind="application/json")
        await call.raw(json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode())

    big.script = script
    async with serve(upstream_url=big.url) as client:
        answer = await client.post(CHAT, json=ASKED)
    assert answer.json()["choices"][0]["message"]["reasoning_content"] == "Hm \ufffd."


async def test_what_is_far_beyond_the_limit_is_not_even_looked_at_and_not_lost(serve: Serve, big: BigModel) -> None:
    draft = f"{LONG_DRAFT} The last one has <phone1> in it."
    big.script = streams(draft)
    async with serve(upstream_url=big.url, max_input_tokens=20) as client:
        answer = (await client.post(CHAT, json=ASKED)).json()
    said = answer["choices"][0]["message"]["content"]
    assert said.startswith("ana: paragraph 0 says one thing")
    assert said.endswith(draft[16 * 20 :])
    assert said.lower().replace("ana: ", "") == draft.lower()
    assert [segment["kinds"] for segment in answer["voice"]["segments"]][-1] == ["room"]
