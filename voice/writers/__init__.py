"""The messages of many writers, from which the package's own adapters and judges learn.

In: many-writers.jsonl and short.jsonl, which lie here. Out: Messages; and triplets of them, in both directions.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from voice.facts.masking import mask_pair
from voice.prompt import BACK_SYSTEM, system_text
from voice.sentences import split
from voice.triplet import Register, Triplet, Unit

FILES = tuple(Path(__file__).parent / name for name in ("many-writers.jsonl", "short.jsonl"))
SOURCE = "writers"
Split = Literal["train", "fit", "test"]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A version that says something else, by one slip of that kind."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Message:
    """A draft, what its writer typed for it, the same in another manner, and versions that say something else."""

    id: str
    writer: str
    register: Register
    split: Split
    draft: str
    own: str
    also: str
    wrong: tuple[Wrong, ...] = ()

    @property
    def versions(self) -> tuple[str, str]:
        """The two that say the same as the draft."""
        return self.own, self.also


def read_messages(*splits: Split) -> list[Message]:
    """The messages of these splits, in the order of the files."""
    rows = (json.loads(line) for file in FILES for line in file.read_text("utf-8").splitlines())
    return [
        Message(**row | {"wrong": tuple(Wrong(**wrong) for wrong in row.get("wrong", ()))})
        for row in rows
        if row["split"] in splits
    ]


def sha256() -> str:
    """SHA-256 of the files, in hex."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in FILES)).hexdigest()


def there(messages: Iterable[Message]) -> Iterator[Triplet]:
    """Draft -> what its writer typed, once for each of the two versions.

    A single sentence is a sentence the first time and a message the second: both units have short texts.
    """
    for message in messages:
        one = len(split(message.draft)) == 1
        for place, version in enumerate(message.versions):
            unit: Unit = "sentence" if one and not place else "message"
            draft, own = mask_pair(message.draft, version)
            system = system_text(message.register, unit)
            yield _triplet(message, place, unit, system, draft.text, own.text)


def back(messages: Iterable[Message]) -> Iterator[Triplet]:
    """What was typed -> its draft, once for each of the two versions."""
    for message in messages:
        for place, version in enumerate(message.versions):
            draft, own = mask_pair(message.draft, version)
            yield _triplet(message, place, "message", BACK_SYSTEM, own.text, draft.text)


def _triplet(message: Message, place: int, unit: Unit, system: str, neutral: str, own: str) -> Triplet:
    return Triplet(
        id=f"{SOURCE}:{message.id}:{place}", source=SOURCE, register=message.register, unit=unit,
        thread=message.writer, sent_at=None, origin=SOURCE, system=system, neutral=neutral, own=own,
    )  # fmt: skip
