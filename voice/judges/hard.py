"""Faults that no likelihood outweighs: identifiers, figures, somebody's name, and what only a machine writes.

In: a text and its rewrite, both masked. Out: the kinds of such faults, empty for most rewrites.
"""

import re
from collections.abc import Sequence

from voice.echo import Echoes
from voice.facts.compare import lacking, of_placeholders, words_of
from voice.facts.figures import figures
from voice.facts.masking import PLACEHOLDER
from voice.facts.named import is_first_name, is_misspelled, names_of
from voice.facts.quantities import Figure
from voice.judges.machine import of_a_machine

_SIGNED = re.compile(
    r"(?:\n|[.,!?—–-] )\s{0,4}(?:(?:(?:kind|best|warm)\s)?(?:regards|wishes|best|love|cheers|thanks|thx)[,.!]?\s)?"
    r"(?:[^\W\d_]+\.?\s?){1,2}$", re.IGNORECASE,
)  # fmt: skip
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
    lost, made_up = of_placeholders(text, rewrite)
    was, now = (figures(PLACEHOLDER.sub(" ", side)) for side in (text, rewrite))
    figures_lost = {figure.kind for figure in lacking(was, now) if not is_light(figure)}
    found = {figure.kind for figure in lacking(now, was) if not is_light(figure)}
    found |= made_up | of_a_machine(text, rewrite, prompt, echoes)
    if not cut:
        found |= lost | figures_lost
    return found | ({"name"} if _names_somebody(text, rewrite, signs_as) else set())


def is_light(figure: Figure) -> bool:
    """Whether a figure goes without saying more often than not: a day of the week, today, two, 100 %."""
    return (
        figure.kind in ("day", "weekday")
        or (figure.kind == "number" and figure.value in _SMALL)
        or (figure.kind, figure.value) == ("percentage", "100")
    )


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


def _is_short_for(name: str, words: set[str]) -> bool:
    """Whether a name is the first letters of one of these words, such as Alex of Alexander."""
    return len(name) > 2 and any(word.startswith(name) for word in words)
