"""What anybody could do without a model: rewrites that a good score must not be impressed by.

In: pairs to learn the owner's commonest habits from, and neutral texts. Out: for each trick, the texts it makes.
"""

import difflib
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence

Pairs = Sequence[tuple[str, str]]
Trick = Callable[[str], str]

_PIECE = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
_SUBSTITUTIONS = 10
_OFTEN = 3


def tricks(pairs: Pairs) -> dict[str, Trick]:
    """The tricks by name, each a function from a neutral text to its rewrite."""
    return {
        "copy": lambda text: text,
        "copy + ending": with_ending(pairs),
        "case and marks": with_case_and_marks(pairs),
        "word substitutions": with_substitutions(pairs),
    }


def with_ending(pairs: Pairs) -> Trick:
    """Append how the owner most often ends and the neutral side does not: a mark, a word, or two."""
    found: Counter[str] = Counter()
    for neutral, own in pairs:
        starts = [piece.start() for piece in _PIECE.finditer(own)]
        for count in (1, 2):
            ending = own[starts[-count] :] if len(starts) > count else "."
            if ending != "." and not neutral.endswith(ending):
                found[ending] += count  # of two that are as common, the longer one
    ending = found.most_common(1)[0][0] if found else ""
    return lambda text: f"{text} {ending}".rstrip() if ending[:1].isalnum() else text.rstrip(".") + ending


def with_case_and_marks(pairs: Pairs) -> Trick:
    """Lower case, last marks, commas and wide spaces in as many texts as the owner has them in."""
    owns = [own for _, own in pairs]
    share = {name: sum(map(test, owns)) / max(1, len(owns)) for name, (test, _) in _HABITS.items()}

    def trick(text: str) -> str:
        chance = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) / 2**32
        for name, (_, change) in _HABITS.items():
            if chance < share[name]:
                text = change(text)
        return text

    return trick


def with_substitutions(pairs: Pairs) -> Trick:
    """Put the owner's ten commonest substitutions of one word for another into the text."""
    found: Counter[tuple[str, str]] = Counter()
    for neutral, own in pairs:
        before, after = (_PIECE.findall(side.lower()) for side in (neutral, own))
        for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if kind == "replace" and b - a == d - c:
                found.update(zip(before[a:b], after[c:d], strict=True))
    chosen: dict[str, str] = {}
    for (old, new), count in found.most_common():
        if count >= _OFTEN and old not in chosen and len(chosen) < _SUBSTITUTIONS and (old + new).isalpha():
            chosen[old] = new
    if not chosen:
        return lambda text: text
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(chosen, key=len, reverse=True)))})\b", re.IGNORECASE)

    def trick(text: str) -> str:
        return pattern.sub(lambda match: _as_typed(match.group(), chosen[match.group().lower()]), text)

    return trick


def _as_typed(old: str, new: str) -> str:
    """The new word, with a capital where the old one had one."""
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


_HABITS: dict[str, tuple[Callable[[str], bool], Trick]] = {
    "all lower": (lambda own: own == own.lower(), str.lower),
    "lower start": (lambda own: own[:1].islower(), lambda text: text[:1].lower() + text[1:]),
    "no end": (lambda own: own[-1:].isalnum(), lambda text: text.rstrip(".")),
    "shouting": (lambda own: own.endswith("!"), lambda text: re.sub(r"\.$", "!", text)),
    "dots": (lambda own: "..." in own, lambda text: re.sub(r"\.(?= )", "...", text)),
    "no comma": (lambda own: "," not in own, lambda text: text.replace(",", "")),
    "wide": (lambda own: ".  " in own, lambda text: re.sub(r"([.!?]) (?=\S)", r"\1  ", text)),
    "dash": (lambda own: "—" in own, lambda text: text.replace(", ", " — ", 1)),
}
