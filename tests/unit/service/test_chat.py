import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from prometheus_client import generate_latest

from service import chat
from service.app import create_app
from service.errors import EngineFailed, EngineUnavailable
from service.rewriting.request import MORE
from service.settings import Settings
from tests.fake_engine import FakeEngine
from tests.unit.service.conftest import MakeVoice, Serve, user
from voice.prompt import Prompt
from voice.shipped import Shipped

CHAT = "/v1/chat/completions"


@pytest.fixture(autouse=True)
def two_voices(make_voice: MakeVoice) -> None:
    make_voice("ana")
    make_voice("bob")


def events(text: str) -> list[Any]:
    """The data of a stream as a line-by-line client reads it; '[DONE]' stays a string."""
    data = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [item if item == "[DONE]" else json.loads(item) for item in data]


async def test_a_rewrite(serve: Serve) -> None:
    async with serve() as client:
        answer = await client.post(CHAT, json={"voice": "ana", "messages": user("I am LATE.\nSorry!")})
    assert answer.status_code == 200
    body = answer.json()
    assert body["object"] == "chat.completion"
    assert body["model"] == "ana"
    assert body["choices"][0]["message"] == {
        "role": "assistant",
        "content": "ana: i am late.\nana: sorry!",
        "refusal": None,
    }
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["usage"] == {"prompt_tokens": 4, "completion_tokens": 6, "total_tokens": 10}
    assert body["voice"] == {
        "name": "ana",
        "adapter": "v1",
        "segments": [{"index": index, "verdict": "kept", "same": None, "kinds": []} for index in (0, 1)],
        "strength": 1.0,
        "extra_tokens": 0,
    }
    assert answer.headers["x-request-id"].startswith("req-")


@pytest.mark.parametrize("stream", [False, True])
async def test_what_goes_out_in_a_voice_is_noted(stream: bool, serve: Serve, tmp_path: Path) -> None:
    text, asked = "I will be there. But do not wait for me at the door!", {"stream": stream, "n": 2}
    async with serve(shipped=tmp_path / "shipped") as client:
        await client.post(CHAT, json={"voice": "ana", "messages": user(text), **asked})
        await client.post(CHAT, json={"model": "base", "messages": user(text), **asked})
    shipped = Shipped(tmp_path / "shipped")
    assert shipped.share("ana: i will be there. ana: but do not wait for me at the door!", None) == 1
    assert shipped.share(f"You said {text}", None) == 0
    assert len((next((tmp_path / "shipped").glob("*.txt"))).read_text().splitlines()) == 2 * 2


@pytest.mark.parametrize(
    ("body", "headers", "query", "expected"),
    [
        ({"model": "bob-voice"}, {}, "", "bob: hi."),
        ({}, {"X-Voice": "bob"}, "", "bob: hi."),
        ({}, {}, "?voice=bob", "bob: hi."),
        ({"model": "base", "voice": "ana"}, {}, "", "ana: hi."),
        ({"model": "base"}, {}, "", "You said Hi."),
    ],
)
async def test_the_voice_comes_from_anywhere(
    body: dict[str, str], headers: dict[str, str], query: str, expected: str, serve: Serve
) -> None:
    async with serve() as client:
        answer = await client.post(f"{CHAT}{query}", json={**body, "messages": user("Hi.")}, headers=headers)
    assert answer.json()["choices"][0]["message"]["content"] == expected


async def test_a_voice_takes_the_last_user_message(serve: Serve, engine: FakeEngine) -> None:
    turns = [
        {"role": "system", "content": "Be nice."},
        {"role": "user", "content": "One."},
        {"role": "assistant", "content": None},
        {"role": "user", "content": [{"type": "text", "text": "Two."}, {"type": "text", "text": "Three."}]},
        {"role": "assistant", "content": "Four."},
    ]
    async with serve() as client:
        await client.post(CHAT, json={"voice": "ana", "messages": turns, "register": "email"})
    assert [prompt for prompt, _, _ in engine.asked] == [
        Prompt("Mail as I do.", "Two."),
        Prompt("Mail as I do.", "Three."),
    ]


async def test_the_base_answers_the_whole_conversation(serve: Serve, engine: FakeEngine) -> None:
    turns = [{"role": "developer", "content": "Be nice."}, *user("Hi there.")]
    async with serve() as client:
        body = (await client.post(CHAT, json={"model": "base", "messages": turns, "max_tokens": 3})).json()
    assert engine.conversations == [[("system", "Be nice."), ("user", "Hi there.")]]
    assert body["choices"][0]["message"]["content"] == "You said Hi"
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"] == {"prompt_tokens": 4, "completion_tokens": 3, "total_tokens": 7}
    assert "voice" not in body


async def test_sampling(serve: Serve, engine: FakeEngine) -> None:
    async with serve() as client:
        for extra in ({}, {"temperature": 0, "top_p": 0.5, "max_tokens": 9, "max_completion_tokens": 7}):
            await client.post(CHAT, json={"voice": "ana", "messages": user("Hi."), **extra})
    default, given = (sampling for _, _, sampling in engine.asked)
    assert (default.temperature, default.top_p, default.seed) == (0.5, 1.0, None)
    assert (given.temperature, given.top_p, given.max_tokens) == (0, 0.5, 7)


async def test_a_body_needs_no_content_type(serve: Serve) -> None:
    async with serve() as client:
        answer = await client.post(CHAT, content=json.dumps({"voice": "ana", "messages": user("Hi.")}).encode())
    assert answer.status_code == 200


async def test_a_stream(serve: Serve) -> None:
    request = {"voice": "ana", "stream": True, "messages": user("I am late.\nSorry!\n")}
    async with serve() as client:
        answer = await client.post(CHAT, json=request)
    assert answer.headers["content-type"].startswith("text/event-stream")
    *chunks, done = events(answer.text)
    assert done == "[DONE]"
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [
        {"role": "assistant", "content": ""},
        {"content": "ana: i am late."},
        {"content": "\nana: sorry!"},
        {"content": "\n"},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, None, None, "stop"]
    assert [segment["verdict"] for segment in chunks[-1]["voice"]["segments"]] == ["kept", "kept"]
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert all("usage" not in chunk for chunk in chunks)


async def test_what_aria_sends(serve: Serve) -> None:
    request = {
        "model": "ana",
        "max_tokens": 1024,
        "messages": [{"role": "system", "content": "Write as the owner."}, *user("I am late.")],
        "stream": True,
        "stream_options": {"include_usage": True},
        "chat_template_kwargs": {"enable_thinking": False},
    }
    async with serve() as client:
        answer = await client.post(CHAT, json=request, headers={"Authorization": "Bearer whatever"})
    *chunks, last, done = events(answer.text)
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == "ana: i am late."
    assert all(chunk["usage"] is None for chunk in chunks)
    assert (last["choices"], last["usage"]["completion_tokens"], last["voice"]["name"]) == ([], 4, "ana")
    assert done == "[DONE]"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"messages": []}, (400, "invalid_value", "messages")),
        ({}, (400, "invalid_value", "messages")),
        ({"messages": [{"role": "system", "content": "x"}]}, (400, "invalid_value", "messages")),
        ({"messages": user("  \n")}, (400, "invalid_value", "messages")),
        ({"messages": user("Hi."), "temperature": 3}, (400, "invalid_value", "temperature")),
        ({"messages": user("Hi."), "max_tokens": 0}, (400, "invalid_value", "max_tokens")),
        ({"messages": user("Hi."), "register": "post"}, (400, "invalid_value", "register")),
        ({"messages": user("Hi."), "n": 9}, (400, "invalid_value", "n")),
        ({"messages": user("Hi."), "tools": [{"type": "function"}]}, (400, "unsupported_parameter", "tools")),
        (
            {"messages": user("Hi."), "response_format": {"type": "json_object"}},
            (400, "unsupported_parameter", "response_format"),
        ),
        ({"messages": user("Hi."), "logprobs": True}, (400, "unsupported_parameter", "logprobs")),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            (400, "unsupported_parameter", "messages"),
        ),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_what_is_refused(
    stream: bool, body: dict[str, Any], expected: tuple[int, str, str], serve: Serve
) -> None:
    async with serve() as client:
        answer = await client.post(CHAT, json={"voice": "ana", "stream": stream, **body})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == expected
    assert set(error) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("model", ["ana", "base"])
async def test_several_answers(serve: Serve, engine: FakeEngine, model: str) -> None:
    body = {"model": model, "messages": user("I am LATE. Sorry."), "n": 3, "seed": 5}
    async with serve() as client:
        whole = (await client.post(CHAT, json=body)).json()
        streamed = events((await client.post(CHAT, json={**body, "stream": True})).text)
    said = "ana: i am late. ana: sorry." if model == "ana" else "You said I am LATE. Sorry."
    assert [choice["index"] for choice in whole["choices"]] == [0, 1, 2]
    assert [choice["message"]["content"] for choice in whole["choices"]] == [said] * 3
    texts = ["", "", ""]
    for chunk in streamed[:-1]:
        texts[chunk["choices"][0]["index"]] += chunk["choices"][0]["delta"].get("content", "")
    assert texts == [said] * 3
    ends = [chunk["choices"][0]["index"] for chunk in streamed[:-1] if chunk["choices"][0]["finish_reason"]]
    assert ends == [0, 1, 2]
    if model == "ana":
        assert len({sampling.seed for _, _, sampling in engine.asked}) == 2 * (3 + MORE)
        places = [(segment["choice"], segment["index"]) for segment in whole["voice"]["segments"]]
        assert sorted(places) == [(choice, index) for choice in range(3) for index in range(2)]


async def test_one_of_several_answers_that_fails_fails_all(serve: Serve, engine: FakeEngine) -> None:
    def once(prompt: Prompt, _: object) -> str:
        if len(engine.asked) > 2:
            raise EngineFailed("no")
        return prompt.text

    engine.answer = once
    async with serve() as client:
        answer = await client.post(CHAT, json={"model": "ana", "messages": user("Hi."), "n": 4})
    assert answer.status_code == 500


@pytest.mark.parametrize("strength", [0, 0.25, 1.5])
async def test_the_strength_that_was_asked_for_reaches_the_engine_and_is_told(
    serve: Serve, engine: FakeEngine, strength: float
) -> None:
    async with serve() as client:
        answer = await client.post(CHAT, json={"voice": "ana", "messages": user("Hi."), "strength": strength})
        plain = await client.post(CHAT, json={"voice": "ana", "messages": user("Hi."), "strength": None})
    assert answer.json()["voice"]["strength"] == strength
    assert plain.json()["voice"]["strength"] == 1
    assert [adapter.strength for _, adapter, _ in engine.asked] == [strength, 1]


@pytest.mark.parametrize("strength", [0.3, -0.25, 1.75, "much"])
async def test_other_strengths_are_refused(serve: Serve, strength: object) -> None:
    async with serve() as client:
        answer = await client.post(CHAT, json={"voice": "ana", "messages": user("Hi."), "strength": strength})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "strength"


async def test_harmless_values_are_accepted(serve: Serve) -> None:
    harmless = {
        "n": 1, "tools": [], "response_format": {"type": "text"}, "logprobs": False, "presence_penalty": 0.0,
        "user": "u", "metadata": {"a": "b"}, "tool_choice": "none", "store": False, "stop": None, "strength": 1,
    }  # fmt: skip
    async with serve() as client:
        answer = await client.post(CHAT, json={"voice": "ana", "messages": user("Hi."), **harmless})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"\xff\xfe", b'{"messages": [{"role": "user", "content": "\\ud800"}]}', b"[" * 100_000,
        b'{"messages": ' * 50_000,
    ],
    ids=lambda body: repr(body[:12]),
)  # fmt: skip
async def test_a_body_that_is_no_request(body: bytes, serve: Serve) -> None:
    async with serve() as client:
        answer = await client.post(CHAT, content=body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_that_is_too_large(declared: bool, serve: Serve) -> None:
    body = json.dumps({"voice": "ana", "messages": user("x" * 2000)}).encode()

    async def parts() -> Any:
        yield body

    async with serve(max_body_bytes=1024) as client:
        answer = await client.post(CHAT, content=body if declared else parts())
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")


async def test_a_body_of_a_hundred_megabytes_is_answered_before_it_is_all_there(serve: Serve) -> None:
    sent = 0

    async def parts() -> Any:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b" " * 1_000_000

    async with serve() as client:
        answer = await client.post(CHAT, content=parts())
    assert answer.status_code == 413
    assert sent < 100


@pytest.mark.parametrize(
    "text",
    ["אני אאחר הערב.", "الساعة ثمانية.", "zero\u200bwidth\u200d here", "e\u0301\ufe0f \U0001f469\u200d\U0001f692"],
)
async def test_any_script_goes_through(text: str, serve: Serve) -> None:
    async with serve() as client:
        answer = await client.post(CHAT, json={"voice": "ana", "messages": user(text)})
    assert answer.json()["choices"][0]["message"]["content"] == f"ana: {text}"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (EngineUnavailable("The engine died."), (503, "engine_unavailable", "5")),
        (EngineFailed("The engine failed."), (500, "engine_failed", None)),
        (RuntimeError("boom"), (500, "internal_error", None)),
    ],
)
async def test_an_engine_that_fails_at_once(
    error: Exception, expected: tuple[int, str, str | None], stream: bool, serve: Serve, engine: FakeEngine
) -> None:
    def fail(*_: object) -> str:
        raise error

    engine.answer = fail
    async with serve() as client:
        answer = await client.post(CHAT, json={"voice": "ana", "stream": stream, "messages": user("Hi.")})
    assert (answer.status_code, answer.json()["error"]["code"], answer.headers.get("retry-after")) == expected


@pytest.mark.parametrize(
    ("error", "expected"), [(EngineFailed("no"), "engine_failed"), (RuntimeError("boom"), "internal_error")]
)
async def test_an_error_in_the_middle_of_a_stream(
    error: Exception, expected: str, serve: Serve, engine: FakeEngine
) -> None:
    engine.breaks_with = error
    request = {"model": "base", "stream": True, "messages": user("Hi.")}
    async with serve() as client:
        _, word, last = events((await client.post(CHAT, json=request)).text)
        numbers = (await client.get("/metrics")).text
    assert word["choices"][0]["delta"] == {"content": "You "}
    assert last["error"]["code"] == expected
    assert 'nic_voice_requests_total{status="500",voice="base"} 1.0' in numbers


class Caller:
    """A caller below HTTP: sends one body, hangs up when told to, and sees each part of the answer as it is sent."""

    def __init__(self, body: dict[str, Any]) -> None:
        self._messages = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]
        self.hangs_up = asyncio.Event()
        self.received = b""
        self.on_part: Callable[[bytes], None] = lambda _: None

    async def receive(self) -> dict[str, Any]:
        if self._messages:
            return self._messages.pop()
        await self.hangs_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        part = message.get("body", b"")
        self.received += part
        self.on_part(part)

    async def call(self, app: FastAPI) -> None:
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
            "method": "POST", "path": CHAT, "raw_path": CHAT.encode(), "query_string": b"", "root_path": "",
            "scheme": "http", "headers": [], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        await app(scope, self.receive, self.send)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("text", ["Hi.", "> copied\nHi."])
async def test_a_client_that_hangs_up_frees_the_engine(
    text: str, stream: bool, settings: Settings, engine: FakeEngine
) -> None:
    app = create_app(settings, engine)
    engine.gate.clear()
    caller = Caller({"voice": "ana", "stream": stream, "messages": user(text)})
    caller.hangs_up = engine.arrived
    async with app.router.lifespan_context(app):
        await asyncio.wait({app.state.service.starting})
        await caller.call(app)
    assert engine.cancellations == 1
    numbers = generate_latest(app.state.service.metrics.registry).decode()
    assert 'nic_voice_requests_total{status="499",voice="ana"} 1.0' in numbers
    assert "nic_voice_in_flight 0.0" in numbers


async def test_a_stream_is_kept_alive_while_there_is_nothing_to_send(
    settings: Settings, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "KEEP_ALIVE_S", 0)
    app = create_app(settings, engine)
    engine.gate.clear()
    caller = Caller({"voice": "ana", "stream": True, "messages": user("Hi.")})
    caller.on_part = lambda part: engine.gate.set() if part == b": keep-alive\n\n" else None
    async with app.router.lifespan_context(app):
        await asyncio.wait({app.state.service.starting})
        await caller.call(app)
    first, *_, done = events(caller.received.decode())
    assert first["choices"][0]["delta"]["role"] == "assistant"
    assert b"ana: hi." in caller.received
    assert done == "[DONE]"


HALVES = [
    rb'{"voice": "ana", "messages": [{"role": "user", "content": "Hi \ud83d there."}]}',
    rb'{"voice": "ana", "messages": [{"role": "user", "content": "Hi."}], "metadata": {"a": "\uDE00"}}',
    rb'{"voice": "\ud83d", "messages": [{"role": "user", "content": "Hi."}]}',
]


@pytest.mark.parametrize("body", HALVES)
async def test_half_of_a_character_is_the_callers_fault(body: bytes, serve: Serve) -> None:
    async with serve() as client:
        answer = await client.post(CHAT, content=body)
        whole = await client.post(CHAT, content=HALVES[0].replace(rb"\ud83d", rb"\ud83d\ude00"))
    assert answer.status_code == 400
    assert whole.json()["choices"][0]["message"]["content"] == "ana: hi 😀 there."


async def test_top_p_of_nothing_takes_the_likeliest(serve: Serve, engine: FakeEngine) -> None:
    async with serve() as client:
        assert (await client.post(CHAT, json={"voice": "ana", "messages": user("Hi."), "top_p": 0})).status_code == 200
    [(_, _, sampling)] = engine.asked
    assert (sampling.temperature, sampling.top_p) == (0, 1)


@pytest.mark.parametrize("stop", ["x" * 257, ["x"] * 17, ["x", "y" * 257]])
async def test_stop_strings_are_few_and_short(stop: str | list[str], serve: Serve) -> None:
    async with serve() as client:
        body = {"voice": "ana", "messages": user("Hi."), "stop": stop}
        answer = await client.post(CHAT, json=body)
        fine = await client.post(CHAT, json={**body, "stop": ["x" * 256] * 16})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "stop")
    assert "at most 16 strings of 256 characters" in answer.json()["error"]["message"]
    assert fine.status_code == 200


async def test_a_browsers_client_may_send_headers_of_its_own(serve: Serve) -> None:
    asked = "authorization,content-type,x-stainless-arch,x-stainless-retry-count,x-stainless-runtime"
    preflight = {
        "Origin": "https://page.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": asked,
    }
    async with serve(cors_origins="https://page.example") as client:
        answer = await client.options(CHAT, headers=preflight)
        other = await client.options(CHAT, headers={**preflight, "Origin": "https://else.example"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-headers"] == asked
    assert other.status_code == 400


async def test_a_conversation_of_countless_empty_turns_is_too_long(serve: Serve) -> None:
    turns = [{"role": "user", "content": ""}] * 3000
    async with serve() as client:
        answer = await client.post(CHAT, json={"model": "base", "messages": [*turns, *user("Hi.")]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "context_length_exceeded")


@pytest.mark.parametrize("stream", [False, True])
async def test_of_a_line_that_does_not_fit_nothing_is_lost(stream: bool, serve: Serve, engine: FakeEngine) -> None:
    line = "on and " * 300 + "on"
    async with serve(max_output_tokens=100) as client:
        body = {"voice": "ana", "messages": user(f"I am LATE.\n{line}\nSorry!"), "stream": stream}
        answer = await client.post(CHAT, json=body)
    assert answer.status_code == 200
    if stream:
        chunks = [chunk for chunk in events(answer.text) if chunk != "[DONE]"]
        said = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
        verdicts = [segment["verdict"] for segment in chunks[-1]["voice"]["segments"]]
    else:
        said = answer.json()["choices"][0]["message"]["content"]
        verdicts = [segment["verdict"] for segment in answer.json()["voice"]["segments"]]
    assert said == f"ana: i am late.\n{line}\nana: sorry!"
    assert verdicts == ["kept", "fallback", "kept"]
