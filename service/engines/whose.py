"""Whose adapter is it that a model server has? Told by what the file says of itself, else by where it lies.

In: an adapter, and a path, name or tag as a model server gives it. Out: whether they are the same.
"""

import logging
from pathlib import Path

from service.engines import Adapter
from voice.adapter import TAG, tag

log = logging.getLogger(__name__)


def stands_for(place: str, adapter: Adapter, said: str = "") -> bool:
    """Whether an adapter of a server is this version of the voice.

    `place` is the path or the name that it has there; what the file itself says (`said`) outranks that, if it says
    anything.
    """
    if said.startswith(TAG):
        return said == tag(adapter.name, adapter.sha256)
    path, folder = Path(place), adapter.folder.resolve()
    if path.exists():  # on this machine
        return folder in (path.resolve(), path.resolve().parent)
    if adapter.name not in (*path.parts, path.stem):
        return False
    if adapter.version in path.parts:
        return True
    if adapter.name not in (place, path.stem, path.parent.name):
        return False
    # A link may have pointed to another version when the server read it.
    log.warning("cannot see whether %s at the model server is version %s of the voice", place, adapter.version)
    return True
