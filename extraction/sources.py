"""The eleven sources of a Nexus, one declarative entry each.

In: a row. Out, by the entry: whether the owner wrote it, its texts, its register, and the steps that clean a text.
Row checks look at more than the text (Apple's reaction type, a mail's subject) and come before the steps.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from extraction.clean import encoding, html, noise, quotes, signatures
from extraction.clean.steps import Step, drop_if
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


def _sent_gmail(row: Row, owner: Owner) -> bool:
    """Marked as sent is not enough, and neither is the name when the address is somebody else's."""
    if row["is_sent"] is False:
        return False
    return owner.has_email(row["from_address"]) if row["from_address"] else owner.has_name(row["from_name"])


def _wrote_in_google_chat(row: Row, owner: Owner) -> bool:
    return owner.has_email(row["sender_email"]) if row["sender_email"] else owner.goes_by(row["sender_name"])


def _facebook_register(row: Row) -> Register:
    return "chat" if row["data_type"] == "message" else "post"


def _bare_subject(subject: str) -> str:
    return re.sub(r"^(?:\s*(?:re|fwd?|aw|wg)\s*:)+", "", subject, flags=re.IGNORECASE).strip().casefold()


def owners_turns(transcript: str, owner: Owner) -> list[str]:
    """The owner's turns of a transcript: a JSON list of turns, or lines of 'Speaker: words'."""
    return [words for speaker, words in _turns(transcript) if words and owner.speaks_as(speaker)]


# '[00:12] Theo Marchetti: words', but not '7:30 tomorrow': a name of at most four words.
_LABELLED = re.compile(
    r"^\s*(?:[\[(]?\d{1,2}(?::\d{2}){1,2}[\])]?\s+)?"
    r"(?P<speaker>[^\W\d_][^\s:]*(?:[ ][^\s:]+){0,3})\s?:(?:\s(?P<words>.*))?$"
)


def _turns(transcript: str) -> Iterator[tuple[str, str]]:
    try:
        turns = json.loads(transcript)
    except (ValueError, RecursionError):
        turns = None
    if isinstance(turns, list):
        for turn in turns:
            if isinstance(turn, dict):
                yield str(turn.get("speaker") or ""), str(turn.get("content") or "")
        return
    speaker = ""
    for line in transcript.splitlines():
        labelled = _LABELLED.match(line)
        if labelled:
            speaker = labelled["speaker"]
        yield speaker, ((labelled["words"] or "") if labelled else line).strip()  # without a label the speaker goes on


_MESSAGE: tuple[Step, ...] = (
    drop_if(noise.attachment),
    encoding.strip_invisible,
    str.strip,
    drop_if(noise.tapback),
    drop_if(noise.edit_mark),
    drop_if(noise.links),
)
_META_MESSAGE: tuple[Step, ...] = (encoding.repair_mojibake, *_MESSAGE)
_MAIL: tuple[Step, ...] = (
    quotes.remove_before_html,
    html.to_text,  # before what looks at characters: an entity can stand for an invisible one
    encoding.strip_invisible,
    quotes.remove,
    drop_if(noise.automated),
    drop_if(noise.chat_log),
    signatures.remove,
    encoding.join_wraps,
    str.strip,
    drop_if(noise.links),
)
_POST: tuple[Step, ...] = (html.post_to_text, encoding.strip_invisible, str.strip, drop_if(noise.links))

SOURCES: tuple[Source, ...] = (
    Source(
        name="imessage", table="aurora_raw_imessage", key="guid", text="text", date="date", register="chat",
        columns=("is_from_me", "associated_message_type"), thread="chat_id",
        is_own=lambda row, owner: row["is_from_me"] is True, checks=(_is_tapback_type,), steps=_MESSAGE,
    ),
    Source(
        name="gmail", table="aurora_raw_gmail", key="id", text="body_text", date="date", register="email",
        columns=("from_address", "from_name", "subject", "is_sent"), thread="thread_id",
        is_own=_sent_gmail, checks=(_subject_is_automated,), steps=_MAIL,
    ),
    Source(
        name="google_chat", table="aurora_raw_google_chat", key="id", text="message_text", date="timestamp",
        register="chat", columns=("sender_name", "sender_email"), thread="group_name",
        is_own=_wrote_in_google_chat, steps=_MESSAGE,
    ),
    Source(
        name="google_voice", table="aurora_raw_google_voice", key="id", text="message_text", date="timestamp",
        register="chat", columns=("record_type", "is_incoming"), thread="phone_number",
        is_own=lambda row, owner: row["is_incoming"] is False, checks=(_only("record_type", "text"),), steps=_MESSAGE,
    ),
    Source(
        name="instagram", table="aurora_raw_instagram", key="id", text="content", date="timestamp", register="chat",
        columns=("data_type", "sender"),
        is_own=lambda row, owner: owner.goes_by(row["sender"]),
        checks=(_only("data_type", "message"),), steps=_META_MESSAGE,
    ),
    Source(
        name="facebook", table="aurora_raw_facebook", key="id", text="content", date="timestamp",
        register=_facebook_register, columns=("data_type", "sender"), thread="conversation_title",
        is_own=lambda row, owner: owner.goes_by(row["sender"]),
        checks=(_only("data_type", "message", "post", "comment"),), steps=_META_MESSAGE,
    ),
    Source(
        name="work_email", table="archived_sent_emails", key="id", text="body_text", date="sent_at",
        register="work_email", columns=("sender_name",), thread="subject", thread_key=_bare_subject,
        is_own=lambda row, owner: owner.has_name(row["sender_name"]) or owner.has_email(row["sender_name"]),
        checks=(_subject_is_automated,), steps=_MAIL,
    ),
    Source(
        name="plaud", table="aurora_raw_plaud_recordings", key="id", text="transcript", date="start_time",
        register="speech", thread="id", turns=owners_turns,
        is_own=lambda row, owner: bool(owners_turns(row["transcript"] or "", owner)),
        steps=(encoding.strip_invisible, str.strip),
    ),
    Source(
        name="blackberry", table="bb_sms_messages", key="id", text="message", date="timestamp", register="chat",
        columns=("direction",), thread="phone_number",
        is_own=lambda row, owner: row["direction"] == "sent", steps=_MESSAGE,
    ),
    Source(
        name="blogger", table="blogger_posts", key="id", text="content_text", date="published_at", register="post",
        thread="id", is_own=lambda row, owner: True, steps=_POST,
    ),
    Source(
        name="guestbook", table="site_guestbook", key="id", text="message_text", date="posted_at", register="post",
        columns=("poster_name",), thread="recipient_page",
        is_own=lambda row, owner: owner.signs_guestbook_as(row["poster_name"]),
        steps=(html.to_text, encoding.strip_invisible, encoding.join_wraps, str.strip, drop_if(noise.links)),
    ),
)  # fmt: skip
