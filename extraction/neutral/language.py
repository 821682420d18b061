"""Whether a text is English, which is all that the rules know.

In: a text. Out: yes or no. Words that are all in the dictionary of spelling are English; else lingua decides, among
languages that people mix with English in chats, and reads its models, which takes two seconds, when it is first asked.
What people type for short is no word of any language to it, so it is left out of the question.
"""

import functools
import re
import tomllib
from importlib import resources

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

from extraction.neutral.spelling import is_word

_LANGUAGES = (
    Language.ENGLISH, Language.SPANISH, Language.FRENCH, Language.GERMAN, Language.ITALIAN, Language.PORTUGUESE,
    Language.DUTCH, Language.SWEDISH, Language.POLISH, Language.TURKISH, Language.TAGALOG, Language.INDONESIAN,
    Language.VIETNAMESE,
)  # fmt: skip
_LEAST_ENGLISH = 0.1  # of the certainty, spread over all languages
_SURELY_OTHER = 0.5
_FEW_WORDS = 3
# The dictionary has these, too, but among English words alone they are no sign of English.
_OF_OTHERS = frozenset(
    "ada adios al amigo amo att aus ben bien bin bis bra bueno chez ciao como con da dan dat de del den der "
    "des die din dir dit dos el en era esse est este favor fran fur gut han hem hindi hoe ito jag jest kan "
    "la las les los mas mes mich mig mir moi mot nog non nos nous och oder oui par para pas por que sem sen "
    "ser si sig sin som sur te tot tout tres una wat yang".split()
)
_CONTRACTED = frozenset(("", "d", "ll", "m", "re", "s", "t", "ve"))
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def is_english(text: str) -> bool:
    """Whether the text is English; a text of one or two words is, unless it is plainly another language."""
    words = [word for word in _WORD.findall(text.lower()) if len(word) > 1 and word not in _shorthand()]
    if all(map(_is_surely_english, words)):
        return True
    ranked = _detector().compute_language_confidence_values(" ".join(words))
    certainty = {value.language: value.value for value in ranked}
    if ranked[0].language == Language.ENGLISH:
        return True
    if len(words) < _FEW_WORDS:
        return ranked[0].value < _SURELY_OTHER or certainty[Language.ENGLISH] >= _LEAST_ENGLISH
    return certainty[Language.ENGLISH] >= _LEAST_ENGLISH


def _is_surely_english(word: str) -> bool:
    stem, _, ending = word.replace("’", "'").partition("'")
    return ending in _CONTRACTED and stem not in _OF_OTHERS and is_word(stem)


@functools.cache
def _shorthand() -> frozenset[str]:
    tables = tomllib.loads((resources.files("extraction.neutral") / "shorthand.toml").read_text("utf-8"))
    return frozenset(tables["words"])


@functools.cache
def _detector() -> LanguageDetector:
    return LanguageDetectorBuilder.from_languages(*_LANGUAGES).build()
