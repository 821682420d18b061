"""A hand-written stand-in for llama-server and for vLLM's server, on a real port: what they are asked, and faults.

Its tokens are characters, as those of tests/fake_tokenizer.py. It says the prompt's number of tokens and the adapter.
"""

import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Behaviour:
    """What a server has, and what goes wrong with it."""

    kind: str = "llama"
    adapters: dict[str, str] = field(default_factory=dict)  # path by number, or for vLLM by name
    said: dict[str, str] = field(default_factory=dict)  # what adapters say of themselves, by number
    drawn: str | None = field(default_factory=lambda: _drawn())  # by a process when it begins; None: older servers
    context: int = 4096
    key: str | None = None
    loading: int = 0  # how many requests get 503 first
    breaks_off_after: int | None = None  # parts of a stream
    odd_tokens: bool = False
    tells_tokens: bool = True
    loads_adapters: bool = True
    adapters_do_something: bool = True
    speech: dict[str, str] = field(default_factory=dict)  # what it says with the adapter of a path or name
    before_answer: Callable[[], None] = lambda: None  # what happens between the question and its answer
    others: dict[str, Any] = field(default_factory=dict)  # what stands at other addresses
    slow_s: float = 0.0
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)

    def restart(self, *adapters: str) -> None:
        """Begin another life with these, numbered in this order."""
        self.adapters = {str(number): path for number, path in enumerate(adapters)}
        self.drawn = self.drawn and _drawn()


def _drawn() -> str:
    return f"<__media_{secrets.token_hex(16)}__>"


class Server(ThreadingHTTPServer):
    """The server; `behaviour` may be changed while it runs."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, behaviour: Behaviour, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.behaviour = behaviour
        self._open: set[socket.socket] = set()

    def get_request(self) -> Any:
        """A new connection."""
        found = super().get_request()
        self._open.add(found[0])
        return found

    def die(self) -> None:
        """End, with all connections, as a killed process does."""
        self.shutdown()
        self.server_close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no fault."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        there = self.server.behaviour
        if self._refused():
            return
        if self.path in there.others:
            self._send(there.others[self.path])
        elif self.path == "/health":
            self._send({})
        elif self.path == "/props" and there.kind == "llama":
            drawn = {"media_marker": there.drawn} if there.drawn else {}
            self._send({"default_generation_settings": {"n_ctx": there.context}, **drawn})
        elif self.path == "/lora-adapters" and there.kind == "llama":
            self._send([
                {"id": int(number), "path": path, "scale": 0, "task_name": there.said.get(number, "")}
                for number, path in there.adapters.items()
            ])  # fmt: skip
        elif self.path == "/v1/models" and there.kind == "vllm":
            base = {"id": "base", "parent": None, "root": "base", "max_model_len": there.context}
            loras = [{"id": name, "parent": "base", "root": path} for name, path in there.adapters.items()]
            self._send({"data": [base, *loras]})
        else:
            self._send({}, 404)

    def do_POST(self) -> None:
        there = self.server.behaviour
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        there.asked.append((self.path, body))
        if self._refused():
            return
        if self.path == "/tokenize":
            ids = [ord(letter) + 10 for letter in body.get("content") or body["prompt"]]
            self._send({"tokens": ids[1:] if there.odd_tokens else ids} if there.tells_tokens else {})
        elif self.path == "/v1/load_lora_adapter" and there.loads_adapters:
            known = body["lora_name"] in there.adapters
            there.adapters[body["lora_name"]] = body["lora_path"]
            self._send({}, 400 if known else 200)
        elif self.path == "/completion" and not body.get("stream"):
            # an empty list means the scales that it was started with, which are 1
            worn = sum(lora["scale"] for lora in body["lora"]) if body["lora"] else len(there.adapters)
            change = worn if there.adapters_do_something else 0
            first = {"top_logprobs": [{"id": 1, "logprob": -0.5 - change}, {"id": 2, "logprob": -1.5}]}
            self._send({"completion_probabilities": [first]})
        elif self.path == "/completion":
            there.before_answer()
            worn = [there.adapters.get(str(lora["id"]), "") for lora in body["lora"] if lora["scale"]]
            said = [there.speech[path] for path in worn if path in there.speech] or ["so ", "it ", "goes"]
            self._stream([
                *({"content": part, "stop": False, "tokens": [1]} for part in said),
                {"content": "", "stop": True, "stop_type": "eos", "tokens_predicted": 4},
            ])  # fmt: skip
        elif self.path == "/v1/completions":
            there.before_answer()
            parts = [("so ", None), ("it ", None), ("goes", "stop")]
            if body["model"] != "base" and body["model"] not in there.adapters:
                self._send({}, 404)
                return
            if (path := there.adapters.get(body["model"])) in there.speech:
                parts = [(there.speech[path], "stop")]
            self._stream([
                {"choices": [{"text": text, "finish_reason": ended}], "usage": {"completion_tokens": number + 1}}
                for number, (text, ended) in enumerate(parts)
            ])  # fmt: skip
        else:
            self._send({}, 404)

    def _refused(self) -> bool:
        there = self.server.behaviour
        if there.key and self.headers.get("Authorization") != f"Bearer {there.key}":
            self._send({}, 401)
        elif there.loading:
            there.loading -= 1
            self._send({"error": {"message": "Loading model"}}, 503)
        else:
            return False
        return True

    def _send(self, content: Any, status: int = 200) -> None:
        self._raw(json.dumps(content).encode(), status)

    def _raw(self, content: bytes, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, events: list[Any]) -> None:
        there = self.server.behaviour
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            for number, event in enumerate(events):
                if there.breaks_off_after == number:
                    self.wfile.write(b'data: {"con')
                    self.wfile.flush()
                    self.connection.close()
                    return
                self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
                self.wfile.flush()
                time.sleep(there.slow_s)
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            there.hung_up.set()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(behaviour: Behaviour, port: int = 0) -> Iterator[Server]:
    """The server while the block runs."""
    server = Server(behaviour, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.die()
        thread.join()
