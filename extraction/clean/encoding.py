"""Characters that nobody typed: wrong decoding, invisible ones, and the line wraps of old mail programs.

In: a text as the database holds it. Out: the same text as it was typed; spelling, case and punctuation stay.
"""

import re
from itertools import pairwise

import ftfy

# Mail programs wrap somewhere between these columns.
NARROWEST_WRAP = 72
WIDEST_WRAP = 78

_LINE_ENDS = re.compile(r"\r\n?|[\f\x85\u2028\u2029]")
# Control and format characters, lone surrogates, attachment placeholders (U+FFFC). A joiner between emoji stays: it
# makes a family of three people out of four characters.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\xad\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    r"\ufeff\ufff9-\ufffc\ud800-\udfff]"
    r"|\u200d(?![\u2190-\u2bff\U0001f000-\U0001faff])"
)
_NOT_PROSE = re.compile(r"(?<![.!?:,\s])\s{3,}|\t")  # columns; some people leave wide gaps between sentences
_OWN_LINE = re.compile(r"\s|[-*•·>#|_=+~]|\(?(?:\d{1,3}|[a-zA-Z])[.):](?:\s|$)")


def repair_mojibake(text: str) -> str:
    """Undo UTF-8 that was read as Latin-1 or Windows-1252: 'itâ€™s' becomes 'it’s'.

    What cannot be seen goes as well: half of a wrong character can be a control character.
    """
    while not text.isascii():
        repaired = strip_invisible(ftfy.fix_encoding(text))
        if repaired == text:
            break
        text = repaired
    return text


def strip_invisible(text: str) -> str:
    """Without characters that cannot be seen; every kind of line end becomes a newline."""
    if text.isascii() and text.isprintable():
        return text
    return _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))


def join_wraps(text: str) -> str:
    """Join lines that a mail program broke: those whose next word would not have fitted any more."""
    lines = text.split("\n")
    broken = [[lines[0]]]
    for line, following in pairwise(lines):
        if _is_wrapped(line, following):
            broken[-1].append(following)
        else:
            broken.append([following])
    return "\n".join(joined for group in broken for joined in _joined(group))


def _joined(group: list[str]) -> list[str]:
    """One line, unless it would have fitted: then its writer broke it, not his mail program."""
    line = " ".join([*(part.rstrip() for part in group[:-1]), group[-1]])
    return [line] if len(line.rstrip()) > WIDEST_WRAP else group


def _is_wrapped(line: str, following: str) -> bool:
    line = line.rstrip()
    if len(line) > WIDEST_WRAP or not following or _OWN_LINE.match(following) or _NOT_PROSE.search(line.lstrip()):
        return False
    return len(line) + 1 + len(following.split(maxsplit=1)[0]) > NARROWEST_WRAP
