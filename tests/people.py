"""A made-up writer for tests, whose neutral texts and own ones differ in grammar, words and marks."""

import random

from evaluation.cases import Case

_SUBJECTS = ("The report", "The garden", "Our landlord", "The new printer", "That bakery", "The concert", "My bicycle")
_VERBS = ("is not ready", "was very expensive", "is going to be late", "has been repaired", "does not work", "is fine")
_TIMES = ("on Monday", "after the meeting", "before lunch", "this week", "at the station", "in the kitchen")
_OPENINGS = ("I wanted to let you know that", "Please note that", "I would like to mention that", "To be clear,")
_OWN = {
    "I wanted to let you know that ": "", "Please note that ": "ok so ", "I would like to mention that ": "well ",
    "To be clear, ": "ok ", "is not": "isn't", "does not": "doesn't", "is going to be": "'s gonna be",
    "has been": "'s been", "very": "so damn", "Our": "our", "The": "the", "That": "that", "My": "my", ".": " -- right?",
}  # fmt: skip


def pairs(count: int, seed: int = 1) -> list[tuple[str, str]]:
    """(neutral, own), each once."""
    chance = random.Random(seed)
    found: dict[str, str] = {}
    while len(found) < count:
        subject, verb, when, opening = map(chance.choice, (_SUBJECTS, _VERBS, _TIMES, _OPENINGS))
        neutral = f"{opening} {subject[0].lower()}{subject[1:]} {verb} {when}. {chance.choice(_SUBJECTS)} {verb}."
        own = neutral
        for old, new in _OWN.items():
            own = own.replace(old, new)
        found[neutral] = own
    return list(found.items())


def cases(count: int) -> list[Case]:
    """The same as cases, each of a thread of its own."""
    return [Case(neutral, own, "email", "sentence", str(place)) for place, (neutral, own) in enumerate(pairs(count))]


def strangers(count: int) -> list[str]:
    """Texts of somebody else."""
    chance = random.Random(9)
    verbs, things = ("We sold", "They moved", "She bought", "You found"), ("ten boats!", "a house!", "old maps!")
    return [f"{chance.choice(verbs)} {chance.choice(things)} Wow, such luck; {place} more!" for place in range(count)]
