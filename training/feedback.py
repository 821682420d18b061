"""Pairs that come later: a draft the service rewrote or was given, and what the owner sent in the end.

In: (draft, sent) pairs. Out: triplets of origin `feedback`, weighted, in a JSONL file that the next training takes in.
The command is `nic-voice feedback add --voice voices/nic`; a pair that is added twice is there once.
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voice.errors import UserError
from voice.facts import invented
from voice.manifest import file_sha256
from voice.prompt import system_text
from voice.sentences import split
from voice.triplet import REGISTERS, Register, Triplet, read_triplets, write_triplets

ORIGIN = "feedback"


class FeedbackError(UserError):
    """Feedback that cannot be taken in; says which line and why."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A draft and what its owner sent instead."""

    draft: str
    sent: str
    register: Register


@dataclass(slots=True)
class Added:
    """What became of the pairs: read = added + known + dropped."""

    read: int = 0
    added: int = 0
    known: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    ids: list[str] = field(default_factory=list)


def store_of(out: Path) -> Path:
    """The feedback file of the voice that is published as `out`."""
    return out.parent / ".feedback" / f"{out.name}.jsonl"


def add(store: Path, pairs: Iterable[Pair], weight: float) -> Added:
    """Put the pairs into the store, each once; what invents facts or is empty is dropped and counted.

    A sent text that holds a number which its draft lacks would teach the adapter to invent.
    """
    known = {triplet.id: triplet for triplet in read_triplets(store)} if store.exists() else {}
    summary = Added()
    for pair in pairs:
        summary.read += 1
        if not pair.draft.strip() or not pair.sent.strip():
            summary.dropped["empty"] += 1
        elif invented(pair.draft, pair.sent):
            summary.dropped["invents_facts"] += 1
        else:
            triplet = _triplet(pair, weight)
            summary.ids.append(triplet.id)
            summary.known += triplet.id in known
            summary.added += triplet.id not in known
            known.setdefault(triplet.id, triplet)
    if summary.added:
        write_triplets(store, known.values())
        with suppress(OSError):
            os.chmod(store, 0o600)  # private text; nobody but the trainer reads it  # noqa: PTH101
    return summary


def read_pairs(lines: Iterable[bytes], register: Register) -> Iterator[Pair]:
    """Pairs of JSON lines {"draft", "sent", "register"?}; FeedbackError names the line of a bad one, not its text."""
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            row = json.loads(raw)
        except ValueError as error:
            raise FeedbackError(f'Line {number} is not JSON. It wants {{"draft": "…", "sent": "…"}}.') from error
        if not isinstance(row, dict) or not isinstance(row.get("draft"), str) or not isinstance(row.get("sent"), str):
            raise FeedbackError(f'Line {number} lacks a text. It wants {{"draft": "…", "sent": "…"}}.')
        if row.get("register", register) not in REGISTERS:
            raise FeedbackError(f"Line {number}: register is not one of {', '.join(REGISTERS)}.")
        yield Pair(row["draft"], row["sent"], row.get("register", register))


def merge(triplets: Sequence[Triplet], feedback: Path | None, out: Path) -> tuple[list[Triplet], dict[str, Any] | None]:
    """The triplets with the feedback behind them, and what voice.json says of it; None when there is no feedback."""
    store = feedback or store_of(out)
    if feedback is None and not store.exists():
        return list(triplets), None
    ids = {triplet.id for triplet in triplets}
    fresh = [triplet for triplet in read_triplets(store) if triplet.id not in ids]
    told = {"sha256": file_sha256(store), "count": len(fresh), "weight": round(sum(t.weight for t in fresh), 3)}
    return [*triplets, *fresh], told


def _triplet(pair: Pair, weight: float) -> Triplet:
    draft, sent = pair.draft.strip(), pair.sent.strip()
    name = hashlib.sha256(json.dumps([pair.register, draft, sent]).encode()).hexdigest()[:16]
    one = len(split(draft)) == len(split(sent)) == 1
    return Triplet(
        id=f"{ORIGIN}:{name}:0", source=ORIGIN, register=pair.register, unit="sentence" if one else "message",
        thread=None, sent_at=None, origin=ORIGIN, system=system_text(pair.register), neutral=draft, own=sent,
        weight=weight,
    )  # fmt: skip
