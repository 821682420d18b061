"""What is rewritten at once: a sentence, or a message of up to so many tokens.

In: a text. Out: its length in tokens, near enough without a tokenizer, and the unit that it is. Extraction cuts an
owner's texts by this, and the service a draft.
"""

import re

from voice.sentences import spans
from voice.triplet import Unit

MESSAGE_TOKENS = 160  # an owner's message that is learned whole

_WORD = re.compile(r"\w+")
_MARK = re.compile(r"[^\w\s]|\d")
_LETTERS_A_TOKEN = 7


def about_tokens(text: str) -> int:
    """Tokens of a text within a tenth of what SmolLM2 and Qwen count: words, their length, marks and digits."""
    return sum(1 + len(word) // _LETTERS_A_TOKEN for word in _WORD.findall(text)) + len(_MARK.findall(text))


def unit_of(neutral: str) -> Unit:
    """What a neutral text is: a sentence where it is one sentence, else a message."""
    return "sentence" if len(spans(neutral)) <= 1 else "message"
