"""Bearer keys: who may call.

In: lines `name:sha256hex`, from the environment and from a file that may change at any time. Out: the name of the key
that a request carries. A key itself is written down nowhere: `nic-voice key NAME` shows it once.
"""

import hashlib
import hmac
import logging
import re
import secrets
import time
from pathlib import Path

from service.errors import SettingsError
from service.settings import Settings
from voice.errors import UserError

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0  # how often the file is looked at, at most
_LINE = re.compile(r"(?P<name>[A-Za-z0-9_.@-]{1,64}):(?P<digest>[0-9a-fA-F]{64})")
_COMMENT = re.compile(r"#[^\n]*")


class KeysError(UserError):
    """A list of keys that cannot be read; never shows what stands in it."""


def make_key(name: str) -> tuple[str, str]:
    """A new key, and the line that lets the service know it."""
    key = f"nv-{secrets.token_urlsafe(32)}"
    line = f"{name}:{_digest(key).hex()}"
    if not _LINE.fullmatch(line):
        raise KeysError("A key's name has at most 64 letters, digits and any of _ . @ -. Choose another.")
    return key, line


class Keys:
    """The keys of the settings; those of the file are read again when it changes."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.keys_file
        given = settings.keys.get_secret_value() if settings.keys else ""
        try:
            self._given = _parse(given, "NIC_VOICE_KEYS")
            self._stamp, self._from_file = self._read()
        except KeysError as error:
            raise SettingsError(str(error)) from error
        self._looked_s = time.monotonic()

    @property
    def names(self) -> list[str]:
        """The names of all keys."""
        return sorted({*self._given, *self._from_file})

    @property
    def needed(self) -> bool:
        """Whether a request needs a key: a file that is given stands for keys even while it holds none."""
        return bool(self._given) or self._path is not None

    def owner(self, key: str) -> str | None:
        """The name of a key, compared with all in the same time; None when it is not known."""
        self._look()
        digest = _digest(key)
        found = None
        for name, known in [*self._given.items(), *self._from_file.items()]:
            if hmac.compare_digest(digest, known):
                found = name
        return found

    def reload(self) -> None:
        """Read the file again. When it is gone its keys are revoked; when it cannot be read they stay as they are. The
        log says so."""
        try:
            stamp, keys = self._read()
        except KeysError as error:
            if self._path is None or self._path.exists():
                log.error("the keys stay as they were: %s", error)
                return
            log.error("there is no file %s any more: its keys are revoked", self._path)
            stamp, keys = None, {}
        self._stamp, self._from_file = stamp, keys
        log.info("keys: %s", ", ".join(self.names) or "none")

    def _look(self) -> None:
        now_s = time.monotonic()
        if self._path is None or now_s - self._looked_s < LOOK_EVERY_S:
            return
        self._looked_s = now_s
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._stamp = stamp  # one that cannot be read is complained of once
            self.reload()

    def _read(self) -> tuple[tuple[int, ...] | None, dict[str, bytes]]:
        if self._path is None:
            return None, {}
        stamp = _stamp(self._path)
        try:
            text = self._path.read_text("utf-8")
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise KeysError(f"The keys in {self._path} cannot be read: {reason}. Set NIC_VOICE_KEYS_FILE.") from None
        return stamp, _parse(text, str(self._path))


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _parse(text: str, place: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(_COMMENT.sub("", text).replace(",", " ").split(), start=1):
        match = _LINE.fullmatch(entry)
        if match is None:
            raise KeysError(f"Key {number} in {place} is not name:sha256hex. `nic-voice key NAME` makes one.")
        if match["name"] in keys:
            raise KeysError(f"The key '{match['name']}' is twice in {place}. Give each its own name.")
        keys[match["name"]] = bytes.fromhex(match["digest"])
    return keys


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
