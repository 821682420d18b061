"""One training pair, and the ShareGPT JSONL that holds them.

In: lines such as {"id", "source", "register", "unit", "thread", "sent_at", "origin", "weight", "masking",
"conversations": [...]}.
Out: Triplet objects, and back again to the same bytes.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal, get_args

from voice.atomic import atomic_write
from voice.errors import UserError, explain_os_error
from voice.facts.rules import CURRENT, Rules, rules_from_json, rules_to_json

Register = Literal["chat", "email", "work_email", "speech", "post"]
Unit = Literal["sentence", "message"]

REGISTERS: tuple[Register, ...] = get_args(Register)
UNITS: tuple[Unit, ...] = get_args(Unit)

# ShareGPT's role names, in the only order a triplet may have, and the field each one fills.
RULES = "rules"  # the origin of neutral sides that rules made of the own ones
ROLES = {"system": "system", "human": "neutral", "gpt": "own"}


_SURROGATE = re.compile("[\ud800-\udfff]")


class TripletError(UserError):
    """A line that is not a triplet; says which file, which line and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Triplet:
    """A neutral sentence (or message) and the same as its owner typed it.

    `id` is `source:row id:n`; `thread` a keyed hash or None; `sent_at` is aware and in UTC, or None;
    `origin` says where the neutral side comes from: `rules`, a model's name, or `pairs`; `weight` multiplies the loss;
    `masked_by` are the rules of its placeholders.
    """

    id: str
    source: str
    register: Register
    unit: Unit
    thread: str | None
    sent_at: datetime | None
    origin: str
    system: str
    neutral: str
    own: str
    weight: float = 1.0
    masked_by: Rules = CURRENT

    @property
    def row(self) -> str:
        """The row that it comes from: its id without the piece's number."""
        return self.id.rpartition(":")[0]

    def to_json(self) -> str:
        """The triplet as one line of ShareGPT JSONL, without the newline."""
        return json.dumps(
            {
                "id": self.id,
                "source": self.source,
                "register": self.register,
                "unit": self.unit,
                "thread": self.thread,
                "sent_at": self.sent_at.astimezone(UTC).isoformat() if self.sent_at else None,
                "origin": self.origin,
                "weight": self.weight,
                **rules_to_json(self.masked_by),
                "conversations": [{"from": role, "value": getattr(self, field)} for role, field in ROLES.items()],
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, line: str) -> "Triplet":
        """The triplet in one line of ShareGPT JSONL.

        Raises TripletError when the line is not a JSON object, lacks a field, has an unknown register or unit, has
        other turns than system, human, gpt in this order, an empty human or gpt side, a date that is not ISO 8601, or
        rules of masking that are none; where there are none, it was masked by version 1.
        """
        try:
            row = json.loads(line)
        except ValueError as error:
            raise TripletError("not JSON") from error
        if not isinstance(row, dict):
            raise TripletError("not a JSON object")
        turns = _turns(row.get("conversations"))
        for field in ("id", "source", "origin"):
            if not isinstance(row.get(field), str) or not row[field]:
                raise TripletError(f"field {field!r} is missing or not a text")
        if row.get("register") not in REGISTERS:
            raise TripletError(f"register is not one of {', '.join(REGISTERS)}")
        if row.get("unit") not in UNITS:
            raise TripletError(f"unit is not one of {', '.join(UNITS)}")
        if not isinstance(row.get("thread"), str | None):
            raise TripletError("thread is neither a text nor null")
        weight = row.get("weight", 1.0)
        if not isinstance(weight, int | float) or isinstance(weight, bool) or not 0 < weight < math.inf:
            raise TripletError("weight is not a number above zero")
        try:
            masked_by = rules_from_json(row)
        except ValueError as error:
            raise TripletError(str(error)) from error
        return cls(
            id=row["id"], source=row["source"], register=row["register"], unit=row["unit"], thread=row.get("thread"),
            sent_at=_date(row.get("sent_at")), origin=row["origin"], weight=float(weight), masked_by=masked_by,
            **turns,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TripletFile:
    """A triplet file as it was read: its triplets, and the SHA-256 in hex of the very bytes that they come from."""

    triplets: list[Triplet]
    sha256: str


def load_triplets(path: Path) -> TripletFile:
    """Read a whole triplet file, once; TripletError names file and line of a bad one."""
    digest = hashlib.sha256()
    triplets = list(read_triplets(path, digest.update))
    return TripletFile(triplets, digest.hexdigest())


def read_triplets(path: Path, on_line: Callable[[bytes], object] = lambda _: None) -> Iterator[Triplet]:
    """The triplets of a JSONL file in its order; TripletError names file and line of a bad one.

    `on_line` sees the bytes of each line before they are understood.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise explain_os_error(error, f"Reading {path.name}") from error
    with file:
        for number, raw in enumerate(file, start=1):
            on_line(raw)
            try:
                line = raw.decode()
                if line.strip():
                    yield Triplet.from_json(line)
            except UnicodeDecodeError as error:
                raise TripletError(f"{path}, line {number}: not UTF-8. Write the file again as UTF-8.") from error
            except TripletError as error:
                raise TripletError(
                    f"{path}, line {number}: {error}. `nic-voice extract` and `nic-voice import-pairs` write this file."
                ) from error


def write_triplets(path: Path, triplets: Iterable[Triplet]) -> tuple[int, str]:
    """Write the triplets as JSONL, all or nothing; returns their number and the file's SHA-256 in hex."""
    with atomic_write(path) as file:
        return dump_triplets(file, triplets)


def dump_triplets(file: IO[bytes], triplets: Iterable[Triplet]) -> tuple[int, str]:
    """Write the triplets as JSONL to an open file; returns their number and the SHA-256 of the lines in hex."""
    count, digest = 0, hashlib.sha256()
    for triplet in triplets:
        line = f"{triplet.to_json()}\n".encode()
        digest.update(line)
        file.write(line)
        count += 1
    return count, digest.hexdigest()


def _turns(conversations: Any) -> dict[str, str]:
    if not isinstance(conversations, list) or not all(isinstance(turn, dict) for turn in conversations):
        raise TripletError("conversations is not a list of turns")
    if [turn.get("from") for turn in conversations] != list(ROLES):
        raise TripletError("the turns are not system, human, gpt in this order")
    if not all(isinstance(turn.get("value"), str) for turn in conversations):
        raise TripletError("a turn's value is not a text")
    if any(_SURROGATE.search(turn["value"]) for turn in conversations):
        raise TripletError("a turn's value holds half of a character (a lone surrogate)")
    turns = {ROLES[turn["from"]]: turn["value"] for turn in conversations}
    for side in ("neutral", "own"):
        if not turns[side].strip():
            raise TripletError(f"the {'human' if side == 'neutral' else 'gpt'} side is empty")
    return turns


def _date(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        date = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise TripletError("sent_at is not an ISO 8601 date") from error
    return date if date.tzinfo else date.replace(tzinfo=UTC)
