"""How somebody types, counted: before, after, and as the owner does it.

In: texts with greetings and all. Out: for each habit a number over all of them.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np

from voice.ends import closes, greets
from voice.sentences import split
from voice.words import words

_CONTRACTION = re.compile(r"\b\w+(?:n['’]t|['’](?:re|ve|ll|m|d))\b|\b(?:it|that|what|there|he|she|let)['’]s\b", re.I)
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]|(?<!\\S)[:;=]['-]?[()DPp/|](?!\\S)|(?<!\\S):o\\)")
_ASSISTANT = re.compile(
    r"\b(?:i hope (?:this|you)|please (?:let me know|note|do not hesitate|feel free|find)|"
    r"please be (?:informed|advised|aware)|"
    r"i wanted to (?:let|inform|reach)|i would (?:like|appreciate|be happy|be glad)|i look forward|i apologi[sz]e|"
    r"thank you (?:so much|very much|for your|in advance)|at your earliest convenience|rest assured|additionally|"
    r"furthermore|moreover|for your reference|as mentioned|it is worth noting|best regards|kind regards|"
    r"if you have any (?:questions|concerns)|i am writing|would you please|could you please|however)\b",
    re.IGNORECASE,
)

# Name -> (measure of one text, scale): the mean over texts, in the unit that the name says.
_OF_A_TEXT: dict[str, Callable[[str], float]] = {
    "words a text": lambda text: len(words(text)),
    "words a sentence": lambda text: len(words(text)) / max(1, len(split(text))),
    "greeting %": lambda text: 100.0 * greets(text),
    "lower-case start %": lambda text: 100.0 * text.lstrip()[:1].islower(),
    "no end mark %": lambda text: 100.0 * text.rstrip()[-1:].isalnum(),
    "emoji %": lambda text: 100.0 * bool(_EMOJI.search(text)),
}
_PER_1000: dict[str, Callable[[str], float]] = {
    "contractions / 1,000 words": lambda text: len(_CONTRACTION.findall(text)),
    "em-dashes / 1,000 words": lambda text: text.count("—") + len(re.findall(r"\s--?\s", text)),
    "commas / 1,000 words": lambda text: text.count(","),
    "exclamation marks / 1,000 words": lambda text: len(re.findall("!+", text)),
    "dots / 1,000 words": lambda text: len(re.findall(r"\.{2,}|…", text)),
    "question marks / 1,000 words": lambda text: len(re.findall(r"\?+", text)),
    "assistant's phrases / 1,000 words": lambda text: len(_ASSISTANT.findall(text)),
}


def habits(texts: Sequence[str], spelled: frozenset[str], names: frozenset[str]) -> dict[str, float]:
    """Each habit's number; `names` are how he signs; words that are not in `spelled` count as odd spellings."""
    total = max(1, sum(len(words(text)) for text in texts))
    found = {name: float(np.mean([measure(text) for text in texts])) for name, measure in _OF_A_TEXT.items()}
    found["sign-off %"] = 100.0 * float(np.mean([closes(text, names) for text in texts]))
    found |= {name: 1000 * sum(map(measure, texts)) / total for name, measure in _PER_1000.items()}
    odd = sum(word.isalpha() and word not in spelled for text in texts for word in set(words(text)))
    return found | {"odd spellings / 1,000 words": 1000 * odd / total}


def overshoot(before: float, after: float, owner: float) -> float | None:
    """How far the voice went on the way from input to owner: 1 is there, 2 twice as far; None where there is no way."""
    way = owner - before
    return (after - before) / way if abs(way) > 0.1 * max(abs(owner), abs(before), 1e-9) else None
