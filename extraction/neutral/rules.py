"""The rules neutraliser: a person's own sentence or message -> the same in plain written English, with courtesies.

In: a text as its owner typed it, its register, its unit and a seed. Out: plain written English (plain.py), and, by
chances that the seed decides, whole sentences of courtesy around it (courtesies.py). No clause is put into another one
and no word is exchanged: what rules can do without writing nonsense is no more than that.
"""

import hashlib
import random
import re

from extraction.neutral.courtesies import letter, tailed, without_hello
from extraction.neutral.plain import in_english, plain
from voice.dictionary import is_word
from voice.ends import without_ends
from voice.sentences import split
from voice.triplet import Register, Unit

PLAIN_MESSAGES = 0.1  # left without courtesies
TAIL_SHARE = {"email": 0.12, "work_email": 0.12, "chat": 0.10, "speech": 0.05, "post": 0.05}
_LIST_LINE_WORDS = 7
_SIGN_OFF_WORDS = 3
_HEADER = re.compile(r"@|\d:\d\d(?: ?[AP]M)?\.?$")  # of a mail that was quoted
_ITEM = re.compile(r"(?:\d{1,2}[.)]|[-*•])\s")
_FIGURE = re.compile(r"\d|<\w")  # a digit, or a placeholder


def neutralise(text: str, register: Register, seed: str, unit: Unit = "sentence") -> str:
    """The sentence or message as an assistant would put it; the same seed gives the same words. Never empty."""
    chance = random.Random(hashlib.sha256(f"{seed}\0{text}".encode()).digest())
    neutral = _message(text, register, chance) if unit == "message" else _sentence(text, register, chance)
    return neutral.strip() or " ".join(text.split()) or text


def _sentence(text: str, register: Register, chance: random.Random) -> str:
    english = in_english(text)
    sentence = _lines(text, english)
    if english and chance.random() < TAIL_SHARE[register] and _ends_in_a_sentence(sentence):
        sentence = tailed(sentence, chance)
    return sentence


def _ends_in_a_sentence(text: str) -> bool:
    """Whether a courtesy may come after it: not after a name, a sign-off, an address or a time."""
    return text.endswith((".", "?")) and len(split(text)[-1].split()) > _SIGN_OFF_WORDS and not _HEADER.search(text)


def _lines(text: str, english: bool) -> str:
    return "\n".join(line for typed in text.splitlines() if (line := plain(typed, english)))


def _message(text: str, register: Register, chance: random.Random) -> str:
    """A message: greeting, paragraphs and sign-off each in an assistant's form."""
    greeting, body, closing = _parts(text)
    english = in_english(body)
    paragraphs = [neutral for part in re.split(r"\n[ \t]*\n+", body) if (neutral := _paragraph(part))]
    if not english or not paragraphs or chance.random() < PLAIN_MESSAGES:
        hello = plain(greeting, english)
        hello = f"{hello[:-1]}," if greeting.endswith(",") and hello.endswith(".") else hello
        around = [hello, *paragraphs, _lines(closing, english)]
        return "\n\n".join(part.strip() for part in around if part.strip())
    return letter(greeting, paragraphs, closing, register, chance)


def _parts(text: str) -> tuple[str, str, str]:
    """(greeting, what lies between, sign-off) as they stand in the text; ends that hold a figure are no courtesies."""
    body = without_ends(text)
    start = text.find(body)
    if start < 0 or (start and is_word(re.sub(r"\W", "", text.split()[0])) and without_hello(text) == text):
        return "", text, ""
    greeting, closing = text[:start], text[start + len(body) :]
    if _FIGURE.search(greeting):
        greeting, body = "", greeting + body
    if _FIGURE.search(closing) or re.fullmatch(r"\s*\w+[.!]+\s*", closing):  # a word as a sentence is no name
        body, closing = body + closing, ""
    return greeting.strip(), body.strip(), closing.strip(" \n,.!-—–")


def _paragraph(text: str) -> str:
    """Its lines in one, but for those of a list, which stay as they are."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    short = [len(line.split()) <= _LIST_LINE_WORDS and line[-1] not in ".?!," for line in lines]
    joined, after_item = "", False
    for place, line in enumerate(lines):
        neighbours = short[max(0, place - 1) : place] + short[place + 1 : place + 2]
        item = bool(_ITEM.match(line)) or (short[place] and any(neighbours))
        said = line if item else " ".join(split(plain(line, in_english(line))))
        if joined and said:
            joined += "\n" if item or after_item else " "
        joined, after_item = joined + said, item
    return joined
