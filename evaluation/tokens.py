"""Texts as the ways of telling writers apart see them.

In: a text. Out: its tokens: words in lower case, and each mark of punctuation; or what of them is grammar.
"""

import re
from itertools import pairwise

from voice.words import FUNCTION_WORDS

_TOKEN = re.compile(r"\d+(?:[.,:/-]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|\n+|\.{2,}|[!?]{2,}|-{2,}|[^\w\s]")
_ENDINGS = ("ing", "ed", "ly", "s")
_FIRST_ORDER = 2


def tokens(text: str) -> list[str]:
    """Words in lower case with straight apostrophes, numbers, marks, runs of marks and line breaks."""
    return [match.group().lower().replace("’", "'") for match in _TOKEN.finditer(text)]


def function_words(text: str) -> list[str]:
    """The function words and marks of a text, and pairs of them that follow one another directly."""
    kept = [token if _is_grammar(token) else "" for token in tokens(text)]
    pairs = [f"{one} {other}" for one, other in pairwise(kept) if one and other]
    return [token for token in kept if token] + pairs


def masked(text: str) -> list[list[str]]:
    """The sentences of a text as tokens, content words replaced by what their endings say of them."""
    sentences: list[list[str]] = [[]]
    for token in tokens(text):
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
