"""Chunks -> server-sent events, and what it takes to notice that nobody listens any more.

In: the chunks of an answer as they come. Out: `data:` events; comments while there is nothing to send.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeVar

from anyio import CancelScope
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from service.errors import ClientGone, RequestError, unexpected
from service.metrics import Record

T = TypeVar("T")

KEEP_ALIVE = ": keep-alive\n\n"
DONE = "data: [DONE]\n\n"


def event(content: dict[str, Any]) -> str:
    """One event; in ASCII, because clients that read by line may take U+2028 for the end of one."""
    return f"data: {json.dumps(content)}\n\n"


class EventStream(StreamingResponse):
    """Server-sent events; they and the `pieces` behind them are closed as soon as the client is gone."""

    media_type = "text/event-stream"

    def __init__(
        self, chunks: AsyncGenerator[dict[str, Any] | None], pieces: AsyncGenerator[Any], record: Record
    ) -> None:
        events = _events(chunks, record)
        super().__init__(events, headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        self._generators = (events, chunks, pieces)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            for generator in self._generators:  # each by itself, in case that the one before it was never begun
                await generator.aclose()


async def _events(chunks: AsyncGenerator[dict[str, Any] | None], record: Record) -> AsyncGenerator[str]:
    """The chunks, then [DONE]; an error is an event of its own and ends the stream without it."""
    status = ClientGone.status  # unless the end is reached
    try:
        async for chunk in chunks:
            yield KEEP_ALIVE if chunk is None else event(chunk)
        yield DONE
        status = 200
    except RequestError as error:
        status = error.status
        yield event(error.envelope())
    except Exception as error:  # noqa: BLE001 - the status is out already, and the caller has to hear that it failed
        failure = unexpected(error, record.id)
        status = failure.status
        yield event(failure.envelope())
    finally:
        record.status = status


async def with_pauses(items: AsyncGenerator[T], interval_s: float) -> AsyncGenerator[T | None]:
    """The items in order, and None each time that none came for `interval_s`; closing it closes `items`."""
    waiting = asyncio.ensure_future(anext(items, None))
    try:
        while True:
            while not (await asyncio.wait({waiting}, timeout=interval_s))[0]:
                yield None
            item = waiting.result()
            if item is None:
                return
            yield item
            waiting = asyncio.ensure_future(anext(items, None))
    finally:
        with CancelScope(shield=True):  # Starlette's task group cancels again at every await
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await items.aclose()


async def resumed(first: T | None, rest: AsyncGenerator[T | None]) -> AsyncGenerator[T | None]:
    """What was taken from the front of `rest`, then the rest."""
    yield first
    async for item in rest:
        yield item


async def until_hung_up(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`; when the client hangs up first, `work` is cancelled and ClientGone raised."""
    working = asyncio.current_task()
    assert working is not None
    cancelled_before = working.cancelling()
    gone = False

    async def listen() -> None:
        nonlocal gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone = True
        working.cancel()

    listening = asyncio.create_task(listen())
    try:
        return await work
    except asyncio.CancelledError:
        if gone and working.uncancel() <= cancelled_before:
            raise ClientGone("The client hung up.") from None
        raise
    finally:
        listening.cancel()
