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
        |ha\sscritto|scrisse|escreveu|skrev|skrifaði|kirjoitti|napisała?|pisze|napsala?|napísala?
        |írta|yazdı|a\sscris|đã\sviết|написала?|пишет|пише|писала?|έγραψε)\b
      |写道|さんは書きました|のメッセージ|님이\s작성""",
    re.IGNORECASE | re.VERBOSE,
)
_SAID = re.compile(r"\b(?:said|says|sagte|dijo|a\sdit|disse)\s*:?$", re.IGNORECASE)
_QUOTING = re.compile(r"^(?:Quoting|Zitat von|Zitiere|Citando|Citat|Citation de|Citerar)\s\S")
_OPENING = re.compile(
    r"""^(?:On|In\sa\smessage\sdated|At|Am|Le|El|Il|Op|Em|Den|Dne|Dňa|W\sdniu|Dnia|Na|Vào|Pada|Tarihinde|在|於|于)\b""",
    re.VERBOSE,
)
_ADDRESS = re.compile(r"[<(\[]\s*(?:mailto:)?[^<>()\[\]\s@]+@[^<>()\[\]\s]+\s*[>)\]]|\S+@\S+\.\w")
_BRACKETED = re.compile(r"<[^<>\s@]+@[^<>\s]+>\s*[:：]?$")
_CLOCK = re.compile(r"\b\d{1,2}[:.h]\d{2}\b")
_MONTH = (
    r"(?:jan|feb|fév|mär|mar|apr|abr|avr|may|mai|maj|jun|juin|jul|juil|aug|ago|août|sep|set|oct|okt|out|ott|nov|dec|dez|dic|"
    r"déc|ene|gen|mag|giu|lug|led|úno|bře|dub|kvě|čer|srp|zář|říj|lis|pro|sty|lut|kwi|cze|lip|sie|wrz|paź|gru)"
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b|\d{4}年")
_DAY = re.compile(
    rf"\b\d{{1,2}}(?:st|nd|rd|th|\.)?\s?(?:de\s)?{_MONTH}|\b{_MONTH}[^\W\d_]*\.?\s\d{{1,2}}\b", re.IGNORECASE
)
_FEMALE = re.compile(r"^\s?\(?[aа]\)?(?=\W|$)")  # what Slavic verbs carry: napisał(a)
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
    return bool(_OPENING.match(line) or _is_dated(line) or _ADDRESS.search(line) or _SOMEBODY.match(line))


def _is_dated(text: str) -> bool:
    return bool(_YEAR.search(text) or _CLOCK.search(text) or _DAY.search(text))


def _is_sure(text: str) -> bool:
    """Whether a text is an attribution and nothing else."""
    ends = text.endswith((":", "："))
    if not ends and not _BRACKETED.search(text):
        return False
    address, clock, is_dated = _ADDRESS.search(text), _CLOCK.search(text), _is_dated(text)
    verb = _VERB.search(text)
    if verb and _stands_apart(text[verb.end() :].rstrip(":： ")):
        return bool((address and (ends or is_dated)) or (ends and is_dated and (_OPENING.match(text) or clock)))
    if _QUOTING.match(text):
        return bool(address)
    if _SAID.search(text.rstrip(":： ")):
        return bool(clock and _YEAR.search(text) and _OPENING.match(text))
    return bool(
        ends and _BRACKETED.search(text) and clock and _YEAR.search(text)
    )  # '2015-10-06 10:47 Ana Lee <ana@…>:'


def _stands_apart(behind: str) -> bool:
    """Whether what stands behind the verb is the attribution's as well: a name, a date or an address."""
    behind = _FEMALE.sub("", behind)
    is_name = behind[:1].isspace() and behind.strip()[:1].isupper()
    return not behind or (len(behind) <= 120 and (is_name or _is_dated(behind) or bool(_ADDRESS.search(behind))))
