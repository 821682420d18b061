"""Characters that nobody typed: wrong decoding, invisible ones, and the line wraps of old mail programs.

In: a text as the database holds it. Out: the same text as it was typed; spelling, case and punctuation stay.
"""

import html
import re
from itertools import pairwise

import ftfy

# Mail programs wrap somewhere between these columns.
NARROWEST_WRAP = 72
WIDEST_WRAP = 78

_LINE_ENDS = re.compile(r"\r\n?|[\f\u2028\u2029]")
# Windows-1252 that was read as Latin-1 leaves its quotes, dashes and dots as control characters that nobody types.
_WINDOWS = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
# Control and format characters, lone surrogates, attachment placeholders (U+FFFC). A joiner between emoji stays: it
# makes a family of three people out of four characters.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0e-\x1f\x7f\xad\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    r"\ufeff\ufff9-\ufffc\ud800-\udfff]"
    r"|\u200d(?![\u2190-\u2bff\U0001f000-\U0001faff])"
)
# What office programs leave of links and bullets when they turn a document into text.
_FIELD_CODE = re.compile(r"\bHYPERLINK\s+\"[^\"\n]*\"(?:\s*\\[a-z](?:\s+\"[^\"\n]*\")?)*\s?")
_LINK_TARGET = re.compile(r"(?<=[^\s:<(\[-])[ ]?<(?:https?://|mailto:)[^<>\s]+>", re.IGNORECASE)
_BULLET = re.compile(r"^[ \t]*[\uf0b7\uf0a7\uf0d8\uf0fc\uf076][ \t\u00a0]*|^[ \t]*[·§][ \t\u00a0]{2,}", re.MULTILINE)
# A line that was broken twice: the second program carried a word or two over to a line of their own.
_LONG_LINE = 55
_CARRIED_OVER = 20

_NOT_PROSE = re.compile(r"(?<![.!?:,\s])\s{3,}|\t")  # columns; some people leave wide gaps between sentences
_ENTITY = re.compile(r"&(?:[a-z]{2,8}|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_SENTENCE_ENDS = ".!?…:;"
_OWN_LINE = re.compile(r"\s|[-*•·>#|_=+~]|\(?(?:\d{1,3}|[a-zA-Z])[.):](?:\s|$)")


def repair_mojibake(text: str) -> str:
    """Undo UTF-8 that was read as Latin-1 or Windows-1252: 'itâ€™s' becomes 'it’s'.

    What cannot be seen goes as well: half of a wrong character can be a control character.
    """
    if text.isascii():
        return strip_invisible(text)
    while True:
        repaired = strip_invisible(ftfy.fix_encoding(text))
        if repaired == text:
            break
        text = repaired
    return text


def strip_invisible(text: str) -> str:
    """Without characters that cannot be seen; every kind of line end becomes a newline.

    Windows-1252 punctuation that was taken for control characters is what it was: 'don\\x92t' becomes 'don’t'.
    """
    if text.isascii() and text.isprintable():
        return text
    return _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text.translate(_WINDOWS)))


def unescape(text: str) -> str:
    """Without the entities that an export put in the place of characters: 'you &amp; me' becomes 'you & me'."""
    return _ENTITY.sub(lambda found: html.unescape(found.group()), text) if "&" in text else text


def strip_office(text: str) -> str:
    """Without the targets of links and the bullets that an office program wrote out."""
    if "HYPERLINK" in text:
        text = _FIELD_CODE.sub("", text)
    if "<" in text:
        text = _LINK_TARGET.sub("", text)
    return _BULLET.sub("", text)


def join_wraps(text: str) -> str:
    """Join lines that a mail program broke: those whose next word would not have fitted any more."""
    lines = _join_carried_over(text.split("\n"))
    broken = [[lines[0]]]
    for line, following in pairwise(lines):
        if _is_wrapped(line, following):
            broken[-1].append(following)
        else:
            broken.append([following])
    return "\n".join(joined for group in broken for joined in _joined(group))


def _join_carried_over(lines: list[str]) -> list[str]:
    """Join lines that were broken twice, so that a word or two of each stands alone, to the lines around them."""
    joined = lines[:1]
    goes_on = False
    for index, line in enumerate(lines[1:], start=1):
        above, word = joined[-1].rstrip(), line.strip()
        last = lines[index - 1].rstrip()
        is_carried = (
            _LONG_LINE <= len(last) <= WIDEST_WRAP
            and 0 < len(word) <= _CARRIED_OVER
            and word[0].islower()
            and last[-1] not in _SENTENCE_ENDS
            and index + 1 < len(lines)
            and lines[index + 1][:1].islower()
            and word[-1] not in _SENTENCE_ENDS
        )
        if is_carried or goes_on:
            joined[-1] = f"{above} {word}"
        else:
            joined.append(line)
        goes_on = is_carried
    return joined


def _joined(group: list[str]) -> list[str]:
    """One line, unless it would have fitted: then its writer broke it, not his mail program."""
    line = " ".join([*(part.rstrip() for part in group[:-1]), group[-1]])
    return [line] if len(line.rstrip()) > WIDEST_WRAP else group


def _is_wrapped(line: str, following: str) -> bool:
    line = line.rstrip()
    if len(line) > WIDEST_WRAP or not following or _OWN_LINE.match(following) or _NOT_PROSE.search(line.lstrip()):
        return False
    return len(line) + 1 + len(following.split(maxsplit=1)[0]) > NARROWEST_WRAP
