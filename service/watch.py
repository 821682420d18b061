"""Voices come and go while the service runs: the folder is looked at, and what has changed is served from then on.

In: the folder of voices and what serves them. Out: nothing; the Voices change. A voice that is new, or has another
version, is read, checked and loaded before any request gets it; one that cannot be served is refused with the reason,
and the version that was served before goes on. Requests under way end on the version that they began with.
"""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

from service.engines import Engine
from service.errors import EngineUnavailable
from service.voices import Voices, load_voice
from voice.base_model import BaseModel
from voice.errors import UserError
from voice.manifest import FILE_NAME

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0

Stamp = tuple[str, int, int]  # of a voice: the folder of its version; time and size of its manifest


async def watch(root: Path, base: BaseModel, voices: Voices, engine: Engine, seen: dict[str, Stamp]) -> None:
    """Look at the folder again and again; `seen` is what it held when the voices were read."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            now = await asyncio.to_thread(stamps, root, seen)
        except OSError as error:  # the folder is away for a moment
            log.warning("the voices cannot be looked at: %s", error.strerror)
            continue
        for name in seen.keys() - now.keys():
            log.info("voice %r is gone", name)
            voices.remove(name)
            del seen[name]
        for name in sorted(now):
            if now[name] != seen.get(name) and await _taken(root / name, base, voices, engine):
                seen[name] = now[name]


async def _taken(path: Path, base: BaseModel, voices: Voices, engine: Engine) -> bool:
    """Whether the version that is there now was served or refused; False when there is no engine to ask."""
    try:
        voice = await asyncio.to_thread(load_voice, path, base)
        await engine.load(voice.adapter)
    except EngineUnavailable:
        return False
    except UserError as error:
        voices.refuse(path.name, str(error))
    else:
        voices.put(voice)
        log.info("voice %r is served in version %s", voice.name, voice.adapter.version)
    return True


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
