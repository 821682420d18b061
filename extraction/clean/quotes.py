"""A mail's own text: without what it quotes and forwards.

In: the plain text of a mail. Out: the lines that its sender typed, in order, with their line breaks.
Two kinds of quote: marked line by line ('> '), where answers between and below are kept, and opened by a header, after
which nothing tells a quote from an answer, so that the rest is cut.
"""

import re

from extraction.clean import attribution
from extraction.reason import Reason

# Opens a quote whatever follows, in the languages of Outlook's and Lotus Notes' users.
_DASHED = re.compile(
    r"""^\s*(?:
      [-_=*]{2,}\s*(?:original\s(?:message|appointment|e?-?mail)|forwarded\s(?:message|by|letter)|reply\sseparator
        |ursprüngliche\snachricht|weitergeleitete?\s(?:nachricht|von)|message\sd[’']origine|mail\soriginal|message\stransféré
        |mensaje\s(?:original|reenviado)|messaggio\soriginale|oorspronkelijk\sbericht|mensagem\soriginal)\b
      |begin\sforwarded\smessage: | forwarded\smessage:\s*$ | début\sdu\smessage\s(?:réexpédié|transféré)\s?:
      |anfang\sder\sweitergeleiteten\snachricht: | inicio\sdel\smensaje\sreenviado: | inizio\smessaggio\sinoltrato:
      |begin\sdoorgestuurd\sbericht:
      |vidarebefordrat\s(?:brev|meddelande):
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_QUOTED = re.compile(r"^\s{0,3}>(?![:;._][-'_]?[()<|DP])")  # but not an angry face
# A quoted line that was wrapped after it was quoted: at least so long, and the rest of it on a line of its own.
_FULL_LINE_CHARACTERS = 65
_TAIL_CHARACTERS = 30
_OPEN_LINK = re.compile(r"<(?:https?://|www\.|mailto:)[^<>\s]*$", re.IGNORECASE)
_LINK_TAIL = re.compile(r"^[^<>\s]+>\S{0,2}\s*$")

# The fields of a header, by what they say, in the languages of Outlook's users.
_FIELDS = {
    "sender": "from von de da van från fra lähettäjä od kimden от",
    "date": "sent date gesendet datum envoyé enviado fecha inviato data verzonden skickat sendt dato lähetetty wysłano "
    "gönderme tarihi отправлено дата",
    "recipient": "to an à para a aan till til vastaanottaja do kime кому cc bcc kopie kopia copie",
    "subject": "subject subj betreff objet asunto oggetto onderwerp assunto ämne emne aihe temat předmět konu тема",
}
_KIND = {name: kind for kind, names in _FIELDS.items() for name in names.split()}
_FIELD = re.compile(
    rf"^\s*[*_]?({'|'.join(sorted(_KIND, key=len, reverse=True))})\s?:[*_]?(?:\s+(.*))?$", re.IGNORECASE
)
_FIELD_REACH = 8  # lines of a header that are looked at
_ADDRESS = re.compile(r"\S@\S|mailto:")
_MOMENT = re.compile(r"(?=.*\b\d{1,2}[:.]\d{2}\b)(?=.*(?:\b\d{4}\b|\d[/.-]\d{1,2}[/.-]\d))")

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
_NOTES_AT = re.compile(r"[A-Z][\w.'-]*(?: [A-Z][\w.'-]*){1,4}\s?(?:/[\w&]+)*@[A-Z]\w+")
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
_LEFT_OVER = re.compile(r"[-_]{2,}\s*(?:original message|forwarded (?:message|by))", re.IGNORECASE)


def remove(text: str) -> str:
    """The text without quoted and forwarded parts, attachment marks and the rules that set them off."""
    while True:
        lines = _without_marked(text.split("\n"))
        lines = [line for line in lines[: _header(lines)] if not _ATTACHMENT.match(line)]
        while lines and (not lines[-1].strip() or _RULE.match(lines[-1])):
            lines.pop()
        own = "\n".join(lines).strip("\n")
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
        if quoted[index - 1] and _OPEN_LINK.search(lines[index - 1]) and _LINK_TAIL.match(lines[index]):
            quoted[index] = True
    first_below = _next_filled(lines)
    for index in range(len(lines)):
        found = attribution.find(lines, index)
        below = first_below[index + found.lines] if found else None
        if found and below is not None and quoted[below]:
            quoted[index : index + found.lines] = [True] * found.lines
    return [line for line, mark in zip(lines, quoted, strict=True) if not mark]


def _next_filled(lines: list[str]) -> list[int | None]:
    """For each index, and the one after the last, the first line from there on that is not blank."""
    following: list[int | None] = [None] * (len(lines) + 1)
    for index in range(len(lines) - 1, -1, -1):
        following[index] = index if lines[index].strip() else following[index + 1]
    return following


def _header(lines: list[str]) -> int:
    """The first line of the first header of an unmarked quote; the number of lines if there is none."""
    for index, line in enumerate(lines):
        if _NOTES_TO.match(line) or _NOTES_TABLE_TO.match(line):
            start = _notes_header(lines, index)
            if start is not None:
                return start
        if _is_field_block(lines, index):
            return _letterhead(lines, index)
        found = attribution.find(lines, index)
        if _DASHED.match(line) or (found and found.sure):
            return index
    return len(lines)


def _is_field_block(lines: list[str], index: int) -> bool:
    """Whether a header begins here: fields of two kinds at least, and a subject, an address or a moment among them."""
    if not _FIELD.match(lines[index]):
        return False
    kinds: set[str] = set()
    is_header = False
    for line in lines[index : index + _FIELD_REACH]:
        if field := _FIELD.match(line):
            kind = _KIND[field[1].lower()]
            kinds.add(kind)
            value = field[2] or ""
            is_header |= kind == "subject" or bool(_ADDRESS.search(value) or _MOMENT.match(value))
    return is_header and len(kinds) > 1


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
    while first and _is_repeated(lines, first, dated):
        first -= 1
    return first


def _is_repeated(lines: list[str], first: int, dated: int) -> bool:
    """Whether the line above a sender is of his as well: some versions of Notes wrote name and date several times."""
    above = lines[first - 1].strip()
    is_part = lines[first - 1] in lines[first : dated + 1] or _NOTES_DATE.fullmatch(above) or _NOTES_AT.fullmatch(above)
    return bool(above and is_part)


def _letterhead(lines: list[str], sender: int) -> int:
    """The first line of the letterhead above a sender that is indented by a tab, as the letterhead is."""
    first = sender
    if lines[sender].startswith("\t"):
        while first and (lines[first - 1].startswith("\t") or not lines[first - 1].strip()):
            first -= 1
    return first
