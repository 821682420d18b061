"""A chat-completions endpoint on loopback that does what a test tells it, well or badly.

with serving(Behaviour()) as server:
    ...  # server.url; server.requests holds what was asked, server.texts the texts in it
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Numbered = list[dict[str, Any]]


def politely(text: str) -> str:
    """What this model makes of a text."""
    return f"Indeed, {text}."


def in_order(items: Numbered) -> str:
    """The answer of a good model."""
    return json.dumps([{"n": item["n"], "draft": politely(item["typed"])} for item in items])


@dataclass
class Behaviour:
    """`answer` turns the asked items into the model's text. The first requests get `statuses` instead, in order:
    a number, a number with headers, `stall`, `close` or `die` (from then on nobody listens)."""

    answer: Callable[[Numbered], str] = in_order
    statuses: list[int | tuple[int, dict[str, str]] | str] = field(default_factory=list)
    error_body: dict[str, Any] = field(default_factory=dict)
    usage: dict[str, int] | None = field(default_factory=lambda: {"prompt_tokens": 100, "completion_tokens": 50})
    stall_s: float = 1.0
    delay_s: float = 0.0


class Server(ThreadingHTTPServer):
    """Counts and keeps what it is asked."""

    daemon_threads = True

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour = behaviour
        self.lock = threading.Lock()
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.at_once = self.most_at_once = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    @property
    def texts(self) -> list[str]:
        return [item["typed"] for body in self.requests for item in asked(body)]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        behaviour = self.server.behaviour
        with self.server.lock:
            self.server.requests.append(body)
            self.server.keys.append(self.headers.get("authorization"))
            status = behaviour.statuses.pop(0) if behaviour.statuses else 200
            self.server.at_once += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.at_once)
        time.sleep(behaviour.delay_s)
        with self.server.lock:
            self.server.at_once -= 1
        self._do(status, body)

    def _do(self, status: int | tuple[int, dict[str, str]] | str, body: dict[str, Any]) -> None:
        behaviour = self.server.behaviour
        if status == "stall":
            time.sleep(behaviour.stall_s)
        if status == "die":
            self.server.socket.close()
        if isinstance(status, str):
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        code, headers = status if isinstance(status, tuple) else (status, {})
        if code == 200:
            self._send(200, {}, _completion(behaviour, behaviour.answer(asked(body))))
        else:
            self._send(code, headers, behaviour.error_body)

    def _send(self, status: int, headers: dict[str, str], content: dict[str, Any]) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {**headers, "content-type": "application/json", "content-length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


def asked(body: dict[str, Any]) -> Numbered:
    """The numbered texts of a request, or the one that is all of it."""
    content = body["messages"][-1]["content"]
    items: Numbered = json.loads(content) if content.startswith("[") else [{"n": 1, "typed": content}]
    return items


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[Server]:
    """A server that runs until the block ends."""
    server = Server(behaviour)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _completion(behaviour: Behaviour, text: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"choices": [{"message": {"role": "assistant", "content": text}}]}
    return {**answer, "usage": behaviour.usage} if behaviour.usage else answer
