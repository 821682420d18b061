"""What no person would have put there: refusals, stammering, markup, pieces of the prompt and of what was learned.

In: a text and its rewrite, both masked. Out: the kinds of what is found, empty for what a person may have typed.
"""

import re
import unicodedata
from functools import lru_cache

from voice.echo import Echoes
from voice.sentences import split
from voice.words import TEXTS, repeats, runs, words

_CANNOT_DO = (
    r"(?:can(?:no|['’])?t|can not|(?:am|['’]m) (?:not able|unable) to|won['’]?t|will not)"
    r" (?:help|assist|comply|rewrite|fulfil+|provide|process|continue)\b"
)
_A_MODEL = r"(?:just )?(?:an? )?(?:ai\b|(?:large )?language model)"
_REFUSAL = re.compile(
    rf"\bi (?:am sorry,? (?:but )?i )?{_CANNOT_DO}|\b(?:as|i am|i['’]m) {_A_MODEL}|\bas an assistant\b"
    r"|\b(?:language|ai) model\b", re.IGNORECASE,
)  # fmt: skip
# Where a person says it, it is no refusal: 'cant help u w that'.
_SAID_BY_PERSON = re.compile(rf"\b{_CANNOT_DO}|{_A_MODEL}", re.IGNORECASE)
_LATIN = {"LATIN", "MODIFIER", "FEMININE", "MASCULINE"}
_MARKUP = re.compile(r"```|\*\*|<\||\|>|^#{1,6}(?= )", re.MULTILINE)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ECHO = 6  # words of the prompt in a row
_STAMMER = 4  # words in a row that are said twice in one sentence


def of_a_machine(text: str, rewrite: str, prompt: str = "", echoes: Echoes | None = None) -> set[str]:
    """The kinds of it that the rewrite has and the text does not; `prompt` is what the model was told."""
    stammers = repeats(text, rewrite) or any(repeats(text, sentence, _STAMMER) for sentence in split(rewrite))
    markup = _MARKUP.findall(rewrite)
    kinds = {
        "refusal": refuses(text, rewrite),
        "repetition": stammers,
        "prompt": _recites(prompt, rewrite) and not _runs(prompt).isdisjoint(_runs(rewrite) - _runs(text)),
        "example": echoes is not None and echoes.found(text, rewrite),
        "script": _scripts(rewrite) - _scripts(text),
        "markup": markup and set(markup).difference(_MARKUP.findall(text)),
    }
    return {kind for kind, found in kinds.items() if found}


def refuses(text: str, rewrite: str) -> bool:
    """Whether the rewrite speaks as a model that will not do what it is asked, and the text says nothing like it."""
    return bool(_REFUSAL.search(rewrite)) and not _SAID_BY_PERSON.search(text)


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


def _scripts(text: str) -> set[str]:
    """The scripts of the letters of a text, by the first word of their names: LATIN, CYRILLIC, CJK."""
    letters = {letter for letter in set(_NOT_ASCII.findall(text)) if letter.isalpha()}
    return {unicodedata.name(letter, "?").split()[0] for letter in letters} - _LATIN
