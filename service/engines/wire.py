"""What a model server is asked over HTTP, and what its faults are called.

In: an httpx client, a path and a body. Out: the JSON there, or the events of a stream. ServerGone: the server is not
there, or not well; EngineFailed: it will not do this. Neither message holds what the server said, for that may quote a
text.
"""

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx

from service.errors import EngineFailed

_ANSWER_S = 60.0  # to all but what generates


class ServerGone(Exception):
    """The server cannot be reached, is loading its model, or fails."""


class ServerReplaced(ServerGone):
    """Another server listens there now, or the same with other adapters: what was known of it holds no more."""

    def __init__(self) -> None:
        super().__init__("it was started again, or has other adapters")


class Refused(EngineFailed):
    """The server will not do what it was asked; `status` is that of its answer."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def no_model_server(client: httpx.AsyncClient) -> EngineFailed:
    """What is said of something that speaks neither as llama-server nor as vLLM's server does."""
    return EngineFailed(
        f"What answers at {client.base_url} is neither llama-server nor vLLM's own server. Set NIC_VOICE_ENGINE_URLS "
        f"to where one of them listens, without /v1."
    )


async def get(client: httpx.AsyncClient, path: str, or_none: bool = False) -> Any:
    """The JSON there; with `or_none` None where the server knows no such path."""
    try:
        try:
            answer = await client.get(path, timeout=_ANSWER_S)
        except (httpx.RemoteProtocolError, httpx.ReadError):  # a connection that was kept, and ended just now
            answer = await client.get(path, timeout=_ANSWER_S)
    except httpx.HTTPError as error:
        raise ServerGone(type(error).__name__) from error
    if or_none and answer.status_code in (404, 405):
        return None
    _require_success(answer)
    return _json(client, answer)


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any], text: bool = False) -> Any:
    """The JSON of the answer, or with `text` whatever it is."""
    try:
        answer = await client.post(path, json=body, timeout=_ANSWER_S)
    except httpx.HTTPError as error:
        raise ServerGone(type(error).__name__) from error
    _require_success(answer)
    return answer.text if text else _json(client, answer)


async def stream(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> AsyncGenerator[Any]:
    """What the server sends as events, until [DONE] or the end."""
    # llama-server ends the connection after a stream without saying so: the next request on it would be lost.
    alone = {"Connection": "close"}
    try:
        async with client.stream("POST", path, json=body, headers=alone) as answer:
            _require_success(answer)
            async for line in answer.aiter_lines():
                if line.startswith(("error:", 'data: {"error"')):
                    raise ServerGone("an error within a stream")
                if line.startswith("data: ") and line != "data: [DONE]":
                    yield json.loads(line.removeprefix("data: "))
    except (httpx.HTTPError, ValueError) as error:
        raise ServerGone(type(error).__name__) from error


def _json(client: httpx.AsyncClient, answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise no_model_server(client) from error


def _require_success(answer: httpx.Response) -> None:
    status = answer.status_code
    if status >= 500 or status == 429:
        raise ServerGone(f"status {status}")
    if status in (401, 403):
        raise EngineFailed(f"The server at {answer.url.host} wants a key. Set NIC_VOICE_ENGINE_KEY to it.")
    if not answer.is_success:
        raise Refused(f"The server at {answer.url.host} refused {answer.url.path}: status {status}.", status)
