"""What is done with a text at once if it is short, and in a thread if it is long.

In: work and the text that it is done with. Out: what it gives; meanwhile others are answered.
"""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LONG = 2000  # characters that are looked at in the loop, for a millisecond or so each thousand


async def in_thread(text: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` gives; in a thread if the text is long."""
    if len(text) <= LONG:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)
