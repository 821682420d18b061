"""A text that is still being written -> its paragraphs, each as soon as it is complete.

In: parts of a text as they come. Out: pieces that together are the text; each but the last ends with a blank line that
is not inside fenced code, and is long enough not to be a greeting alone.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

Other = TypeVar("Other")
Item = TypeVar("Item")
Done = TypeVar("Done")

LEAST_CHARS = 40
_BLANK = re.compile(r"\n[ \t]*\n\s*(?=\S)")
_FENCE = re.compile(r"^\s*(?:```|~~~)", re.M)


async def paragraphs(parts: AsyncIterable[str | Other]) -> AsyncGenerator[str | Other]:
    """The paragraphs of all parts together; whatever is no text goes on at once."""
    text = ""
    async for part in parts:
        if not isinstance(part, str):
            yield part
            continue
        text += part
        while end := _first_end(text):
            yield text[:end]
            text = text[end:]
    if text:
        yield text


def _first_end(text: str) -> int:
    """Where the first complete paragraph ends, with the white space after it; 0 where there is none."""
    for blank in _BLANK.finditer(text):
        before = text[: blank.start()]
        if len(before.strip()) >= LEAST_CHARS and len(_FENCE.findall(before)) % 2 == 0:
            return blank.end()
    return 0


async def as_they_come(
    items: AsyncGenerator[Item], begin: Callable[[int, Item], Coroutine[Any, Any, Done]]
) -> AsyncGenerator[Done]:
    """What `begin` makes of each item: begun as soon as it is there, all at the same time, given in order.

    What the items or the work on one fail with is raised in its place. Closing it ends all of it.
    """
    begun: asyncio.Queue[asyncio.Task[Done] | None] = asyncio.Queue()
    tasks: list[asyncio.Task[Done]] = []

    async def read() -> None:
        try:
            async with aclosing(items):
                async for item in items:
                    tasks.append(asyncio.create_task(begin(len(tasks), item)))
                    begun.put_nowait(tasks[-1])
        finally:
            begun.put_nowait(None)

    reading = asyncio.create_task(read())
    try:
        while (task := await begun.get()) is not None:
            yield await task
        await reading
    finally:
        under_way: list[asyncio.Task[Any]] = [reading, *tasks]
        for one in under_way:
            one.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
