"""The eleven sources of a Nexus, one declarative entry each.

In: a row. Out, by the entry: whether the owner wrote it, its texts, its register, and the steps that clean a text.
Row checks look at more than the text (Apple's reaction type, a mail's subject) and come before the steps.
"""

import functools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from extraction.clean import encoding, html, machine, noise, pasted, quotes, signatures
from extraction.clean.steps import Cutting, Step, drop_if
from extraction.nexus import Row
from extraction.owner import Owner, SourceName
from extraction.reason import Reason
from voice.triplet import Register

RowCheck = Callable[[Row], Reason | None]


@dataclass(frozen=True, slots=True)
class Source:
    """Where one kind of message lies and how the owner's words are got out of it.

    `key` is the primary key. `columns` are all that are read besides key, text, date and thread. `register` may depend
    on the row. `turns` is for rows that hold a conversation: it picks the owner's parts out of the text column.
    `senders` are the columns that say who wrote a row.
    """

    name: SourceName
    table: str
    key: str
    text: str
    date: str
    register: Register | Callable[[Row], Register]
    is_own: Callable[[Row, Owner], bool]
    steps: tuple[Step, ...]
    columns: tuple[str, ...] = ()
    thread: str | None = None
    thread_key: Callable[[str], str] = str
    checks: tuple[RowCheck, ...] = ()
    turns: Callable[[str, Owner], list[str]] | None = None
    senders: tuple[str, ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """Every column that a row of this source must have."""
        return tuple(dict.fromkeys(filter(None, (self.key, self.text, self.date, self.thread, *self.columns))))

    def register_of(self, row: Row) -> Register:
        """The register of a row's texts."""
        return self.register(row) if callable(self.register) else self.register

    def texts_of(self, row: Row, owner: Owner) -> list[str]:
        """The owner's texts in a row that is his: one, or one a turn."""
        text = row[self.text] or ""
        return self.turns(text, owner) if self.turns else [text]


def _subject_is_automated(row: Row) -> Reason | None:
    return noise.automated_subject(row["subject"] or "")


def _is_tapback_type(row: Row) -> Reason | None:
    return Reason.TAPBACK if row["associated_message_type"] in noise.TAPBACK_TYPES else None


def _only(column: str, *kinds: str) -> RowCheck:
    """A check that drops the rows that are something else than a message: calls, likes, new friends."""
    return lambda row: None if row[column] in kinds else Reason.NOT_MESSAGE


def _gmail_register(row: Row) -> Register:
    return "chat" if "CHAT" in (row["labels"] or ()) else "email"


def _sent_gmail(row: Row, owner: Owner) -> bool:
    """Marked as sent is not enough, and neither is the name when the address is somebody else's."""
    if row["is_sent"] is False:
        return False
    return owner.has_email(row["from_address"]) if row["from_address"] else owner.has_name(row["from_name"])


def _wrote_in_google_chat(row: Row, owner: Owner) -> bool:
    return owner.has_email(row["sender_email"]) if row["sender_email"] else owner.goes_by(row["sender_name"])


def _facebook_register(row: Row) -> Register:
    return "chat" if row["data_type"] == "message" else "post"


# 'Re:', 'Re[2]:', 'RE (3):', and the same in other languages.
_REPLY_PREFIX = re.compile(
    r"^(?:\s*(?:re|fwd?|fw|aw|wg|sv|vs|vl|vb|antw|antwort|odp|pd|res|enc|rif|ref|tr|rv|vá|továbbítás|ynt|ilt|doorst|betr|回复|回覆|答复|转发|轉寄)"
    r"\s*(?:\[\d+\]|\(\d+\)|\^\d+|\*\d+)?\s*[:：])+",
    re.IGNORECASE,
)


def _bare_subject(subject: str) -> str:
    return _REPLY_PREFIX.sub("", subject).strip().casefold()


_TURN_LISTS = ("segments", "turns", "utterances", "transcript", "results", "monologues")
_SPEAKERS = ("speaker", "speaker_name", "speaker_label", "name")
_WORDS = ("content", "text", "words", "transcript", "sentence")
# Numbers and times of subtitles (SRT, WebVTT).
_CUE = re.compile(r"^\s*(?:WEBVTT.*|\d{1,5}|(?:\d{1,2}:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->.*)\s*$")
_TIME = r"[\[(]?(?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?[\])]?"
_MOSTLY = 0.8
_NAME = r"[^\W\d_][^\s:]*(?:[ ][^\s:]+){0,3}"
# '[00:02] Theo Marchetti' or 'Theo Marchetti 00:02' or 'Theo Marchetti:' on a line of its own.
_LABEL_ALONE = re.compile(
    rf"^\s*(?:(?P<time>{_TIME})\s+)?(?P<speaker>{_NAME}?)\s*(?P<colon>:?)(?(time)|(?:\s+(?P<after>{_TIME}))?)\s*$"
)


def owners_turns(transcript: str, owner: Owner) -> list[str]:
    """The owner's turns of a transcript: JSON turns or segments, lines of 'Speaker: words', or subtitles."""
    return [words for speaker, words in _turns(transcript) if words and owner.speaks_as(speaker)]


# '[00:12] Theo Marchetti: words', but not '7:30 tomorrow': a name of at most four words.
_LABELLED = re.compile(
    r"^\s*(?:[\[(]?\d{1,2}(?::\d{2}){1,2}[\])]?\s+)?"
    r"(?P<speaker>[^\W\d_][^\s:]*(?:[ ][^\s:]+){0,3})\s?:(?:\s(?P<words>.*))?$"
)


def speakers_of(transcript: str) -> set[str]:
    """Who speaks in a transcript."""
    return {speaker for speaker, _ in _turns(transcript) if speaker}


def _turns(transcript: str) -> Iterator[tuple[str, str]]:
    try:
        turns = json.loads(transcript)
    except (ValueError, RecursionError):
        turns = None
    if isinstance(turns, dict):
        turns = next((turns[name] for name in _TURN_LISTS if isinstance(turns.get(name), list)), [])
    if isinstance(turns, list):
        for turn in turns:
            if isinstance(turn, dict):
                yield _first(turn, _SPEAKERS), _first(turn, _WORDS)
        return
    yield from _spoken_lines([line for line in transcript.splitlines() if not _CUE.match(line)])


def _first(turn: dict[str, Any], names: tuple[str, ...]) -> str:
    return str(next((turn[name] for name in names if turn.get(name)), ""))


def _spoken_lines(lines: list[str]) -> Iterator[tuple[str, str]]:
    """The turns in lines; a label stands before its words or on a line of its own, without one the speaker goes on."""
    lines = [line for line in lines if line.strip()]
    labels = [_LABEL_ALONE.match(line) for line in lines]
    timed = [bool(label and (label["time"] or label["after"])) for label in labels]
    alone = sum(has_time and not below for has_time, below in zip_longest(timed, timed[1:], fillvalue=False))
    times_alone = alone > max(1, _MOSTLY * sum(timed))  # else words stand behind the times
    named = Counter(label["speaker"] for label in labels if label and label["colon"])
    speaker = ""
    for line, label, has_time in zip(lines, labels, timed, strict=True):
        if label and ((has_time and times_alone) or (label["colon"] and named[label["speaker"]] > 1)):
            speaker = label["speaker"]
        elif labelled := _LABELLED.match(line):
            speaker = labelled["speaker"]
            yield speaker, (labelled["words"] or "").strip()
        else:
            yield speaker, line.strip()


def _message(platform: SourceName) -> tuple[Step, ...]:
    return (
        drop_if(noise.attachment),
        encoding.unescape,
        encoding.repair_mojibake,
        str.strip,
        drop_if(functools.partial(machine.machine_text, platform=platform)),
        functools.partial(machine.strip_marks, platform=platform),
        drop_if(noise.links),
    )


# A mail's text without what it quotes, whoever sent it.
WITHOUT_QUOTES: tuple[Step, ...] = (
    Cutting(Reason.QUOTE, quotes.remove_before_html),
    Cutting(Reason.QUOTE, html.to_text),  # before what looks at characters: an entity can stand for an invisible one
    encoding.repair_mojibake,
    encoding.strip_office,
    Cutting(Reason.QUOTE, quotes.remove),
)
_MAIL: tuple[Step, ...] = (
    *WITHOUT_QUOTES,
    drop_if(noise.automated),
    Cutting(Reason.PASTED, pasted.drop_or_remove),
    Cutting(Reason.SIGNATURE, signatures.remove),
    encoding.join_wraps,
    str.strip,
    drop_if(noise.links),
)
_POST: tuple[Step, ...] = (html.post_to_text, encoding.repair_mojibake, str.strip, drop_if(noise.links))

SOURCES: tuple[Source, ...] = (
    Source(
        name="imessage", table="aurora_raw_imessage", key="guid", text="text", date="date", register="chat",
        columns=("is_from_me", "associated_message_type"), thread="chat_id",
        is_own=lambda row, owner: row["is_from_me"] is True, checks=(_is_tapback_type,), steps=_message("imessage"),
    ),
    Source(
        name="gmail", table="aurora_raw_gmail", key="id", text="body_text", date="date", register=_gmail_register,
        columns=("from_address", "from_name", "subject", "is_sent", "labels"), thread="thread_id",
        senders=("from_address", "from_name"),
        is_own=_sent_gmail, checks=(_subject_is_automated,), steps=_MAIL,
    ),
    Source(
        name="google_chat", table="aurora_raw_google_chat", key="id", text="message_text", date="timestamp",
        register="chat", columns=("sender_name", "sender_email"), thread="group_name",
        senders=("sender_email", "sender_name"),
        is_own=_wrote_in_google_chat, steps=_message("google_chat"),
    ),
    Source(
        name="google_voice", table="aurora_raw_google_voice", key="id", text="message_text", date="timestamp",
        register="chat", columns=("record_type", "is_incoming"), thread="phone_number",
        is_own=lambda row, owner: row["is_incoming"] is False,
        checks=(_only("record_type", "text"),), steps=_message("google_voice"),
    ),
    Source(
        name="instagram", table="aurora_raw_instagram", key="id", text="content", date="timestamp", register="chat",
        columns=("data_type", "sender"), senders=("sender",),
        is_own=lambda row, owner: owner.goes_by(row["sender"]),
        checks=(_only("data_type", "message"),), steps=_message("instagram"),
    ),
    Source(
        name="facebook", table="aurora_raw_facebook", key="id", text="content", date="timestamp",
        register=_facebook_register, columns=("data_type", "sender"), thread="conversation_title",
        senders=("sender",),
        is_own=lambda row, owner: owner.goes_by(row["sender"]),
        checks=(_only("data_type", "message", "post", "comment"),), steps=_message("facebook"),
    ),
    Source(
        name="work_email", table="archived_sent_emails", key="id", text="body_text", date="sent_at",
        register="work_email", columns=("sender_name",), thread="subject", thread_key=_bare_subject,
        senders=("sender_name",),
        is_own=lambda row, owner: owner.has_name(row["sender_name"]) or owner.has_email(row["sender_name"]),
        checks=(_subject_is_automated,), steps=_MAIL,
    ),
    Source(
        name="plaud", table="aurora_raw_plaud_recordings", key="id", text="transcript", date="start_time",
        register="speech", thread="id", turns=owners_turns,
        is_own=lambda row, owner: bool(owners_turns(row["transcript"] or "", owner)),
        steps=(
            encoding.repair_mojibake, str.strip,
            drop_if(functools.partial(machine.machine_text, platform="plaud")),
        ),
    ),
    Source(
        name="blackberry", table="bb_sms_messages", key="id", text="message", date="timestamp", register="chat",
        columns=("direction",), thread="phone_number",
        is_own=lambda row, owner: row["direction"] == "sent", steps=_message("blackberry"),
    ),
    Source(
        name="blogger", table="blogger_posts", key="id", text="content_text", date="published_at", register="post",
        thread="id", is_own=lambda row, owner: True, steps=_POST,
    ),
    Source(
        name="guestbook", table="site_guestbook", key="id", text="message_text", date="posted_at", register="post",
        columns=("poster_name",), thread="recipient_page", senders=("poster_name",),
        is_own=lambda row, owner: owner.signs_guestbook_as(row["poster_name"]),
        steps=(
            html.to_text, encoding.repair_mojibake, encoding.strip_office, encoding.join_wraps, str.strip,
            drop_if(noise.links),
        ),
    ),
)  # fmt: skip
