"""What the service shipped, as keyed hashes: so that a voice never learns its own words back, and nobody reads them.

In: texts as they went out, and later texts of the owner. Out: lines `2026-11-26 <hash>` in a file for each month of a
folder, the key beside them; and how much of a text was shipped in the thirty days before it was sent. Hashed is each
sentence of five words or more: its letters and digits, in lower case, after NFKC. HMAC-SHA256, the first 128 bits.
"""

import hmac
import logging
import os
import re
import secrets
import unicodedata
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

from voice.errors import UserError, explain_os_error
from voice.sentences import spans

log = logging.getLogger(__name__)

KEY_NAME = "key"
LEAST_WORDS = 5
DAYS = 30  # between shipping and sending, at most
_DIGITS = 32
_LINE = re.compile(rf"(\d{{4}}-\d\d-\d\d) ([0-9a-f]{{{_DIGITS}}})")
_NOT_HASHED = re.compile(r"[\W_]+")


class Shipping:
    """The service's side: what goes out is added; a folder that cannot be written is logged once and borne."""

    def __init__(self, folder: Path) -> None:
        """Make the folder and the key if they are not there; UserError where that fails."""
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._key = _key(folder, make=True)
        except OSError as error:
            raise explain_os_error(error, f"Keeping hashes of what is shipped in {folder}") from error
        self._complained = False

    def add(self, text: str, today: date | None = None) -> None:
        """Note a text that went out."""
        today = today or datetime.now(UTC).date()
        lines = [f"{today} {found}\n" for found, _ in _hashes(self._key, text) if found]
        if not lines:
            return
        try:
            file = os.open(self._folder / f"{today:%Y-%m}.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(file, "".join(lines).encode("ascii"))
            finally:
                os.close(file)
        except OSError as error:
            if not self._complained:
                log.error("hashes of what is shipped are not kept: %s", error.strerror)
            self._complained = True
        else:
            self._complained = False


class Shipped:
    """Extraction's side: all that is in the folder."""

    def __init__(self, folder: Path) -> None:
        """UserError when there is no such folder, or no key in it."""
        try:
            self._key = _key(folder)
            self._days: defaultdict[str, list[date]] = defaultdict(list)
            for month in sorted(folder.glob("*.txt")):
                for day, found in _LINE.findall(month.read_text("ascii", errors="replace")):
                    self._days[found].append(date.fromisoformat(day))
        except OSError as error:
            raise explain_os_error(error, f"Reading what was shipped from {folder}") from error

    def share(self, text: str, sent_at: datetime | None) -> float:
        """Of the words of a text, the share in sentences that were shipped at most DAYS before it was sent; one
        without a date may have been sent at any time."""
        words = found_words = 0
        for found, count in _hashes(self._key, text):
            words += count
            if found and any(_in_time(day, sent_at) for day in self._days.get(found, ())):
                found_words += count
        return found_words / words if words else 0.0


def _in_time(shipped: date, sent_at: datetime | None) -> bool:
    if sent_at is None:
        return True
    return -1 <= (sent_at.astimezone(UTC).date() - shipped).days <= DAYS  # clocks differ


def _hashes(key: bytes, text: str) -> list[tuple[str | None, int]]:
    """Of each sentence its hash, None where it is too short to be anybody's own, and its number of words."""
    found = []
    for start, end in spans(text):
        sentence = unicodedata.normalize("NFKC", text[start:end]).casefold().split()
        plain = (word if word.isalnum() else _NOT_HASHED.sub("", word) for word in sentence)
        words = [word for word in plain if word]
        digest = hmac.digest(key, "".join(words).encode("utf-8", "surrogatepass"), "sha256").hex()[:_DIGITS]
        found.append((digest if len(words) >= LEAST_WORDS else None, len(words)))
    return found


def _key(folder: Path, make: bool = False) -> bytes:
    path = folder / KEY_NAME
    if make:
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
        except FileExistsError:
            pass
    try:
        key = bytes.fromhex(path.read_text())
    except ValueError:
        key = b""
    if not key:
        raise UserError(f"{path} is no key of the service's. Give the folder of NIC_VOICE_SHIPPED; if that is it, move "
                        f"it away: hashes without their key are lost.")  # fmt: skip
    return key
