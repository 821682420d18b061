"""An engine that is started again when it dies, with the adapters that it had.

In: what makes an engine. Out: an Engine. What is under way when it dies, and what comes before it is there again, is
EngineUnavailable; nothing waits. Each failed attempt is followed by twice as long a pause.
"""

import asyncio
import gc
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress

from service.engines import Adapter, Completion, Engine, Sampling
from service.errors import EngineFailed, EngineUnavailable, RequestError
from voice.errors import UserError
from voice.prompt import Prompt

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0


class Supervised:
    """The newest of the engines that `make` makes."""

    def __init__(self, make: Callable[[], Engine]) -> None:
        self._make = make
        self._engine = make()
        self.well = False  # whether there is one that can answer
        self._adapters: dict[str, Adapter] = {}  # the newest of each voice
        self._lost: dict[str, str] = {}  # hashes of those that could not be loaded again, by voice
        self._watching: asyncio.Task[None] | None = None
        self._suspected = asyncio.Event()
        self.model = self._engine.model
        self.restarts = 0

    async def start(self) -> None:
        """Start the first engine, and watch it from then on."""
        await self._engine.start()
        self.well = True
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Stop the engine, and make no other."""
        self.well = False
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait({self._watching})
        await self._engine.stop()

    async def check(self) -> None:
        """Raise EngineUnavailable unless the engine can answer."""
        await self._there().check()

    async def load(self, adapter: Adapter) -> None:
        """Make an adapter ready, now and after each restart."""
        await self._there().load(adapter)
        self._adapters[adapter.name] = adapter
        self._lost.pop(adapter.name, None)

    async def count(self, text: str) -> int:
        """Tokens of a text."""
        return await self._there().count(text)

    async def generate(self, prompt: Prompt, adapter: Adapter, sampling: Sampling) -> Completion:
        """The adapter's answer to one prompt."""
        if self._lost.get(adapter.name) == adapter.sha256:
            raise EngineFailed(f"The adapter of voice '{adapter.name}' could not be loaded again. Copy it again.")
        try:
            return await self._there().generate(prompt, adapter, sampling)
        except EngineUnavailable:
            self._suspected.set()
            raise

    async def converse(self, messages: Sequence[tuple[str, str]], sampling: Sampling) -> AsyncGenerator[Completion]:
        """The bare model's answer, in parts as they come."""
        try:
            async with aclosing(self._there().converse(messages, sampling)) as parts:
                async for part in parts:
                    yield part
        except EngineUnavailable:
            self._suspected.set()
            raise

    def _there(self) -> Engine:
        if not self.well:
            raise EngineUnavailable("The engine has died and is being started again. Ask again in a moment.")
        return self._engine

    async def _watch(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._suspected.wait()
            self._suspected.clear()
            try:
                await self._engine.check()
            except RequestError as error:
                self.well = False
                log.error("the engine is gone: %s", str(error))
            if not self.well:  # not while the error is kept, which holds the dead engine
                await self._replace()

    async def _replace(self) -> None:
        """Put a new engine in the place of the dead one, however often it takes."""
        pause_s = FIRST_PAUSE_S
        while True:
            await self._engine.stop()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            self._engine = self._make()
            gc.collect()  # an engine is full of cycles: its 40 MiB would stay while the next one takes as many
            try:
                await self._engine.start()
                for adapter in self._adapters.values():
                    await self._load_again(adapter)
            except UserError as error:
                log.error("the engine could not be started again: %s", error)
                continue
            self.restarts += 1
            self.well = True
            log.info("the engine is there again")
            return

    async def _load_again(self, adapter: Adapter) -> None:
        try:
            await self._engine.load(adapter)
        except EngineFailed as error:
            log.error("%s", error)
            self._lost[adapter.name] = adapter.sha256  # asked for nevertheless, it would end the engine
