"""The real server on a real port: readers that hang up, stopping, starting; the engine behind it is the fake one."""

import asyncio
import json
import logging
import os
import signal
import socket
import threading
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from nic_voice.serving import free_port
from service import door, run
from service.app import create_app
from service.engines import Completion
from service.errors import EngineUnavailable
from service.settings import Settings
from tests.clock import eventually
from tests.fake_engine import FakeEngine
from tests.unit.service.conftest import MakeVoice, address, listening, user
from voice.errors import UserError

SAID = user("I am late.")


async def test_a_reader_that_does_not_read_holds_no_memory_and_frees_the_engine_when_it_goes(
    url: str, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    produced, closed = 0, asyncio.Event()

    async def talk(*_: object) -> AsyncGenerator[Completion]:
        nonlocal produced
        try:
            while True:
                produced += 10_000
                yield Completion("x" * 10_000, 0, 1, None)
        finally:
            closed.set()

    monkeypatch.setattr(engine, "converse", talk)
    body = json.dumps({"model": "base", "messages": SAID, "stream": True}).encode()
    host, _, port = url.removeprefix("http://").removesuffix("/v1").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1000)
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    await reader.readuntil(b"\r\n")
    await asyncio.sleep(1)  # time for a hundred megabytes and more
    assert produced < 30_000_000  # what the kernel keeps for a connection
    writer.transport.abort()
    async with asyncio.timeout(30):
        await closed.wait()


async def test_of_two_hundred_clients_half_hang_up_and_the_others_are_answered(url: str, engine: FakeEngine) -> None:
    engine.gate.clear()
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=None), timeout=120) as client:

        async def ask(number: int) -> str:
            body = {
                "voice": "ana",
                "messages": [{"role": "user", "content": f"Number {number}."}],
                "stream": number % 3 == 0,
            }
            return (await client.post(f"{url}/chat/completions", json=body)).text

        asked = [asyncio.create_task(ask(number)) for number in range(200)]
        await eventually(lambda: len(engine.asked) == 64)  # as many as are worked on at once
        for task in asked[::2]:
            task.cancel()
        engine.gate.set()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        numbers = (await client.get(f"{url.removesuffix('/v1')}/metrics")).text
    for number, answer in enumerate(answers):
        if number % 2:
            assert f"number {number}." in str(answer)
        else:
            assert isinstance(answer, asyncio.CancelledError)
    assert "nic_voice_working 0.0" in numbers
    assert "nic_voice_queue 0.0" in numbers


async def test_what_is_not_done_in_time_when_it_stops_is_told_so(
    make_voice: MakeVoice, settings: Settings, engine: FakeEngine
) -> None:
    make_voice("ana")
    engine.gate.clear()
    async with (
        listening(settings, engine, timeout_graceful_shutdown=1) as server,
        httpx.AsyncClient(base_url=address(server), timeout=60) as client,
    ):
        asked = asyncio.create_task(client.post("/v1/chat/completions", json={"model": "ana", "messages": SAID}))
        await eventually(lambda: bool(engine.asked))
        server.should_exit = True
        answer = await asked
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "The service stops" in answer.json()["error"]["message"]


def test_a_taken_port_is_named(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=rf"127\.0\.0\.1 port {port}: .*--port"):
            run.serve(settings.model_copy(update={"port": port}))


def test_serve_stops_at_ctrl_c(
    make_voice: MakeVoice, settings: Settings, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], tmp_path: Path,
) -> None:  # fmt: skip
    make_voice("ana")
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    port = free_port()
    monkeypatch.setattr(run, "create_app", lambda given: create_app(given, engine))
    heard = []

    def interrupt() -> None:
        heard.append(systemd.recv(1000))
        os.kill(os.getpid(), signal.SIGINT)
        heard.append(systemd.recv(1000))

    thread = threading.Thread(target=interrupt)
    thread.start()
    with caplog.at_level(logging.INFO):
        run.serve(settings.model_copy(update={"port": port}))
    thread.join()
    systemd.close()
    assert [message.partition(b"\n")[0] for message in heard] == [b"READY=1", b"STOPPING=1"]
    assert engine.stopped
    assert f"http://127.0.0.1:{port}" in capsys.readouterr().out
    assert f"port={port}" in caplog.text


def test_serve_ends_when_the_model_cannot_be_loaded(
    make_voice: MakeVoice, settings: Settings, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise EngineUnavailable("vLLM cannot serve it: no memory")

    make_voice("ana")
    monkeypatch.setattr(run, "create_app", lambda given: create_app(given, engine))
    monkeypatch.setattr(engine, "start", fail)
    with pytest.raises(UserError, match="no memory"):
        run.serve(settings.model_copy(update={"port": free_port()}))
    assert engine.stopped


async def test_a_body_that_nobody_wants_holds_nobody_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "UNWANTED_S", 0.2)
    host, _, port = url.removeprefix("http://").removesuffix("/v1").partition(":")

    async def held(path: str) -> bytes:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nslow".encode())
        said = await reader.read()  # until the other side ends it
        writer.close()
        return said.splitlines()[0]

    async with asyncio.timeout(30):
        found = await asyncio.gather(*(held(path) for path in ("/health", "/v1/models", "/nowhere") * 50))
    assert {line.split()[1] for line in found} == {b"405", b"404"}


async def test_whoever_sends_all_of_a_body_that_nobody_wants_hears_why(url: str) -> None:
    async with httpx.AsyncClient(base_url=url.removesuffix("/v1")) as client:
        for _ in range(2):
            answer = await client.post("/health", content=b"x" * 3_000_000)
            assert (answer.status_code, answer.headers.get("connection")) == (405, None)
