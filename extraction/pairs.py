"""Pairs that somebody already has, as triplets.

In: a file of pairs (voice/pairs.py says what its lines hold). Out: triplets.jsonl, one triplet a line that can be used,
in the order of the file, and a summary that counts the others.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from extraction.reason import Reason
from voice.ends import closing_names, without_name
from voice.errors import UserError
from voice.facts.compare import invented, words_of
from voice.facts.masking import mask_pair
from voice.pairs import Fault, Pair, read_pairs
from voice.prompt import system_text
from voice.triplet import Register, Triplet, write_triplets

SOURCE = "pairs"


class PairsError(UserError):
    """A file of pairs that cannot be used; says which and why."""


@dataclass(frozen=True, slots=True)
class PairsSummary:
    """Lines read = written + dropped (by reason); the SHA-256 of the file written.

    `signature_stripped` of the lines had their owner's name at the end of the own side alone.
    """

    read: int
    written: int
    dropped: dict[Reason, int]
    sha256: str
    signature_stripped: int


def import_pairs(path: Path, out: Path, register: Register) -> PairsSummary:
    """Write the pairs in `path` as triplets to `out`; PairsError, and nothing written, when no line can be used."""
    lines = list(read_pairs(path, register))
    dropped: Counter[Reason] = Counter()
    signed = closing_names(line.own for line in lines if isinstance(line, Pair))
    plain = [_without_signature(line, signed) if isinstance(line, Pair) else line for line in lines]
    stripped = sum(line != before for line, before in zip(plain, lines, strict=True))
    triplets = list(_triplets(plain, dropped))
    if not triplets:
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(dropped.items())) or "the file is empty"
        raise PairsError(
            f"{path} has no line that can be used ({reasons}). Each line must be: neutral text, one tab, own text; "
            f'or JSON: {{"neutral": ..., "own": ...}}.'
        )
    written, sha256 = write_triplets(out, triplets)
    return PairsSummary(len(lines), written, dict(sorted(dropped.items())), sha256, stripped)


def _without_signature(pair: Pair, names: frozenset[str]) -> Pair:
    """The pair without its owner's name at the end of the own side, unless the neutral side has it as well."""
    return pair if names & words_of(pair.neutral) else replace(pair, own=without_name(pair.own, names))


def _triplets(lines: list[Pair | Fault], dropped: Counter[Reason]) -> Iterator[Triplet]:
    """The triplets of the lines that can be used; the others are counted in `dropped`."""
    seen: set[tuple[str, str]] = set()
    for line in lines:
        if isinstance(line, Fault):
            dropped[Reason[line.name]] += 1
            continue
        neutral, own = mask_pair(line.neutral, line.own)
        if (line.neutral, line.own) in seen:
            dropped[Reason.DUPLICATE] += 1
        elif invented(neutral.text, own.text):
            dropped[Reason.INVENTED_FACT] += 1
        else:
            seen.add((line.neutral, line.own))
            yield Triplet(
                id=f"{SOURCE}:{line.line}:0", source=SOURCE, register=line.register, unit=line.unit, thread=line.thread,
                sent_at=line.sent_at, origin=SOURCE, system=system_text(line.register, line.unit), neutral=neutral.text,
                own=own.text,
            )  # fmt: skip
