"""Judges rewrites while others are answered: what is to be read is read together, whoever asks, in one thread.

In: rewrites of a text. Out: a Verdict each. Words are looked at at once; the reader takes as many texts in one go as
wait for it, AT_ONCE at most, and nobody's next text before those.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from service.long import in_thread
from voice.judges.reader import Gap, package_reader
from voice.judges.verdict import Judges, Level, Verdict

AT_ONCE = 16  # texts that are read in one go

Gaps = list[list[Gap]]  # of a text, for each of its rewrites


@dataclass(frozen=True, slots=True)
class _Asked:
    text: str
    rewrites: Sequence[str]
    found: asyncio.Future[Gaps]


class Judging:
    """The judge of one service; all of it runs in one event loop, but for the reading."""

    def __init__(self) -> None:
        self._waiting: deque[_Asked] = deque()
        self._reading: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Load the reader, which the first text would wait for."""
        await asyncio.to_thread(package_reader)

    async def verdicts(
        self,
        judges: Judges,
        text: str,
        rewrites: Sequence[tuple[str, bool]],
        level: Level,
        prompt: str = "",
        threshold: float | None = None,
    ) -> list[Verdict]:
        """One verdict for each rewrite, given with whether it was cut off; texts are masked (see Judges.look)."""
        long = max((text, *(rewrite for rewrite, _ in rewrites)), key=len)
        look = await in_thread(long, judges.look, text, rewrites, level, prompt, threshold)
        asked = look.to_read
        return look.verdicts(dict(zip(asked, await self.gaps(text, asked), strict=True)) if asked else {})

    async def gaps(self, text: str, rewrites: Sequence[str]) -> Gaps:
        """What the reader finds of each rewrite: how much less likely it makes each token of the text."""
        asked = _Asked(text, rewrites, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_all())
        return await asked.found

    async def _read_all(self) -> None:
        while some := self._next():
            try:
                reader = await asyncio.to_thread(package_reader)
                found = await asyncio.to_thread(reader.gaps_of, [(asked.text, asked.rewrites) for asked in some])
            except Exception as error:  # noqa: BLE001 - whoever waits for one of them has to hear of it
                for asked in some:
                    if not asked.found.done():
                        asked.found.set_exception(error)
                continue
            for asked, gaps in zip(some, found, strict=True):
                if not asked.found.done():
                    asked.found.set_result(gaps)

    def _next(self) -> list[_Asked]:
        """The next texts that somebody still waits for."""
        some: list[_Asked] = []
        while self._waiting and len(some) < AT_ONCE:
            asked = self._waiting.popleft()
            if not asked.found.done():
                some.append(asked)
        return some
