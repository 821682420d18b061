"""What the made-up owner wrote in twenty years, 450 messages, and how a big model drafted each of them.

In: theo.jsonl beside this module; nobody in it exists, a language model wrote both sides for this project. Out: rows
for five tables of the sample, with ids above those of the made ones; and the drafts, for `nic-voice extract --drafts`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from random import Random

from nic_voice.sample.people import Cast, Persona
from nic_voice.sample.rows import SampleRow, collected_at, row

FILE_NAME = "drafts.jsonl"
MODEL = "big-model"
FIRST_ID = 1_000_000
# Where texts of a register are, and what extraction calls that source.
PLACES = {
    "chat": ("aurora_raw_imessage", "imessage"),
    "email": ("aurora_raw_gmail", "gmail"),
    "work_email": ("archived_sent_emails", "work_email"),
    "speech": ("aurora_raw_plaud_recordings", "plaud"),
    "post": ("blogger_posts", "blogger"),
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message of his, what a big model would have drafted for it, and when he sent it."""

    id: str
    register: str
    unit: str
    sent_at: datetime
    own: str
    draft: str


def messages() -> list[Message]:
    """All of them, the oldest first."""
    lines = (resources.files("nic_voice.sample") / "theo.jsonl").read_text("utf-8").splitlines()
    return [Message(**fields | {"sent_at": datetime.fromisoformat(fields["sent_at"]).astimezone(UTC)})
            for fields in map(json.loads, lines)]  # fmt: skip


def rows(cast: Cast) -> Iterator[SampleRow]:
    """His messages as rows, each to somebody of the cast."""
    chance = Random("theo")
    for number, message in enumerate(messages()):
        person = cast.one(chance)
        key, subject = FIRST_ID + number, message.own.splitlines()[0][:40]
        table, _ = PLACES[message.register]
        records: dict[str, tuple[object, ...]] = {
            "chat": (key, str(key), message.own, message.sent_at, True, person.phone, "iMessage",
                     f"iMessage;-;{person.phone}", False, None, None, 0, collected_at(number)),
            "email": (str(key), f"thread-{key}", message.sent_at, Persona.emails[0], Persona.name, [person.email], [],
                      subject, message.own, ["SENT"], message.own[:100], False, True, collected_at(number)),
            "work_email": (key, message.sent_at, Persona.names[1], f"{person.last}, {person.first}", subject,
                           message.own, len(message.own)),
            "speech": (str(key), subject, message.sent_at, 60, len(message.own.split()), [Persona.name], None,
                       f"{Persona.name}: {' '.join(message.own.split())}"),
            "post": (key, subject, message.own, message.sent_at, []),
        }  # fmt: skip
        yield row(table, records[message.register], message.own, None)


def drafts() -> Iterator[str]:
    """Lines of drafts.jsonl: the draft of each message, by the id that extraction gives to the message."""
    for number, message in enumerate(messages()):
        _, source = PLACES[message.register]
        piece = "0" if message.unit == "sentence" else "m"
        name = f"{source}:{FIRST_ID + number}:{piece}"
        yield json.dumps({"id": name, "draft": message.draft, "model": MODEL}, ensure_ascii=False)
