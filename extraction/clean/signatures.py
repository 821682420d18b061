"""A mail's own text without what its sender did not type each time: signature blocks and legal disclaimers.

In: the text of a mail without its quotes. Out: the text without them. Greetings and sign-off words ('Thanks,') stay:
they are voice. A bare name under a sign-off word goes.
"""

import re

from voice.facts.named import is_first_name

_DELIMITER = re.compile(r"^\s*\*?--\s+\*?\s*$|^\s*\*--\s?\*\s*$")
_BARE_DELIMITER = re.compile(r"^\s*--\s*$")  # some programs take the space away; others' writers type it as a rule
_POSTSCRIPT = re.compile(r"^\s*P\.?\s?S\b", re.IGNORECASE)
_DEVICE = re.compile(
    r"""^\s*(?:
      Sent\s(?:from|via|using|with|by)\s(?:my|the|a|an|Outlook|Yahoo|Mail|Gmail|AOL|BlackBerry|iPhone|Android|Windows
        |Samsung|Proton|Superhuman|Spark|Verizon|AT&T|T-Mobile|Sprint)\b.{0,100}
      |Get\sOutlook\sfor\s(?:iOS|Android).{0,60} | Von\smeinem\s.{0,40}\sgesendet | Envoyé\sde\smon\s.{0,40}
      |Enviado\s(?:desde|do)\sm[ie][ua]?\s.{0,40} | Inviato\sda(?:l\smio)?\s.{0,40}
      |(?:Verzonden|Verstuurd)\s(?:vanaf|van|met|via)\s.{0,60} | Sendt\sfra\s.{0,40} | Skickat\sfrån\s.{0,40}
      |Lähetetty\s.{0,40} | Wysłan[eo]\sz\s.{0,40} | Odesláno\sz\s.{0,40} | Trimis\sde\spe\s.{0,40}
      |Отправлено\sс(?:о)?\s.{0,40} | Στάλθηκε\sαπό\s.{0,40} | Gesendet\s(?:von|mit)\s.{0,60} | Hanki\sOutlook.{0,40}
      |(?:Outlook|Téléchargez|Holen\sSie\ssich)\s.{0,20}Outlook\s.{0,40}
      |iPhone(?:から送信|에서\s보냄) | 发自我的\s?\S.{0,20}
      |Please\sconsider\sthe\senvironment\sbefore\sprinting.{0,80}
      |Virus[- ]free\..{0,120} | (?:Virenfrei|Libre\sde\svirus|Sans\svirus|Virusvrij|Virusfri)\.\s.{0,120}
      |(?:This|The)\s(?:e-?mail|message)\s(?:has\sbeen|was)\s(?:checked|scanned)\s(?:for|by)\s.{0,160}
      |(?:Checked|Scanned)\sby\sAVG\b.{0,120} | No\svirus\sfound\sin\sthis\s(?:incoming|outgoing|)\s?message\.?.{0,80}
      |(?:Internal\s)?Virus\sDatabase(?:\sis\sout\sof\sdate)?.{0,100} | Version:\s[\d.]+\s/\sVirus.{0,100}
      |Outgoing\smail\sis\scertified\sVirus\sFree\.? | Get\syour\s(?:FREE|free)\s.{0,60}https?://\S+
      |(?:https?://)?www\.(?:avast|avg|mcafee|norton)\.com\S*
    )\s*$""",
    re.IGNORECASE | re.VERBOSE,
)

# What free mail services append: a rule, and below it a few lines with a link.
_RULE = re.compile(r"^\s*[_*=~-]{10,}\s*$")
_SHORT_RULE = re.compile(r"^\s*[_*=~-]{3,}\s*$")
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
_FOOTER_LINES = 6

_PARAGRAPHS = re.compile(r"\n[ \t]*\n")
_LEGAL_START = re.compile(
    r"""^[\s*=_#-]*(?:
      (?:this|the)\s(?:information|material|contents?|e-?mail|electronic|message|transmission|communication|documents?)\b
      |(?:confidential(?:ity)?|privileged?|privacy|legal|important|disclaimer|notice|caution|warning|attention
        |(?:irs\s)?circular|pursuant\sto|to\s(?:ensure|comply)|unless\sexpressly|any\s(?:unauthori[sz]ed|tax\sadvice)
        |if\syou\s(?:are\snot\sthe|have\sreceived|received))\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_LEGAL_WORDS = re.compile(
    r"confidential|privileged|(?:intended|named) recipient|intended (?:only|solely|for the)|addressee|disclos"
    r"|disseminat|unauthori[sz]ed|strictly prohibited|not permitted|received (?:this|it) .{0,40}in error|by mistake"
    r"|(?:notify|tell) the sender|attorney[- ]client|liab(?:le|ility)|virus|circular 230|penalties|binding|legally",
    re.IGNORECASE,
)
_LEGAL_WORDS_NEEDED = 3

_SIGN_OFF = re.compile(
    r"^\s*(?:many thanks|thanks?(?: you)?(?: very much| so much| again| in advance| a lot)?|thx|tks|regards|"
    r"(?:best|kind|kindest|warm|warmest|with (?:best|kind)) (?:regards|wishes)|best|cheers|sincerely(?: yours)?|"
    r"mfg|lg|vg|(?:viele|liebe|beste|schöne) grüße|mit freundlichen grüßen|gruß|grüße|cordialement|bien à (?:toi|vous)|"
    r"bisous|à bientôt|saludos(?: cordiales)?|un abrazo|abrazos|atentamente|(?:cordiali )?saluti|"
    r"(?:met vriendelijke |hartelijke )?groet(?:en|jes)?|mvh|(?:vänliga |bästa )?hälsningar|abraços?|atenciosamente|"
    r"yours(?: truly| sincerely| faithfully)?|respectfully|love|xoxo|take care|talk soon|later|cordially|all the best)"
    r"[\s,.!-]*$",
    re.IGNORECASE,
)
_NAME = re.compile(r"^\s*[-–—~*]{0,2}\s?[A-Z][\w.'’-]*(?:,? [A-Z][\w.'’-]*){0,3}[,.]?\s*$")
_DASHED_NAME = re.compile(r"^\s*[-–—~]{1,2}\s?[A-Z][\w.'’]{0,20}(?: [A-Z][\w.'’]{0,20})?\s*$")
_CONTACT = re.compile(
    r"""(?:\+?\d{1,3}[\s.-]?)?\(?\d{3}\)?[\s./-]{0,2}\d{3}[\s.-]\d{4}\b | \+\d[\d\s().-]{7,}\d
      | \b[\w.+-]+@[\w-]+\.[\w.-]+ | \b(?:https?://|www\.)\S+
      | ^\s*(?:tel|phone|ph|fax|cell|mobile|office|direct|pager|e-?mail|work|home|m|p|o|f|t|c)\b\s?[:.#]""",
    re.IGNORECASE | re.VERBOSE,
)
_SHORT_WORDS = frozenset("ok yes no lol thx ty you all u am pm fyi btw asap bye hi hey".split())
_BLOCK_LINES = 10
_BLOCK_WORDS = 9  # a line of a signature block is short
_BLOCK_CHARACTERS = 120
_SENTENCE_END = re.compile(r"[a-z]{2}[.!?:]\s*$")


def remove(text: str) -> str:
    """The text without device lines, footers, disclaimers, signature blocks and the bare name under a sign-off."""
    while True:
        lines = [line for line in _without_delimited(text.split("\n")) if not _DEVICE.match(line)]
        lines = _without_footer(lines)
        while lines and (not lines[-1].strip() or _SHORT_RULE.match(lines[-1])):
            lines.pop()
        own = _without_name(_without_block(_without_disclaimers("\n".join(lines))))
        if own == text:
            return own
        text = own  # what stood above a block can be the end of another one


def last_lines(text: str) -> list[str]:
    """The last lines of a text that look like part of a signature: a name, a post, a way to reach somebody."""
    found = []
    for line in reversed(text.split("\n")):
        if line.strip() and not _may_sign(line):
            break
        if line.strip():
            found.append(line.strip())
    return found[:_BLOCK_LINES] if len(found) < len([line for line in text.split("\n") if line.strip()]) else []


def without_learned(text: str, learned: frozenset[str]) -> str:
    """The text without the lines at its end that its writer is known to sign with; never all of it."""
    lines = text.rstrip().split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].strip() in learned):
        lines.pop()
    return "\n".join(lines)


def _may_sign(line: str) -> bool:
    words = line.split()
    if not _is_block_line(line) or line.rstrip().endswith((".", "!", "?", "…")):
        return False
    capitalised = all(word[0].isupper() or not word[0].isalpha() for word in words)
    return bool(_CONTACT.search(line)) or capitalised or (len(words) <= 3 and any(map(str.isdigit, line)))


def _without_delimited(lines: list[str]) -> list[str]:
    """Without what follows a line of '-- ', up to a postscript."""
    cut = next((index for index in range(len(lines)) if _is_delimiter(lines, index)), None)
    if cut is None:
        return lines
    postscript = next((index for index in range(cut, len(lines)) if _POSTSCRIPT.match(lines[index])), len(lines))
    return lines[:cut] + lines[postscript:]


def _is_delimiter(lines: list[str], index: int) -> bool:
    """'-- ', or '--' above nothing but the short lines of a signature."""
    if not _BARE_DELIMITER.match(lines[index]):
        return bool(_DELIMITER.match(lines[index]))
    if lines[index].rstrip("\n").endswith(" "):
        return True
    below = [line for line in lines[index + 1 :] if line.strip()]
    postscript = next((at for at, line in enumerate(below) if _POSTSCRIPT.match(line)), len(below))
    return len(below[:postscript]) <= _BLOCK_LINES and all(map(_is_block_line, below[:postscript]))


def _without_footer(lines: list[str]) -> list[str]:
    for index in range(len(lines) - 1, -1, -1):
        if _RULE.match(lines[index]):
            below = [line for line in lines[index + 1 :] if line.strip()]
            is_footer = len(below) <= _FOOTER_LINES and any(map(_LINK.search, below))
            return lines[:index] if is_footer else lines
    return lines


def _without_disclaimers(text: str) -> str:
    if not _LEGAL_WORDS.search(text):
        return text.strip("\n")
    kept = [paragraph for paragraph in _PARAGRAPHS.split(text) if not _is_legal(paragraph)]
    return "\n\n".join(kept).strip("\n")


def _is_legal(paragraph: str) -> bool:
    if not _LEGAL_START.match(paragraph):
        return False
    words = {match.group().lower() for match in _LEGAL_WORDS.finditer(" ".join(paragraph.split()))}
    return len(words) >= _LEGAL_WORDS_NEEDED


def _without_block(text: str) -> str:
    """Without the last lines if they are a name and, below it, a way to reach its bearer."""
    lines = text.rstrip().split("\n")
    start = len(lines)
    while start > 1 and len(lines) - start < _BLOCK_LINES and _is_block_line(lines[start - 1]):
        start -= 1
    for first in range(start, len(lines) - 1):
        above = next((line for line in reversed(lines[:first]) if line.strip()), "")
        if not above or above.rstrip().endswith(":"):
            continue  # all there is, or an answer such as 'here is her number:'
        if _NAME.match(lines[first]) and any(_CONTACT.search(line) for line in lines[first + 1 :]):
            return "\n".join(lines[:first]).rstrip()
    return text.rstrip()


def _is_block_line(line: str) -> bool:
    is_short = len(line) <= _BLOCK_CHARACTERS and len(line.split()) <= _BLOCK_WORDS
    return is_short and not _SIGN_OFF.match(line) and not _SENTENCE_END.search(line)


def _without_name(text: str) -> str:
    """Without a last line that is a name: under a sign-off word, after a dash, or a first name that stands apart."""
    lines = text.rstrip().split("\n")
    last, above = lines[-1], next((line for line in reversed(lines[:-1]) if line.strip()), "")
    if not above:
        return text.rstrip()
    signs = _DASHED_NAME.match(last) or (_SIGN_OFF.match(above) and (_NAME.match(last) or _signs_short(last)))
    stands_apart = not lines[-2].strip() and not above.rstrip().endswith(("?", ":", ","))
    if signs or (stands_apart and _is_first_name(last)):
        return "\n".join(lines[:-1]).rstrip()
    return text.rstrip()


def _is_first_name(line: str) -> bool:
    """A first name, perhaps with another name or an initial: 'Kay', 'Jeff D.'"""
    return bool(_NAME.match(line)) and len(line.split()) <= 2 and is_first_name(line.split()[0].strip(".,-–—~*"))


def _signs_short(line: str) -> bool:
    """A first name in lower case, or initials."""
    word = line.strip(" \t.,-–—~*")
    return (word.isalpha() and len(word) <= 3 and word.lower() not in _SHORT_WORDS) or is_first_name(word)
