"""Whether a rewrite may go out: facts in against facts out, and what no rewrite may hold.

In: a text and its rewrite, both masked, and the voice. Out: a Difference: the kinds of what is missing and of what was
invented, empty for a rewrite that may go out.
"""

import re
import unicodedata
from functools import lru_cache

from service.rewriting.care import Care
from service.voices import Voice
from voice.asking import loses_request
from voice.facts.compare import Difference, compare
from voice.facts.masking import PLACEHOLDER
from voice.pleasantries import is_pleasantry
from voice.sense import actors, loses_condition, polarity, statements
from voice.sentences import split
from voice.words import TEXTS, is_content, repeats, runs, words

_REFUSAL = re.compile(
    r"\bas an? (?:ai|language model|assistant)\b|\b(?:language|ai) model\b|\bI(?: am|['’]m) (?:an ai|just an ai)\b"
    r"|\bI (?:cannot|can['’]?t|am unable to|won['’]?t) (?:assist|help|comply|fulfill|rewrite)\b",
    re.IGNORECASE,
)
_LATIN = {"LATIN", "MODIFIER", "FEMININE", "MASCULINE"}
_MARKUP = re.compile(r"```|\*\*|<\||\|>|^#{1,6}(?= )", re.MULTILINE)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_SMILE = re.compile(r"[:;=8xX][-'^o]?[(\[]+")
_ECHO = 6  # words of the prompt in a row
_STAMMER = 4  # words in a row that are said twice in one sentence
_SAYS, _LOST = 3, 0.8  # content words of a sentence that must not be lost, and the share of them that loses it


def judge(text: str, rewrite: str, care: Care, prompt: str, voice: Voice) -> Difference:
    """What is wrong with a rewrite; `prompt` is the system text that it was asked with."""
    if care.guard == "off":
        return Difference()
    found = compare(text, rewrite, voice.signs_as)
    missing, invented = set(found.missing), set(found.invented) | _of_a_machine(text, rewrite, prompt, voice)
    if _left_open(rewrite) and not _left_open(text):
        missing.add("bracket")
    if care.guard == "full":
        missing |= _left_unsaid(text, rewrite, voice)
        invented |= _said_otherwise(text, rewrite, care, voice)
    return Difference(tuple(sorted(missing)), tuple(sorted(invented)))


def _of_a_machine(text: str, rewrite: str, prompt: str, voice: Voice) -> set[str]:
    """What no person would have put there: refusals, stammering, pieces of the prompt and of what was learned."""
    stammers = repeats(text, rewrite) or any(repeats(text, sentence, _STAMMER) for sentence in split(rewrite))
    markup = _MARKUP.findall(rewrite)
    kinds = {
        "refusal": _REFUSAL.search(rewrite) and not _REFUSAL.search(text),
        "repetition": stammers,
        "prompt": _recites(prompt, rewrite) and not _runs(prompt).isdisjoint(_runs(rewrite) - _runs(text)),
        "example": voice.echoes.found(text, rewrite),
        "script": _scripts(rewrite) - _scripts(text),
        "markup": markup and set(markup).difference(_MARKUP.findall(text)),
    }
    return {kind for kind, found in kinds.items() if found}


def _recites(prompt: str, rewrite: str) -> bool:
    """Whether enough words in a row are words of the prompt, in whatever order."""
    known, row = _words_of(prompt), 0
    for word in words(rewrite):
        row = row + 1 if word in known else 0
        if row == _ECHO:
            return True
    return False


@lru_cache(maxsize=TEXTS)
def _words_of(prompt: str) -> frozenset[str]:
    return frozenset(words(prompt))


def _runs(text: str) -> set[tuple[str, ...]]:
    return set(runs(text, _ECHO))


def _left_unsaid(text: str, rewrite: str, voice: Voice) -> set[str]:
    """What the text says in so many words and the rewrite does not."""
    lost = set(voice.alignment.lost(text, rewrite))
    kinds = _said_no_more(text, lost) if lost else set()
    kinds |= {"request"} if loses_request(text, rewrite) else set()
    return kinds | ({"condition"} if loses_condition(text, rewrite) else set())


def _said_otherwise(text: str, rewrite: str, care: Care, voice: Voice) -> set[str]:
    """Words that nothing explains, and a turn of yes and no, or of who does it."""
    before, after = (PLACEHOLDER.sub(" ", side) for side in (text, rewrite))
    most = care.unexplained_share * sum(map(is_content, words(after)))
    kinds = {
        "word": len(voice.alignment.unexplained(before, after)) > most,
        "polarity": polarity(before, after),
        "actor": actors(before, after),
    }
    return {kind for kind, found in kinds.items() if found}


def _said_no_more(text: str, lost: set[str]) -> set[str]:
    """'sentence' where hardly anything is left of one that says something, 'clause' where nothing is left of a part."""
    found = set()
    for sentence in (sentence for sentence in split(text) if not is_pleasantry(sentence)):
        content = [word for word in words(sentence) if is_content(word)]
        gone = sum(word in lost for word in content)
        if len(content) >= _SAYS and gone >= _LOST * len(content):
            found.add("sentence")
        elif any(lost.issuperset(statement) for statement in statements(sentence)):
            found.add("clause")
    return found


def _left_open(text: str) -> bool:
    """Whether a bracket opens that nothing closes; a smile is none."""
    plain = _SMILE.sub("", text)
    return any(plain.count(opening) > plain.count(closing) for opening, closing in ("()", "[]"))


def _scripts(text: str) -> set[str]:
    """The scripts of the letters of a text, by the first word of their names: LATIN, CYRILLIC, CJK."""
    letters = {letter for letter in set(_NOT_ASCII.findall(text)) if letter.isalpha()}
    return {unicodedata.name(letter, "?").split()[0] for letter in letters} - _LATIN
