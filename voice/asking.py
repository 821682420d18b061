"""What a text asks: questions, with or without their mark, and requests.

In: a text, or a text and its rewrite. Out: whether it asks, and whether a rewrite still does. English.
"""

import re
from collections import Counter

from voice.sentences import split

_ASKS = re.compile(
    r"^(?:(?:and|so|but|ok|okay|well|hey|hi|also|or|then)\b[ ,]*)*"
    r"(?:(?:who|what|why|how|which|whose)(?:'s|s|'d|'re)?\b(?! (?:a|an)\b)|(?:when|where)(?:'s|s|'d|'re)\b"
    r"|(?:when|where) (?:is|are|was|were|will|would|can|could|should|do|does|did|has|have|had)\b"
    r"|(?:do|does|did|is|are|was|were|will|would|can|could|should|shall|may|have|has|had|am|any|don't|doesn't|didn't|"
    r"isn't|aren't|won't|wouldn't|can't|couldn't|shouldn't|haven't|hasn't) (?:i|you|u|we|he|she|they|it|the|this|that|"
    r"these|those|there|my|your|our|his|her|their|anyone|anybody|someone|somebody|everyone|either|both|all)\b)",
    re.IGNORECASE,
)
# A request, not a question.
_COULD_YOU = re.compile(
    r"\b(?:could|would|can|will|couldn't|wouldn't|can't|won't|why don't) (?:you|u)\b", re.IGNORECASE
)
_REQUEST = re.compile(
    r"\b(?:let (?:me|us) know|wonder\w*|would like to (?:know|ask)|like to ask|please|pl[sz]|tell (?:me|us)|confirm|"
    r"advise|whether|curious|(?:interested|like|love|glad) to hear|not sure (?:if|whether|when|how|what)|ask\w*|"
    r"question)\b",
    re.IGNORECASE,
)


def asks(text: str) -> bool:
    """Whether a text has a question, with or without its mark; 'could you' is none."""
    return any(_is_question(sentence) and not _COULD_YOU.search(sentence) for sentence in split(text))


def still_asks(text: str, rewrite: str) -> bool:
    """Whether a rewrite of a text that asks does so, too, or requests by what the text's other sentences do not hold.

    In 'please find it below' the 'please' is no trace of another sentence's question.
    """
    if asks(rewrite) or "?" in rewrite:
        return True
    others = " ".join(sentence for sentence in split(text) if not _is_question(sentence))
    return bool(_requested(rewrite) - _requested(others))


def _requested(text: str) -> Counter[str]:
    """The words by which a text requests something, in one spelling, with how often."""
    found = [match.group().lower() for match in (*_REQUEST.finditer(text), *_COULD_YOU.finditer(text))]
    return Counter("please" if word in ("pls", "plz") else word for word in found)


def requests(text: str) -> bool:
    """Whether a text asks for something to be done, or to be told."""
    return bool(_REQUEST.search(text)) or any(_COULD_YOU.search(sentence) for sentence in split(text))


def _is_question(sentence: str) -> bool:
    mark = sentence.rstrip("\"'”’) ")[-1:]
    return "?" in sentence[-4:] or (mark != "!" and bool(_ASKS.match(sentence)))
