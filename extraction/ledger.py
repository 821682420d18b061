"""What became of every row and every sentence of an extraction: ledger.json, and the same as a table.

own.ledger.json has the same form and counts the first stage alone: its 'triplets' are pieces without neutral sides yet.

Rows: read = used + rejected. Sentences: read = triplets + rejected; a sentence of a rejected row was rejected too.
No times stand in it, so that equal input gives equal bytes. A message that is learned whole counts as a 'sentence'.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from extraction.pieces import Piece
from extraction.reason import Reason
from voice.errors import UserError, counted, explain_os_error

FILE_NAME = "ledger.json"
OWN_FILE_NAME = "own.ledger.json"
_REASONS_SHOWN = 4
_MANY_WORDS = 40  # a row that loses fewer to one reason is not worth a look
_ROWS_LISTED = 10
_BY_WORD: dict[str, Reason] = {reason.value: reason for reason in Reason}
_NUMBERS = {"rows": "rows_read", "used": "rows_used", "sentences": "sentences_read", "triplets": "triplets"}


class LedgerError(UserError):
    """Counts that do not add up, a defect of the extraction and never of the data; or a file that is no ledger."""


@dataclass(slots=True)
class Counts:
    """The rows, sentences and words of one source; `undated` of the rows used have no date.

    `words_cut` are words of the owner's rows that cleaning took, by reason; `most_cut` names the rows that lost most of
    them, to be looked at. `lookalikes` are senders that nearly match the owner, with the rows they have.
    """

    rows_read: int = 0
    rows_used: int = 0
    rows_rejected: Counter[Reason] = field(default_factory=Counter)
    sentences_read: int = 0
    triplets: int = 0
    sentences_rejected: Counter[Reason] = field(default_factory=Counter)
    undated: int = 0
    words_read: int = 0
    words_cut: Counter[Reason] = field(default_factory=Counter)
    most_cut: dict[Reason, list[tuple[int, str]]] = field(default_factory=dict)
    lookalikes: dict[str, int] = field(default_factory=dict)

    def count_cut(self, row: str, words: Counter[Reason]) -> None:
        """Count the words that cleaning took from a row."""
        self.words_cut.update(words)
        for reason, count in words.items():
            if count >= _MANY_WORDS:
                most = self.most_cut.setdefault(reason, [])
                most.append((count, row))
                most.sort(key=lambda cut: (-cut[0], cut[1]))
                del most[_ROWS_LISTED:]

    def check(self, source: str) -> None:
        """Raise LedgerError when something disappeared uncounted."""
        rows = self.rows_used + self.rows_rejected.total()
        sentences = self.triplets + self.sentences_rejected.total()
        for what, read, kept in (("rows", self.rows_read, rows), ("sentences", self.sentences_read, sentences)):
            if read != kept:
                raise LedgerError(
                    f"Source {source}: {read} {what} read, {kept} accounted for. Nothing was written; report this."
                )

    def copy(self) -> "Counts":
        """The same counts, to be changed without changing these."""
        return Counts.from_json(self.to_json())

    def reject_sentence(self, reason: Reason) -> None:
        """A sentence that was counted as a triplet is none after all."""
        self.triplets -= 1
        self.sentences_rejected[reason] += 1

    def reject_used_row(self, reason: Reason, undated: bool) -> None:
        """A row that was counted as used gave no triplet after all."""
        self.rows_used -= 1
        self.undated -= undated
        self.rows_rejected[reason] += 1

    def to_json(self) -> dict[str, Any]:
        """The counts as ledger.json holds them."""
        return {
            "rows": {"read": self.rows_read, "used": self.rows_used, "rejected": dict(self.rows_rejected)},
            "sentences": {"read": self.sentences_read, "rejected": dict(self.sentences_rejected)},
            "triplets": self.triplets,
            "undated_rows": self.undated,
            "words": {"read": self.words_read, "cut": dict(self.words_cut)},
            "most_cut": {reason: [[words, row] for words, row in rows] for reason, rows in self.most_cut.items()},
            "lookalikes": self.lookalikes,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Counts":
        """The counts that ledger.json holds; KeyError or ValueError when it holds none."""
        rows, sentences = content["rows"], content["sentences"]
        words = content.get("words", {"read": 0, "cut": {}})
        return cls(
            rows_read=rows["read"],
            rows_used=rows["used"],
            rows_rejected=_reasons(rows["rejected"]),
            sentences_read=sentences["read"],
            sentences_rejected=_reasons(sentences["rejected"]),
            triplets=content["triplets"],
            undated=content["undated_rows"],
            words_read=words["read"],
            words_cut=_reasons(words["cut"]),
            most_cut={
                _BY_WORD[reason]: [(count, row) for count, row in rows]
                for reason, rows in content.get("most_cut", {}).items()
            },
            lookalikes=content.get("lookalikes", {}),
        )


@dataclass(frozen=True, slots=True)
class Ledger:
    """All sources that were walked, those that were skipped and why, and the SHA-256 of triplets.jsonl.

    `drafts`, where some were brought: read = used + for no text + without one of the text's facts (the rules serve).
    `masked` counts the identifiers of own.jsonl that placeholders stand for, by kind; `masks_names` says whether
    people's names were to be among them. `origins` counts the triplets by where their neutral sides come from, and
    `without_draft` the pieces that the neutraliser which was asked gave none for, by reason. `further_versions` are
    triplets beyond the first of a piece; the sources count the first alone.
    """

    unit: str
    sources: dict[str, Counts]
    skipped: dict[str, str]
    sha256: str
    drafts: dict[str, int] = field(default_factory=dict)
    masked: dict[str, int] = field(default_factory=dict)
    masks_names: bool = False
    origins: dict[str, int] = field(default_factory=dict)
    without_draft: dict[str, int] = field(default_factory=dict)
    further_versions: int = 0

    @property
    def triplets(self) -> int:
        """How many triplets were written."""
        return sum(counts.triplets for counts in self.sources.values()) + self.further_versions

    def to_json(self) -> str:
        """ledger.json."""
        content = {
            "unit": self.unit,
            "sources": {name: counts.to_json() for name, counts in self.sources.items()},
            "skipped": self.skipped,
            "drafts": self.drafts,
            "masked": self.masked,
            "masks_names": self.masks_names,
            "origins": self.origins,
            "without_draft": self.without_draft,
            "further_versions": self.further_versions,
            "triplets": self.triplets,
            "sha256": self.sha256,
        }
        return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def reject_pieces(counts: dict[str, Counts], dropped: Iterable[Piece], used: set[str], reason: Reason) -> None:
    """Count pieces that were triplets until now as dropped, and the rows that are not `used` without them."""
    for piece in dropped:
        counts[piece.source].reject_sentence(reason)
    lost = {piece.row: piece for piece in dropped if piece.rows == 1 and piece.row not in used}
    for piece in lost.values():
        counts[piece.source].reject_used_row(reason, undated=piece.sent_at is None)


def read(path: Path) -> Ledger:
    """The ledger in a file; LedgerError when it is none."""
    try:
        content = json.loads(path.read_bytes())
        sources = {name: Counts.from_json(counts) for name, counts in content["sources"].items()}
        names = ("skipped", "sha256", "drafts", "masked", "masks_names", "origins", "without_draft")
        more = {name: content[name] for name in names} | {"further_versions": content.get("further_versions", 0)}
        return Ledger(content["unit"], sources, **more)
    except OSError as error:
        raise explain_os_error(error, f"Reading {path.name}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerError(f"{path} is not a ledger. `nic-voice extract` writes it; run that again.") from error


def _reasons(counts: dict[str, int]) -> Counter[Reason]:
    return Counter({_BY_WORD[word]: count for word, count in counts.items()})


def show(ledger: Ledger) -> Table:
    """The ledger as a table for the terminal: one line a source, and the commonest reasons for what was dropped."""
    table = Table(title=f"{ledger.triplets:,} triplets", show_footer=True, box=box.SIMPLE_HEAD)
    table.add_column("source", footer="all", no_wrap=True)
    for heading, attribute in _NUMBERS.items():
        total = sum(getattr(counts, attribute) for counts in ledger.sources.values())
        table.add_column(heading, justify="right", footer=f"{total:,}", no_wrap=True)
    table.add_column("dropped")
    for name, counts in ledger.sources.items():
        numbers = (f"{getattr(counts, attribute):,}" for attribute in _NUMBERS.values())
        table.add_row(name, *numbers, _dropped(counts))
    for name, why in ledger.skipped.items():
        table.add_row(name, *[""] * len(_NUMBERS), f"skipped: {why}", style="dim")
    return table


def _dropped(counts: Counts) -> str:
    """Three lines at most: rows by reason, sentences by reason, and the share of words cut by reason."""
    parts = (("rows: ", counts.rows_rejected), ("sentences: ", counts.sentences_rejected))
    lines = [title + _commonest(reasons) for title, reasons in parts if reasons]
    if cut := {reason: count / counts.words_read for reason, count in counts.words_cut.items() if count}:
        lines.append("words cut: " + ", ".join(f"{reason} {share:.1%}" for reason, share in sorted(cut.items())))
    return "\n".join(lines)


def show_lookalikes(ledger: Ledger) -> str:
    """The senders that nearly match the owner, as a question to him; '' when there are none."""
    lines = [
        f"  {name}: {sender!r}, {counted(rows, 'row')}"
        for name, counts in ledger.sources.items()
        for sender, rows in counts.lookalikes.items()
    ]
    return "\n".join(["Are these yours? If so, add them to owner.toml and extract again:", *lines]) if lines else ""


def _commonest(reasons: Counter[Reason]) -> str:
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{reason} {count:,}" for reason, count in ordered[:_REASONS_SHOWN]]
    rest = sum(count for _, count in ordered[_REASONS_SHOWN:])
    return ", ".join([*shown, f"other {rest:,}"] if rest else shown)
