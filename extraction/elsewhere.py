"""What others had written before the owner did: a page that he was sent and pasted into a mail of his own.

In: the texts of rows that are not his, with their dates. Out: of a paragraph of his, how much of it stood there before.
Sentences are compared by their words, whatever the line breaks; only those of eight words and more say anything.
"""

import re
import zlib
from array import array
from collections.abc import Iterable, Iterator
from datetime import datetime

_FEWEST_WORDS = 8
_FEWEST_SENTENCES = 2
_SENTENCE = re.compile(r"(?<=[.!?:])\s+|\n\s*\n")
_WORD = re.compile(r"[^\W_]+")


class Elsewhere:
    """The sentences of others: hashes beside the minutes in which they were sent; eight bytes each."""

    def __init__(self) -> None:
        """None yet."""
        self._hashes, self._minutes = array("I"), array("I")
        self._first: dict[int, int] = {}

    def add(self, text: str, sent_at: datetime | None) -> None:
        """Remember the sentences of a text that somebody else sent."""
        if sent_at is None:
            return
        for found in _hashes(text):
            self._hashes.append(found)
            self._minutes.append(_minute(sent_at))

    def look_for(self, texts: Iterable[str]) -> None:
        """Find when the sentences of these texts stood first in somebody else's."""
        wanted = {found for text in texts for found in _hashes(text)}
        self._first = {}
        for found, minute in zip(self._hashes, self._minutes, strict=True):
            if found in wanted:
                self._first[found] = min(minute, self._first.get(found, minute))

    def share(self, paragraph: str, sent_at: datetime | None) -> float:
        """How much of a paragraph others had sent before; 0 where it is too short to say."""
        sentences = list(_hashes(paragraph))
        if sent_at is None or len(sentences) < _FEWEST_SENTENCES:
            return 0.0
        now = _minute(sent_at)
        return sum(self._first.get(found, now) < now for found in sentences) / len(sentences)


def _hashes(text: str) -> Iterator[int]:
    for sentence in _SENTENCE.split(text):
        words = _WORD.findall(sentence.lower())
        if len(words) >= _FEWEST_WORDS:
            yield zlib.crc32(" ".join(words).encode())


def _minute(sent_at: datetime) -> int:
    return max(0, int(sent_at.timestamp() // 60))
