"""Whether a rewrite may go out: facts in against facts out, and what no rewrite may hold.

In: a text and its rewrite, both masked, and the voice. Out: a Difference: the kinds of what is missing and of what was
invented, empty for a rewrite that may go out.
"""

import re
import unicodedata

from service.rewriting.care import Care
from service.voices import Voice
from voice.asking import loses_request
from voice.facts.compare import Difference, compare
from voice.facts.masking import PLACEHOLDER
from voice.pleasantries import is_pleasantry
from voice.sense import actors, loses_condition, polarity, statements
from voice.sentences import split
from voice.words import is_content, repeats, words

_REFUSAL = re.compile(
    r"\bas an? (?:ai|language model|assistant)\b|\b(?:language|ai) model\b|\bI(?: am|['’]m) (?:an ai|just an ai)\b"
    r"|\bI (?:cannot|can['’]?t|am unable to|won['’]?t) (?:assist|help|comply|fulfill|rewrite)\b",
    re.IGNORECASE,
)
_LATIN = {"LATIN", "MODIFIER", "FEMININE", "MASCULINE"}
_MARKUP = re.compile(r"```|\*\*|<\||\|>|^#{1,6}(?= )", re.MULTILINE)
_ECHO = 6  # words of the prompt in a row
_STAMMER = 4  # words in a row that are said twice in one sentence
_SAYS, _LOST = 3, 0.8  # content words of a sentence that must not be lost, and the share of them that loses it


def judge(text: str, rewrite: str, care: Care, prompt: str, voice: Voice) -> Difference:
    """What is wrong with a rewrite; `prompt` is the system text that it was asked with."""
    if care.guard == "off":
        return Difference()
    found = compare(text, rewrite, voice.signs_as)
    missing, invented = set(found.missing), set(found.invented)
    if _REFUSAL.search(rewrite) and not _REFUSAL.search(text):
        invented.add("refusal")
    if repeats(text, rewrite) or any(repeats(text, sentence, _STAMMER) for sentence in split(rewrite)):
        invented.add("repetition")
    if _runs(prompt) & (_runs(rewrite) - _runs(text)):
        invented.add("prompt")
    if voice.echoes.found(text, rewrite):
        invented.add("example")
    if _scripts(rewrite) - _scripts(text):
        invented.add("script")
    if set(_MARKUP.findall(rewrite)) - set(_MARKUP.findall(text)):
        invented.add("markup")
    if care.guard == "full":
        if loses_request(text, rewrite):
            missing.add("request")
        if loses_condition(text, rewrite):
            missing.add("condition")
        missing |= _said_no_more(text, set(voice.alignment.lost(text, rewrite)))
        before, after = (PLACEHOLDER.sub(" ", side) for side in (text, rewrite))
        if len(voice.alignment.unexplained(before, after)) > care.unexplained_share * sum(
            map(is_content, words(after))
        ):
            invented.add("word")
        if polarity(before, after):
            invented.add("polarity")
        if actors(before, after):
            invented.add("actor")
    return Difference(tuple(sorted(missing)), tuple(sorted(invented)))


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


def _runs(text: str) -> set[tuple[str, ...]]:
    said = words(text)
    return {tuple(said[place : place + _ECHO]) for place in range(len(said) - _ECHO + 1)}


def _scripts(text: str) -> set[str]:
    """The scripts of the letters of a text, by the first word of their names: LATIN, CYRILLIC, CJK."""
    letters = {letter for letter in set(text) if letter.isalpha() and not letter.isascii()}
    return {unicodedata.name(letter, "?").split()[0] for letter in letters} - _LATIN
