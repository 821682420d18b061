"""The courtesies that an assistant puts around what somebody says: after a sentence, and around a message.

In: plain sentences and a random stream. Out: the text with whole sentences before and after it. Nothing of the text is
left out or changed, and no number is added.
"""

import random
import re
import tomllib
from importlib import resources

from voice.dictionary import is_word
from voice.triplet import Register

_TABLES = tomllib.loads((resources.files("extraction.neutral") / "courtesies.toml").read_text("utf-8"))
SENTENCE: dict[str, list[str]] = _TABLES["sentence"]
MESSAGE: dict[str, list[str]] = _TABLES["message"]

_LETTERS = ("email", "work_email")
# How often a message gets each part of a letter that its owner left out.
_GREETED = {"email": 0.7, "work_email": 0.7, "chat": 0.4, "speech": 0.05, "post": 0.1}
_OPENED = {"email": 0.25, "work_email": 0.25, "chat": 0.25, "speech": 0.05, "post": 0.05}
_CLOSED = {"email": 0.5, "work_email": 0.5, "chat": 0.35, "speech": 0.1, "post": 0.1}
_SIGNED_OFF = {"email": 0.5, "work_email": 0.5, "chat": 0.03, "speech": 0.0, "post": 0.0}
_BARE = 0.25  # of the greetings and thanks without a name: left out, so that the adapter learns to add its owner's

_THANKS = re.compile(r"\b(?:thanks|thank you|thx|thnx|tx|ty)\b", re.IGNORECASE)
_SIGNED = re.compile(r"(?:^|[\n,.!—–-])\s*[-—–~]*\s*([A-Z][\w'-]*\.?(?: [A-Z][\w'.-]*){0,2})\s*$")


def tailed(text: str, chance: random.Random) -> str:
    """The text and a courtesy after it."""
    return f"{text} {chance.choice(SENTENCE['tail_question' if text.endswith('?') else 'tail_statement'])}"


def letter(greeting: str, paragraphs: list[str], closing: str, register: Register, chance: random.Random) -> str:
    """A message in an assistant's form. `greeting` and `closing` are its owner's own, or empty."""
    chatty = register not in _LETTERS
    asks = any(re.search(r"\?(?:\s|$)", paragraph) for paragraph in paragraphs)
    requests = any(re.search(r"\b[Pp]lease\b|appreciate it if|could you", paragraph) for paragraph in paragraphs)
    hello = _greeting(greeting, register, chance)
    if not greeting and without_hello(paragraphs[0]) != paragraphs[0]:
        hello = ""  # a greeting whose name could not be told
    body = list(paragraphs)
    if chance.random() < _OPENED[register]:
        body[0] = f"{chance.choice(MESSAGE['opening_chat' if chatty else 'opening'])} {body[0]}"
    if not closing and chance.random() < _CLOSED[register]:
        kind = "closing_request" if requests else "closing_question" if asks else "closing_statement"
        courtesy = chance.choice(MESSAGE["closing_chat" if chatty else kind])
        if (chatty or chance.random() < 0.5) and body[-1].endswith((".", "?")):
            body[-1] = f"{body[-1]} {courtesy}"
        else:
            body.append(courtesy)
    bye = _closing(closing, register, chance)
    if chatty:
        first = f"{hello} {body[0]}" if hello else body[0]
        return "\n\n".join([first, *body[1:], *([bye] if bye else [])])
    return "\n\n".join(part for part in (hello, *body, bye) if part)


def _greeting(own: str, register: Register, chance: random.Random) -> str:
    """The owner's greeting in an assistant's words, with its names; or one without, where the register wants it."""
    draw, chatty = chance.random(), register not in _LETTERS
    if own:
        names = " ".join(re.findall(r"(?<![\w.])[A-Z][\w'-]*(?:\s+(?:and|&)(?=\s+[A-Z]))?", without_hello(own)))
        if names:
            return chance.choice(MESSAGE["greeting_named"]).format(names)
        return "" if draw < _BARE else chance.choice(MESSAGE["greeting_chat" if chatty else "greeting"])
    return chance.choice(MESSAGE["greeting_chat" if chatty else "greeting"]) if draw < _GREETED[register] else ""


def without_hello(greeting: str) -> str:
    """A greeting without its first word or words: the names in it."""
    return re.sub(
        r"^\W*(?:hi+|hey+|hello|helo|hiya|yo|dear|greetings|howdy|(?:good )?(?:morning|afternoon|evening|day))\b",
        "", greeting, count=1, flags=re.IGNORECASE,
    )  # fmt: skip


def _closing(own: str, register: Register, chance: random.Random) -> str:
    """The owner's sign-off in an assistant's words, with the name that he wrote; as it is where it says something else;
    or a made-up one, without a name.
    """
    draw, first, second = chance.random(), chance.choice(MESSAGE["sign_off"]), chance.choice(MESSAGE["thanks"])
    if not own:
        return first if draw < _SIGNED_OFF[register] else ""
    found = _SIGNED.search(own.rstrip(" .!"))
    signed = found[1] if found and ("\n" in own or not is_word(re.sub(r"\W", "", found[1].split()[0]))) else ""
    if _THANKS.search(own):
        if not signed:
            return "" if draw > 1 - _BARE else second
        return f"{second}\n\n{first}\n{signed}"
    return f"{first}\n{signed}" if signed else own
