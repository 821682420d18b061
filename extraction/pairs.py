"""Pairs that somebody already has, as triplets.

In: a UTF-8 file with lines of `neutral<TAB>own`. Out: triplets.jsonl, one triplet a line that can be used, in the
order of the file, and a summary that counts the others.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from extraction.reason import Reason
from voice.errors import UserError, explain_os_error
from voice.facts import invented
from voice.prompt import system_text
from voice.triplet import Register, Triplet, write_triplets

SOURCE = "pairs"


class PairsError(UserError):
    """A file of pairs that cannot be used; says which and why."""


@dataclass(frozen=True, slots=True)
class PairsSummary:
    """Lines read = written + dropped (by reason); the SHA-256 of the file written."""

    read: int
    written: int
    dropped: dict[Reason, int]
    sha256: str


def import_pairs(path: Path, out: Path, register: Register) -> PairsSummary:
    """Write the pairs in `path` as triplets to `out`; PairsError, and nothing written, when no line can be used."""
    lines = _read_lines(path)
    dropped: Counter[Reason] = Counter()
    triplets = list(_triplets(lines, register, dropped))
    if not triplets:
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(dropped.items())) or "the file is empty"
        raise PairsError(
            f"{path} has no line that can be used ({reasons}). Each line must be: neutral text, one tab, own text."
        )
    written, sha256 = write_triplets(out, triplets)
    return PairsSummary(len(lines), written, dict(sorted(dropped.items())), sha256)


def _read_lines(path: Path) -> list[str]:
    """The lines of a file, split at newlines only: texts may hold the other line separators of Unicode."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise explain_os_error(error, f"Reading {path.name}") from error
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PairsError(f"{path}, line {line}: not UTF-8. Write the file again as UTF-8.") from error
    return lines[:-1] if lines[-1] == "" else lines


def _triplets(lines: list[str], register: Register, dropped: Counter[Reason]) -> Iterator[Triplet]:
    """The triplets of the lines that can be used; the others are counted in `dropped`."""
    seen: set[tuple[str, str]] = set()
    for number, line in enumerate(lines, start=1):
        neutral, _, own = (part.strip() for part in line.partition("\t"))
        if line.count("\t") != 1:
            dropped[Reason.NOT_ONE_TAB] += 1
        elif not neutral or not own:
            dropped[Reason.EMPTY_SIDE] += 1
        elif (neutral, own) in seen:
            dropped[Reason.DUPLICATE] += 1
        elif invented(neutral, own):
            dropped[Reason.INVENTED_FACT] += 1
        else:
            seen.add((neutral, own))
            yield Triplet(
                id=f"{SOURCE}:{number}:0", source=SOURCE, register=register, unit="message", thread=None, sent_at=None,
                origin=SOURCE, system=system_text(register), neutral=neutral, own=own,
            )  # fmt: skip
