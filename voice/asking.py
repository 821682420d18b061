"""What a text asks: questions, with or without their mark, and requests.

In: a text, or a text and its rewrite. Out: whether it asks, and whether a rewrite still does. English.
"""

import re
from collections import Counter
from collections.abc import Iterator

from voice.pleasantries import is_pleasantry
from voice.sentences import split
from voice.synonyms import synonyms
from voice.words import stem, stems, words

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
# What somebody is to do: 'please call', 'could you also send', 'would you give me a call'.
_BEFORE_VERB = (
    r"(?:(?:also|just|kindly|do|then|perhaps|maybe|at least|again|possibly|please|go ahead and|"
    r"(?:feel free|remember|be sure|make sure|try|happen|be able|be (?:so|very) kind as|be kind enough) to|"
    r"take a (?:moment|minute) to|get a chance to|give (?:me|us|him|her|them) an?)\s+)*"
)
_WANTED = re.compile(
    r"(?P<know>\blet (?:me|us) know\b|(?:\bwould|['’]d) (?:like|love) to (?:hear|know)\b"
    r"|\bto (?:check|see|ask|know|find out|inquire) (?:if|whether)\b|\b(?:wonder\w*|curious) (?:if|whether)\b)"
    r"|\b(?:please|pl[sz]|(?:(?:could|would|can|will)(?:n['’]t)?|can['’]t|won['’]t) (?:you|u)|"
    rf"(?:would like|need|want) you to)\s+{_BEFORE_VERB}(?!let (?:me|us) know)(?P<verb>[a-z]+)",
    re.IGNORECASE,
)
# One of these words is in each of them.
_WANTING = frozenset("know hear if whether please pls plz you u".split())
# 'Please note', 'please rest assured' want nothing done.
_NOTHING = frozenset(
    "note find be see accept know excuse forgive pardon remember rest understand have mind keep not let".split()
)
_STILL_WANTED = re.compile(
    r"\?|\b(?:please|pl[sz]|let (?:me|us|him|her|them) know|lmk|tell (?:me|us)|"
    r"(?:need|want|like) to (?:know|hear)|hear|(?:could|would|can|will|need|want|couldn['’]?t|won['’]?t) (?:you|u)|"
    r"advise|confirm|get back to me|wonder\w*|curious|whether|any|checking|see(?:ing)? if|hope you|"
    r"appreciate|love (?:it )?if|ask\w*)\b",
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


def loses_request(text: str, rewrite: str) -> bool:
    """Whether a text wants something done or told, and its rewrite neither asks nor names what is to be done."""
    if _WANTING.isdisjoint(words(text)):
        return False
    wanted = list(_wanted(text))
    if not wanted or _STILL_WANTED.search(rewrite) or asks(rewrite):
        return False
    return any(verb is None or stems(rewrite).isdisjoint(synonyms(stem(verb))) for verb in wanted)


def _wanted(text: str) -> Iterator[str | None]:
    """The verbs of what a text wants done; None for 'let me know', 'I wanted to ask whether'."""
    for sentence in split(text):
        if not is_pleasantry(sentence):
            for match in _WANTED.finditer(sentence):
                if match["know"]:
                    yield None
                elif (verb := match["verb"].lower()) not in _NOTHING:
                    yield verb
