"""The line above a quote that says who wrote it, in the languages and forms of the common mail programs.

In: the lines of a mail and an index. Out: how many lines the attribution has that begins there, and whether it is sure:
one that names an address, or a full date with a verb, opens a quote by itself; a mere 'she wrote:' does only above a
quote that is marked.
"""

import re
from dataclasses import dataclass

_MOST_LINES = 4
_MOST_CHARACTERS = 320

_VERB = re.compile(
    r"""\b(?:wrote|writes|has\swritten|schrieb|geschrieben|schreef|geschreven|a\sécrit|écrivait|ecrit|escribió|escribio
        |ha\sscritto|scrisse|escreveu|skrev|skrifaði|kirjoitti|napisał(?:\(?a\)?)?|pisze|napsal\(?a?\)?|napísal\(?a?\)?
        |írta|yazdı|a\sscris|написал(?:\(?а\)?)?|пишет|писал(?:\(?а\)?)?|έγραψε)\b
      |写道|さんは書きました|のメッセージ|님이\s작성""",
    re.IGNORECASE | re.VERBOSE,
)
_SAID = re.compile(r"\b(?:said|says|sagte|dijo|a\sdit|disse)\s*:?$", re.IGNORECASE)
_OPENING = re.compile(
    r"""^(?:On|In\sa\smessage\sdated|At|Am|Le|El|Il|Op|Em|Den|Dne|Dňa|W\sdniu|Dnia|Em|Na|Vào|Pada|Tarihinde|在|於|于)\b""",
    re.VERBOSE,
)
_ADDRESS = re.compile(r"[<(\[]\s*(?:mailto:)?[^<>()\[\]\s@]+@[^<>()\[\]\s]+\s*[>)\]]|\S+@\S+\.\w")
_BRACKETED = re.compile(r"<[^<>\s@]+@[^<>\s]+>\s*[:：]?$")
_CLOCK = re.compile(r"\b\d{1,2}[:.h]\d{2}\b")
_DATE = re.compile(
    r"""\b\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}\b | \b(?:19|20)\d\d\b | \d{4}年
      | \b\d{1,2}\.?\s?(?:de\s)?[^\W\d_]{3,9}\.?\b | \b[A-Z][a-z]{2,8}\.?\s\d{1,2}\b""",
    re.VERBOSE,
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b|\d{4}年")
# 'Ana Lee wrote:', 'Ana Lee <ana@example.org> writes:'
_SOMEBODY = re.compile(
    r"^\s*\S.{0,80}\s(?:wrote|writes|said|schrieb|a\sécrit|escribió|ha\sscritto|schreef|escreveu|skrev)\s?:\s*$"
)


@dataclass(frozen=True, slots=True)
class Attribution:
    """`lines` of a mail that say who wrote what stands below; `sure` where they say it beyond doubt."""

    lines: int
    sure: bool


def find(lines: list[str], index: int) -> Attribution | None:
    """The shortest attribution that begins at this line; one that is sure comes before one that is not."""
    first = lines[index].strip()
    if not first or not _may_begin(first):
        return None
    text = ""
    for length in range(1, min(_MOST_LINES, len(lines) - index) + 1):
        line = lines[index + length - 1].strip()
        if not line:
            break
        text = f"{text} {line}".strip()
        if len(text) > _MOST_CHARACTERS:
            break
        if _is_sure(text):
            return Attribution(length, sure=True)
    return Attribution(1, sure=False) if _SOMEBODY.match(first) else None


def _may_begin(line: str) -> bool:
    return bool(_OPENING.match(line) or _DATE.search(line) or _ADDRESS.search(line) or _SOMEBODY.match(line))


def _is_sure(text: str) -> bool:
    """Whether a text is an attribution and nothing else."""
    ends = text.endswith((":", "："))
    if not ends and not _BRACKETED.search(text):
        return False
    address, clock, date = (pattern.search(text) for pattern in (_ADDRESS, _CLOCK, _DATE))
    verb = _VERB.search(text)
    if verb and _stands_apart(text, verb):
        return bool(address and (ends or date)) or bool(ends and date and (_OPENING.match(text) or clock))
    if _SAID.search(text.rstrip(":： ")):
        return bool(clock and _YEAR.search(text) and _OPENING.match(text))
    return bool(_BRACKETED.search(text) and clock and _YEAR.search(text))  # '2015-10-06 10:47 Ana Lee <ana@…>:'


def _stands_apart(text: str, verb: re.Match[str]) -> bool:
    """Whether the verb is the attribution's: only a name, a date or an address stands behind it."""
    behind = text[verb.end() :].rstrip(":： ")
    return not behind or (
        len(behind) <= 120
        and bool(
            _ADDRESS.search(behind) or _DATE.search(behind) or (behind[:1].isspace() and behind.strip()[:1].isupper())
        )
    )
