"""From one row of a Nexus to pairs of a neutral and an own sentence. Pure: no database, no file.

In: a row and its source. Out: candidates for triplets and the reasons for what was dropped, or why the row gives
nothing. Rules over the whole set (copies, answers, balance) come later, in merge.py.

    Reader(owner).read(SOURCES[0], row)
"""

import functools
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from extraction.clean import noise, quotes
from extraction.clean.steps import Rejected, run
from extraction.marks import assistant_marks, is_answer_word
from extraction.nexus import Row
from extraction.options import Secrets, UnitChoice
from extraction.owner import Owner
from extraction.sources import Source
from extraction.staging import Candidate
from voice.facts import invented
from voice.masking import Names, mask, placeholders
from voice.neutral import neutralise
from voice.sentences import split
from voice.triplet import Unit

NOT_OWN = "not_own"
SENTENCE_CHECKS = (noise.reaction, noise.links, noise.tapback, noise.table_row, quotes.left_over)
SECRET_KINDS = ("secret", "card", "iban")
ASSISTANTS_SINCE = datetime(2023, 1, 1, tzinfo=UTC)
ASSISTANT_MARKS_NEEDED = 2
MAIL = ("email", "work_email")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Forget(Protocol):
    """Whom and what the owner wants left out for good."""

    def matches_row(self, source: str, row: Row) -> bool:
        """Whether the row is one of those."""

    def mentions(self, text: str) -> bool:
        """Whether a text speaks of somebody who wants to be left out."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a row gave: its candidates, and the reasons for the sentences that were dropped."""

    candidates: list[Candidate]
    dropped: list[str]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads rows of one owner."""

    owner: Owner
    unit: UnitChoice = "sentence"
    since: datetime | None = None
    names: Names | None = None
    secrets: Secrets = "mask"
    region: str = "US"
    forget: Forget | None = None

    def read(self, source: Source, row: Row) -> Found | Rejected:
        """The candidates of a row, or why it gives none before it comes to sentences."""
        reason = self._why_not(source, row)
        if reason:
            return Rejected(reason)
        texts: list[str] = []
        why = "empty"
        for text in source.texts_of(row, self.owner):
            cleaned = run(source.steps, text)
            if isinstance(cleaned, Rejected):
                why = cleaned.reason
            elif cleaned:
                texts.append(cleaned)
            elif text.strip():
                why = "nothing_own"  # quotes, signatures or invisible characters, nothing else
        if not texts:
            return Rejected(why)
        return self._pairs(source, row, texts)

    def _why_not(self, source: Source, row: Row) -> str | None:
        if not source.is_own(row, self.owner):
            return NOT_OWN
        if self.forget and self.forget.matches_row(source.name, row):
            return "forgotten"
        if self.since and ((sent_at := aware(row[source.date])) is None or sent_at < self.since):
            return "before_since" if sent_at else "undated"
        return next(filter(None, (check(row) for check in source.checks)), None)

    def _pairs(self, source: Source, row: Row, texts: list[str]) -> Found:
        register, thread, sent_at = source.register_of(row), thread_hash(source, row, self.owner), row[source.date]
        found = Found([], [])
        is_assistants = register in MAIL and _is_assistants("\n".join(texts), aware(sent_at))
        only = [piece for text in texts for piece in pieces(text, self.unit)]
        for number, (text, unit) in enumerate(only):
            answer = _answer(text) if len(only) == 1 and register == "chat" and thread is not None else 0
            reason = "assistant_written" if is_assistants else self._why_drop(text, answer)
            if reason:
                found.dropped.append(reason)
                continue
            triplet_id = f"{source.name}:{row[source.key]}:{number}"
            own = self._masked(text)
            neutral = "" if own is None else neutralise(own, register, triplet_id)
            if own is None:
                found.dropped.append("secret")
            elif invented(neutral, own) or placeholders(own) - placeholders(neutral):
                found.dropped.append("invented_fact")
            else:
                key = row[source.key] if isinstance(row[source.key], int) else str(row[source.key])
                found.candidates.append(
                    Candidate(
                        triplet_id, source.name, key, register, unit, thread, microseconds(sent_at), own, neutral,
                        copy_key(own), answer, len(own.split()),
                    )
                )  # fmt: skip
        return found

    def _why_drop(self, own: str, answer: int) -> str | None:
        if self.owner.signs_as(own):
            return "own_name"
        if (reason := why_dropped(own)) and not (reason == "reaction" and answer):
            return reason
        return "forgotten" if self.forget and self.forget.mentions(own) else None

    def _masked(self, own: str) -> str | None:
        """The sentence with placeholders; None when it holds a secret and those are to be dropped."""
        masked = mask(own, names=self.names, region=self.region)
        if self.secrets == "drop" and masked.values and any(masked.kinds[kind] for kind in SECRET_KINDS):
            return None
        return masked.text


def pieces(text: str, unit: UnitChoice) -> Iterator[tuple[str, Unit]]:
    """The sentences of a text, the text itself, or both; a text of one sentence is not given twice."""
    sentences = split(text)
    if unit != "message":
        yield from ((sentence, "sentence") for sentence in sentences)
    if unit == "message" or (unit == "both" and len(sentences) > 1):
        yield text, "message"


def why_dropped(own: str) -> str | None:
    """The reason to drop a sentence whatever its source; None to keep it."""
    return next(filter(None, (check(own) for check in SENTENCE_CHECKS)), None)


def copy_key(own: str) -> int:
    """The same number for the same words, whatever their case and spacing."""
    digest = hashlib.blake2b(" ".join(own.casefold().split()).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def thread_hash(source: Source, row: Row, owner: Owner) -> int | None:
    """A keyed hash of the thread: its id may be a phone number. Owner.thread_key says what that is good for."""
    value = row[source.thread] if source.thread else None
    return _hash(source.name, source.thread_key(str(value)), owner.thread_key) if value else None


@functools.lru_cache(maxsize=4096)
def _hash(source: str, thread: str, key: bytes) -> int:
    digest = hmac.new(key, f"{source}\0{thread}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def aware(value: datetime | None) -> datetime | None:
    """A date in UTC; one without a zone is taken for UTC."""
    if value is None:
        return None
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def microseconds(value: datetime | None) -> int | None:
    """A date as microseconds since 1970."""
    date = aware(value)
    return None if date is None else (date - _EPOCH) // _MICROSECOND


def date_of(value: int | None) -> datetime | None:
    """The date that `microseconds` was made of."""
    return None if value is None else _EPOCH + value * _MICROSECOND


def _is_assistants(text: str, sent_at: datetime | None) -> bool:
    """Whether a mail has the marks of an assistant, in years in which there are assistants."""
    if sent_at is None or sent_at < ASSISTANTS_SINCE:
        return False
    return assistant_marks(text) >= ASSISTANT_MARKS_NEEDED


def _answer(text: str) -> int:
    if not is_answer_word(text):
        return 0
    return 2 if noise.reaction(text) else 1
