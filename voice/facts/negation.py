"""How often a text says no.

In: a text. Out: the count of its negations, whatever their form: not, n't, cannot, dont, never, no, nobody, without.
A 'no' that answers counts only where its sentence says no in no other way: 'No, I can't' is "can't".
"""

import re

from voice.sentences import split
from voice.words import by_word

_NOT = (
    r"not|never|cannot|nobody|no one|noone|nothing|none|nowhere|neither|without|w/o|unable|except|"
    r"(?:ca|do|does|did|wo|is|are|was|were|have|has|had|could|would|should|must|might|need|ai|sha)n['’]?t|dunno|idk|idc"
)
_NEGATION = re.compile(rf"\b(?<!['’])(?:{_NOT}|no)(?!\w)", re.IGNORECASE)
_ANSWER = re.compile(
    r"^\W*(?:no+|nope|nah+)(?:[\s,.!;:-]*(?:no+|nope|nah+))*"
    r"(?=\s*(?:[,.!;:?—–-]|$|\s(?:i|we|it|he|she|they|you|thank|thanks|thx|sorry)\b))",
    re.IGNORECASE,
)
_NOR = re.compile(r"\b[nN][oO][rR]\b")
# Without a word that has one of these nothing needs to be counted.
_SIGN = re.compile(rf"{_NEGATION.pattern}|\bno(?:r|pe|o*)\b|\bnah+\b", re.IGNORECASE)
# What negates nothing, or only sounds like it.
_IDLE = re.compile(
    r"\b(?:no\.? ?\d+|no (?:problem|prob|worries|doubt|wonder|matter|kidding)\w*|(?:if|or|why|whether or) not\b"
    r"|not only\b|neither\b(?=.{0,300}?\bnor\b)|nothing but\b|not to mention\b|(?:do not|don['’]?t|not) hesitate\b"
    r"|(?:is|are|was|were|do|does|did|have|has|can|wo|would)n['’]t (?:it|you|we|they|he|she|that|i)\s*\?)",
    re.IGNORECASE,
)


def negations(text: str) -> int:
    """The count of negations."""
    return sum(_of_sentence(sentence) for sentence in split(text))


def _of_sentence(sentence: str) -> int:
    if not any(map(_may_say_no, sentence.split())):
        return 0
    plain = _IDLE.sub(" ", sentence)
    answer = _ANSWER.match(plain)
    others = len(_NEGATION.findall(plain[answer.end() :] if answer else plain)) + len(_NOR.findall(plain))
    return others or int(bool(answer))


@by_word
def _may_say_no(word: str) -> bool:
    return _SIGN.search(word) is not None
