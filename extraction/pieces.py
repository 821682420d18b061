"""What the owner wrote, piece by piece: own.jsonl, the file between the two stages of extraction.

In: pieces, or lines such as {"id", "source", "register", "unit", "thread", "sent_at", "own", "draft", "model"}. Out:
the other. Each also says by which rules its identifiers are masked.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

from voice.ends import without_name
from voice.errors import UserError, explain_os_error
from voice.facts.compare import words_of
from voice.facts.masking import kinds_in, mask, mask_pair
from voice.facts.people import Names
from voice.facts.rules import CURRENT, VERSION, Rules, rules_from_json, rules_to_json
from voice.triplet import Register, Unit

FILE_NAME = "own.jsonl"
Secrets = Literal["mask", "drop"]
_SECRETS = frozenset({"secret", "card", "iban"})


class PiecesError(UserError):
    """A line that is no piece; says which."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence or a message as its owner typed it. `sent_at` is in UTC, or None.

    `id` is `source:row id:n` for a sentence, `source:row id:m` for a message, `source:row id+2:m` for one that a row
    and the next two make: `rows` says how many. `draft` is what `model` wrote for it, if anything. `masked_by` are the
    rules of its placeholders.
    """

    id: str
    source: str
    register: Register
    unit: Unit
    thread: str | None
    sent_at: datetime | None
    own: str
    rows: int = 1
    draft: str | None = None
    model: str | None = None
    masked_by: Rules = CURRENT

    @property
    def row(self) -> str:
        """The row that it comes from: its id without the piece's number."""
        return self.id.rpartition(":")[0]


_FIELDS = tuple(field.name for field in fields(Piece) if field.name != "masked_by")


def holds_secret(masked_text: str) -> bool:
    """Whether a masked text held a password, a key, a card or an account number."""
    return not _SECRETS.isdisjoint(kinds_in(masked_text))


def masked(piece: Piece, signed: frozenset[str], names: Names | None, rules: Rules = CURRENT) -> Piece:
    """The piece with placeholders for its identifiers, and for `names` if there are some, the same ones in its draft.

    What its owner is `signed` as (in lower case) goes from the end of his text where a draft does not have it.
    """
    if piece.draft is None:
        return replace(piece, own=mask(piece.own, names, rules).text, masked_by=rules)
    own_text = piece.own if signed & words_of(piece.draft) else without_name(piece.own, signed)
    draft, own = mask_pair(piece.draft, own_text, names, rules)
    return replace(piece, own=own.text, draft=draft.text, masked_by=rules)


def dump_pieces(file: IO[bytes], pieces: Iterable[Piece]) -> str:
    """Write the pieces, one a line; returns the SHA-256 of the lines in hex."""
    digest = hashlib.sha256()
    for piece in pieces:
        sent_at = piece.sent_at.astimezone(UTC).isoformat() if piece.sent_at else None
        content = {name: getattr(piece, name) for name in _FIELDS} | {"sent_at": sent_at}
        content |= rules_to_json(piece.masked_by)
        line = (json.dumps(content, ensure_ascii=False) + "\n").encode()
        digest.update(line)
        file.write(line)
    return digest.hexdigest()


def read_pieces(path: Path) -> Iterator[Piece]:
    """The pieces of own.jsonl in its order; PiecesError names file and line of a bad one, or of one that was masked by
    other rules than are used now.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise explain_os_error(error, f"Reading {path.name}") from error
    with file:
        for number, line in enumerate(file, start=1):
            try:
                content = json.loads(line)
                rules = rules_from_json(content)
                known = {name: value for name, value in content.items() if name not in rules_to_json(rules)}
                sent_at = datetime.fromisoformat(content["sent_at"]) if content["sent_at"] else None
                piece = Piece(**known | {"sent_at": sent_at}, masked_by=rules)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise PiecesError(
                    f"{path}, line {number}: not a piece of own text. Run `nic-voice extract`, which writes it, again."
                ) from error
            if rules.version != VERSION:
                raise PiecesError(
                    f"{path}, line {number}: its placeholders are of masking version {rules.version}, and this is "
                    f"version {VERSION}. Run `nic-voice extract` (or import-own), which writes it, again."
                )
            yield piece
