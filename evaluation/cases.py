"""The texts that a voice is judged on: neutral sides with what their owner wrote instead.

In: a file of pairs, or what was held out when the voice was trained. Out: Cases, which the voice has never seen.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voice.errors import UserError, counted
from voice.lines import json_object, read_lines
from voice.manifest import VoiceManifest
from voice.pairs import Pair, read_pairs
from voice.split import SplitError, parts_of
from voice.triplet import RULES, Register, Unit

COUNT = 200  # texts that are judged unless all are asked for
FEWEST_OTHERS = 100
FEWEST = 40  # two halves of bags of twenty


class CasesError(UserError):
    """Texts that a voice cannot be judged on; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Case:
    """A neutral text and what its owner wrote; `group` is the same for all of one thread, or of one row without any.

    `by_rules` says that the neutral text was made of the own one by rules.
    """

    neutral: str
    own: str
    register: Register
    unit: Unit
    group: str
    by_rules: bool = False


def from_pairs(path: Path, register: Register) -> tuple[list[Case], int]:
    """The pairs of a file, each once, and how many lines that leaves out; `register` is for lines which name none."""
    lines = list(read_pairs(path, register))
    pairs = [line for line in lines if isinstance(line, Pair)]
    cases = {
        (pair.neutral, pair.own): Case(
            pair.neutral, pair.own, pair.register, pair.unit, pair.thread or f"line {pair.line}"
        )
        for pair in pairs
    }
    return enough(list(cases.values()), str(path)), len(lines) - len(cases)


def held_out(manifest: VoiceManifest, triplets: Path | None) -> list[Case]:
    """What was held out when the voice was trained, from the file it was trained on or a copy of it."""
    try:
        parts = parts_of(manifest, triplets)
    except SplitError as error:
        raise CasesError(f"{error} Or give --pairs FILE.") from error
    learned = {(triplet.neutral, triplet.own) for triplet in parts.learn}
    return enough(
        [
            Case(
                triplet.neutral,
                triplet.own,
                triplet.register,
                triplet.unit,
                triplet.thread or triplet.row,
                by_rules=triplet.origin == RULES,
            )
            for triplet in parts.held_out
            if (triplet.neutral, triplet.own) not in learned
        ],
        f"what voice '{manifest.name}' held out of its training",
    )


def enough(cases: list[Case], where: str) -> list[Case]:
    """The cases; CasesError when there are too few of them to say anything."""
    if len(cases) < FEWEST:
        raise CasesError(
            f"There {'is' if len(cases) == 1 else 'are'} {counted(len(cases), 'text')} in {where}; {FEWEST} are the "
            f"least that anything can be said about."
        )
    return cases


def choose(cases: Sequence[Case], count: int | None, seed: int) -> tuple[list[Case], list[Case]]:
    """`count` of the cases, spread over registers and units as they are, and the others; all when count is None."""
    if count is None or count >= len(cases):
        return list(cases), []
    chance = random.Random(seed)
    kinds: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for index, case in enumerate(cases):
        kinds[case.register, case.unit].append(index)
    order: list[tuple[float, int]] = []
    for indices in kinds.values():
        chance.shuffle(indices)
        order += [((place + 0.5) / len(indices), index) for place, index in enumerate(indices)]
    chosen = sorted(index for _, index in sorted(order)[:count])
    rest = set(range(len(cases))) - set(chosen)
    return [cases[index] for index in chosen], [cases[index] for index in sorted(rest)]


def other_texts(path: Path) -> list[str]:
    """Texts of other people: one a line, or JSONL with `own` or `text`."""
    lines = read_lines(path)
    if not lines.is_jsonl:
        return _enough_others([line.strip() for line in lines.lines if line.strip()], path)
    rows = [json_object(line) or {} for line in lines.lines]
    found = [row.get("own") or row.get("text") for row in rows]
    texts = [text.strip() for text in found if isinstance(text, str) and text.strip()]
    return _enough_others(texts, path)


def _enough_others(texts: list[str], path: Path) -> list[str]:
    if len(texts) < FEWEST_OTHERS:
        raise CasesError(
            f"{path} holds {counted(len(texts), 'text')}; at least {FEWEST_OTHERS} are needed to know other people by. "
            f"Each line must be a text, or JSON with `own` or `text`."
        )
    return texts
