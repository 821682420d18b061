"""Senders that are nearly the owner: an old address of his, another spelling, a name as Exchange writes it.

In: the senders of the rows that are taken for somebody else's, with how many rows each has. Out: those to ask the owner
about. They are never taken for him: an address that nobody listed may be his son's.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher
from email.utils import parseaddr

from extraction.owner import Owner

_ALIKE = 0.9
_FEWEST_LETTERS = 6
_MOST_SHOWN = 20
_BRACKETED = re.compile(r"\([^)]*\)|<[^>]*>")
_EXCHANGE = re.compile(r"/cn=([^/]+)\s*$", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")


def find(senders: Counter[str], owner: Owner) -> dict[str, int]:
    """The senders that nearly match the owner, the one with the most rows first."""
    known = _Known(owner)
    alike = [(sender, rows) for sender, rows in senders.items() if known.is_like(sender)]
    return dict(sorted(alike, key=lambda item: (-item[1], item[0]))[:_MOST_SHOWN])


class _Known:
    def __init__(self, owner: Owner) -> None:
        self._names = [words for name in owner.names if len(words := _words(name)) > 1]
        self._short = {
            name for name in map(_folded, (*owner.nicknames, *owner.handles)) if len(name) >= _FEWEST_LETTERS
        }
        self._locals = {_local(address) for address in owner.emails} | {
            form for words in self._names for form in _addresses(words)
        }
        self._locals = {local for local in self._locals if len(local) >= _FEWEST_LETTERS}

    def is_like(self, sender: str) -> bool:
        """Whether a sender may be the owner."""
        name, address = parseaddr(sender) if "<" in sender or "@" in sender else (sender, "")
        if address and _local(address) in self._locals:
            return True
        if (exchange := _EXCHANGE.search(sender)) and _local(exchange[1]) in self._locals:
            return True
        words = _words(name or sender)
        folded = " ".join(words)
        for own in self._names:
            if set(own) <= set(words) and len(words) <= len(own) + 2:
                return True
            if len(folded) >= _FEWEST_LETTERS and _alike(folded, " ".join(own)):
                return True
        return any(_alike(_folded(sender), short) for short in self._short)


def _alike(first: str, second: str) -> bool:
    return abs(len(first) - len(second)) <= 2 and SequenceMatcher(None, first, second).ratio() >= _ALIKE


def _addresses(words: Iterable[str]) -> list[str]:
    """How a name becomes the first part of an address, without dots."""
    first, *_, last = words
    return [f"{first}{last}", f"{last}{first}", f"{first[0]}{last}", f"{last}{first[0]}"]


def _words(name: str) -> list[str]:
    """The words of a name in their order, 'Last, First' turned round."""
    plain = _BRACKETED.sub(" ", name)
    last, comma, first = plain.partition(",")
    return _WORD.findall(_folded(f"{first} {last}" if comma else plain))


def _local(address: str) -> str:
    """The part of an address before the at sign, without what people vary: dots, lines, digits, a plus and its tag."""
    return re.sub(r"[\W\d_]", "", _folded(address.split("@")[0].split("+")[0]))


def _folded(text: str) -> str:
    """In lower case and without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in apart if not unicodedata.combining(character))
