"""Where a text holds what machines call a place: network addresses, and coordinates.

In: a text. Out: (start, end) of each.
"""

import ipaddress
import re
from collections.abc import Iterator

from voice.facts.numbers import is_ipv4
from voice.facts.spans import Span, every

_COLONS = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,42}(?:%\w{1,15})?")
_CLOCK = re.compile(r"\d{1,2}(?::\d{0,2})+")
_PREFIX = re.compile(r"/\d{1,3}(?!\w)")
_PORT = re.compile(r"\](?::\d{1,5}(?!\w))?")
_MAC = re.compile(
    r"(?<![\w:.-])(?:[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?:\1[0-9A-Fa-f]{2}\1[0-9A-Fa-f]{2})?"
    r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![\w:-])"
)
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)(?:/\d{1,2}(?!\w)|:\d{1,5}(?!\w))?")
_NUMBERED = re.compile(r"(?i:\b(?:v|ver|version|release|build|firmware|section|chapter|paragraph|clause)s?\.?)[ \t]*$")
_DEGREES = r"[-+]?\d{1,3}\.\d{2,15}(?:[ ]?°)?"
_DECIMAL = re.compile(
    rf"(?<![\w.,-])(?:[NSns][ ]?)?{_DEGREES}(?:[ ]?[NSns]\b)?(?:,[ ]?|;[ ]?|[ ]?/[ ]?|[ ])"
    rf"(?:[EWew][ ]?)?{_DEGREES}(?:[ ]?[EWew]\b)?(?![\w]|[.,]\d)"
)
_ANGLE = r"\d{1,3}[ ]?°[ ]?(?:\d{1,2}(?:[.,]\d+)?[ ]?['′’][ ]?)?(?:\d{1,2}(?:[.,]\d+)?[ ]?(?:[\"″”]|''|′′)[ ]?)?"
_ANGLES = re.compile(rf"(?<!\w)(?:{_ANGLE}[NSns]|[NS][ ]?{_ANGLE})[,;/ ]{{0,2}}(?:{_ANGLE}[EWew]\b|[EW][ ]?{_ANGLE})")
_NAMED_DEGREES = re.compile(
    r"(?i:\blat(?:itude)?\b[:= ]{0,3})(?P<first>[-+]?\d{1,3}\.\d+)"
    r"(?i:°?[,; ]{1,3}(?:and )?(?:lon(?:g(?:itude)?)?|lng)\b"
    r"[:= ]{0,3})(?P<second>[-+]?\d{1,3}\.\d+)(?![\w]|\.\d)"
)
_COORDINATES = re.compile(r"(?i:\bgps|\bcoord|\blat)")
_WHERE = re.compile(r"(?i:\bpin\b|\blocation|\bposition|\bwaypoint)")
_OPEN_CODE = re.compile(r"(?<!\w)(?:[23456789CFGHJMPQRVWX]{4}){1,2}\+[23456789CFGHJMPQRVWX]{2,3}(?!\w)")
_THREE_WORDS = re.compile(r"(?:(?<![\w/:])///|(?<=what3words )|(?<=w3w ))\w{2,20}\.\w{2,20}\.\w{2,20}(?!\w)")
_BEFORE = 40  # characters that say what follows
_NEEDED_DECIMALS = 4  # of both, where nothing else says that a pair of decimals is a place

# What a word has of every text that has one.
NETWORK = r":[0-9A-Fa-f:]|[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-|\d\.\d+\.|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\."
COORDINATES = r"\d\.\d{2}|°|///|[\dCFGHJMPQRVWX]{4}\+|(?i:\blat|what\dwords|w\dw)"


def network_addresses(text: str) -> Iterator[Span]:
    """Addresses of the internet protocol, versions 4 and 6, and of network cards."""
    yield from every(_MAC, text)
    for match in _COLONS.finditer(text):
        end = _end_of_ipv6(text, *match.span())
        if end:
            start, more = match.start(), _PREFIX.match(text, end)
            if text[max(0, start - 1) : start] == "[" and (port := _PORT.match(text, end)):
                start, more = start - 1, port
            yield start, more.end() if more else end
    for match in _IPV4.finditer(text):
        if is_ipv4(re.split("[/:]", match.group())[0]) and not _NUMBERED.search(
            text[max(0, match.start() - _BEFORE) : match.start()]
        ):
            yield match.span()


def _end_of_ipv6(text: str, start: int, end: int) -> int | None:
    """Where an address that begins there ends, without the marks of the sentence; None if there is none."""
    value = text[start:end].rstrip(".:") if not text[start:end].endswith("::") else text[start:end]
    after = text[start + len(value) : start + len(value) + 1]
    if after.isalnum() or after == "_" or value.count(":") < 2 or not any(map(str.isdigit, value)):
        return None
    if _CLOCK.fullmatch(value):
        return None
    try:
        ipaddress.IPv6Address(value)
    except ValueError:
        return None
    return start + len(value)


def coordinates(text: str) -> Iterator[Span]:
    """Latitude and longitude, open location codes, and places by three words."""
    for pattern in (_ANGLES, _OPEN_CODE, _THREE_WORDS):
        yield from every(pattern, text)
    for match in _NAMED_DEGREES.finditer(text):
        yield from (match.span("first"), match.span("second"))
    for match in _DECIMAL.finditer(text):
        if _is_place(match.group(), text[max(0, match.start() - _BEFORE) : match.start()]):
            yield match.span()


def _is_place(pair: str, before: str) -> bool:
    numbers = re.findall(r"[-+]?\d{1,3}\.\d+", pair)
    if abs(float(numbers[0])) > 90 or abs(float(numbers[1])) > 180:
        return False
    if re.search(r"[°NSEWnsew]", pair) or _COORDINATES.search(before):
        return True
    least = _NEEDED_DECIMALS - (_WHERE.search(before) is not None)
    return all(len(number.partition(".")[2]) >= least for number in numbers)
