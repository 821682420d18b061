"""Pairs of a neutral text and the same as its owner wrote it, in a file that somebody brings.

In: lines of `neutral<TAB>own`, or JSONL with `neutral`, `own` and optionally `register`, `unit`, `thread`, `sent_at`
(other fields are ignored; line breaks in a text stay). Out: Pairs, and the lines that are none, with what is wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from voice.lines import Lines, date_of, json_object, read_lines
from voice.triplet import REGISTERS, UNITS, Register, Unit
from voice.units import unit_of


class Fault(StrEnum):
    """What is wrong with a line."""

    NOT_ONE_TAB = "not_one_tab"
    NOT_A_PAIR = "not_a_pair"
    EMPTY_SIDE = "empty_side"


@dataclass(frozen=True, slots=True)
class Pair:
    """A line that can be used (its number from 1); where it does not say its unit, its neutral side does.

    `thread` is a hash; `sent_at` in UTC, or None.
    """

    line: int
    neutral: str
    own: str
    register: Register
    unit: Unit
    thread: str | None = None
    sent_at: datetime | None = None


def read_pairs(path: Path, register: Register) -> Iterator[Pair | Fault]:
    """What each line of the file holds, in its order; `register` is that of lines which name none.

    Raises LinesError for a file that is not UTF-8, and for a register, unit or date that is none.
    """
    lines = read_lines(path)
    for number, line in enumerate(lines.lines, start=1):
        yield _from_object(lines, number, line, register) if lines.is_jsonl else _from_tabs(number, line, register)


def _from_tabs(number: int, line: str, register: Register) -> Pair | Fault:
    neutral, _, own = (_unquoted(part.strip()) for part in line.partition("\t"))
    if line.count("\t") != 1:
        return Fault.NOT_ONE_TAB
    return Pair(number, neutral, own, register, unit_of(neutral)) if neutral and own else Fault.EMPTY_SIDE


def _unquoted(field: str) -> str:
    """A field as it was typed: a spreadsheet puts one that holds quotes or commas into quotes and doubles its own."""
    inner = field[1:-1].replace('""', "")
    if len(field) > 1 and field[0] == field[-1] == '"' and '"' not in inner and ('""' in field[1:-1] or "," in inner):
        return field[1:-1].replace('""', '"')
    return field


def _from_object(lines: Lines, number: int, line: str, register: Register) -> Pair | Fault:
    row = json_object(line)
    if row is None or not isinstance(row.get("neutral"), str) or not isinstance(row.get("own"), str):
        return Fault.NOT_A_PAIR
    neutral, own = row["neutral"].strip(), row["own"].strip()
    if not neutral or not own:
        return Fault.EMPTY_SIDE
    about = circumstances(lines, number, row, register)
    return Pair(number, neutral, own, about.register, about.unit or unit_of(neutral), about.thread, about.sent_at)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a line says of its text besides the text. `thread` is a hash; `sent_at` in UTC, or None."""

    register: Register
    unit: Unit | None
    thread: str | None
    sent_at: datetime | None


def circumstances(lines: Lines, number: int, row: dict[str, Any], register: Register) -> Circumstances:
    """The circumstances in a JSONL object; LinesError, naming the line, for a register, unit or date that is none.

    Where nothing is said, the register is `register` and the unit None.
    """
    kind, unit = row.get("register") or register, row.get("unit")
    if kind not in REGISTERS:
        raise lines.fault(number, f"register is not one of {', '.join(REGISTERS)}.")
    if unit is not None and unit not in UNITS:
        raise lines.fault(number, f"unit is not one of {', '.join(UNITS)}.")
    try:
        sent_at = date_of(row.get("sent_at"))
    except ValueError as error:
        raise lines.fault(number, "sent_at is not an ISO 8601 date.") from error
    return Circumstances(kind, unit, lines.hashed(row.get("thread")), sent_at)
