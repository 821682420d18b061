"""Own texts that somebody brings in a file, for people without a Nexus: the first stage of extraction without one.

In: one text a line, or JSONL with `own` and optionally `id`, `register`, `unit`, `thread`, `sent_at` (other fields are
ignored; line breaks in a text stay). Out: own.jsonl and own.ledger.json, as the first stage writes them.
"""

from collections.abc import Iterator
from pathlib import Path

from extraction.drafts import read_drafts
from extraction.errors import ExtractionError
from extraction.ledger import Counts, Ledger
from extraction.neutral.stage import add_neutral
from extraction.own import why_dropped
from extraction.pieces import Piece, Secrets
from extraction.pipeline import write_own
from extraction.reason import Reason
from extraction.units import MESSAGE, Cut, UnitChoice, cuts
from voice.lines import Lines, json_object, read_lines
from voice.pairs import Circumstances, circumstances
from voice.triplet import Register

SOURCE = "own"


def import_own(
    path: Path,
    out: Path,
    register: Register,
    *,
    unit: UnitChoice = "both",
    drafts: Path | None = None,
    secrets: Secrets = "mask",
) -> Ledger:
    """Both stages for the texts in `path`; `register` and `unit` are for lines which name none.

    Raises ExtractionError, with nothing written, when no line can be used; LinesError for a wrong field.
    """
    gather(path, out, register, unit=unit, drafts=drafts, secrets=secrets)
    return add_neutral(out)


def gather(
    path: Path,
    out: Path,
    register: Register,
    *,
    unit: UnitChoice = "both",
    drafts: Path | None = None,
    secrets: Secrets = "mask",
) -> Ledger:
    """The first stage: own texts -> out/own.jsonl and out/own.ledger.json. A row is a line."""
    given = read_drafts(drafts) if drafts else {}
    lines = read_lines(path)
    counts = Counts(rows_read=len(lines.lines))
    pieces: dict[str, Piece] = {}
    for number, line in enumerate(lines.lines, start=1):
        text = _text(lines, line)
        if isinstance(text, Reason):
            counts.rows_rejected[text] += 1
            continue
        found = list(_pieces(lines, number, line, text, register, unit))
        kept = [piece for piece, reason in found if reason is None]
        if any(piece.id in pieces for piece in kept):
            raise lines.fault(number, "the id of this text stands above already. Each text needs its own id.")
        pieces |= {piece.id: piece for piece in kept}
        reasons = [reason for _, reason in found if reason]
        counts.sentences_read += len(found)
        counts.sentences_rejected.update(reasons)
        counts.triplets += len(kept)
        if kept:
            counts.rows_used += 1
            counts.undated += kept[0].sent_at is None
        else:
            counts.rows_rejected[reasons[0]] += 1
    if not pieces:
        reasons_found = ", ".join(f"{reason} {count}" for reason, count in sorted(counts.rows_rejected.items()))
        raise ExtractionError(
            f"{path} has no text that can be used ({reasons_found or 'the file is empty'}). Each line must be a text, "
            f'or JSON: {{"own": ...}}.'
        )
    return write_own(out, unit, {SOURCE: counts}, {}, list(pieces.values()), given, secrets)


def _text(lines: Lines, line: str) -> str | Reason:
    """The text in a line, or why there is none."""
    if not lines.is_jsonl:
        return line.strip() or Reason.EMPTY
    row = json_object(line)
    if row is None or not isinstance(row.get("own"), str):
        return Reason.NOT_A_TEXT
    return row["own"].strip() or Reason.EMPTY


def _pieces(
    lines: Lines, number: int, line: str, text: str, register: Register, unit: UnitChoice
) -> Iterator[tuple[Piece, Reason | None]]:
    """The pieces of a line's text, each with the reason to drop it."""
    row = (json_object(line) if lines.is_jsonl else None) or {}
    about = circumstances(lines, number, row, register)
    name = f"{SOURCE}:{number if row.get('id') in (None, '') else row['id']}"
    for cut in _cuts(text, about, unit, name):
        own = Piece(f"{name}:{cut.number}", SOURCE, about.register, cut.unit, about.thread, about.sent_at, cut.text)
        yield own, why_dropped(cut.text)


def _cuts(text: str, about: Circumstances, unit: UnitChoice, name: str) -> Iterator[Cut]:
    """The text cut as `unit` says; as it is where its line says what it is."""
    match about.unit:
        case "sentence":
            yield Cut("0", text, "sentence")
        case "message":
            yield Cut(MESSAGE, text, "message")
        case None:
            yield from cuts([text], unit, name)
