"""The messages of many writers, from which the package's own adapters and judges learn.

In: data/writers/many-writers.jsonl, or a file like it. Out: Messages.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from voice.triplet import Register

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
    wrong: tuple[Wrong, ...]


def read_messages(path: Path, *splits: Split) -> list[Message]:
    """The messages of these splits, in the order of the file."""
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    return [
        Message(**row | {"wrong": tuple(Wrong(**wrong) for wrong in row["wrong"])})
        for row in rows
        if row["split"] in splits
    ]
