"""A real HTTP server on loopback that plays the big model: it answers, streams, stalls, resets, or sends garbage."""

import asyncio
import json
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

Script = Callable[["Call"], Awaitable[None]]
USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}


@dataclass
class Call:
    """One request, and the connection that it came in on."""

    headers: dict[str, str]
    body: dict[str, Any]
    writer: asyncio.StreamWriter
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def head(self, status: str = "200 OK", kind: str = "text/event-stream", more: str = "") -> None:
        """Status line and headers; the body ends with the connection."""
        self.writer.write(f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\n{more}\r\n".encode())
        await self.writer.drain()

    async def raw(self, content: bytes) -> None:
        """Part of the body."""
        self.writer.write(content)
        await self.writer.drain()

    async def say(self, *parts: str, usage: bool = False, reason: str | None = None) -> None:
        """Parts of a streamed answer."""
        for part in parts:
            await self.event({"choices": [{"index": 0, "delta": {"content": part}, "finish_reason": None}]})
        if reason:
            await self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        if usage:
            await self.event({"choices": [], "usage": USAGE})

    async def event(self, content: Any) -> None:
        """One event."""
        await self.raw(f"data: {json.dumps(content)}\n\n".encode())

    async def done(self) -> None:
        """The end of a stream."""
        await self.raw(b"data: [DONE]\n\n")

    def reset(self) -> None:
        """Cut the connection the hard way."""
        self.writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class BigModel:
    """The server; `script` says what it does with the next calls, `calls` what it was asked."""

    def __init__(self) -> None:
        self.script: Script = streams("I am late. ", "So are you.")
        self.calls: list[Call] = []
        self.url = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        call = Call(headers, body, writer)
        self.calls.append(call)
        ended = asyncio.create_task(reader.read())
        ended.add_done_callback(lambda _: call.gone.set())
        try:
            await self.script(call)
        except ConnectionError:
            pass
        finally:
            if not call.gone.is_set():
                writer.close()
            else:
                writer.transport.abort()  # what is not sent yet would keep it open
            ended.cancel()
            await asyncio.gather(ended, return_exceptions=True)


def streams(*parts: str, reason: str = "stop") -> Script:
    """Says these parts and ends in order; in one piece where no stream was asked for."""

    async def script(call: Call) -> None:
        if not call.body.get("stream"):
            choice = {"message": {"role": "assistant", "content": "".join(parts)}, "finish_reason": reason}
            await call.head(kind="application/json")
            await call.raw(json.dumps({"choices": [choice], "usage": USAGE}).encode())
            return
        await call.head()
        await call.say(*parts, usage=True, reason=reason)
        await call.done()

    return script


@asynccontextmanager
async def big_model() -> AsyncIterator[BigModel]:
    """The server while it runs."""
    model = BigModel()
    server = await asyncio.start_server(model._serve, "127.0.0.1", 0)
    model.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield model
    finally:
        server.close()
        for call in model.calls:
            call.writer.close()


@contextmanager
def big_model_beside() -> Iterator[BigModel]:
    """The server in a thread of its own, for tests that wait for other processes."""
    started: Future[tuple[BigModel, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        async with big_model() as model:
            over = asyncio.Event()
            started.set_result((model, asyncio.get_running_loop(), over))
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    model, loop, over = started.result(timeout=30)
    try:
        yield model
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(timeout=30)
