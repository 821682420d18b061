"""Whose words count: owner.toml, and the tests of whether a sender is its owner.

In: a TOML file with the lists `names`, `nicknames`, `emails`, `phones`, `handles`, `guestbook_names`, `plaud_speakers`
(any may be missing, not all) and optionally `sources`, the names of the sources to walk. Out: an Owner.
"""

import hashlib
import json
import tomllib
import unicodedata
from collections.abc import Callable
from email.utils import parseaddr
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from extraction.clean.encoding import repair_mojibake
from voice.errors import UserError, counted, explain_os_error
from voice.facts.rules import Rules, regions_of

SourceName = Literal[
    "imessage", "gmail", "google_chat", "google_voice", "instagram", "facebook",
    "work_email", "plaud", "blackberry", "blogger", "guestbook",
]  # fmt: skip
SOURCE_NAMES: tuple[SourceName, ...] = get_args(SourceName)
IDENTITIES = ("names", "nicknames", "emails", "phones", "handles", "guestbook_names", "plaud_speakers")

_PHONE_DIGITS = 10  # what stays of a number without its country code
_FEWEST_DIGITS = 7  # fewer are a short code, or a name such as "007"

_Item = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class OwnerError(UserError):
    """An owner file that cannot be used; says which, everything that is wrong with it, and what to do."""


class Owner(BaseModel):
    """The owner's identities. `nicknames` are display names of his in messengers."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    names: tuple[_Item, ...] = ()
    nicknames: tuple[_Item, ...] = ()
    emails: tuple[_Item, ...] = ()
    phones: tuple[_Item, ...] = ()
    handles: tuple[_Item, ...] = ()
    guestbook_names: tuple[_Item, ...] = ()
    plaud_speakers: tuple[_Item, ...] = ()
    sources: tuple[SourceName, ...] | None = None

    @model_validator(mode="after")
    def _is_somebody(self) -> "Owner":
        if not any(getattr(self, kind) for kind in IDENTITIES):
            raise ValueError(f"no identity at all; fill in at least one of {', '.join(IDENTITIES)}")
        return self

    def has_name(self, value: str | None) -> bool:
        """Whether a display name is one of his names, in either order: 'First Last' or 'Last, First'."""
        return _name(value) in self._known["names"]

    def has_email(self, value: str | None) -> bool:
        """Whether an address, bare or as 'Name <address>', is his, with or without a tag behind a plus sign."""
        return _email(value) in self._known["emails"]

    def goes_by(self, value: str | None) -> bool:
        """Whether the sender of a message is him, by name, nickname, handle, address or phone number."""
        return (
            self.has_name(value)
            or _name(value) in self._known["nicknames"]
            or _handle(value) in self._known["handles"]
            or self.has_email(value)
            or _phone(value) in self._known["phones"]
        )

    def signs_as(self, text: str) -> bool:
        """Whether a text is nothing but his name, full or first, or a nickname, with or without a dash before it."""
        name = _name(text.strip("-–—~*.,! \t"))
        return name in self._known["names"] or name in self._known["nicknames"] or name in self._first_names

    def signs_guestbook_as(self, value: str | None) -> bool:
        """Whether a guestbook's poster name is his."""
        return self.has_name(value) or _name(value) in self._known["guestbook_names"]

    def speaks_as(self, value: str | None) -> bool:
        """Whether a transcript's speaker label is his."""
        return self.has_name(value) or _name(value) in self._known["plaud_speakers"]

    @cached_property
    def thread_key(self) -> bytes:
        """The key that thread ids are hashed with; the same owner file gives the same key, whatever its order.

        It keeps phone numbers and group names out of triplets.jsonl for everybody who does not know all of the owner's
        identities. It does not stop somebody who has owner.toml: he can try out all phone numbers.
        """
        identities = {kind: sorted(getattr(self, kind)) for kind in IDENTITIES}
        return hashlib.sha256(json.dumps(identities, sort_keys=True, ensure_ascii=False).encode()).digest()

    @property
    def rules(self) -> Rules:
        """By which rules his texts are masked: telephone numbers of his own regions need no country code."""
        return Rules(regions=regions_of(self.phones))

    def described(self) -> str:
        """How many identities of each kind there are, without their values: '2 names, 1 email'."""
        counts = ((kind.replace("_", " ").removesuffix("s"), len(getattr(self, kind))) for kind in IDENTITIES)
        return ", ".join(counted(count, kind) for kind, count in counts if count)

    @cached_property
    def _first_names(self) -> frozenset[str]:
        return frozenset(name.split()[0] for name in self._known["names"])

    @cached_property
    def _known(self) -> dict[str, frozenset[str]]:
        return {kind: frozenset(map(plain, getattr(self, kind))) - {""} for kind, plain in _PLAIN.items()}


def load_owner(path: Path) -> Owner:
    """Read an owner file; OwnerError lists all that is wrong with it."""
    try:
        return Owner.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise explain_os_error(error, "Reading the owner file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OwnerError(f"{path} is not a TOML file: {error}. Correct it and run again.") from error
    except ValidationError as error:
        faults = "; ".join(_fault(item["loc"], item["type"], item["msg"]) for item in error.errors())
        raise OwnerError(f"{path}: {faults}. Correct it and run again.") from error


def _fault(place: tuple[int | str, ...], kind: str, message: str) -> str:
    where = ".".join(map(str, place))
    if kind == "extra_forbidden":
        return f"unknown key '{where}' (known: {', '.join((*IDENTITIES, 'sources'))})"
    message = message.removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def _name(value: str | None) -> str:
    """Without case and extra spaces; 'Last, First' turned round."""
    words = " ".join(unicodedata.normalize("NFC", repair_mojibake(value or "")).casefold().split())
    last, comma, first = words.partition(", ")
    return f"{first} {last}" if comma and first and ", " not in first else words


def _email(value: str | None) -> str:
    address = parseaddr(value)[1] if value and "<" in value else value or ""
    local, at, domain = address.strip().lower().partition("@")
    return f"{local.partition('+')[0]}{at}{domain}" if not local.startswith("+") else local


def _handle(value: str | None) -> str:
    return (value or "").strip().removeprefix("@").casefold()


def _phone(value: str | None) -> str:
    """The last ten digits; '' for what has letters or too few digits to be a number."""
    if not value or any(character.isalpha() for character in value):
        return ""
    digits = "".join(character for character in value if character.isdigit())
    return digits[-_PHONE_DIGITS:] if len(digits) >= _FEWEST_DIGITS else ""


# How each kind of identity is compared: both sides go through the same function.
_PLAIN: dict[str, Callable[[str | None], str]] = {
    "names": _name,
    "nicknames": _name,
    "emails": _email,
    "phones": _phone,
    "handles": _handle,
    "guestbook_names": _name,
    "plaud_speakers": _name,
}
