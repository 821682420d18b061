"""The six sources of short messages: iMessage, Google Chat, Google Voice, Instagram, Facebook, BlackBerry SMS.

In: the world, a random stream, the number of rows. Out: at least that many rows, conversations in order of time.
"""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from nic_voice.sample.grammar import Topic, chatty
from nic_voice.sample.made import pick
from nic_voice.sample.people import Person, Persona
from nic_voice.sample.rows import Dropped, SampleRow, World, collected_at, maybe_date, row, unique_key
from nic_voice.sample.talk import Line, Talk, clock

TAPBACKS = (
    ("Loved", "Removed a heart from"), ("Liked", "Removed a like from"), ("Disliked", "Removed a dislike from"),
    ("Laughed at", "Removed a laugh from"), ("Emphasized", "Removed an exclamation from"),
    ("Questioned", "Removed a question mark from"), ("Reacted 😂 to", "Removed 😂 from"),
    ("Reacted with a sticker to", "Removed a sticker from"),
)  # fmt: skip


class Sent(NamedTuple):
    """A line with its moment and its conversation."""

    place: int
    line: Line
    at: datetime
    others: Sequence[Person]
    talk_number: int

    @property
    def mine(self) -> bool:
        """Sent by the owner."""
        return self.line.speaker is None


def _stream(
    world: World, rng: Random, count: int, years: tuple[int, int], groups: float,
    topics: Sequence[Topic], style: Callable[[str, Random], str] = chatty,
) -> Iterator[Sent]:  # fmt: skip
    """Conversations spread over the years; a share `groups` of them with several people."""
    talk = Talk(world.grammar, topics, rng, style)
    start, end = datetime(years[0], 1, 3, tzinfo=UTC), datetime(years[1], 12, 20, tzinfo=UTC)
    index = 0
    for talk_number in itertools.count():
        others = world.cast.some(rng) if rng.random() < groups else [world.cast.one(rng)]
        at = clock(rng, start, end, min(index / count, 1.0))
        for line in talk.lines(others, night=at.hour < 5):
            at += timedelta(seconds=line.gap_s)
            yield Sent(index, line, at, others, talk_number)
            index += 1


def imessage(world: World, rng: Random, count: int) -> Iterator[SampleRow]:
    """A line may be followed by a tapback on it, an edit of it or a picture, each a row of its own."""
    number = 0
    for sent in _stream(world, rng, count, (2012, 2025), 0.18, world.grammar.home):
        line = sent.line
        text = line.text.replace("'", "’") if line.text and sent.talk_number % 2 else line.text
        own = line.own.replace("'", "’") if sent.talk_number % 2 else line.own
        guid = f"{unique_key(sent.place, 11).upper()}-{sent.place:08X}"
        number += 1
        yield _imessage_row(rng, sent, number, guid, text, own, line.reason)
        dice = rng.random()
        if text and dice < 0.055:
            number += 1
            yield _tapback(rng, sent, number, guid, text)
        elif dice < 0.075:
            number += 1
            reason: Dropped = "attachment" if sent.mine else "not_own"
            yield _imessage_row(
                rng, sent, number, f"{guid}-A", pick(rng, ("\ufffc", "\ufffc\ufffc", "\ufffc ")), "", reason
            )
        elif text and sent.mine and dice < 0.082:
            number += 1
            marker = pick(rng, (f"Edited to “{text}”", "You unsent a message.", "You edited a message."))
            yield _imessage_row(rng, sent, number, f"{guid}-E", marker, "", "edit_mark")


def _imessage_row(
    rng: Random, sent: Sent, number: int, guid: str, text: str | None, own: str, reason: Dropped | None,
    target: tuple[str, int] | None = None,
) -> SampleRow:  # fmt: skip
    first, group = sent.others[0], len(sent.others) > 1
    speaker = sent.line.speaker or first
    handle = "" if group and sent.mine else speaker.phone
    chat = f"iMessage;+;chat{first.phone[-6:]}{len(sent.others)}" if group else f"iMessage;-;{first.phone}"
    title = f"{first.first} and co" if group and int(first.phone[-1]) % 2 else None
    record = (
        number, guid, text, maybe_date(rng, sent.at), sent.mine, handle,
        pick(rng, ("iMessage", "iMessage", "SMS", "RCS")), chat, bool(text and "\ufffc" in text), title,
        target and target[0], target[1] if target else 0, collected_at(number),
    )  # fmt: skip
    return row("aurora_raw_imessage", record, own, reason)


def _tapback(rng: Random, sent: Sent, number: int, guid: str, text: str) -> SampleRow:
    """A reaction of either side to a line; on a phone of another make it arrives as text without a type."""
    mine = rng.random() < 0.6
    kind, removed = int(rng.random() * len(TAPBACKS)), rng.random() < 0.15
    wording = TAPBACKS[kind][removed]
    shown = "an image" if rng.random() < 0.1 else f"“{text}”"
    sent = sent._replace(line=sent.line._replace(speaker=None if mine else sent.others[0]))
    target = None if rng.random() < 0.1 else (f"p:0/{guid}", (3000 if removed else 2000) + kind)
    reason: Dropped = "tapback" if mine else "not_own"
    return _imessage_row(rng, sent, number, f"{guid}-T", f"{wording} {shown}", "", reason, target)


def google_chat(world: World, rng: Random, count: int) -> Iterator[SampleRow]:
    """Rooms and direct chats at work; a colleague shares the owner's first name."""
    topics = [*world.grammar.work, *world.grammar.work, *world.grammar.home]
    for sent in _stream(world, rng, count, (2011, 2019), 0.5, topics):
        speaker = sent.line.speaker
        if speaker and rng.random() < 0.03:
            speaker = world.cast.namesake
        name, email = (Persona.name, Persona.emails[2]) if speaker is None else (speaker.name, speaker.email)
        first = sent.others[0]
        room = (
            first.name if len(sent.others) == 1 else f"{first.last} {('team', 'matter', 'lunch')[len(first.first) % 3]}"
        )
        record = (
            sent.place + 1, room, name, None if rng.random() < 0.2 else email, sent.line.text, maybe_date(rng, sent.at)
        )  # fmt: skip
        yield row("aurora_raw_google_chat", record, sent.line.own, sent.line.reason)


def google_voice(world: World, rng: Random, count: int) -> Iterator[SampleRow]:
    """Texts, and after some of them a call or the other side's voicemail."""
    number = 0
    for sent in _stream(world, rng, count, (2009, 2021), 0.0, world.grammar.home):
        person, line, at = sent.others[0], sent.line, sent.at
        name = person.name if int(person.phone[-1]) > 1 else None
        number += 1
        record = (number, "text", person.phone, name, line.text, not sent.mine, maybe_date(rng, at))
        yield row("aurora_raw_google_voice", record, line.own, line.reason)
        dice = rng.random()
        if dice < 0.03:
            number += 1
            speech = " ".join(_other_speech(world, rng, person) for _ in range(3))
            record = (number, "voicemail", person.phone, name, speech, True, at)
            yield row("aurora_raw_google_voice", record, "", "not_own")
        elif dice < 0.07:
            number += 1
            incoming = rng.random() < 0.5
            record = (number, "call", person.phone, name, None, incoming, at)
            yield row("aurora_raw_google_voice", record, "", "not_own" if incoming else "not_message")


def _other_speech(world: World, rng: Random, person: Person) -> str:
    talk = Talk(world.grammar, world.grammar.home, rng)
    return talk.other(["{other.open}", "{other.react}", "{other_line}"], {"you": person.first})


def instagram(world: World, rng: Random, count: int) -> Iterator[SampleRow]:
    """Direct messages, and between them posts, comments and things that are no words of anybody's."""
    number = 0
    for sent in _stream(world, rng, count, (2013, 2025), 0.1, world.grammar.home):
        number += 1
        sender = sent.line.speaker
        yield _instagram_row(rng, sent, number, "message", sent.line.text, sender, sent.line.own, sent.line.reason)
        if rng.random() < 0.08:
            number += 1
            yield _instagram_extra(world, rng, sent, number)


def _instagram_extra(world: World, rng: Random, sent: Sent, number: int) -> SampleRow:
    kind, other = pick(rng, ("post", "post", "comment", "comment", "like")), sent.others[0]
    if kind == "like":
        return _instagram_row(rng, sent, number, kind, "Liked a photo", None, "", "not_message")
    if rng.random() < 0.35:
        text = Talk(world.grammar, world.grammar.home, rng).other(["{social.other_post}", "{other.react}"], {})
        return _instagram_row(rng, sent, number, kind, text, other, "", "not_own")
    own = chatty(world.grammar.any("social.caption" if kind == "post" else "social.comment", rng, {}), rng)
    return _instagram_row(rng, sent, number, kind, own, None, "", "not_message")


def _instagram_row(
    rng: Random, sent: Sent, number: int, kind: str, text: str | None, sender: Person | None, own: str,
    reason: Dropped | None,
) -> SampleRow:  # fmt: skip
    names = (Persona.name, Persona.handles[0]) if sender is None else (sender.name, sender.handle)
    name = names[sent.talk_number % 2]
    media = f"https://example.com/media/{unique_key(number, 5)}.jpg" if kind == "post" else None
    raw = json.dumps({"thread": unique_key(sent.talk_number, 7), "sender_name": name}) if kind == "message" else None
    record = (number, kind, maybe_date(rng, sent.at), text, media, name, raw, collected_at(number))
    return row("aurora_raw_instagram", record, own, reason)


def facebook(world: World, rng: Random, count: int) -> Iterator[SampleRow]:
    """As the export gives it: half of the text is UTF-8 that somebody read as Latin-1 or Windows-1252."""
    number = 0
    for sent in _stream(world, rng, count, (2008, 2020), 0.15, world.grammar.home):
        number += 1
        others, line = sent.others, sent.line
        title = others[0].name if len(others) == 1 else ", ".join(person.first for person in others)
        name = line.speaker.name if line.speaker else Persona.name
        record = (number, "message", maybe_date(rng, sent.at), _misread(rng, line.text), name, title)
        yield row("aurora_raw_facebook", record, line.own, line.reason)
        if rng.random() < 0.08:
            number += 1
            yield _facebook_extra(world, rng, sent, number)


def _facebook_extra(world: World, rng: Random, sent: Sent, number: int) -> SampleRow:
    kind, own, name = pick(rng, ("post", "comment", "friend_added")), "", Persona.name
    reason: Dropped | None = None
    if kind == "friend_added":
        text, reason = f"You are now friends with {sent.others[0].name}.", "not_message"
    elif rng.random() < 0.35:
        text = Talk(world.grammar, world.grammar.home, rng).other(["{social.other_post}", "{other.react}"], {})
        name, reason = sent.others[0].name, "not_own"
    else:
        text = own = chatty(world.grammar.any("social.status" if kind == "post" else "social.comment", rng, {}), rng)
    record = (number, kind, maybe_date(rng, sent.at), _misread(rng, text), name, None)
    return row("aurora_raw_facebook", record, own, reason)


def _misread(rng: Random, text: str | None) -> str | None:
    right, latin = rng.random() < 0.5, rng.random() < 0.5  # drawn for every text: what he meant takes the same draws
    if text is None or text.isascii() or right:
        return text
    raw = text.encode()
    if latin:
        return raw.decode("latin-1")
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:  # five bytes have no letter in Windows-1252
        return raw.decode("latin-1")


def bb_sms(world: World, rng: Random, count: int) -> Iterator[SampleRow]:
    """Two years on a BlackBerry, whose keyboard knows two hyphens better than a dash."""

    def thumbs(text: str, rng: Random) -> str:
        text = chatty(text, rng)
        return text.replace("—", "--") if rng.random() < 0.4 else text

    for sent in _stream(world, rng, count, (2009, 2010), 0.0, world.grammar.home + world.grammar.work, thumbs):
        line, phone = sent.line, sent.others[0].phone
        record = (sent.place + 1, phone, line.text, maybe_date(rng, sent.at), "sent" if sent.mine else "received")
        yield row("bb_sms_messages", record, line.own, line.reason)
