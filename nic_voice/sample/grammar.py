"""The sentences of the made-up owner and of everybody who writes to him.

In: the templates and words of *.toml and a random stream. Out: sentences, and the habits of a writer laid
over them: the owner's lower case, dashes and typos, or the proper spelling of other people.

    grammar = load_grammar()
    chatty(grammar.fill("the {gadget} {mishap}", rng, {}), rng)
"""

import functools
import re
import tomllib
from collections.abc import Iterator, Sequence
from importlib import resources
from random import Random
from typing import Any, NamedTuple

from nic_voice.sample.made import MADE, pick

Bound = dict[str, str]  # the words that stay the same through one conversation

_SLOT = re.compile(r"\{(=?)([a-z_.]+)(?::(ed|ing))?\}")
_FORMS = re.compile(r"([^/{}]+)/([^/{}]+)/([^/{}]*?ing)\b(.*)")
_FORM_INDEX = {None: 0, "ed": 1, "ing": 2}
_PAUSE_AFTER = frozenset(
    "and we i the to is was but could that so just in with or of on who's i'd because from".split()
)
_CALENDAR = re.compile(
    r"\b(monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    r"|january|february|april|june|july|august|september|october|november|december)(s?)\b"
)


class _Slot(NamedTuple):
    name: str
    bound: bool
    form: int


class Exchange(NamedTuple):
    """Questions that others ask, and the owner's answers that fit any of them."""

    ask: list[str]
    answer: list[str]


class Topic(NamedTuple):
    """What a conversation is about."""

    open: list[str]
    more: list[str]
    other: list[str]
    exchanges: list[Exchange]


class Grammar:
    """Templates with {slots}; `{=slot}` keeps its word for the whole conversation, `{slot:ing}` wants that form."""

    def __init__(self, files: dict[str, dict[str, Any]]) -> None:
        self.slots: dict[str, list[tuple[str, str, str]]] = {}
        self.home, self.work = (_topics(files[name]) for name in ("home", "work"))
        self.everyday: list[list[str]] = [entry["own"] for entry in files["everyday"]["say"]]
        self.work_mail: list[dict[str, list[str]]] = files["work"]["mail"]
        for file in files.values():
            for name, value in file.items():
                if isinstance(value, dict):
                    prefix = "" if name == "words" else f"{name}."
                    self.slots |= {f"{prefix}{key}": [_forms(entry) for entry in words] for key, words in value.items()}
                elif all(isinstance(entry, str) for entry in value):
                    self.slots[name] = [_forms(entry) for entry in value]
        self._compiled: dict[str, tuple[str | _Slot, ...]] = {}

    def fill(self, template: str, rng: Random, bound: Bound) -> str:
        """The template with every slot filled, slots inside words included."""
        parts = self._compiled.get(template)
        if parts is None:
            parts = self._compiled[template] = tuple(_parse(template))
        return "".join(part if isinstance(part, str) else self._word(part, rng, bound) for part in parts)

    def any(self, slot: str, rng: Random, bound: Bound) -> str:
        """One word or phrase of a slot."""
        return self._word(_Slot(slot, False, 0), rng, bound)

    def deck(self, slot: str, rng: Random) -> Iterator[str]:
        """The slot's templates in random order, unfilled, each once until all were dealt."""
        while True:
            yield from rng.sample(order := [forms[0] for forms in self.slots[slot]], len(order))

    def _word(self, slot: _Slot, rng: Random, bound: Bound) -> str:
        if slot.name in bound and (slot.bound or slot.name == "you"):
            return bound[slot.name]
        made = MADE.get(slot.name)
        if made is not None:
            word = made(rng)
        else:
            word = self.fill(pick(rng, self.slots[slot.name])[slot.form], rng, bound)
            if slot.name == "friend" and word == bound.get("you"):
                word = self.fill(pick(rng, self.slots["friend"])[0], rng, bound)
        if slot.bound:
            bound[slot.name] = word
        return word


@functools.cache
def load_grammar() -> Grammar:
    """The grammar of the package's own TOML files."""
    folder = resources.files("nic_voice.sample")
    names = ("words", "home", "work", "mail", "longform", "everyday")
    return Grammar({name: tomllib.loads((folder / f"{name}.toml").read_text("utf-8")) for name in names})


def chatty(text: str, rng: Random) -> str:
    """The owner on a phone: mostly lower case, sometimes the phone knew better."""
    return relaxed(text, rng) if rng.random() < 0.88 else tidy(text, rng)


def relaxed(text: str, rng: Random) -> str:
    """The owner in a hurry: dashes for commas and stops, lower case, typos."""
    return _lower(_typos(_dashes(text, rng), rng, typo=0.10, bare=0.4))


def tidy(text: str, rng: Random) -> str:
    """The owner at his desk: capitals and apostrophes, the odd typo, as many dashes."""
    return capitals(_typos(_dashes(text, rng), rng, typo=0.04, bare=0.03))


def spoken(text: str, rng: Random, fillers: Sequence[str]) -> str:
    """The owner as a transcriber hears him: fillers, capitals, full stops."""
    words = _articles(text.replace("—", ", ")).split(" ")
    pauses = [place for place, word in enumerate(words[:-1], start=1) if word in _PAUSE_AFTER]
    if pauses and rng.random() < 0.6:
        words.insert(pick(rng, pauses), pick(rng, fillers))
    text = " ".join(words)
    return capitals(text if text[-1] in ".?!" else f"{text}.")


def proper(text: str) -> str:
    """Anybody else: capitals where they belong, no dashes, 'your' mother instead of 'my'."""
    text = _articles(text)
    return capitals(re.sub(r"\bmy (?=mom|dad|aunt|cousin|sister|grand|brother|nephew|stepdad|godm)", "your ", text))


def _topics(file: dict[str, Any]) -> list[Topic]:
    return [
        Topic(t["open"], t["more"], t["other"], [Exchange(e["ask"], e["answer"]) for e in t["exchange"]])
        for t in file["topic"]
    ]


def _forms(entry: str) -> tuple[str, str, str]:
    match = _FORMS.fullmatch(entry)
    if match is None:
        return entry, entry, entry
    base, past, gerund, rest = match.groups()
    return base + rest, past + rest, gerund + rest


def _parse(template: str) -> list[str | _Slot]:
    parts: list[str | _Slot] = []
    position = 0
    for match in _SLOT.finditer(template):
        if match.start() > position:
            parts.append(template[position : match.start()])
        parts.append(_Slot(match[2], match[1] == "=", _FORM_INDEX[match[3]]))
        position = match.end()
    if position < len(template):
        parts.append(template[position:])
    return parts


def _dashes(text: str, rng: Random) -> str:
    text = _articles(text)
    for mark in (", ", ". "):
        if mark in text and rng.random() < 0.3:
            text = text.replace(mark, "—", 1)
    return text


def _articles(text: str) -> str:
    return re.sub(r"\b([Aa]) (?=[aeiou](?!k|ni|ne\b|se)|8|1[18]\b)", r"\1n ", text)


def _is_word(token: str) -> bool:
    return token.isascii() and token.replace("'", "").isalpha()


def _typos(text: str, rng: Random, typo: float, bare: float) -> str:
    """Lose apostrophes in a share `bare` of the texts; swap, drop or double a letter in a share `typo`."""
    if "'" in text and rng.random() < bare:
        text = " ".join(t.replace("'", "") if _is_word(t) else t for t in text.split(" "))
    if rng.random() >= typo:
        return text
    tokens = text.split(" ")
    long = [i for i, token in enumerate(tokens) if len(token) > 3 and token.islower() and _is_word(token)]
    if not long:
        return text
    index = pick(rng, long)
    token, place = tokens[index], 1 + int(rng.random() * (len(tokens[index]) - 2))
    tokens[index] = pick(rng, (
        token[:place] + token[place + 1] + token[place] + token[place + 2 :],
        token[:place] + token[place + 1 :],
        token[:place] + token[place] + token[place:],
    ))  # fmt: skip
    return " ".join(tokens)


def _lower(text: str) -> str:
    """Lower case, but SHOUTED words stay, and so do links, addresses and keys."""
    return re.sub(r"(?<!\S)[\"'(]?[A-Z][a-z][^\s@/\d]*(?!\S)|(?<=—)[A-Z][a-z]+", lambda found: found[0].lower(), text)


def capitals(text: str) -> str:
    """With capitals at the start of sentences, for 'I', and in the names of days and months."""
    text = re.sub(r"(^|[.?!]\s+|\n)([a-z])(?!\S*[@/])", lambda found: found[1] + found[2].upper(), text)
    text = re.sub(r"\bi(?=['’ ,.—?!]|$)", "I", text)
    return _CALENDAR.sub(lambda found: found[1].capitalize() + found[2], text)
