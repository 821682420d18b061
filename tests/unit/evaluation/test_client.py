"""The service over HTTP: a small real server that answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from evaluation.client import Service, ServiceError
from tests.people import cases

Answer = Callable[[str, dict[str, Any]], tuple[int, str]]


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """The address of a server that answers (path, body) with (status, text)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(*answer(self.path, {}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._say(*answer(self.path, body))

        def _say(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

    with Server(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_address[1]}"
        finally:
            listening.shutdown()
            thread.join()


def loud(path: str, body: dict[str, Any]) -> tuple[int, str]:
    """A voice that shouts, in the register 'email' only, and a base model that says how it was asked."""
    if path == "/v1/voices/ana":
        return 200, json.dumps({"registers": ["email"]})
    if path == "/v1/models":
        return 200, json.dumps({"data": [{"root": "base"}, {"root": "base"}]})
    said = body["messages"][-1]["content"]
    text = f"{body['register']}: {said.upper()}" if body.get("voice") else f"{body['model']}: {len(body['messages'])}"
    return 200, json.dumps({"choices": [{"message": {"content": text}}]})


def test_answers_come_in_the_order_of_the_texts() -> None:
    several, shown = cases(70), list[tuple[int, int]]()
    with server(loud) as url:
        found = Service(url).rewrite("ana", several, lambda *progress: shown.append(progress), {})
        base = Service(url).base(several[:3], lambda *_: None)
    assert found == [f"email: {case.neutral.upper()}" for case in several]
    assert base == ["base: 2"] * 3
    assert shown == [(done, 70) for done in range(1, 71)]


def test_what_is_asked_for_reaches_the_service() -> None:
    def answer(path: str, body: dict[str, Any]) -> tuple[int, str]:
        return loud(
            path, body | {"voice": "ana", "register": f"{body['temperature']} {body['candidates']}"} if body else {}
        )

    with server(answer) as url:
        found = Service(url).rewrite("ana", cases(1), lambda *_: None, {"temperature": 0.7, "candidates": 4})
    assert found[0].startswith("0.7 4: ")


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (404, '{"error": {"message": "There is no voice \'ana\'."}}', r"There is no voice 'ana'\. \(HTTP 404\)"),
        (500, "<html>", "answers with HTTP 500, but not with JSON. Is nic-voice there"),
        (503, "{}", r"The service refused \(HTTP 503\)"),
    ],
)
def test_a_service_that_refuses(status: int, text: str, expected: str) -> None:
    def answer(path: str, body: dict[str, Any]) -> tuple[int, str]:
        return (status, text) if body else (200, "{}")

    with server(answer) as url, pytest.raises(ServiceError, match=expected):
        Service(url).rewrite("ana", cases(5), lambda *_: None, {})
    with server(lambda path, body: (status, text)) as url, pytest.raises(ServiceError, match=expected):
        Service(url).voice("ana")


def test_a_service_that_is_not_there() -> None:
    with pytest.raises(ServiceError, match=r"does not answer .*Start it with `nic-voice serve`"):
        Service("http://127.0.0.1:1").voice("ana")
