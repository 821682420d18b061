"""Where a text holds identifiers: links, phone numbers, keys and the like, which a model need only pass on.

In: a text, the rules to go by, and people's names if those count. Out: (start, end, kind), in order, none overlapping.
Where two kinds overlap, the earlier one of the finders wins. Masking too much costs little, as it is put back to the
letter; years, dates, times, amounts of money and short numbers are left to be read.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from itertools import pairwise
from typing import NamedTuple

from voice.facts import addresses, codes, handles, links, networks, numbers, passwords, phones, secrets
from voice.facts.people import Names
from voice.facts.rules import CURRENT, VERSION, VERSIONS, Rules
from voice.facts.spans import Span
from voice.words import by_word

Piece = tuple[int, int, str]  # start, end, kind
Find = Callable[[str], Iterable[Span]]


class Finder(NamedTuple):
    """What finds a kind; `needs` are patterns, each of which some word of a text has wherever it finds one."""

    kind: str
    find: Find
    needs: frozenset[str]


def _finder(kind: str, find: Find, *needs: str) -> Finder:
    return Finder(kind, find, frozenset(needs))


# A text without a word that has one of these holds no identifier of version 1: nearly every sentence ends here.
_SUSPICIOUS = (
    r"[@`\\/\d~]|\w\.\w|\w{16}|(?i:\bpw|\bpass|token|secret|\bkey|login|bearer|wi-?fi|stra(?:ß|ss)e|\bmot$"
    r"|\bid\b|(?:user|screen|account)(?:$|-?(?:id|name)))|-----"
)
_FIRST = [
    _finder("code", links.code, links.CODE),
    _finder("email", links.emails, links.EMAIL),
    _finder("link", links.links, links.LINK),
    _finder("path", links.paths, links.PATH),
    _finder("iban", numbers.ibans, numbers.IBAN),
    _finder("secret", secrets.secrets, secrets.SECRET),
    _finder("card", numbers.cards, numbers.CARD),
    _finder("phone", phones.phones, phones.PHONE),
    _finder("address", addresses.addresses, addresses.ADDRESS),
    _finder("id", numbers.long_numbers, numbers.LONG),
    _finder("handle", handles.handles, handles.HANDLE),
]
KINDS = (*(finder.kind for finder in _FIRST), "name")


def _second(regions: tuple[str, ...]) -> list[Finder]:
    """Those of version 1 but for long numbers, and more; what a word names goes before what only looks like it."""
    first = {finder.kind: finder for finder in _FIRST}
    return [
        first["code"],
        _finder("link", links.whole_links, "//"),
        first["email"],
        _finder("email", links.emails_of_machines, links.EMAIL),
        _finder("email", links.spelled_out_emails, links.SPELLED_OUT),
        first["link"], first["path"], first["iban"],
        _finder("id", numbers.sort_codes, numbers.SORT),
        _finder("secret", passwords.in_groups, passwords.ONCE, r"\d"),
        _finder("secret", passwords.in_words, passwords.PASSWORD),
        _finder("secret", passwords.on_cards, passwords.ON_CARD, r"\d{3}"),
        _finder("secret", passwords.of_one_word, secrets.SECRET),
        _finder("id", networks.network_addresses, networks.NETWORK),
        _finder("id", numbers.parcels, numbers.PARCEL),
        _finder("id", codes.named_codes, codes.NAMED, codes.CODE),
        first["card"],
        _finder("phone", phones.in_letters, r"\d", phones.IN_LETTERS),
        _finder("phone", partial(phones.all_phones, regions=regions), phones.PHONE),
        first["address"],
        _finder("address", networks.coordinates, networks.COORDINATES),
        _finder("id", codes.keys, codes.KEY),
        _finder("id", numbers.in_fours, numbers.IN_FOURS),
        _finder("id", numbers.reference_numbers, numbers.LONG),
        first["handle"],
        _finder("handle", handles.user_names, handles.USER_NAME),
    ]  # fmt: skip


# What belongs to a number beside it: -A, /7, INV/
_MORE_AFTER = re.compile(r"(?:[-/_][A-Z\d]{1,4}(?!\w)|-[a-z](?!\w)|_\w{1,20}|[A-Za-z\d]{1,20})+")
_MORE_BEFORE = re.compile(r"(?<![\w/-])(?:[A-Z\d]{1,6}[-/_]){1,3}\Z")
# Behind a short word for a street, where no sentence ends.
_GOES_ON = re.compile(r"(?<=\b(?:[Ss]t|[Rr]d|[Dd]r|[Ll]n|[Cc]t|[Pp]l|[Ss]q))\.[ \t]+[a-z]")
_PORT = re.compile(r":\d{2,5}(?!\w|[.:]\d)")
_GROWING = frozenset(("id", "phone", "card", "iban"))
_REACH = 24  # characters beside a number that are looked at


@lru_cache(maxsize=32)
def finders(rules: Rules = CURRENT) -> list[Finder]:
    """What finds the kinds that these rules know, in the order in which they win."""
    if rules.version == 1:
        return [finder._replace(needs=finder.needs | {_SUSPICIOUS}) for finder in _FIRST]
    return _second(rules.regions)


def identifiers(text: str, rules: Rules = CURRENT, names: Names | None = None) -> list[Piece]:
    """The identifiers of a text, with people's names where a list of them is given."""
    there = signs(text, rules.version)
    found = [(finder.kind, finder.find) for finder in finders(rules) if finder.needs <= there] if there else []
    if names:
        found.append(("name", names.spans))
    pieces = apart((start, end, kind) for kind, find in found for start, end in find(text)) if found else []
    return pieces if rules.version == 1 or not pieces else _whole(text, pieces)


def apart(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces (start, end, kind) in the order of the text, without those that overlap one that comes before them."""
    kept = []
    taken = bytearray()  # one byte a character: however many there are, each is asked once
    for start, end, kind in pieces:
        taken.extend(bytes(max(0, end - len(taken))))
        if start < end and taken.find(1, start, end) < 0:
            taken[start:end] = b"\1" * (end - start)
            kept.append((start, end, kind))
    return sorted(kept)


def _whole(text: str, pieces: list[Piece]) -> list[Piece]:
    """The pieces with what stands beside a number and belongs to it."""
    grown = []
    last = 0
    for (start, end, kind), (following, _, _) in pairwise([*pieces, (len(text), 0, "")]):
        if kind in _GROWING:
            if before := _MORE_BEFORE.search(text, max(last, start - _REACH), start):
                start = before.start()
            if after := _MORE_AFTER.match(text, end, min(following, end + _REACH)):
                end = after.end()
        elif kind == "address" and _GOES_ON.match(text, end):
            end += 1
        elif kind == "email" and (port := _PORT.match(text, end)):
            end = port.end()
        grown.append((start, end, kind))
        last = end
    return grown


def signs(text: str, version: int = VERSION) -> frozenset[str]:
    """What finders need that a text has, each in one of its words; no finder needs a certain digit."""
    return frozenset[str]().union(*filter(None, map(_SIGNS_OF[version], text.translate(_TO_ZERO).split())))


_TO_ZERO = str.maketrans("123456789", "000000000")  # for words with 0 alone are kept


def _signs_by(version: int) -> Callable[[str], frozenset[str]]:
    needed = {sign: re.compile(sign) for finder in finders(Rules(version)) for sign in finder.needs}

    @by_word
    def found(word: str) -> frozenset[str]:
        return frozenset(sign for sign, pattern in needed.items() if pattern.search(word))

    return found


_SIGNS_OF = {version: _signs_by(version) for version in VERSIONS}
