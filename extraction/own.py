"""What becomes of a row: the owner's own text in it, piece by piece, or the reason why there is none.

In: a row of a source, or a text of it. Out: Own or Rejected. The only place that decides; extraction goes through
`read_row`, and `nic-voice clean` asks the functions below it about a single text.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime

from extraction.clean import noise, quotes
from extraction.clean.steps import Rejected, run
from extraction.nexus import Row
from extraction.owner import Owner
from extraction.pieces import Piece
from extraction.reason import Reason
from extraction.sources import Source
from extraction.units import UnitChoice, cuts

_SENTENCE_CHECKS = (noise.reaction, noise.links, noise.tapback, noise.table_row, quotes.left_over)
_THREAD_DIGITS = 16


@dataclass(slots=True)
class Own:
    """What a row gave: pieces of the owner's text, and the reasons for those that were dropped.

    `texts` are the row's texts before they were cut.
    """

    pieces: list[Piece]
    dropped: list[Reason]
    texts: list[str]


def read_row(source: Source, row: Row, owner: Owner, unit: UnitChoice) -> Own | Rejected:
    """The pieces of a row, or why it has none before it comes to pieces."""
    texts = _texts(source, row, owner)
    if isinstance(texts, Rejected):
        return texts
    register, thread, sent_at = source.register_of(row), thread_of(source, row, owner), date_of(row[source.date])
    row_id = f"{source.name}:{row[source.key]}"
    own = Own(pieces=[], dropped=[], texts=texts)
    for cut in cuts(texts, unit, row_id):
        reason = Reason.OWN_NAME if owner.signs_as(cut.text) else why_dropped(cut.text)
        if reason:
            own.dropped.append(reason)
            continue
        piece_id = f"{row_id}:{cut.number}"
        own.pieces.append(Piece(piece_id, source.name, register, cut.unit, thread, sent_at, cut.text))
    return own


def cleaned(source: Source, text: str) -> str | Rejected:
    """A text after its source's cleaning steps, never empty, or why it is dropped."""
    own = run(source.steps, text)
    if own == "":
        return Rejected(Reason.NOTHING_OWN if text.strip() else Reason.EMPTY)
    return own


def why_dropped(piece: str) -> Reason | None:
    """The reason to drop a piece whatever its source; None to keep it."""
    return next(filter(None, (check(piece) for check in _SENTENCE_CHECKS)), None)


def _texts(source: Source, row: Row, owner: Owner) -> list[str] | Rejected:
    """The owner's texts in a row, cleaned: one, or one a turn."""
    if not source.is_own(row, owner):
        return Rejected(Reason.NOT_OWN)
    for check in source.checks:
        if reason := check(row):
            return Rejected(reason)
    found = [cleaned(source, text) for text in source.texts_of(row, owner)]
    texts = [text for text in found if not isinstance(text, Rejected)]
    why = [text.reason for text in found if isinstance(text, Rejected) and text.reason != Reason.EMPTY]
    return texts or Rejected(why[-1] if why else Reason.EMPTY)


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
