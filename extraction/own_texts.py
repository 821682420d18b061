"""Own texts that somebody brings in a file, for people without a Nexus: the first stage of extraction without one.

In: one text a line, or JSONL with `own` and optionally `id`, `register`, `unit`, `thread`, `sent_at` (other fields are
ignored; line breaks in a text stay). Out: own.jsonl and own.ledger.json, as the first stage writes them.
"""

from pathlib import Path

from extraction.ledger import Counts, Ledger
from extraction.own import why_dropped
from extraction.pieces import Piece
from extraction.pipeline import ExtractionError, add_neutral, write_own
from extraction.reason import Reason
from voice.lines import Lines, json_object, read_lines
from voice.pairs import circumstances
from voice.triplet import Register

SOURCE = "own"


def import_own(path: Path, out: Path, register: Register) -> Ledger:
    """Both stages for the texts in `path`; `register` is that of lines which name none.

    Raises ExtractionError, with nothing written, when no line can be used; LinesError for a wrong field.
    """
    gather(path, out, register)
    return add_neutral(out)


def gather(path: Path, out: Path, register: Register) -> Ledger:
    """The first stage: own texts -> out/own.jsonl and out/own.ledger.json. A row is a line."""
    lines = read_lines(path)
    counts = Counts(rows_read=len(lines.lines))
    pieces: dict[str, Piece] = {}
    for number, line in enumerate(lines.lines, start=1):
        piece = _piece(lines, number, line, register)
        reason = piece if isinstance(piece, Reason) else why_dropped(piece.own)
        if isinstance(piece, Piece):
            counts.sentences_read += 1
        if reason is not None:
            counts.rows_rejected[reason] += 1
            counts.sentences_rejected.update([reason] if isinstance(piece, Piece) else [])
        elif isinstance(piece, Piece):
            if pieces.setdefault(piece.id, piece) is not piece:
                raise lines.fault(number, "the id of this text stands above already. Each text needs its own id.")
            counts.rows_used += 1
            counts.triplets += 1
            counts.undated += piece.sent_at is None
    if not pieces:
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(counts.rows_rejected.items()))
        raise ExtractionError(
            f"{path} has no text that can be used ({reasons or 'the file is empty'}). Each line must be a text, or "
            f'JSON: {{"own": ...}}.'
        )
    return write_own(out, "message", {SOURCE: counts}, {}, list(pieces.values()))


def _piece(lines: Lines, number: int, line: str, register: Register) -> Piece | Reason:
    if not lines.is_jsonl:
        own = line.strip()
        return Piece(f"{SOURCE}:{number}:0", SOURCE, register, "message", None, None, own) if own else Reason.EMPTY
    row = json_object(line)
    if row is None or not isinstance(row.get("own"), str):
        return Reason.NOT_A_TEXT
    if not (own := row["own"].strip()):
        return Reason.EMPTY
    about = circumstances(lines, number, row, register)
    name = row.get("id")
    own_id = f"{SOURCE}:{number if name in (None, '') else name}:0"
    return Piece(own_id, SOURCE, about.register, about.unit, about.thread, about.sent_at, own)
