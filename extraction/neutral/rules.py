"""The rules neutraliser: a person's own sentence or message -> the same in an assistant's register.

In: a text as its owner typed it, its register, its unit and a seed. Out: first plain written English (plain.py), then,
by chances that the seed decides, an assistant's words (phrases.py) and an assistant's frame (frames.py). Facts are
never touched: the number of an address, an amount or a time stands in the output as it stood in the input.
"""

import hashlib
import random
import re

from extraction.neutral.frames import framed, letter, short, tailed, without_hello
from extraction.neutral.phrases import is_common, is_question, lowered, reworded
from extraction.neutral.plain import in_english, plain
from voice.ends import without_ends
from voice.sentences import split
from voice.triplet import Register, Unit

# Of the sentences: left in plain English; inside a phrase that assistants like; with a courtesy after it.
PLAIN_SHARE, FRAMED_SHARE = 0.15, 0.4
TAIL_SHARE = {"email": 0.12, "work_email": 0.12, "chat": 0.10, "speech": 0.05, "post": 0.05}
# Of the messages: left in plain English. Of their sentences: framed, and joined to the next.
PLAIN_MESSAGES, FRAMED_IN_MESSAGE, JOINED = 0.1, 0.3, 0.35
_JOINTS = (", and", ", and", ", so", ", as")
_LIST_LINE_WORDS = 7
_FIGURE = re.compile(r"\d|<\w")  # a digit, or a placeholder


def neutralise(text: str, register: Register, seed: str, unit: Unit = "sentence") -> str:
    """The sentence or message as an assistant would put it; the same seed gives the same words. Never empty."""
    chance = random.Random(hashlib.sha256(f"{seed}\0{text}".encode()).digest())
    neutral = _message(text, register, chance) if unit == "message" else _sentence(text, register, chance)
    return neutral.strip() or " ".join(text.split()) or text


def _sentence(text: str, register: Register, chance: random.Random) -> str:
    english = in_english(text)
    sentence = _lines(text, english, chance)
    if not english or chance.random() < PLAIN_SHARE:
        return sentence
    return _formal(sentence, register, chance)


def _lines(text: str, english: bool, chance: random.Random) -> str:
    return "\n".join(line for typed in text.splitlines() if (line := plain(typed, english, chance)))


def _formal(sentence: str, register: Register, chance: random.Random) -> str:
    """One plain sentence in an assistant's words."""
    if (said := short(sentence, chance)) is not None:
        return said
    sentence = framed(reworded(sentence, chance), FRAMED_SHARE, chance)
    if chance.random() < TAIL_SHARE[register] and sentence.endswith((".", "?")):
        sentence = tailed(sentence, chance)
    return sentence


def _message(text: str, register: Register, chance: random.Random) -> str:
    """A message: greeting, paragraphs and sign-off each in an assistant's form."""
    greeting, body, closing = _parts(text)
    english = in_english(body)
    is_plain = not english or chance.random() < PLAIN_MESSAGES
    paragraphs = [
        neutral for paragraph in re.split(r"\n[ \t]*\n+", body) if (neutral := _paragraph(paragraph, is_plain, chance))
    ]
    if is_plain or not paragraphs:
        around = [plain(greeting, english, chance), *paragraphs, _lines(closing, english, chance)]
        return "\n\n".join(part.strip() for part in around if part.strip())
    return letter(greeting, paragraphs, closing, register, chance)


def _parts(text: str) -> tuple[str, str, str]:
    """(greeting, what lies between, sign-off) as they stand in the text; ends that hold a figure are no courtesies."""
    body = without_ends(text)
    start = text.find(body)
    if start < 0 or (start and is_common(text.split()[0]) and without_hello(text) == text):
        return "", text, ""
    greeting, closing = text[:start], text[start + len(body) :]
    if _FIGURE.search(greeting):
        greeting, body = "", greeting + body
    if _FIGURE.search(closing):
        body, closing = body + closing, ""
    return greeting.strip(), body.strip(), closing.strip(" \n,.!-—–")


def _paragraph(text: str, is_plain: bool, chance: random.Random) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all(len(line.split()) <= _LIST_LINE_WORDS and line[-1] not in ".?!" for line in lines):
        return "\n".join(_list_line(line, is_plain) for line in lines)
    sentences = [sentence for line in lines for sentence in split(plain(line, in_english(line), chance))]
    if is_plain:
        return " ".join(sentences)
    said = [_in_message(sentence, chance) for sentence in sentences]
    return " ".join(_joined(said, chance))


def _list_line(line: str, is_plain: bool) -> str:
    return line if is_plain or re.match(r"\s*(?:[-*•]|\d+[.)])", line) else f"- {line}"


def _in_message(sentence: str, chance: random.Random) -> str:
    if (said := short(sentence, chance)) is not None:
        return said
    return framed(reworded(sentence, chance), FRAMED_IN_MESSAGE, chance)


def _joined(sentences: list[str], chance: random.Random) -> list[str]:
    """Some neighbours as one sentence."""
    written: list[str] = []
    for sentence in sentences:
        before = written[-1] if written else ""
        if (
            chance.random() < JOINED and before.endswith(".") and sentence.endswith(".") and not is_question(sentence)
            and len(before.split()) + len(sentence.split()) < 30 and lowered(sentence) != sentence
        ):  # fmt: skip
            written[-1] = f"{before[:-1]}{chance.choice(_JOINTS)} {lowered(sentence)}"
        else:
            written.append(sentence)
    return written
