"""A text that is still being written -> its paragraphs, each as soon as it is complete.

In: parts of a text as they come. Out: pieces that together are the text; each but the last ends with a blank line that
is not inside fenced code, and is long enough not to be a greeting alone.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Coroutine, Iterator
from contextlib import aclosing
from typing import Any, TypeVar

Other = TypeVar("Other")
Item = TypeVar("Item")
Done = TypeVar("Done")

LEAST_CHARS = 40
_SPACE = re.compile(r"\s+")
_BLANK = re.compile(r"\n[ \t]*\n")
_FENCE = re.compile(r"^[^\S\n]*(?:```|~~~)", re.M)


async def paragraphs(parts: AsyncIterable[str | Other]) -> AsyncGenerator[str | Other]:
    """The paragraphs of all parts together; whatever is no text goes on at once."""
    growing = _Growing()
    async for part in parts:
        if not isinstance(part, str):
            yield part
            continue
        for paragraph in growing.with_more(part):
            yield paragraph
    if growing.text:
        yield growing.text


class _Growing:
    """The paragraph that is being written; each part of it is looked at once, however many come."""

    def __init__(self) -> None:
        self.text = ""
        self._begin_anew("")

    def _begin_anew(self, text: str) -> None:
        self.text = text
        self._looked = self._counted = self._fences = 0  # how far blank lines and fences were looked for; how many

    def with_more(self, part: str) -> Iterator[str]:
        """The paragraphs that are complete with the next part, with the white space after each."""
        self.text += part
        if part.isspace():  # no paragraph begins with it
            return
        while end := self._first_end():
            paragraph, rest = self.text[:end], self.text[end:]
            self._begin_anew(rest)
            yield paragraph

    def _first_end(self) -> int:
        """Where the first complete paragraph ends, with the white space after it; 0 where there is none."""
        for space in _SPACE.finditer(self.text, self._looked):
            if space.end() == len(self.text):  # more of it may come
                break
            self._looked = space.end()
            if _BLANK.search(space.group()) and self._is_paragraph(space.start()):
                return space.end()
        return 0

    def _is_paragraph(self, end: int) -> bool:
        self._fences += len(_FENCE.findall(self.text, self._counted, end))
        self._counted = end
        return len(self.text[:end].lstrip()) >= LEAST_CHARS and self._fences % 2 == 0


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
