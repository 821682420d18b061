"""What somebody pasted into his mail: articles, notices, advertisements, jokes, chain letters, logs of conversations.

In: the text of a mail without its quotes, its lines as they were sent. Out: the text without what is pasted. Nothing
marks where that begins, so each paragraph is judged by what it is: whether it speaks as a person to a person ('I',
'you', 'please', a greeting) or as a page (a dateline, a by-line, labels, reported speech, columns, long words), and the
paragraphs of a mail together: own words come first, and what is pasted mostly goes on to the end.
"""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from typing import Any

from extraction.clean.steps import Rejected
from extraction.reason import Reason
from voice.words import FUNCTION_WORDS

_MARKS = tomllib.loads((resources.files("extraction.clean") / "pasted.toml").read_text("utf-8"))
_OTHER = _MARKS["other"]

_PARAGRAPH = re.compile(r"(?:[^\n]*\S[^\n]*(?:\n|\Z))+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_QUOTED = re.compile(r"“[^”]{1,600}”|\"[^\"]{1,600}\"|(?<!\w)‘[^’]{1,400}’(?!\w)")
_SUBJECT = re.compile(r"^\s*(?:Subject|Subj|FW|Fwd?)\s?:\s+\S")
_LETTER = re.compile(r"^\s*Dear\s[^\n]{2,60}[,:]\s*$", re.MULTILINE)
_INDENTED = re.compile(r"^(?:[ ]{2,}|\t)[^\W\d_][^\n]{15,}")
_BROKEN = re.compile(r"[^\n.!?:;]{15,60}(?<![.!?:;])\n\s{0,2}(?=[a-z])")
_COLUMNS = re.compile(r"\S(?:\s{3,}|\t)\S")
_TITLE = re.compile(
    r"^\W{0,3}(?:[A-Z][\w'’]*\W{1,2}(?:(?:of|the|a|an|in|on|to|and|for|by|with|your|from|at|is)\W){0,2}){4,10}$"
)
_SPEAKER = re.compile(
    r"^\s*([^\s:][^\n:]{0,30}?)(?:\s*[(\[]\d{1,2}:\d{2}[^)\]\n]*[)\]])?(?:\s(?:says|wrote|said))?:(?:\s|$)"
)

# What it costs, in the logarithm of the odds, to go from own words to pasted ones between two paragraphs, and back.
_START_PASTED = -3.0  # a mail that is nothing but pasted
_TO_PASTED, _TO_PASTED_AT_GAP, _TO_PASTED_ANNOUNCED = -3.5, -1.8, -1.5
_TO_OWN, _TO_OWN_AT_GAP = -6.0, -4.5
_CLEARLY_HIS = -1.5  # a paragraph that speaks so much of a person is not strange, whatever its words
_ENGLISH = 0.2  # of the words are function words at least
_FOREIGN = -1.5  # what is written in another language is judged by the marks of a page alone
_FEWEST_WORDS = 25  # that are cut as pasted; less is left alone
_FEWEST_LINES = 4  # of a conversation, less one

Familiarity = Callable[[str], float]


def _filled(pattern: str) -> str:
    return pattern.replace("MONTH", _OTHER["month"]).replace("APO", "['’]")


@dataclass(frozen=True, slots=True)
class _Mark:
    """Something that stands in a paragraph, and what it is worth: the first time, each further one, how many count."""

    patterns: tuple[re.Pattern[str], ...]
    first: float
    more: float
    most: int

    @classmethod
    def of(cls, entry: dict[str, Any]) -> "_Mark":
        """A mark as pasted.toml has it."""
        words = [rf"\b(?i:{'|'.join(entry['words'])})\b"] if "words" in entry else []
        lines = [rf"^\s*(?:{line})" for line in entry.get("lines", ())]
        found = [re.compile(_filled(one), re.MULTILINE) for one in (*words, *lines, *entry.get("anywhere", ()))]
        return cls(tuple(found), *entry["weights"])

    def worth(self, text: str) -> float:
        """What the mark is worth in a text."""
        times = min(sum(len(pattern.findall(text)) for pattern in self.patterns), self.most)
        return self.first + self.more * (times - 1) if times else 0.0


_PERSON = [_Mark.of(entry) for entry in _MARKS["person"]]
_PAGE = [_Mark.of(entry) for entry in _MARKS["page"]]
_TALKS = _PERSON[:5]  # those that no long paragraph of a person lacks
_ANNOUNCES = re.compile(_filled(rf"\b(?:{'|'.join(_OTHER['announces'])})\b"), re.IGNORECASE)
_INVITATION = re.compile(_filled(_OTHER["invitation"]), re.IGNORECASE)
_FIELD_NAMES = frozenset(_OTHER["fields"].split())


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph's span in its text, and whether more than one empty line stands above it."""

    start: int
    end: int
    after_gap: bool


def remove(text: str, familiarity: Familiarity | None = None) -> str:
    """The text without what is pasted into it.

    `familiarity` says of a paragraph how far its words are from those of the writer's other mails, in standard
    deviations of his own paragraphs (above 0: stranger), where that is known.
    """
    if len(text.split()) < _FEWEST_WORDS and text.count("\n") < _FEWEST_LINES:
        return text
    paragraphs = paragraphs_of(text)
    texts = [text[one.start : one.end] for one in paragraphs]
    logs = _conversation(texts)
    scores = [score(one, familiarity) for one in texts]
    scores = [
        mark + 2.0 * bool(place and _LETTER.search(one))
        for place, (one, mark) in enumerate(zip(texts, scores, strict=True))
    ]
    decided = _with_beginning(_decide(paragraphs, texts, scores), paragraphs, texts)
    pasted = [log or mark for log, mark in zip(logs, decided, strict=True)]
    cut = sum(len(one.split()) for one, mark in zip(texts, pasted, strict=True) if mark)
    if not any(logs) and cut < _FEWEST_WORDS:
        return text
    return "".join(_kept(text, paragraphs, pasted)).strip("\n")


def drop_or_remove(text: str) -> str | Rejected:
    """The text without what is pasted; Rejected where nothing else is in it."""
    own = remove(text)
    return own if own.strip() or not text.strip() else Rejected(Reason.PASTED)


def paragraphs_of(text: str) -> list[Paragraph]:
    """The paragraphs of a text: what stands between empty lines."""
    found: list[Paragraph] = []
    for match in _PARAGRAPH.finditer(text):
        gap = text[found[-1].end if found else 0 : match.start()].count("\n")
        found.append(Paragraph(match.start(), match.end(), gap > 1))
    return found


def _kept(text: str, paragraphs: Sequence[Paragraph], pasted: Sequence[bool]) -> list[str]:
    """The parts of the text from each own paragraph to the next one, whatever it is."""
    ends = [*(one.start for one in paragraphs[1:]), len(text)]
    return [text[one.start : end] for one, end, mark in zip(paragraphs, ends, pasted, strict=True) if not mark]


def _decide(paragraphs: Sequence[Paragraph], texts: Sequence[str], scores: Sequence[float]) -> list[bool]:
    """The likeliest sequence of own and pasted paragraphs (Viterbi), given each one's log-odds of being pasted."""
    best = [(0.0, [False]), (_START_PASTED + scores[0], [True])]
    for index in range(1, len(scores)):
        gap = paragraphs[index].after_gap
        into = _TO_PASTED_AT_GAP if gap else _TO_PASTED
        if _announces(texts[index - 1]):
            into = max(into, _TO_PASTED_ANNOUNCED)
        back = _TO_OWN_AT_GAP if gap else _TO_OWN
        (own, own_path), (other, other_path) = best
        to_own = max((own, own_path), (other + back, other_path), key=lambda option: option[0])
        to_other = max((own + into, own_path), (other, other_path), key=lambda option: option[0])
        best = [(to_own[0], [*to_own[1], False]), (to_other[0] + scores[index], [*to_other[1], True])]
    return max(best, key=lambda option: option[0])[1]


def _with_beginning(pasted: list[bool], paragraphs: Sequence[Paragraph], texts: Sequence[str]) -> list[bool]:
    """The same with the first paragraph pasted as well if it belongs to the next one, and nobody speaks in it."""
    if len(pasted) < 2 or pasted[0] or not pasted[1] or paragraphs[1].after_gap or _announces(texts[0]):
        return pasted
    speaks = len(texts[0].split()) < _FEWEST_WORDS / 3 or any(mark.worth(texts[0]) for mark in _PERSON)
    return [not speaks, *pasted[1:]]


def _announces(text: str) -> bool:
    return text.rstrip().endswith(":") or bool(_ANNOUNCES.search(text))


def score(paragraph: str, familiarity: Familiarity | None = None) -> float:
    """The log-odds that a paragraph is pasted, by what stands in it alone."""
    outside = _INVITATION.sub(" ", _QUOTED.sub(" ", paragraph))
    words = _WORD.findall(outside)
    lines = [line for line in paragraph.split("\n") if line.strip()]
    count = max(len(words), 1)
    is_list = len(lines) > 2 and count < 8 * len(lines)
    if not is_list and not _is_english(words):
        return _FOREIGN + _page_like(paragraph, lines)
    prose = 0.0 if is_list else min(1.0, count / 30)
    by_itself = (
        -0.3
        + _personal(outside, count)
        + _page_like(paragraph, lines)
        + prose * min(1.2, 0.4 * max(0.0, math.log2((count + 1) / 40)))
        + prose * max(-0.5, min(1.0, 1.2 * (sum(map(len, words)) / count - 4.7)))
        + prose * _impersonal(outside, len(words))
        + (0.6 if len(outside) < 0.5 * len(paragraph) and len(lines) < 4 else 0.0)
    )
    if familiarity is None or by_itself < _CLEARLY_HIS:
        return by_itself
    return by_itself + prose * max(-1.0, min(4.0, 1.5 * (familiarity(paragraph) - 1)))


def _is_english(words: Sequence[str]) -> bool:
    """Whether the marks of a person can be looked for in these words: they are English."""
    known = sum(word.lower() in FUNCTION_WORDS for word in words)
    return len(words) < _FEWEST_WORDS or known >= _ENGLISH * len(words)


def _personal(outside: str, count: int) -> float:
    """How much speaks for a person who writes to another; at most 0."""
    per = 60 / max(count, 60)  # the same words weigh less in a long paragraph
    return -per * sum(mark.worth(outside) for mark in _PERSON)


def _impersonal(outside: str, count: int) -> float:
    """What it says that a long paragraph holds nothing of a person who writes to another."""
    if count < 45 or any(mark.worth(outside) for mark in _TALKS):
        return 0.0
    return 1.0 if count < 90 else 1.8


def _page_like(paragraph: str, lines: Sequence[str]) -> float:
    """How much speaks for a page: its words, and how its lines stand."""
    indented = sum(map(bool, map(_INDENTED.match, lines)))
    shape = (
        (4.0, len(lines) == 1 and _SUBJECT.match(lines[0])),
        (1.8, indented > 1 and indented > 0.7 * len(lines)),
        (1.0, len(_BROKEN.findall(paragraph)) > max(1, 0.4 * len(lines))),
        (0.8, len(lines) == 1 and _TITLE.match(paragraph.strip())),
        (0.5, sum(map(bool, map(_COLUMNS.search, lines))) > 2),
    )
    return sum(mark.worth(paragraph) for mark in _PAGE) + sum(worth for worth, found in shape if found)


def _conversation(texts: Sequence[str]) -> list[bool]:
    """Which paragraphs are a log of a conversation: lines of few speakers who take turns."""
    lines = [(place, line) for place, text in enumerate(texts) for line in text.split("\n") if line.strip()]
    speakers = [(place, match[1].strip()) for place, line in lines if (match := _SPEAKER.match(line))]
    names = Counter(name for _, name in speakers)
    talking = {name for name, times in names.items() if times >= 2 and name.lower() not in _FIELD_NAMES}
    spoken = [(place, name) for place, name in speakers if name in talking]
    turns = sum(first != second for (_, first), (_, second) in pairwise(spoken))
    if len(talking) < 2 or len(spoken) < max(5, 2.5 * len(talking)):
        return [False] * len(texts)
    first, last = spoken[0][0], spoken[-1][0]
    share = len(spoken) / sum(first <= place <= last for place, _ in lines)
    is_log = (turns >= 3 and share >= 0.5) or (turns >= 2 and share >= 0.8)
    return [is_log and first <= place <= last for place in range(len(texts))]
