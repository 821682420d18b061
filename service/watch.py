"""Voices come and go while the service runs: the folder is looked at, and what has changed is served from then on.

In: the folder of voices and what serves them. Out: nothing; the Voices change. A voice that is new, or has another
version, is read, checked and loaded before any request gets it; one that cannot be served is refused with the reason,
and the version that was served before goes on. What was refused is tried again, at growing intervals: whoever follows
the advice need not start anything anew. Requests under way end on the version that they began with.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from service.engines import Engine
from service.errors import EngineUnavailable, place_of_error
from service.voices import Voice, Voices, load_voice
from voice.base_model import BaseModel
from voice.errors import UserError
from voice.manifest import FILE_NAME

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0  # before a refused version is tried again
MOST_DEATHS = 3  # of the engine, each while it loaded a version: then that is not loaded any more

Stamp = tuple[str, int, int]  # of a voice: the folder of its version; time and size of its manifest


@dataclass(slots=True)
class _Trial:
    """A version that is not served yet: when it is due again (of time.monotonic), and what came of it so far."""

    due_s: float = 0.0
    pause_s: float = field(default_factory=lambda: FIRST_PAUSE_S)
    deaths: int = 0

    def put_off(self) -> None:
        self.due_s = time.monotonic() + self.pause_s
        self.pause_s = min(2 * self.pause_s, LONGEST_PAUSE_S)


class Watcher:
    """Keeps the Voices as the folder `root` is; `seen` is what it held when they were read."""

    def __init__(
        self, root: Path, base: BaseModel, voices: Voices, engine: Engine, seen: dict[str, Stamp],
        failed: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """`failed` is told of each look that ended with an error that nobody expected."""
        self._root, self._base, self._voices, self._engine, self._failed = root, base, voices, engine, failed
        self._seen = seen
        self._trials = {name: _Trial() for name in voices.refused}

    async def load_all(self) -> None:
        """Have the engine load all voices that were read; VoicesError when none of them can be served."""
        for voice in list(self._voices.served.values()):
            told = False
            while not await self._loaded(voice.name, voice):
                if not told:
                    log.warning("voice %r waits for the engine, which is away", voice.name)
                told = True
                await asyncio.sleep(LOOK_EVERY_S)
            if voice.name in self._voices.refused:
                self._voices.served.pop(voice.name)
        self._voices.require_some()

    async def watch(self) -> None:
        """Look at the folder again and again. An error that nobody expected ends one look, not the watch."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - what else could tell that voices come no more
                log.error("looking at the voices failed: %s at %s", type(error).__name__, place_of_error(error))
                self._failed()

    async def _look(self) -> None:
        try:
            now = await asyncio.to_thread(stamps, self._root, self._seen)
        except OSError as error:  # the folder is away for a moment
            log.warning("the voices cannot be looked at: %s", error.strerror)
            return
        for name in self._seen.keys() - now.keys():
            log.info("voice %r is gone", name)
            self._voices.remove(name)
            self._trials.pop(name, None)
            del self._seen[name]
        for name in sorted(now):
            if now[name] != self._seen.get(name):
                self._trials[name] = _Trial()
                self._seen[name] = now[name]
            if name in self._trials and time.monotonic() >= self._trials[name].due_s:
                await self._try(name)

    async def _try(self, name: str) -> None:
        """Read the version that is there now, and have it loaded."""
        try:
            voice = await asyncio.to_thread(load_voice, self._root / name, self._base)
        except UserError as error:
            self._refuse(name, str(error))
        else:
            await self._loaded(name, voice)

    async def _loaded(self, name: str, voice: Voice) -> bool:
        """Whether a voice was served or refused; False when there is no engine to ask, or it died of that."""
        trial = self._trials.setdefault(name, _Trial())
        alive = False
        try:
            await self._engine.check()
            alive = True
            await self._engine.load(voice.adapter)
        except EngineUnavailable:
            trial.deaths += alive
            if trial.deaths < MOST_DEATHS:
                return False
            self._refuse(name, "The engine died each time it loaded this version. Copy it again or train it again.")
            self._trials.pop(name)
        except UserError as error:
            self._refuse(name, str(error))
        except Exception as error:  # noqa: BLE001 - one version must not stop the others
            log.error("loading voice %r failed: %s at %s", name, type(error).__name__, place_of_error(error))
            self._refuse(name, f"The engine cannot load it ({type(error).__name__}). Train it again.")
        else:
            self._voices.put(voice)
            del self._trials[name]
            log.info("voice %r is served in version %s", name, voice.adapter.version)
        return True

    def _refuse(self, name: str, reason: str) -> None:
        self._voices.refuse(name, reason)
        self._trials.setdefault(name, _Trial()).put_off()


def stamps(root: Path, before: Mapping[str, Stamp]) -> dict[str, Stamp]:
    """The voices of a folder, by name, with what changes when they do; as `before` for one that cannot be read."""
    found = {}
    for path in root.iterdir():
        manifest = path / FILE_NAME
        if path.name.startswith(".") or not manifest.is_file():
            continue
        try:
            stat = manifest.stat()
            found[path.name] = (str(path.resolve()), stat.st_mtime_ns, stat.st_size)
        except OSError:  # moved just now
            if path.name in before:
                found[path.name] = before[path.name]
    return found
