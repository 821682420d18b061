"""Faults that no likelihood outweighs: of identifiers, figures, names, of a no and a question, and of machines alone.

In: a text and its rewrite, both masked. Out: the kinds of such faults, empty for most rewrites.
"""

import re
from collections.abc import Sequence

from voice.asking import asks, still_asks
from voice.echo import Echoes
from voice.ends import without_ends
from voice.facts.alike import says_as_much
from voice.facts.compare import lacking, of_placeholders, words_of
from voice.facts.figures import figures
from voice.facts.masking import PLACEHOLDER
from voice.facts.named import is_first_name, is_misspelled, is_uncommon, names_of
from voice.facts.negation import negations
from voice.facts.quantities import Figure
from voice.judges.machine import of_a_machine

# Kinds of which people's own versions have some in seven of a hundred texts: a slip in a rewrite, none in a pair.
OFTEN_OWN = frozenset({"negation", "question"})
_SIGNED = re.compile(
    r"(?:\n|[.,!?—–-] )\s{0,4}(?:(?:(?:kind|best|warm)\s)?(?:regards|wishes|best|love|cheers|thanks|thx)[,.!]?\s)?"
    r"(?:[^\W\d_]+\.?\s?){1,2}$", re.IGNORECASE,
)  # fmt: skip
# What tells which half of the day a time is in, and a word or two that a text opens with, such as a greeting.
_HALF_OF_DAY = re.compile(
    r"\d\s?[ap](?:\.?\s?m)?\b|\b(?:noon|midnight|morning|afternoon|evening|night|tonight|nite|tonite)\b", re.IGNORECASE
)
_FULL_NAME = re.compile(r"[A-Z][\w.'’-]*(?:\s[A-Z][\w.'’-]*)+")
_OPENING = re.compile(r"\s*(?P<words>[^\W\d_]+(?: [^\W\d_]+)?)\s*(?:[,:;—–-]|\n)")
_SMALL = ("2", "3")  # numbers that go without saying: both, the three of us


def hard_faults(
    text: str,
    rewrite: str,
    prompt: str = "",
    echoes: Echoes | None = None,
    signs_as: Sequence[str] = (),
    *,
    cut: bool = False,
) -> set[str]:
    """The kinds of hard faults; `prompt` is what the model was told, `signs_as` what the owner may be called.

    What a rewrite lacks that was `cut` off is no fault of it.
    """
    if text.strip() and not rewrite.strip():
        return {"empty"}
    found = of_a_machine(text, rewrite, prompt, echoes)
    lost, made_up = of_placeholders(text, rewrite)
    was, now = (figures(PLACEHOLDER.sub(" ", side)) for side in (text, rewrite))
    found |= made_up | {figure.kind for figure in lacking(now, was) if not is_light(figure)}
    if _names_somebody(text, rewrite, signs_as):
        found.add("name")
    if cut:
        return found
    found |= lost | {figure.kind for figure in lacking(was, now) if not is_light(figure)}
    found |= _left_open(was, now, rewrite)
    if _loses_somebody(text, rewrite, signs_as):
        found.add("name")
    if negations(rewrite) < negations(text):
        found.add("negation")
    if (asks(text) or "?" in text) and not still_asks(text, rewrite):
        found.add("question")
    return found


def is_light(figure: Figure) -> bool:
    """Whether a figure goes without saying more often than not: a day of the week, today, two, 100 %."""
    return (
        figure.kind in ("day", "weekday")
        or (figure.kind == "number" and figure.value in _SMALL)
        or (figure.kind, figure.value) == ("percentage", "100")
    )


def _left_open(was: Sequence[Figure], now: Sequence[Figure], rewrite: str) -> set[str]:
    """The kinds of figures that are there, but not what tells them from others: the half of the day, the month."""
    told = {"time"} if _HALF_OF_DAY.search(rewrite) else set()
    figures_left = [figure for figure in was if figure.certain and figure.kind not in told]
    return {one.kind for one in figures_left if not any(says_as_much(other, one) for other in now)} & {"time", "date"}


def _names_somebody(text: str, rewrite: str, signs_as: Sequence[str]) -> bool:
    """Whether the rewrite has a first name, or the owner's, that the text does not have in any spelling.

    Of an owner whose names are not known, a name that stands alone at the end is his.
    """
    known = words_of(text)
    if not signs_as:
        rewrite = _SIGNED.sub("", rewrite)
    owner = {part for name in signs_as for part in words_of(name) if len(part) > 1}
    if owner & (words_of(rewrite) - known):
        return True
    names = [name for name in names_of(rewrite, typed=True) if not words_of(name) <= known and is_first_name(name)]
    return not all(is_misspelled(name, known) or _is_short_for(name, known) for name in names)


def _loses_somebody(text: str, rewrite: str, signs_as: Sequence[str]) -> bool:
    """Whether the rewrite lacks a name of the text in any spelling, or greets by another one.

    Whom he greets by name, how he signs, and which part of a full name he says, is up to the owner.
    """
    names = names_of(text)
    if all(words_of(name) <= words_of(rewrite) for name in names):
        return False
    between = words_of(without_ends(text, signs_as))
    known = words_of(rewrite) | {part for name in signs_as for part in words_of(name)}
    said = {name for name in names if _is_said(name, known)}
    in_part = {word for full in _FULL_NAME.findall(text) if said & words_of(full) for word in words_of(full)}
    lost = names - said - in_part
    if any(words_of(name) <= between for name in lost):
        return True
    opening = _OPENING.match(rewrite)
    others = words_of(opening["words"]) - words_of(text) if opening else set()
    return any(is_uncommon(word) or sorted(word) == sorted(name) for word in others for name in lost)


def _is_said(name: str, words: set[str]) -> bool:
    """Whether one of these words is the name, its possessive, its first letters, or a misspelling of it."""
    if words_of(name) <= words or {f"{name}s", name.removesuffix("s")} & words or _is_short_for(name, words):
        return True
    others = {word for word in words if not is_first_name(word)}
    return any(len(word) > 2 and name.startswith(word) for word in words) or is_misspelled(name, others)


def _is_short_for(name: str, words: set[str]) -> bool:
    """Whether a name is the first letters of one of these words, such as Alex of Alexander."""
    return len(name) > 2 and any(word.startswith(name) for word in words)
