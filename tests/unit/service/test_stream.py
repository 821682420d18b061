import asyncio
from collections.abc import AsyncGenerator

import pytest

from service.stream import event, with_pauses


class Source:
    """Items that wait for `gate` each, and know when they were closed."""

    def __init__(self, *items: str) -> None:
        self.items = items
        self.gate = asyncio.Semaphore(0)
        self.closed = False

    async def __call__(self) -> AsyncGenerator[str]:
        try:
            for item in self.items:
                await self.gate.acquire()
                if item == "fail":
                    raise ValueError("failed")
                yield item
        finally:
            self.closed = True


async def test_a_pause_is_told_and_nothing_is_lost() -> None:
    source = Source("a", "b")
    stream = with_pauses(source(), interval_s=0)
    assert await anext(stream) is None
    source.gate.release()
    found: list[str] = []
    while len(found) < 2:
        item = await anext(stream)
        if item:
            found.append(item)
            source.gate.release()
    assert found == ["a", "b"]
    assert [item async for item in stream if item] == []
    assert source.closed


@pytest.mark.parametrize("taken", [0, 1])
async def test_closing_it_closes_the_source(taken: int) -> None:
    source = Source("a", "b")
    stream = with_pauses(source(), interval_s=0)
    await anext(stream)
    for _ in range(taken):
        source.gate.release()
        while await anext(stream) is None:
            pass
    await stream.aclose()
    assert source.closed


async def test_an_error_of_the_source_comes_out() -> None:
    source = Source("fail")
    source.gate.release()
    with pytest.raises(ValueError, match="failed"):
        async for _ in with_pauses(source(), interval_s=60):
            pass
    assert source.closed


def test_an_event_is_one_line() -> None:
    text = event({"content": "a\n\u2028\u0085\r😀"})
    assert text.endswith("\n\n")
    assert len(text.splitlines()) == 2
