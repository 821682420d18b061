"""What anybody could do without a model: rewrites that a good score must not be impressed by.

In: pairs to learn the owner's commonest habits from, and neutral texts. Out: for each trick, the texts it makes. Four
of them compete in every evaluation; what tells writers apart is shown all of them as examples of what he is not.
"""

import difflib
import hashlib
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence

from voice.sentences import split
from voice.words import words

Pairs = Sequence[tuple[str, str]]
Trick = Callable[[str], str]

_PIECE = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
_SUBSTITUTIONS = 10
_SENTENCES = 5
_FAVOURITES = 8
_OFTEN = 3


def tricks(pairs: Pairs) -> dict[str, Trick]:
    """The tricks by name, each a function from a neutral text to its rewrite."""
    return {
        "copy": lambda text: text,
        "copy + ending": with_ending(pairs),
        "case and marks": with_case_and_marks(pairs),
        "word substitutions": with_substitutions(pairs),
    }


def decoys(pairs: Pairs) -> list[list[str]]:
    """The neutral texts with each of the tricks played on them: more examples of what is not the owner."""
    every = tricks(pairs)
    appended, strewn, substituted = with_sentences(pairs), with_words(pairs), every["word substitutions"]
    every |= {"contract": contract, "append": appended, "strew": strewn}
    every["all"] = lambda text: strewn(appended(substituted(contract(text))))
    return [[trick(neutral) for neutral, _ in pairs] for name, trick in every.items() if name != "copy"]


def contract(text: str) -> str:
    """The commonest contractions."""
    for pattern, short in _CONTRACTIONS:
        text = pattern.sub(short, text)
    return text


def with_sentences(pairs: Pairs) -> Trick:
    """Append one of the owner's commonest sentences."""
    common = [sentence for sentence, _ in Counter(s for _, own in pairs for s in split(own)).most_common(_SENTENCES)]
    return lambda text: f"{text} {_chance(text).choice(common)}" if common else text


def with_words(pairs: Pairs) -> Trick:
    """Strew the words that the owner uses more often than the neutral side over the text."""
    extra = Counter(word for _, own in pairs for word in words(own)) - Counter(
        word for neutral, _ in pairs for word in words(neutral)
    )
    favourites = [word for word, _ in extra.most_common(_FAVOURITES)]

    def trick(text: str) -> str:
        chance, said = _chance(text), text.split()
        for _ in range(max(1, len(said) // _FAVOURITES) if favourites else 0):
            said.insert(chance.randrange(len(said) + 1), chance.choice(favourites))
        return " ".join(said)

    return trick


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
        chance = _chance(text).random()
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


def _chance(text: str) -> random.Random:
    """The same chance for the same text."""
    return random.Random(hashlib.sha256(text.encode()).digest())


def _as_typed(old: str, new: str) -> str:
    """The new word, with a capital where the old one had one."""
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


_CONTRACTIONS = [
    (re.compile(pattern, re.IGNORECASE), short)
    for pattern, short in (
        (r"\bI am\b", "I'm"),
        (r"\b(is|are|was|were|do|does|did|could|would|should|have|has|had) not\b", r"\1n't"),
        (r"\bcan ?not\b", "can't"),
        (r"\bwill not\b", "won't"),
        (r"\b(I|you|we|they|he|she|it) will\b", r"\1'll"),
        (r"\b(it|that|what|there|he|she) is\b", r"\1's"),
        (r"\b(we|you|they) are\b", r"\1're"),
        (r"\b(I|we|you|they) have\b", r"\1've"),
        (r"\b(I|we|you|they) would\b", r"\1'd"),
    )
]
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
