"""Texts as the ways of telling writers apart see them: each cheap habit by one of them only.

In: a text. Out: its letters, its words, or what of it is grammar. Contractions and marks are seen by the way of
function words (and marks by LambdaG, which is published so), lower case and spelling by letters. The others see them
put back: whoever only contracts, or only drops capitals, has imitated a quarter of somebody at most.
"""

import re
from itertools import pairwise

from voice.words import FUNCTION_WORDS

_TOKEN = re.compile(r"\d+(?:[.,:/-]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|\n+|\.{2,}|[!?]{2,}|-{2,}|[^\w\s]")
_ENDINGS = ("ing", "ed", "ly", "s")
_WORDLESS = re.compile(r"[^\w\s'’]+")
_SPACE = re.compile(r"\s+")

_VERBS = "is|are|was|were|do|does|did|could|would|should|have|has|had|must|need"
_IS = r"(?P<who>it|that|what|there|he|she|here|where|who|how|let)"
_CONTRACTIONS = [
    (re.compile(pattern, re.IGNORECASE), whole)
    for pattern, whole in (
        (r"\b(?:cannot|can[’']?t)\b", "can not"),
        (r"\bwon[’']?t\b", "will not"),
        (r"\bain[’']?t\b", "is not"),
        (
            r"\b(?P<verb>is|are|was|were|do|does|did|could|would|should|have|has|had|must|need)n[’']?t\b",
            r"\g<verb> not",
        ),
        (r"\bi[’']?m\b", "I am"),
        (r"\bi[’']?ve\b", "I have"),
        (r"\bi[’']ll\b", "I will"),
        (r"\b(?P<who>you|we|they|i)[’']ve\b", r"\g<who> have"),
        (r"\b(?P<who>you|they|we)[’']re\b|\b(?P<bare>you|they)re\b", lambda m: f"{m['who'] or m['bare']} are"),
        (r"\b(?P<who>\w+)[’']ll\b", r"\g<who> will"),
        (r"\b(?P<who>i|you|we|they|he|she|it|that|there|who)[’']d\b", r"\g<who> would"),
        (rf"\b{_IS}[’']s\b", r"\g<who> is"),
        (r"\b(?P<who>that|what)s\b", r"\g<who> is"),
    )
]


def letters(text: str) -> str:
    """The text without marks, contractions spelled out, case as it is."""
    return _SPACE.sub(" ", _WORDLESS.sub(" ", whole(text))).strip()


def whole(text: str) -> str:
    """The text with its contractions spelled out, with or without apostrophe."""
    for pattern, full in _CONTRACTIONS:
        text = pattern.sub(full, text)
    return text


def tokens(text: str) -> list[str]:
    """Words in lower case with straight apostrophes, numbers, marks, runs of marks and line breaks."""
    return [match.group().lower().replace("’", "'") for match in _TOKEN.finditer(text)]


def whole_words(text: str) -> list[str]:
    """The words in lower case, contractions spelled out."""
    return [token for token in tokens(whole(text)) if token[0].isalnum()]


def function_words(text: str) -> list[str]:
    """The function words and marks of a text, and pairs of them that follow one another directly; never nothing."""
    kept = [token if _is_grammar(token) else "" for token in tokens(text)]
    pairs = [f"{one} {other}" for one, other in pairwise(kept) if one and other]
    return [token for token in kept if token] + pairs or [""]


def masked(text: str) -> list[list[str]]:
    """The sentences of a text, contractions spelled out, content words replaced by what their endings say of them."""
    sentences: list[list[str]] = [[]]
    for token in tokens(whole(text)):
        sentences[-1].append(token if _is_grammar(token) else _mask(token))
        if token[0] in ".!?\n":
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


def _is_grammar(token: str) -> bool:
    return token in FUNCTION_WORDS or not token[0].isalnum()


def _mask(token: str) -> str:
    """As POSNoise (Halvani and Graner, 2021) does with parts of speech, which would need a tagger."""
    if token[0].isdigit():
        return "#"
    return next((f"W{ending}" for ending in _ENDINGS if len(token) > len(ending) + 2 and token.endswith(ending)), "W")
