"""Work on segments that may still be coming: begun as they come, done at the same time, taken in order.

In: segments, all there or still coming, and what to begin with each. Out: the tasks in the order of the segments.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable
from contextlib import aclosing
from typing import Any, Generic, TypeVar

from service.segments import Segment

T = TypeVar("T")


class Feed(Generic[T]):
    """An asynchronous iterator over tasks; `tasks` holds all that were begun."""

    def __init__(
        self,
        segments: Iterable[Segment] | AsyncGenerator[Segment],
        begin: Callable[[int, Segment], Coroutine[Any, Any, T]],
    ) -> None:
        self.tasks: list[asyncio.Task[T]] = []
        self._begin = begin
        self._come = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        if isinstance(segments, AsyncGenerator):
            self._reading = asyncio.create_task(self._read(segments))
        else:
            for segment in segments:
                self._add(segment)

    async def __aiter__(self) -> AsyncIterator["asyncio.Task[T]"]:
        taken = 0
        while True:
            self._come.clear()
            over = self._reading is None or self._reading.done()
            while taken < len(self.tasks):
                taken += 1
                yield self.tasks[taken - 1]
            if over and self._reading is not None:
                self._reading.result()
            if over:
                return
            await self._come.wait()

    async def close(self) -> None:
        """Stop all work, and whatever the segments come from."""
        tasks = [*self.tasks, *([self._reading] if self._reading else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _add(self, segment: Segment) -> None:
        self.tasks.append(asyncio.create_task(self._begin(len(self.tasks), segment)))
        self._come.set()

    async def _read(self, segments: AsyncGenerator[Segment]) -> None:
        try:
            async with aclosing(segments):
                async for segment in segments:
                    self._add(segment)
        finally:
            asyncio.get_running_loop().call_soon(self._come.set)  # once this task is done
