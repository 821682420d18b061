"""What the words of a text say about it: an answer of one word, or an assistant's mail.

In: a text. Out: whether it may be an answer of one word; how many different phrases of assistants it holds.
"""

import re

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_LAUGHTER = re.compile(r"(?:l+o+l+|lmf?ao+|rofl|(?:a?h[aeiou]+){2,}h?|h[ae]h|k|kk|x+d+)", re.IGNORECASE)
_ASSISTANT = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bI hope this (?:e-?mail|message|note|letter) finds you\b",
        r"^\s*(?:Certainly|Absolutely|Of course)!",
        r"\bdelv(?:e|es|ing) into\b",
        r"\bplease (?:do not|don['’]t) hesitate to (?:reach out|contact)\b",
        r"\bfeel free to reach out\b",
        r"\bI wanted to reach out\b",
        r"\bthank you for your (?:understanding|patience) and\b",
        r"\b(?:leverage|navigate|foster|underscore)s? (?:the|our|your|these)\b.{0,40}\b(?:complexit|landscape|synerg)",
        r"\bI(?:['’]d| would) be (?:more than )?happy to (?:discuss|assist|provide)\b",
        r"\bit(?:['’]s| is) (?:important|worth) (?:to note|noting) that\b",
        r"\bas an AI\b|\blanguage model\b",
        r"\bI trust this (?:e-?mail|message) finds you\b",
        r"\b(?:seamless|robust|holistic|pivotal) (?:experience|integration|solution|approach|role|framework)s?\b",
        r"\blook(?:ing)? forward to (?:your|hearing) .{0,40}\bat your earliest convenience\b",
    )
)


def is_answer_word(text: str) -> bool:
    """Whether a text is one word that can answer a question; laughter cannot."""
    words = _WORD.findall(text)
    return len(words) == 1 and len(text.split()) == 1 and not _LAUGHTER.fullmatch(words[0])


def assistant_marks(text: str) -> int:
    """How many different phrases of assistants a text holds."""
    return sum(bool(pattern.search(text)) for pattern in _ASSISTANT)
