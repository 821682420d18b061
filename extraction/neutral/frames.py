"""What an assistant puts around what somebody says: polite frames for a sentence, a letter's form for a message.

In: plain sentences and a random stream. Out: the text in its frame. Nothing of the text is left out, and no number is
added.
"""

import random
import re
import tomllib
from importlib import resources

from extraction.neutral.phrases import has_subject, indirect, is_question, lowered, request
from voice.triplet import Register

_TABLES = tomllib.loads((resources.files("extraction.neutral") / "frames.toml").read_text("utf-8"))
SENTENCE: dict[str, list[str]] = _TABLES["sentence"]
MESSAGE: dict[str, list[str]] = _TABLES["message"]
SHORT: dict[str, list[str]] = {key.lower(): options for key, options in _TABLES["short"].items()}

_LETTERS = ("email", "work_email")
# How often a message gets each part of a letter that its owner left out.
_GREETED = {"email": 0.7, "work_email": 0.7, "chat": 0.4, "speech": 0.05, "post": 0.1}
_OPENED = {"email": 0.25, "work_email": 0.25, "chat": 0.25, "speech": 0.05, "post": 0.05}
_CLOSED = {"email": 0.5, "work_email": 0.5, "chat": 0.35, "speech": 0.1, "post": 0.1}
_SIGNED_OFF = {"email": 0.5, "work_email": 0.5, "chat": 0.03, "speech": 0.0, "post": 0.0}
INDIRECT = 0.7  # of the framed questions that can be
_NAMED, _TO_ALL = 0.6, 0.1
_BARE = 0.25  # of the greetings and thanks without a name: left out, so that the adapter learns to add its owner's
_OPINION = re.compile(r"(?:I|My|We|That|This|It) (?:think|love|hate|like|feel|am|was|is|really|do not)\b")


def framed(sentence: str, share: float, chance: random.Random) -> str:
    """A sentence inside a phrase that assistants like, in a `share` of the cases; as it is where none fits.

    Questions and requests get theirs oftener: there an assistant hardly ever goes straight to the point.
    """
    wish, asks = request(sentence), is_question(sentence)
    if wish is not None or asks:
        share = (1 + share) / 2
    if chance.random() >= share or len(sentence.split()) < 3 or not sentence[0].isalpha():
        return sentence
    if wish is not None:
        return chance.choice(SENTENCE["request"]).format(wish)
    if asks:
        if chance.random() < INDIRECT and (said := indirect(sentence)) is not None:
            return chance.choice(SENTENCE["indirect"]).format(said)
        return chance.choice(SENTENCE["question"]).format(sentence) if sentence.endswith("?") else sentence
    if not sentence.endswith(".") or not has_subject(sentence):
        return sentence
    kind = "opinion" if _OPINION.match(sentence) and chance.random() < 0.4 else "statement"
    return chance.choice(SENTENCE[kind]).format(lowered(sentence))


def tailed(text: str, chance: random.Random) -> str:
    """The text and a courtesy after it."""
    return f"{text} {chance.choice(SENTENCE['tail_question' if text.endswith('?') else 'tail_statement'])}"


def short(sentence: str, chance: random.Random) -> str | None:
    """What an assistant says for a sentence of a word or two; None for one that it has no wording for."""
    known = SHORT.get(sentence.rstrip(" .!?").lower())
    return chance.choice(known) if known else None


def letter(greeting: str, paragraphs: list[str], closing: str, register: Register, chance: random.Random) -> str:
    """A message in an assistant's form. `greeting` and `closing` are its owner's own, or empty."""
    chatty = register not in _LETTERS
    asks = any(re.search(r"\?(?:\s|$)", paragraph) for paragraph in paragraphs)
    requests = any(re.search(r"\b[Pp]lease\b|appreciate it if|could you", paragraph) for paragraph in paragraphs)
    hello = _greeting(greeting, register, chance)
    body = list(paragraphs)
    if chance.random() < _OPENED[register]:
        body[0] = f"{chance.choice(MESSAGE['opening_chat' if chatty else 'opening'])} {body[0]}"
    if not closing and chance.random() < _CLOSED[register]:
        kind = "closing_request" if requests else "closing_question" if asks else "closing_statement"
        courtesy = chance.choice(MESSAGE["closing_chat" if chatty else kind])
        if chatty or chance.random() < 0.5:
            body[-1] = f"{body[-1]} {courtesy}"
        else:
            body.append(courtesy)
    bye = _closing(closing, register, chance)
    if chatty:
        first = f"{hello} {body[0]}" if hello else body[0]
        return "\n\n".join([first, *body[1:], *([bye] if bye else [])])
    return "\n\n".join(part for part in (hello, *body, bye) if part)


def _greeting(own: str, register: Register, chance: random.Random) -> str:
    """The owner's greeting in an assistant's words, with its names; or one made up, where the register wants one."""
    draw, named = chance.random(), chance.random()
    chatty = register not in _LETTERS
    if own:
        names = " ".join(re.findall(r"(?<![\w.])[A-Z][\w'-]*(?:\s+(?:and|&)(?=\s+[A-Z]))?", without_hello(own)))
        if names:
            return chance.choice(MESSAGE["greeting_named"]).format(names)
        return "" if draw < _BARE else chance.choice(MESSAGE["greeting_chat" if chatty else "greeting"])
    if draw >= _GREETED[register]:
        return ""
    if named < _NAMED:
        form = chance.choice(MESSAGE["greeting_named"]).format(chance.choice(MESSAGE["names"]))
        return f"{form[:-1]}!" if chatty else form
    if named < _NAMED + _TO_ALL:
        return chance.choice(MESSAGE["greeting_all"])
    return chance.choice(MESSAGE["greeting_chat" if chatty else "greeting"])


def without_hello(greeting: str) -> str:
    """A greeting without its first word or words: the names in it."""
    return re.sub(
        r"^\W*(?:hi+|hey+|hello|helo|hiya|yo|dear|greetings|howdy|(?:good )?(?:morning|afternoon|evening|day))\b",
        "", greeting, count=1, flags=re.IGNORECASE,
    )  # fmt: skip


def _closing(own: str, register: Register, chance: random.Random) -> str:
    """The owner's sign-off in an assistant's words, with the name that he wrote; or a made-up one, without a name."""
    draw, first, second = chance.random(), chance.choice(MESSAGE["sign_off"]), chance.choice(MESSAGE["thanks"])
    if not own:
        return first if draw < _SIGNED_OFF[register] else ""
    thanks = re.search(r"\b(?:thanks|thank you|thx|thnx|tx|ty)\b", own, re.IGNORECASE) is not None
    name = re.search(r"(?:^|[\n,.!—–-])\s*[-—–~]*\s*([A-Z][\w'-]*\.?(?: [A-Z][\w'.-]*){0,2})\s*$", own.rstrip(" .!"))
    signed = (
        name.group(1)
        if name and not re.match(r"(?:Thank|Thx|Best|Regards|Cheers|Love|Bye|See|Talk|Take)", name.group(1))
        else ""
    )
    if thanks and not signed and draw > 1 - _BARE:
        return ""
    lines = [second] if thanks else []
    if signed or not thanks or draw < _SIGNED_OFF[register]:
        lines.append(f"{first}\n{signed}" if signed else first)
    return "\n\n".join(lines)
