"""Waiting for what comes, and time that goes by at once, for tests of what takes long."""

import asyncio
from collections.abc import Callable


def hurry(seconds: float) -> None:
    """Let the running loop believe that so much time has gone by: its timeouts and sleeps end by that much sooner."""
    loop = asyncio.get_running_loop()
    before = loop.time
    loop.time = lambda: before() + seconds  # type: ignore[method-assign]


async def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.02)
