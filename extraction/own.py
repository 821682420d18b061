"""What becomes of a row: the owner's own text in it, piece by piece, or the reason why there is none.

In: a row of a source, or a text of it. Out: Own or Rejected. The only place that decides; extraction goes through
`read_row` and, once all of a person's texts are known, `cut_pieces`; `nic-voice clean` asks about a single text.
"""

import functools
import hashlib
import hmac
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from extraction.clean import machine, noise, quotes
from extraction.clean.steps import Rejected, count_words, run
from extraction.nexus import Row
from extraction.owner import Owner, SourceName
from extraction.pieces import Piece
from extraction.reason import Reason
from extraction.sources import Source
from extraction.units import UnitChoice, cuts
from voice.triplet import Register

_PIECE_CHECKS = (
    noise.reaction,
    noise.links,
    functools.partial(machine.machine_text, platform=""),
    noise.table_row,
    quotes.left_over,
)
_MOST_PASSES = 10
_THREAD_DIGITS = 16


class Dropped(NamedTuple):
    """A piece that is not learned, and why."""

    reason: Reason
    text: str


@dataclass(slots=True)
class Own:
    """What a row gave: the owner's texts, and once they are cut, the pieces that are learned and those that are not.

    `words_read` are the words of the row before cleaning, `words_cut` those that cleaning took, by reason. `answers`
    says whether somebody else's question stands above it in its thread. `rejected` is why a row that had texts has none
    after all.
    """

    row: str
    source: SourceName
    register: Register
    thread: str | None
    sent_at: datetime | None
    texts: list[str]
    words_read: int = 0
    words_cut: Counter[Reason] = field(default_factory=Counter)
    answers: bool = False
    rejected: Reason | None = None
    pieces: list[Piece] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)


def read_row(source: Source, row: Row, owner: Owner) -> Own | Rejected:
    """The owner's texts in a row, cleaned: one, or one a turn; or why there is none."""
    if not source.is_own(row, owner):
        return Rejected(Reason.NOT_OWN)
    for check in source.checks:
        if reason := check(row):
            return Rejected(reason)
    cut: Counter[Reason] = Counter()
    bodies = source.texts_of(row, owner)
    found = [cleaned(source, body, cut) for body in bodies]
    texts = [text for text in found if not isinstance(text, Rejected)]
    words = sum(map(count_words, bodies))
    if not texts:
        why = [text.reason for text in found if isinstance(text, Rejected) and text.reason != Reason.EMPTY]
        return Rejected(why[-1] if why else Reason.EMPTY, words, cut)
    return Own(
        row=f"{source.name}:{row[source.key]}",
        source=source.name,
        register=source.register_of(row),
        thread=thread_of(source, row, owner),
        sent_at=date_of(row[source.date]),
        texts=texts,
        words_read=words,
        words_cut=cut,
    )


def cut_pieces(own: Own, owner: Owner, unit: UnitChoice) -> None:
    """Cut a row's texts into pieces."""
    for cut in cuts(own.texts, unit, own.row):
        reason = Reason.OWN_NAME if owner.signs_as(cut.text) else why_dropped(cut.text)
        if reason:
            own.dropped.append(Dropped(reason, cut.text))
        else:
            about = (own.source, own.register, cut.unit, own.thread, own.sent_at)
            own.pieces.append(Piece(f"{own.row}:{cut.number}", *about, cut.text))


def cleaned(source: Source, text: str, words_cut: Counter[Reason] | None = None) -> str | Rejected:
    """A text after its source's cleaning steps, never empty, or why it is dropped.

    What was changed is cleaned again: what stood above a signature can be the end of another one.
    """
    before = text
    for _ in range(_MOST_PASSES):
        own = run(source.steps, before, words_cut)
        if isinstance(own, Rejected):
            return own
        if own == before:
            break
        before = own
    return before or Rejected(Reason.NOTHING_OWN if text.strip() else Reason.EMPTY)


def why_dropped(piece: str) -> Reason | None:
    """The reason to drop a piece whatever its source; None to keep it."""
    return next(filter(None, (check(piece) for check in _PIECE_CHECKS)), None)


def thread_of(source: Source, row: Row, owner: Owner) -> str | None:
    """A keyed hash of a row's thread: its id may be a phone number. Owner.thread_key says what that is good for."""
    value = row[source.thread] if source.thread else None
    if not value:
        return None
    message = f"{source.name}\0{source.thread_key(str(value))}".encode()
    return hmac.new(owner.thread_key, message, hashlib.sha256).hexdigest()[:_THREAD_DIGITS]


def date_of(value: datetime | None) -> datetime | None:
    """A column's date in UTC; one without a zone is taken for UTC."""
    if value is None:
        return None
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
