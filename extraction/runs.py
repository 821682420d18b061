"""The turns of chats: which rows answer a question, and the messages that their owner sent one after the other.

In: the turns of a source of chats, the owner's and everybody else's. Out: the same pieces, in which each run of the
owner's rows in one thread, each within two minutes of the one before and nobody else's between, has become a message
of as many lines, named `source:row id+others:m`. Beside sentences, its rows are no messages by themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Literal

from extraction.clean.steps import Rejected
from extraction.nexus import Row
from extraction.own import Own, date_of, thread_of
from extraction.owner import Owner
from extraction.pieces import Piece
from extraction.reason import Reason
from extraction.sources import Source
from extraction.units import MESSAGE
from voice.units import MESSAGE_TOKENS, about_tokens

GAP = timedelta(minutes=2)
_QUESTION_REACH = 200  # characters at the end of a message in which it asks


@dataclass(frozen=True, slots=True)
class Turn:
    """A row of a thread, at its moment; `own` is None where somebody else wrote it, and `asks` if it is a question."""

    thread: str
    sent_at: datetime
    place: int
    own: Own | None
    asks: bool = False


def turn_of(source: Source, row: Row, owner: Owner, outcome: Own | Rejected, place: int) -> Turn | None:
    """The turn that a row is in its chat; None for other sources, rows without date or thread, and what was dropped."""
    own = outcome if isinstance(outcome, Own) else None
    is_others = isinstance(outcome, Rejected) and outcome.reason == Reason.NOT_OWN
    if not (own or is_others) or source.register_of(row) != "chat":
        return None
    thread, sent_at = thread_of(source, row, owner), date_of(row[source.date])
    asks = is_others and "?" in (row[source.text] or "")[-_QUESTION_REACH:]
    return Turn(thread, sent_at, place, own, asks) if thread and sent_at else None


def mark_answers(turns: Iterable[Turn]) -> None:
    """Mark the owner's rows that stand directly below a question of somebody else."""
    ordered = sorted(turns, key=lambda turn: (turn.thread, turn.sent_at, turn.place))
    for above, turn in pairwise(ordered):
        if turn.own and above.asks and above.thread == turn.thread:
            turn.own.answers = True


def join_runs(turns: Iterable[Turn], unit: Literal["message", "both"]) -> None:
    """Put the runs among these turns into the pieces of each one's first row."""
    ordered = sorted(turns, key=lambda turn: (turn.thread, turn.sent_at, turn.place))
    for _, thread in groupby(ordered, key=lambda turn: turn.thread):
        run: list[Turn] = []
        for turn in thread:
            if turn.own and not turn.own.pieces:
                continue
            if run and not (turn.own and turn.sent_at - run[-1].sent_at <= GAP and _fits(run, turn.own)):
                _join(run, unit)
                run = []
            if turn.own:
                run.append(turn)
        _join(run, unit)


def _fits(run: list[Turn], own: Own) -> bool:
    rows = [turn.own for turn in run if turn.own]
    return about_tokens(_lines([*rows, own])) <= MESSAGE_TOKENS


def _join(run: list[Turn], unit: Literal["message", "both"]) -> None:
    rows = [turn.own for turn in run if turn.own]
    if len(rows) < 2:
        return
    if unit == "both":
        for own in rows:
            own.pieces = _sentences(own)
    first = rows[0].pieces[0]
    name = f"{first.row}+{len(rows) - 1}:{MESSAGE}"
    rows[0].pieces.append(replace(first, id=name, unit="message", own=_lines(rows), rows=len(rows)))


def _lines(rows: list[Own]) -> str:
    return "\n".join(text for own in rows for text in own.texts)


def _sentences(own: Own) -> list[Piece]:
    """A row's sentences, also where its only one was taken for a message."""
    return [piece for piece in own.pieces if piece.unit == "sentence"] or [
        replace(piece, id=f"{piece.row}:0", unit="sentence") for piece in own.pieces
    ]
