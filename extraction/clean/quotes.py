"""A mail's own text: without what it quotes and forwards.

In: the plain text of a mail. Out: the lines that its sender typed, in order, with their line breaks.
Two kinds of quote: marked line by line ('> '), where answers between and below are kept, and opened by a header, after
which nothing tells a quote from an answer, so that the rest is cut.
"""

import re

from email_reply_parser import EmailMessage

from extraction.reason import Reason

# Opens a quote whatever follows, in the languages of Outlook's and Lotus Notes' users.
_DASHED = re.compile(
    r"""^\s*(?:
      [-_=*]{2,}\s*(?:original\s(?:message|appointment|e?-?mail)|forwarded\s(?:message|by|letter)|reply\sseparator
        |ursprüngliche\snachricht|weitergeleitete?\s(?:nachricht|von)|message\sd[’']origine|message\stransféré
        |mensaje\s(?:original|reenviado)|messaggio\soriginale|oorspronkelijk\sbericht|mensagem\soriginal)\b
      |begin\sforwarded\smessage: | forwarded\smessage:\s*$
    )""",
    re.IGNORECASE | re.VERBOSE,
)
# Introduces a quote: 'On Monday, 4 May 2009, A. Person <a@b.c> wrote:', on up to three lines.
_ATTRIBUTION = re.compile(
    r"""(?=.*[\d@<])(?:
      On\s.{4,250}?\bwrote: | In\sa\smessage\sdated\s.{4,250}?\bwrites:
      |Am\s.{4,250}?\bschrieb.{0,120}?: | Le\s.{4,250}?\ba\sécrit\s?: | El\s.{4,250}?\bescribió:
      |Il\s.{4,250}?\bha\sscritto: | Op\s.{4,250}?\bschreef.{0,120}?: | Em\s.{4,250}?\bescreveu:
    )$""",
    re.VERBOSE | re.DOTALL,
)
_ATTRIBUTION_LINES = 3
_SHORT_ATTRIBUTION = re.compile(r"^\s*\S.{0,80}<[^<>@\s]+@[^<>\s]+>\s?wrote:\s*$")
_NAME_WROTE = re.compile(r"^\s*\S.{0,80}\s(?:wrote|writes):\s*$")  # an attribution only if a marked quote follows

_QUOTED = re.compile(r"^\s{0,3}>(?![:;._][-'_]?[()<|DP])")  # but not an angry face
# A quoted line that was wrapped after it was quoted: at least so long, and the rest of it on a line of its own.
_FULL_LINE_CHARACTERS = 65
_TAIL_CHARACTERS = 30

_FIELD = re.compile(
    r"^\s*\*?(From|Sent|Date|To|Cc|Subject|Subj|Von|Gesendet|An|Betreff|De|Envoyé|À|Objet|Enviado|Para|Asunto|Da|Inviato"
    r"|Oggetto|Van|Verzonden|Onderwerp):\*?(?:\s|$)",
    re.IGNORECASE,
)
_FIRST_FIELDS = frozenset({"from", "subj", "von", "de", "da", "van"})
_FIELD_REACH = 6  # lines below 'From:' in which another field must stand

# Lotus Notes: a name, a date, 'To:', 'cc:', 'Subject:', without any mark that a quote begins.
_NOTES_TO = re.compile(r"^\s*To:(?:\s|$)")
_NOTES_SUBJECT = re.compile(r"^\s*Subject:")
_NOTES_DATE = re.compile(
    r"\b\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4},?\s+\d{1,2}:\d{2}(?::\d{2})?(?:\s*[AP]M)?\b", re.IGNORECASE
)
_NOTES_CC = re.compile(r"^\s*cc:")
_NOTES_BETWEEN = re.compile(r"^\t|^\s*(?:$|Please respond to|Sent by:|\S+@\S+\s*$)", re.IGNORECASE)
_NOTES_REACH_UP = 8  # lines
_NOTES_REACH_DOWN = 120  # a long list of recipients stands between 'To:' and 'Subject:'
_NOTES_NAME = re.compile(r"^\s*\S.{0,68}[^\s.!?]\s*$")
_NOTES_UNFINISHED = re.compile(r"[@/<,\"(]\s*$")
# The same as a table: the sender in the left column, the fields in the right one.
_NOTES_TABLE_TO = re.compile(r"^\s{6,}\S.*\s{3}To:(?:\s|$)|^\s{30,}To:(?:\s|$)")
_NOTES_TABLE_FIELD = re.compile(r"\s{3}(?:cc|Subject):(?:\s|$)")
_INDENTED = re.compile(r"^\s{6,}\S")

_ATTACHMENT = re.compile(
    r"^\s*(?:<<\s*(?:File|Message|OLE Object|Picture)\b.*>>|\(See attached file:.*\)|\[(?:image|cid|attachment)\b.*\]"
    r"|- [^\s].{0,80}\.[A-Za-z0-9]{2,4}(?: <<\s*File:.*>>)?|<Embedded [^<>]*>|<<.{1,80}\.[A-Za-z0-9]{2,4}>>)\s*$",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s*[-_=*]{3,}\s*$")
_NEVER = re.compile(r"(?!)")
_LEFT_OVER = re.compile(r"[-_]{2,}\s*(?:original message|forwarded (?:message|by))", re.IGNORECASE)


class _Reply(EmailMessage):  # type: ignore[misc]
    """email-reply-parser for single header lines ('Subject: …'), which open pasted mails that the rules here let pass.

    Its other patterns are off: the rules do that with fewer mistakes, and its search for 'On … wrote:' over any
    distance takes time that grows with the cube of a long text.
    """

    HEADER_REGEX = re.compile(r"^\*?(?:From|Sent|Subject):\*? .+")  # 'To: be honest' is prose
    MULTI_QUOTE_HDR_REGEX = MULTI_QUOTE_HDR_REGEX_MULTILINE = QUOTE_HDR_REGEX = QUOTED_REGEX = SIG_REGEX = _NEVER


def remove(text: str) -> str:
    """The text without quoted and forwarded parts, attachment marks and the rules that set them off."""
    while True:
        lines = _without_marked(text.split("\n"))
        lines = [line for line in lines[: _header(lines)] if not _ATTACHMENT.match(line)]
        while lines and (not lines[-1].strip() or _RULE.match(lines[-1])):
            lines.pop()
        own: str = _Reply("\n".join(lines)).read().reply.strip("\n")
        if own == text:
            return own
        text = own  # what was between two quotes can look like a header now that they are gone


def remove_before_html(text: str) -> str:
    """The same for a body that may be HTML: a plain one must lose its quotes while its lines are still lines."""
    return text if text.lstrip().startswith("<") else remove(text)


def left_over(text: str) -> Reason | None:
    """The reason to drop a sentence in which the header of a quote still stands."""
    return Reason.QUOTE_LEFT_OVER if _LEFT_OVER.search(text) else None


def _without_marked(lines: list[str]) -> list[str]:
    """Without '>' lines, their wrapped tails and the attributions above them."""
    quoted = [bool(_QUOTED.match(line)) for line in lines]
    for index in range(1, len(lines) - 1):
        was_full = quoted[index - 1] and len(lines[index - 1].rstrip()) >= _FULL_LINE_CHARACTERS
        if was_full and quoted[index + 1] and 0 < len(lines[index].strip()) <= _TAIL_CHARACTERS:
            quoted[index] = True
    first_below = _next_filled(lines)
    for index in range(len(lines)):
        length = _attribution(lines, index) or bool(_NAME_WROTE.match(lines[index]))
        below = first_below[index + length] if length else None
        if below is not None and quoted[below]:
            quoted[index : index + length] = [True] * length
    return [line for line, mark in zip(lines, quoted, strict=True) if not mark]


def _next_filled(lines: list[str]) -> list[int | None]:
    """For each index, and the one after the last, the first line from there on that is not blank."""
    following: list[int | None] = [None] * (len(lines) + 1)
    for index in range(len(lines) - 1, -1, -1):
        following[index] = index if lines[index].strip() else following[index + 1]
    return following


def _attribution(lines: list[str], index: int) -> int:
    """How many lines the attribution that begins at this line has; 0 if none does."""
    if not lines[index].strip():
        return 0
    if _SHORT_ATTRIBUTION.match(lines[index]):
        return 1
    for length in range(1, _ATTRIBUTION_LINES + 1):
        if _ATTRIBUTION.match(" ".join(lines[index : index + length]).strip()):
            return length
    return 0


def _header(lines: list[str]) -> int:
    """The first line of the first header of an unmarked quote; the number of lines if there is none."""
    for index, line in enumerate(lines):
        if _is_field_block(lines, index):
            return _letterhead(lines, index)
        if _DASHED.match(line) or _attribution(lines, index):
            return index
        if _NOTES_TO.match(line) or _NOTES_TABLE_TO.match(line):
            start = _notes_header(lines, index)
            if start is not None:
                return start
    return len(lines)


def _is_field_block(lines: list[str], index: int) -> bool:
    first = _FIELD.match(lines[index])
    if not first or first[1].lower() not in _FIRST_FIELDS:
        return False
    below = (_FIELD.match(line) for line in lines[index + 1 : index + 1 + _FIELD_REACH])
    return any(field and field[1].lower() not in _FIRST_FIELDS for field in below)


def _notes_header(lines: list[str], to: int) -> int | None:
    """Where the Lotus Notes header begins to which this 'To:' line belongs; None if it belongs to none."""
    below = lines[to + 1 : to + 1 + _NOTES_REACH_DOWN]
    if _NOTES_TABLE_TO.match(lines[to]):
        return _notes_table(lines, to) if any(map(_NOTES_TABLE_FIELD.search, below)) else None
    if not any(map(_NOTES_SUBJECT.match, below)):
        return None
    for index in range(to - 1, max(-1, to - 1 - _NOTES_REACH_UP), -1):
        date = _NOTES_DATE.search(f"{lines[index]} {lines[index + 1]}")
        if date and date.start() < len(lines[index]):
            return _notes_sender(lines, index, date.start())
        if not _NOTES_BETWEEN.match(lines[index]):
            break
    return to if any(map(_NOTES_CC.match, below)) else None


def _notes_table(lines: list[str], to: int) -> int:
    while to and _INDENTED.match(lines[to - 1]):
        to -= 1
    return to


def _notes_sender(lines: list[str], dated: int, column: int) -> int:
    """The first line of the sender's name, which stands before the date or on the one or two lines above it."""
    first = _letterhead(lines, dated)
    if first == dated and dated and not lines[dated][:column].strip() and _NOTES_NAME.match(lines[dated - 1]):
        first = dated - 1
    while first and _NOTES_UNFINISHED.search(lines[first - 1]) and _NOTES_NAME.match(lines[first - 1]):
        first -= 1
    while first and lines[first - 1].strip() and lines[first - 1] in lines[first : dated + 1]:
        first -= 1  # some versions of Notes wrote it several times
    return first


def _letterhead(lines: list[str], sender: int) -> int:
    """The first line of the letterhead above a sender that is indented by a tab, as the letterhead is."""
    first = sender
    if lines[sender].startswith("\t"):
        while first and (lines[first - 1].startswith("\t") or not lines[first - 1].strip()):
            first -= 1
    return first
