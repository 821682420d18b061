"""Several answers to one request, side by side.

In: the pieces of each answer. Out: all pieces with the number of their answer, each answer's own in order.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")


async def side_by_side(sources: Sequence[AsyncGenerator[T]]) -> AsyncGenerator[tuple[int, T]]:
    """What any source gives, as it comes; the first failure ends all. Closing it closes the sources."""
    if len(sources) == 1:
        async with aclosing(sources[0]) as only:
            async for item in only:
                yield 0, item
        return
    come: asyncio.Queue[tuple[int, T] | Exception | None] = asyncio.Queue(maxsize=len(sources))

    async def take(index: int) -> None:
        try:
            async with aclosing(sources[index]) as source:
                async for item in source:
                    await come.put((index, item))
        except Exception as error:  # noqa: BLE001 - it is raised again where the items are taken
            await come.put(error)
        else:
            await come.put(None)

    tasks = [asyncio.create_task(take(index)) for index in range(len(sources))]
    left = len(sources)
    try:
        while left:
            found = await come.get()
            if isinstance(found, Exception):
                raise found
            if found is None:
                left -= 1
            else:
                yield found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
