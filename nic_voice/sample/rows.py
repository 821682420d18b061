"""A row of the sample Nexus together with the truth about it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Literal, NamedTuple, get_args

from nic_voice.sample.grammar import Grammar
from nic_voice.sample.people import Cast

Dropped = Literal[
    "not_own",
    "tapback",
    "attachment",
    "edit_mark",
    "links",
    "reaction",
    "automated",
    "nothing_own",
    "empty",
    "not_message",
]
DROPPED: tuple[Dropped, ...] = get_args(Dropped)

COLUMNS: dict[str, tuple[str, ...]] = {
    "aurora_raw_imessage": (
        "id", "guid", "text", "date", "is_from_me", "handle_id", "service", "chat_id", "has_attachments", "group_title",
        "associated_message_guid", "associated_message_type", "ingested_at",
    ),
    "aurora_raw_gmail": (
        "id", "thread_id", "date", "from_address", "from_name", "to_addresses", "cc_addresses", "subject", "body_text",
        "labels", "snippet", "has_attachments", "is_sent", "ingested_at",
    ),
    "aurora_raw_google_chat": ("id", "group_name", "sender_name", "sender_email", "message_text", "timestamp"),
    "aurora_raw_google_voice": (
        "id", "record_type", "phone_number", "contact_name", "message_text", "is_incoming", "timestamp",
    ),
    "aurora_raw_instagram": (
        "id", "data_type", "timestamp", "content", "media_url", "sender", "raw_data", "harvested_at",
    ),
    "aurora_raw_facebook": ("id", "data_type", "timestamp", "content", "sender", "conversation_title"),
    "archived_sent_emails": (
        "id", "sent_at", "sender_name", "to_recipients", "subject", "body_text", "body_length",
    ),
    "aurora_raw_plaud_recordings": (
        "id", "title", "start_time", "duration_seconds", "word_count", "speakers", "outline", "transcript",
    ),
    "bb_sms_messages": ("id", "phone_number", "message", "timestamp", "direction"),
    "blogger_posts": ("id", "title", "content_text", "published_at", "tags"),
    "site_guestbook": (
        "id", "gmail_id", "recipient_page", "recipient_name", "poster_name", "posted_at", "message_text", "raw_body",
    ),
}  # fmt: skip


class Truth(NamedTuple):
    """What extraction should make of a row: `own` is all that the owner typed in it, '' when `reason` says why not.

    `id` is the row's primary key as text; for iMessage that is the guid.
    """

    source: str
    id: str
    own: str
    reason: Dropped | None


class SampleRow(NamedTuple):
    """A record in the order of COLUMNS[table], and the truth about it."""

    table: str
    record: tuple[Any, ...]
    truth: Truth


class World(NamedTuple):
    """What all sources share."""

    grammar: Grammar
    cast: Cast


# Rows of one source without end, or `count` of them where their dates are spread over the years.
RowMaker = Callable[[World, Random, int], Iterator[SampleRow]]


def row(table: str, record: tuple[Any, ...], own: str, reason: Dropped | None) -> SampleRow:
    """The record with its truth; the key is the first column, in iMessage the second."""
    key = 1 if table == "aurora_raw_imessage" else 0
    return SampleRow(table, record, Truth(table, str(record[key]), own, reason))


def collected_at(index: int) -> datetime:
    """When a row reached Nexus: batches of 500, a minute apart, on a fixed day."""
    return datetime(2025, 6, 1, tzinfo=UTC) + timedelta(minutes=index // 500)


def unique_key(index: int, salt: int) -> str:
    """16 hex digits, different for every index, in no visible order."""
    return f"{(index + 1) * 0x9E3779B97F4A7C15 + salt & 0xFFFFFFFFFFFFFFFF:016x}"


def maybe_date(rng: Random, date: datetime) -> datetime | None:
    """The date to the second, or nothing, as in one row of a hundred."""
    return None if rng.random() < 0.01 else date.replace(microsecond=0)
