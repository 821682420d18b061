"""A sentence in plain written English: spelled out, capitalised, punctuated, without emoji, fillers and dashes.

In: a sentence as its owner typed it. Out: the same, nothing added, nothing left out but noise. Links, addresses,
handles, code and placeholders stay to the letter; so do the words of other languages than English.
"""

import re
from collections.abc import Iterator, Sequence

import emoji

from extraction.neutral.language import is_english
from extraction.neutral.spell_out import spell_out
from extraction.neutral.spelling import is_word
from voice.facts.masking import ANY_PLACEHOLDER
from voice.sentences import spans

_ANYWHERE = frozenset("lol lmao lmfao rofl haha hahaha hahahaha hehe hehehe heh umm um uh uhh hmm hmmm hm".split())
_AT_THE_ENDS = frozenset("dude bro bruh fr yo meh jk smh ugh lolz xd".split())
_BEFORE_A_NOUN = frozenset("a an the my your his that this was is good bad old new nice".split())
_NAMES_OF_TIME = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february april june july august september "
    "october november december christmas easter english american".split()
)
_KEEP = re.compile(
    rf"{ANY_PLACEHOLDER}|`[^`\n]+`|(?<!\w)\"[\w.-]+\"(?!\w)|(?:https?://|www\.)\S+|\S+@\S+\.\S+|(?<!\w)[#@]\w+|"
    r"(?<![\w/])(?:~|\.{1,2})?(?:/[\w.-]+){2,}"
)
_NICK = re.compile(r"^[a-z]{4,}(?=[,:]\s)")  # unless it is a word, somebody who is spoken to
_CODE = re.compile(r"\w\([^\s()]*\)[;.{]|\);$|\s[{}]$|^(?:const|def|(?:pub )?(?:export )?fn|#include) ")
_KEYCAP = re.compile("([0-9#*])\ufe0f?\u20e3")
_SYMBOLS = re.compile(
    r"[\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\ue000-\uf8ff]+|(?<!\S)[:;=]['-]?[()DPp/|](?!\S)|<3(?!\d)"
)
_MARKUP = re.compile(r"(?<![\w*_~])([*_~])(?=\S)([^*_~\n]*?\S)\1(?![\w*_~])")
_BEFORE_MINUS = re.compile(r"\d\s?(?:am|pm|a\.m\.|p\.m\.|k|m|%)?$", re.IGNORECASE)
_AFTER_MINUS = re.compile(r"[$£€¥~]?\.?\d")
_DASH = re.compile(r"\s*(?:—|–|―)\s*|\s+-{2,3}\s+|(?<=\w)--+(?=\w)|--+(?=\s|$)")  # not `--strip`, not 'PIER - 2'
_CLAUSE = re.compile(r"(?:i|you|u|we|they|he|she|it|that|this|there)(?:'\w+)?\s+\w", re.IGNORECASE)
_WHO = "i|you|we|they"  # after do and have; 'do it' and 'have your way' are no questions
_QUESTION = re.compile(
    rf"(?:(?:who|what|when|where|why|how)(?: (?:much|many|long|far|old|about|come|time|kind of \w+))? )?"
    rf"(?:(?:do|have|did) (?:{_WHO})|(?:is|are|was|were|does|will|would|can|could|has|am) (?:{_WHO}|he|she|it|that|"
    r"this|there|your|my|our|his|her|their|everyone|anyone))\b[^.?!]*\.$",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    r"[.?!:\ue001][)\"”']?$|\b(?:a|an|and|but|of|or|the|is|are|was|were|am)$|\s--?[a-z]\S*$|\w\.[a-z]{2,4}$",
    re.IGNORECASE,
)  # the last two belong to commands and files
_INITIAL = re.compile(r"\b[A-HJ-Z]\.$")
_THANKS = re.compile(r"(?:thanks|thank you|many thanks)\W+\w+$", re.IGNORECASE)
_HIDDEN = "\ue000{}\ue001"


def in_english(text: str) -> bool:
    """Whether the words of a text, its links and the like apart, are English."""
    return is_english(_KEEP.sub(" ", text))


def plain(text: str, english: bool) -> str:
    """One line in plain written English, empty when all of it was noise.

    Where it is not `english`, its words stay as they are.
    """
    if _CODE.search(text):
        return text
    kept: list[str] = []

    def hide(match: re.Match[str]) -> str:
        kept.append(match.group())
        return _HIDDEN.format(len(kept) - 1)

    text = _KEEP.sub(hide, _without_emoji(text))
    text = _NICK.sub(lambda word: word[0] if is_word(word[0]) else hide(word), text)
    text = _dashes(_MARKUP.sub(r"\2", _calmed(text)))
    if english:
        text = _without_fillers(spell_out(text))
    text = _punctuated(text)
    if english:
        text = re.sub(r"(?<![\w'-])[a-z]+(?![\w'-])", _name_of_time, text)
    return re.sub("\ue000(\\d+)\ue001", lambda match: kept[int(match.group(1))], text)


def _without_emoji(text: str) -> str:
    return _SYMBOLS.sub(" ", emoji.replace_emoji(_KEYCAP.sub(r"\1", text), " "))


def _calmed(text: str) -> str:
    """A text that is all shouted in lower case; what is no English word may be a name or a code and stays."""
    if not text.isupper() or " " not in text.strip():
        return text
    return re.sub(
        r"(?<![\w-])[A-Z]+(?:['’][A-Z]+)*(?![\w-])",
        lambda word: word[0].lower() if is_word(re.sub("['’]", "", word[0].lower())) or "'" in word[0] else word[0],
        text,
    )


def _dashes(text: str) -> str:
    """Commas for dashes; semicolons before what may be a sentence of its own. A ruled line ends a sentence."""
    text = re.sub(r"[.\s]*-{5,}\s+", ". ", text)
    text = _DASH.sub(lambda dash: dash.group() if _is_minus(dash) else "\ue002", text).strip("\ue002 ")
    return re.sub("\ue002+", lambda dash: "; " if _CLAUSE.match(text, dash.end()) else ", ", text)


def _is_minus(dash: re.Match[str]) -> bool:
    """Whether it stands between two numbers: a difference or a range, not a pause."""
    before, after = dash.string[: dash.start()].rstrip()[-8:], dash.string[dash.end() :].lstrip()
    return bool(_BEFORE_MINUS.search(before) and _AFTER_MINUS.match(after))


def _without_fillers(text: str) -> str:
    words = text.split()
    bare = [word.strip(".,!?…").lower() for word in words]
    kept = [
        word for place, word in enumerate(words)
        if bare[place] not in _ANYWHERE and not (bare[place] in _AT_THE_ENDS and _at_an_end(words, place))
    ]  # fmt: skip
    return " ".join(kept or words)


def _at_an_end(words: list[str], place: int) -> bool:
    """First or last word, and cut off from its neighbours by a mark unless it is the last: 'man, that hurt'."""
    if place == len(words) - 1:
        return place == 0 or words[place - 1].lower() not in _BEFORE_A_NOUN
    return place == 0 and not words[0][-1].isalnum()


def _punctuated(text: str) -> str:
    text = re.sub(r"\s+([,.!?])(?=[\s\"')]|$)", r"\1", " ".join(text.split())).strip(" ,;")
    text = re.sub(r"^[.?! ]+(?=[^.?! \d])", "", text)
    text = re.sub(r"(?<=\w)(?:\.{2,}|…)(?=\s+[a-z])", ",", text)
    text = re.sub(r"(?<![\w\[])\.{2,}|\.{2,}(?![\w\]])|\.{3,}|…", ".", text)
    text = re.sub(r"[!?]*\?[!?]*", "?", text)
    text = re.sub(r"!+(?=\)|[\"”’][.?!])", "", text)
    text = re.sub(r"!(?:[^\w\s]*!)*", ".", text)
    text = re.sub(r"([,;])[,;.]+|\.[,;]", lambda match: match.group(1) or ".", text)
    if not text:
        return text
    sentences = [text[start:end] for start, end in _with_gaps(text)]
    signature = sentences.pop() if _is_signature(sentences) else ""
    if not signature and not _CLOSED.search(text):
        sentences[-1] += "."
    careful = text[0].isupper()
    mended = (
        sentence if _INITIAL.search(before) or (careful and _cut_short(before)) else _asking(capitalised(sentence))
        for before, sentence in zip(("", *sentences), sentences, strict=False)
    )
    return "".join(mended) + signature


def _cut_short(sentence: str) -> bool:
    """Whether it ends in a word cut short or a bracket: what follows in lower case is its rest, 'the cert. today'."""
    last = sentence.split()[-1] if sentence.strip() else "so"
    return last.endswith(")") or (last.islower() and not is_word(re.sub(r"\W", "", last)))


def _is_signature(sentences: Sequence[str]) -> bool:
    """Whether the last one is a name or initials: 'See you at 8. jrt'."""
    if len(sentences) < 2 or _INITIAL.search(sentences[-2]):
        return False
    last, word = sentences[-1].strip(), sentences[-1].split()[-1]
    return (word[0].isupper() or not is_word(word)) and (last == word or bool(_THANKS.match(last)))


def _with_gaps(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each sentence together with the white space before it."""
    end = 0
    for _, stop in spans(text):
        yield end, stop
        end = stop


def capitalised(sentence: str) -> str:
    """With a capital at its start, unless that is a name of code, or nick names with figures."""
    if re.match(r"\s*\S*(?:\w[._]\w|\d|[a-z][A-Z])", sentence):
        return sentence
    return re.sub(r"^(\s*[\"“(]?)([a-z])", lambda match: match.group(1) + match.group(2).upper(), sentence)


def _asking(sentence: str) -> str:
    """With its mark where it opens as a question does: 'Is she coming?' for 'Is she coming.'"""
    return f"{sentence[:-1]}?" if _QUESTION.match(sentence.lstrip()) else sentence


def _name_of_time(word: re.Match[str]) -> str:
    return word[0].capitalize() if word[0] in _NAMES_OF_TIME else word[0]
