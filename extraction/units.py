"""An owner's text -> the pieces that are learned: its sentences, and the text itself as a message.

In: a cleaned text and what is wanted. Out: pieces of text with their unit and their number within the row. Every text
is once among the sentences and once among the messages, but for texts of one sentence, of which every other one (by
the hash of its name) is a message: so each unit has about half of all tokens. A text that is too long for one message
is given by its paragraphs, and those that are too long by as many sentences at a time as fit. A single sentence that is
too long for a message is one only where there are no sentences.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from voice.sentences import spans
from voice.triplet import Unit
from voice.units import MESSAGE_TOKENS, about_tokens

UnitChoice = Literal["sentence", "message", "both"]
MESSAGE = "m"  # the number of a whole text within its row; its parts, or more texts, are m1, m2, …

_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of a text; `number` is unique within the row."""

    number: str
    text: str
    unit: Unit


def cuts(texts: list[str], choice: UnitChoice, name: str) -> Iterator[Cut]:
    """The pieces of a row's texts; `name` decides, for texts of one sentence, which unit they are."""
    sentences = messages = 0
    for text in texts:
        found = spans(text)
        single = choice == "both" and len(found) == 1 and about_tokens(text) <= MESSAGE_TOKENS
        as_message = choice != "sentence" and not (single and not is_message(f"{name}:{sentences}"))
        if choice != "message" and not (single and as_message):
            for start, end in found:
                yield Cut(str(sentences), text[start:end], "sentence")
                sentences += 1
        if as_message:
            for message in messages_of(text):
                if choice == "message" or about_tokens(message) <= MESSAGE_TOKENS:
                    whole = len(texts) == 1 and message == text
                    yield Cut(MESSAGE if whole else f"{MESSAGE}{messages + 1}", message, "message")
                    messages += 1


def is_message(name: str) -> bool:
    """Whether a text of one sentence is taken for a message: every other name."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 0


def messages_of(text: str) -> list[str]:
    """The text as messages of at most MESSAGE_TOKENS, in order; only a single sentence can be longer."""
    if about_tokens(text) <= MESSAGE_TOKENS:
        return [text]
    paragraphs = [paragraph for paragraph in _PARAGRAPH.split(text) if paragraph.strip()]
    if len(paragraphs) > 1:
        return [message for paragraph in paragraphs for message in messages_of(paragraph)]
    messages: list[str] = []
    start = end = 0
    for first, last in spans(text):
        if end and about_tokens(text[start:last]) > MESSAGE_TOKENS:
            messages.append(text[start:end])
            start = first
        elif not end:
            start = first
        end = last
    return [*messages, text[start:end]]
