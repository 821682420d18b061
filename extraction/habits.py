"""What only all of a person's texts tell: his signature, how familiar a paragraph's words are, what he wrote twice.

In: the rows' texts, not cut into pieces yet. Out: the same, changed in place. A row that loses all its texts says why.
"""

import re
import zlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from extraction.clean import pasted, signatures
from extraction.clean.pasted import Familiarity
from extraction.elsewhere import Elsewhere
from extraction.own import Own
from extraction.reason import Reason

MAIL = frozenset({"email", "work_email"})

_SIGNED_OFTEN = 5  # mails that must end with a line before it is taken for a signature, and their share
_SIGNED_SHARE = 0.01

_BUCKETS = 1 << 22
_FEWEST_MAILS = 200  # whose words make a person known
_LONG_MAIL = 60  # words; a shorter one holds nothing that is worth pasting
_LONG_PARAGRAPH = 20
_RECEIVED = 0.5  # of a paragraph's sentences; more were sent to him before
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")

_SAME_MOMENT = timedelta(seconds=1)
_SAME_MESSAGE = timedelta(minutes=2)  # clocks of two sources that hold the same message

_MACHINE_THREADS = 8
_MACHINE_WORDS = 6
_MACHINE_DAYS = timedelta(days=30)


def learn(found: Sequence[Own], elsewhere: Elsewhere | None = None) -> None:
    """Take out of the rows what all of them together show to be no voice; `elsewhere` holds what others wrote."""
    mails = [own for own in found if own.register in MAIL]
    drop_signatures(mails)
    drop_strangers(mails)
    if elsewhere:
        drop_received(mails, elsewhere)
    drop_same_rows(found)
    drop_machine_texts([own for own in found if own.register == "chat"])


def drop_signatures(mails: Sequence[Own]) -> None:
    """Take away the lines that end many of his mails and look like part of a signature."""
    endings = Counter(line for own in mails for text in own.texts for line in set(signatures.last_lines(text)))
    needed = max(_SIGNED_OFTEN, _SIGNED_SHARE * len(mails))
    learned = frozenset(line for line, times in endings.items() if times >= needed)
    if not learned:
        return
    for own in mails:
        _replace(own, [signatures.without_learned(text, learned) for text in own.texts], Reason.SIGNATURE)


def drop_strangers(mails: Sequence[Own]) -> None:
    """Take pasted paragraphs away that only their words tell from his."""
    if len(mails) < _FEWEST_MAILS:
        return
    known = _Known(text for own in mails for text in own.texts)
    for own in mails:
        if any(len(text.split()) >= _LONG_MAIL for text in own.texts):
            texts = [pasted.remove(text, known.without(text)) for text in own.texts]
            _replace(own, texts, Reason.PASTED)


def drop_received(mails: Sequence[Own], elsewhere: Elsewhere) -> None:
    """Take paragraphs away that others had sent before."""
    long = [own for own in mails if any(len(text.split()) >= _LONG_MAIL for text in own.texts)]
    elsewhere.look_for(text for own in long for text in own.texts)
    for own in long:
        _replace(own, [_without_received(text, own, elsewhere) for text in own.texts], Reason.PASTED)


def _without_received(text: str, own: Own, elsewhere: Elsewhere) -> str:
    paragraphs = [text[paragraph.start : paragraph.end] for paragraph in pasted.paragraphs_of(text)]
    kept = [paragraph for paragraph in paragraphs if elsewhere.share(paragraph, own.sent_at) <= _RECEIVED]
    return text if len(kept) == len(paragraphs) else "\n".join(kept).strip("\n")


def drop_same_rows(found: Iterable[Own]) -> None:
    """Of rows that hold the same message of the same moment, in one source or two, only the first stays."""
    by_text: defaultdict[tuple[str, ...], list[Own]] = defaultdict(list)
    for own in found:
        if own.sent_at and not own.rejected:
            by_text[tuple(own.texts)].append(own)
    for same in by_text.values():
        kept: list[Own] = []
        for own in sorted(same, key=_moment) if len(same) > 1 else ():
            if any(_is_same(own, other) for other in kept[-5:]):
                own.rejected = Reason.COPY
            else:
                kept.append(own)


def drop_machine_texts(chats: Iterable[Own]) -> None:
    """Drop whole sentences that stand word for word in many conversations over months: a program wrote them."""
    by_text: defaultdict[str, list[Own]] = defaultdict(list)
    for own in chats:
        text = own.texts[0]
        if len(own.texts) == 1 and text[:1].isupper() and text[-1:] in ".!)" and len(text.split()) >= _MACHINE_WORDS:
            by_text[text].append(own)
    for same in by_text.values():
        dates = [own.sent_at for own in same if own.sent_at]
        threads = {own.thread for own in same if own.thread}
        if len(threads) >= _MACHINE_THREADS and dates and max(dates) - min(dates) >= _MACHINE_DAYS:
            for own in same:
                own.rejected = own.rejected or Reason.MACHINE_TEXT


def _replace(own: Own, texts: Sequence[str], reason: Reason) -> None:
    """Give a row other texts, unless it is rejected already; what they lack is counted."""
    if own.rejected:
        return
    before, after = (sum(len(text.split()) for text in some) for some in (own.texts, texts))
    if after == before:
        return
    own.words_cut[reason] += before - after
    left = [text for text in texts if text.strip()]
    if left:
        own.texts = left
    else:
        own.rejected = reason


def _moment(own: Own) -> tuple[datetime, str]:
    assert own.sent_at is not None
    return own.sent_at, own.row


def _is_same(own: Own, other: Own) -> bool:
    assert own.sent_at and other.sent_at
    apart = own.sent_at - other.sent_at
    if own.source == other.source:
        return own.thread == other.thread and apart <= _SAME_MOMENT
    return apart <= _SAME_MESSAGE


class _Known:
    """How often pairs of words stand in a person's texts, by hash, and his usual share of new ones in a paragraph."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Count them all."""
        self._counts = array("I", bytes(4 * _BUCKETS))
        paragraphs: list[list[int]] = []
        seen: set[tuple[int, ...]] = set()  # what he sent several times is no more his for that
        for text in texts:
            for paragraph in pasted.paragraphs_of(text):
                pairs = _pairs(text[paragraph.start : paragraph.end])
                if tuple(pairs) in seen:
                    continue
                seen.add(tuple(pairs))
                for pair in pairs:
                    self._counts[pair] += 1
                if len(pairs) >= _LONG_PARAGRAPH:
                    paragraphs.append(pairs)
        shares = [self._new(pairs, Counter(pairs)) for pairs in paragraphs]
        self._usual = median(shares) if shares else 0.0
        spread = median(abs(share - self._usual) for share in shares) if shares else 0.0
        self._spread = max(0.05, 1.4826 * spread)

    def without(self, text: str) -> Familiarity:
        """The judge of a text's paragraphs, which does not count the text itself."""
        own = Counter(_pairs(text))

        def deviations(paragraph: str) -> float:
            pairs = _pairs(paragraph)
            if len(pairs) < _LONG_PARAGRAPH:
                return 0.0
            return (self._new(pairs, own) - self._usual) / self._spread

        return deviations

    def _new(self, pairs: Sequence[int], own: Counter[int]) -> float:
        return sum(self._counts[pair] <= own[pair] for pair in pairs) / len(pairs)


def _pairs(text: str) -> list[int]:
    words = [word.lower() for word in _WORD.findall(text)]
    return [zlib.crc32(f"{first} {second}".encode()) % _BUCKETS for first, second in pairwise(words)]
