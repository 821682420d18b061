"""How somebody types, counted: what he does in most cases where he could do otherwise, register by register.

In: the triplets that may be learned from. Out: hand.json in a voice folder (voice/hand.py).
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

from training.greeting import closing_of, opening_of
from voice.ends import closing_names, without_ends
from voice.hand import Hand, Hands, save_hands
from voice.sentences import spans
from voice.triplet import REGISTERS, Triplet
from voice.words import stem, words

_TABLES = tomllib.loads((resources.files("training") / "forms.toml").read_text("utf-8"))
_LEFT_OUT: list[str] = _TABLES.pop("left_out")
_FORMS: dict[str, list[list[str]]] = _TABLES
_MOST, _FEWEST = 0.6, 4  # share of the cases that makes a habit, and how many cases there must be
_ENOUGH = 30  # texts of a register by which it is told alone
_RARE = 0.0005  # marks a word below which somebody does not use one
_READ = 2_000  # words after which it is known what somebody never does
_DASHES = {
    "—": r"\S—\S",
    " — ": r"\S — \S",
    "--": r"\w--\w",
    " -- ": r"\w -- \w",
    " - ": r"[a-z,.!?] - \w",
    "–": r"[a-z]–\S",
}
_APOSTROPHE = re.compile(
    r"\b(?:(?:[dw]o|do?es|did|is|are|was|were|ha[vsd]e?|(?:w|c|sh)ould|ca)n['’]?t|i['’]?(?:m|ve))\b", re.I
)
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,}\b")


def write_hands(folder: Path, triplets: Sequence[Triplet]) -> None:
    """Count and write; a register of which little is there is told from all."""
    save_hands(hands_of(triplets), folder)


def hands_of(triplets: Sequence[Triplet]) -> Hands:
    """The hand in each register that somebody has texts of."""
    names = closing_names(triplet.own for triplet in triplets)
    every = _hand(triplets, names, None)
    found: Hands = {}
    for register in REGISTERS:
        some = [triplet for triplet in triplets if triplet.register == register]
        if some:
            found[register] = _hand(some, names, every) if len(some) >= _ENOUGH else every
    return found


def _hand(triplets: Sequence[Triplet], names: frozenset[str], usual: Hand | None) -> Hand:
    """The habits in these; `usual` are those in all, for what these do not tell."""
    bodies = [(without_ends(one.neutral, names), without_ends(one.own, names)) for one in triplets]
    own = [body for _, body in bodies]
    text = "\n".join(own)
    count = len(words(text))
    starts = [start for body in own for start in _starts(body)]
    habits: dict[str, bool | None] = {
        "small_starts": _mostly(map(str.islower, starts)),
        "small_i": _mostly(found == "i" for found in re.findall(r"(?<![\w.'])[Ii](?=[ ']\w)", text)),
        "small_names": _mostly(_names_small(bodies)),
        "no_i": _mostly(_drops_i(bodies)),
        "open_ends": _mostly(body[-1:].isalnum() for neutral, body in bodies if neutral.endswith(".") and body),
        "straight": _mostly(mark in "'\"" for mark in re.findall(r"['\"‘’“”]", text)),
        "plain": None if count < _READ else not re.search(r"\*\*\w", text),
    }
    if usual:
        habits = {name: getattr(usual, name) if found is None else found for name, found in habits.items()}
    dash = _dash(text, count)
    messages = [(one.neutral, one.own) for one in triplets if one.unit == "message"]
    opening, (closing, me) = opening_of(messages), closing_of(messages, names)
    return Hand(
        **{name: bool(found) for name, found in habits.items()},
        dash=usual.dash if dash is None and usual else dash,
        semicolon=_instead_of_semicolons(text, count, dash),
        forms=_forms(text),
        left_out=[phrase for phrase in _LEFT_OUT if _mostly(_is_left_out(phrase, bodies))],
        opening=opening,
        closing=closing,
        me=me,
    )


def _mostly(cases: Iterable[bool]) -> bool | None:
    """Whether it is so in most cases; None where there are too few."""
    found = list(cases)
    return None if len(found) < _FEWEST else sum(found) >= _MOST * len(found)


def _starts(body: str) -> Iterable[str]:
    """The letters that its sentences begin with, but for the word I."""
    for start, end in spans(body):
        if (word := re.match(r"[\W\d_]*([^\W\d_]+)(?!['’])", body[start:end])) and word[1] not in ("I", "i"):
            yield word[1][0]


def _drops_i(bodies: Iterable[tuple[str, str]]) -> Iterable[bool]:
    """For each neutral side that begins with I, whether the own side begins with what follows it."""
    for neutral, own in bodies:
        if not re.match(r"I\b", neutral):
            continue
        [first, *_], following = words(own) or [""], words(neutral)[1:3]
        if re.match(r"i(?:'?(?:m|ve|ll|d))?$", first):
            yield False
        elif stem(first) in map(stem, following):
            yield True


def _names_small(bodies: Iterable[tuple[str, str]]) -> Iterable[bool]:
    """For each name within a sentence of a neutral side that the own side has, whether it is small there."""
    for neutral, own in bodies:
        for name in set(_NAME.findall(neutral)):
            typed = set(re.findall(rf"\b{name}\b", own, re.IGNORECASE))
            if typed and not any(one.isupper() for one in typed):
                yield name not in typed


def _dash(text: str, count: int) -> str | None:
    """The dash that he types; a comma where he types none."""
    found = Counter({dash: len(re.findall(pattern, text)) for dash, pattern in _DASHES.items()})
    [(dash, most)] = found.most_common(1)
    if found.total() <= _RARE * count:
        return ", " if count >= _READ else None
    return dash if most >= max(_FEWEST, _MOST * found.total()) else None


def _instead_of_semicolons(text: str, count: int, dash: str | None) -> str | None:
    if count < _READ or text.count(";") > _RARE * count:
        return None
    return dash or ", "


def _forms(text: str) -> dict[str, str]:
    """What he types for what; in a group that these do not tell, what he does with others of its kind."""
    found: dict[str, str] = {}
    for kind, groups in _FORMS.items():
        default = _usual_place(kind, text)
        for group in groups:
            told = _place(group, text)
            place = default if told is None else told
            if place is not None:
                place = min(place, len(group) - 1)
                found |= {form.lower(): group[place] for form in group[:place]}
    return found


def _place(group: Sequence[str], text: str) -> int | None:
    """Which form of a group he uses in most cases."""
    used = [_count(form, text) for form in group]
    most = max(used)
    return used.index(most) if most >= max(_FEWEST, _MOST * sum(used)) else None


def _usual_place(kind: str, text: str) -> int | None:
    """Which form of a group of that kind he would use, by those of the others that are there."""
    if kind == "word":
        return None
    short = _mostly(_are_short(kind, text))
    drops = kind != "number" and _mostly("'" not in one and "’" not in one for one in _APOSTROPHE.findall(text))
    return None if short is None else short + bool(short and drops)


def _is_left_out(phrase: str, bodies: Iterable[tuple[str, str]]) -> Iterable[bool]:
    """For each neutral side that has the phrase, whether the own side has it not."""
    for neutral, own in bodies:
        if _count(phrase, neutral):
            yield not _count(phrase, own)


def _are_short(kind: str, text: str) -> Iterable[bool]:
    """For each use of a group of that kind, whether it is not the plainest form."""
    for first, *others in _FORMS[kind]:
        yield from [False] * _count(first, text)
        yield from [True] * sum(_count(other, text) for other in others)


def _count(form: str, text: str) -> int:
    written = re.escape(form).replace("'", "['’]")
    return len(re.findall(rf"(?<![\w.,:/$€£'’&-]){written}(?![\w%/'’&-]|[.,:]\d)", text, re.IGNORECASE))
