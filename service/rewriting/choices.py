"""Several answers to one request, side by side.

In: the pieces of each answer. Out: all pieces with the number of their answer, each answer's own in order.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from service.rewriting.piece import Piece


def side_by_side(sources: Sequence[AsyncGenerator[Piece]]) -> AsyncGenerator[Piece]:
    """What any source gives, as it comes; the first failure ends all. Closing it closes the sources."""
    return _together(sources) if len(sources) > 1 else sources[0]


async def _together(sources: Sequence[AsyncGenerator[Piece]]) -> AsyncGenerator[Piece]:
    come: asyncio.Queue[Piece | Exception | None] = asyncio.Queue(maxsize=len(sources))

    async def take(choice: int) -> None:
        try:
            async with aclosing(sources[choice]) as source:
                async for piece in source:
                    await come.put(replace(piece, choice=choice))
        except Exception as error:  # noqa: BLE001 - it is raised again where the pieces are taken
            await come.put(error)
        else:
            await come.put(None)

    tasks = [asyncio.create_task(take(choice)) for choice in range(len(sources))]
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
