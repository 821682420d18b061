"""What the made-up owner's big model writes when it is asked for his texts: drafts.jsonl for `nic-voice extract`.

In: rows and a seed. Out: for each message and sentence of his a draft {"id", "draft", "model"} that says the same, fact
for fact, at one and a half times its length, as an assistant would. It is no real model: it knows his grammar. What he
says every day it has in its own words (everyday.toml); the rest it spells out, makes formal and frames (drafts.toml).
"""

import functools
import json
import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from random import Random
from typing import Any

from nic_voice.sample.grammar import capitals, load_grammar
from nic_voice.sample.made import MADE, pick
from voice.sentences import spans, split

FILE_NAME = "drafts.jsonl"
MODEL = "made-up-big-model"
FRAMED, OPENED, CLOSED, SIGNED_OFF = 0.5, 0.3, 0.4, 0.6

# The names that extraction gives to the tables, and what people write in them.
SOURCES: dict[str, tuple[str, bool]] = {
    "aurora_raw_imessage": ("imessage", False),
    "aurora_raw_gmail": ("gmail", True),
    "aurora_raw_google_chat": ("google_chat", False),
    "aurora_raw_google_voice": ("google_voice", False),
    "aurora_raw_instagram": ("instagram", False),
    "aurora_raw_facebook": ("facebook", False),
    "archived_sent_emails": ("work_email", True),
    "bb_sms_messages": ("blackberry", False),
}

_GAP = re.compile(r"(?:—|--|\s)+")
_SIGNED = re.compile(r"\btheo\b|(?:^|[\W])tm?\W*$", re.IGNORECASE)
_DASH = re.compile(r"\s*(?:—|--)\s*")
_GREETING = re.compile(
    r"(?:(?:hey|hi|hello|yo|morning|dear|good morning|all|team)\b|[A-Z])[^.?\n]{0,30}[,!—-]*", re.IGNORECASE
)


def drafts(typed: Iterator[tuple[str, str, str, str]], seed: int) -> Iterator[str]:
    """Lines of drafts.jsonl for texts (table, row id, as he typed it, as he meant it)."""
    for table, row, own, curly in typed:
        meant = curly.replace("’", "'")
        if table not in SOURCES:
            continue
        source, is_mail = SOURCES[table]
        chance = Random(f"{seed}:{table}:{row}")
        yield _line(f"{source}:{row}:m", _letter(meant, chance) if is_mail else _text(meant, chance))
        sentences = aligned(own, meant)
        for number, part in enumerate(sentences):
            if len(sentences) == 1 or len(part.split()) > 2:
                yield _line(f"{source}:{row}:{number}", _sentence(part, chance))


def aligned(own: str, meant: str) -> list[str]:
    """What he meant by each sentence that he typed: his haste changes letters and marks, never the number of words."""
    words = list(re.finditer(r"(?:(?!—|--)\S)+", meant))
    parts: list[str] = []
    place = 0
    for start, end in spans(own):
        count = len([word for word in _GAP.split(own[start:end]) if word])
        found = words[place : place + count]
        place += count
        parts.append(meant[found[0].start() : found[-1].end()] if found else "")
    return parts


def _line(name: str, draft: str) -> str:
    return json.dumps({"id": name, "draft": draft, "model": MODEL}, ensure_ascii=False)


def _text(meant: str, chance: Random) -> str:
    """A chat message."""
    frames = _tables()["frames"]
    body = " ".join(_sentence(part, chance) for part in split(meant))
    if chance.random() < OPENED / 2:
        body = f"{pick(chance, frames['opening'])} {body}"
    return f"{body} {pick(chance, frames['closing'])}" if chance.random() < CLOSED / 2 else body


def _letter(meant: str, chance: Random) -> str:
    """A mail: its greeting and name kept, a courtesy before and after."""
    frames = _tables()["frames"]
    paragraphs = meant.split("\n\n")
    hello = paragraphs.pop(0) if len(paragraphs) > 1 and _GREETING.fullmatch(paragraphs[0]) else ""
    bye = paragraphs.pop() if len(paragraphs) > 1 and _SIGNED.search(paragraphs[-1]) else ""
    body = [" ".join(_sentence(part, chance) for part in split(paragraph)) for paragraph in paragraphs]
    if chance.random() < OPENED:
        body[0] = f"{pick(chance, frames['opening'])} {body[0]}"
    if chance.random() < CLOSED:
        body.append(pick(chance, frames["closing"]))
    names = " and ".join(word for word in re.findall(r"[A-Z][a-z]+", hello) if word.lower() not in _HELLO)
    greeting = pick(chance, frames["greeting"]).format(names) if names else pick(chance, frames["nobody"])
    end = pick(chance, frames["sign_off"]) if bye or chance.random() < SIGNED_OFF else ""
    return "\n\n".join(part for part in (greeting, *body, f"{end}\nTheo" if bye else end) if part)


_SUBJECTS = frozenset(
    "i you we they he she it that this these there my your our his her their the a an nobody somebody everybody "
    "someone half most".split()
)
_HELLO = frozenset("hey hi hello yo morning dear good all team both".split())


def _sentence(meant: str, chance: Random) -> str:
    """One sentence, or what stands for one."""
    meant = meant.strip(" ,")
    bare = meant.rstrip(" .!?—")
    if (said := _everyday(meant, chance)) is not None:
        return said
    known: list[str] = _tables()["short"].get(bare.lower(), [])
    if known:
        return pick(chance, known)
    head, rest = _headed(meant, chance)
    if head and (said := _everyday(rest, chance)) is not None:
        return f"{head} {_small(said)}"
    first, dash, tail = rest.rpartition("—")
    if dash and (said := _everyday(first, chance)) is not None:
        return f"{said} {_sentence(tail, chance)}"
    pieces = [piece for piece in _DASH.split(rest) if piece]
    said = (
        ". ".join(_capital(_formal(piece, chance)) for piece in pieces)
        if chance.random() < 0.5
        else (", ".join(_formal(piece, chance) for piece in pieces))
    )
    said = capitals(" ".join(said.split()))
    if not said:
        return meant
    if said[-1] not in ".?!":
        said += "."
    if head:
        return f"{head} {said if head[-1] == '.' else _small(said)}"
    if chance.random() < FRAMED and len(said.split()) > 3 and _has_subject(said):
        frames: list[str] = _tables()["frames"]["question" if said.endswith("?") else "statement"]
        return pick(chance, frames).format(_small(said))
    return _capital(said)


def _has_subject(sentence: str) -> bool:
    first = re.split(r"\W", sentence, maxsplit=1)[0]
    return first.lower() in _SUBJECTS or first in _names() or sentence.endswith("?")


def _headed(meant: str, chance: Random) -> tuple[str, str]:
    """(what becomes of the words that he opens with, the rest)."""
    for head, forms in _tables()["heads"].items():
        if meant.lower().startswith(f"{head} "):
            return pick(chance, forms), meant[len(head) + 1 :]
    return "", meant


def _formal(piece: str, chance: Random) -> str:
    tables = _tables()
    subject = tables["subjects"].get(re.split(r"\W", piece.lower(), maxsplit=1)[0])

    def formal(found: re.Match[str]) -> str:
        shouted = found[0].isupper() and found[0] != "I"
        return found[0] if shouted else pick(chance, tables["formal"][found[0].lower()])

    words = tables["formal_pattern"].sub(formal, piece)
    return f"{subject} {_small(words)}" if subject else words


def _everyday(sentence: str, chance: Random) -> str | None:
    """His everyday sentence in the big model's own words; None for any other."""
    bare = sentence.rstrip(" .!?—")
    for pattern, wordings in _tables()["everyday"]:
        if (found := pattern.fullmatch(bare)) is not None:
            return capitals(re.sub(r"\{=(\w+)\}", lambda slot: found[slot[1]], pick(chance, wordings)))
    return None


def _small(text: str) -> str:
    """Without a capital at its start, but for 'I'."""
    first = text.split()[0] if text else ""
    return text if first in ("I",) or not first[1:].islower() or first in _names() else text[:1].lower() + text[1:]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@functools.cache
def _names() -> frozenset[str]:
    """The words that his grammar never writes in lower case."""
    folder = resources.files("nic_voice.sample")
    text = " ".join((folder / f"{name}.toml").read_text("utf-8") for name in ("words", "work"))
    lower = frozenset(re.findall(r"\b[a-z]+\b", text))
    return frozenset(name for name in re.findall(r"\b[A-Z][a-z]+\b", text) if name.lower() not in lower)


@functools.cache
def _tables() -> dict[str, Any]:
    folder = resources.files("nic_voice.sample")
    tables: dict[str, Any] = tomllib.loads((folder / "drafts.toml").read_text("utf-8"))
    everyday = tomllib.loads((folder / "everyday.toml").read_text("utf-8"))["say"]
    tables["heads"] = dict(sorted(tables["heads"].items(), key=lambda item: -len(item[0])))
    known = "|".join(re.escape(word) for word in sorted(tables["formal"], key=len, reverse=True))
    tables["formal_pattern"] = re.compile(rf"(?<![\w'’@/.-])(?:{known})(?![\w'’@/-])", re.IGNORECASE)
    tables["everyday"] = [(_pattern(own), entry["draft"]) for entry in everyday for own in entry["own"]]
    return tables


def _pattern(template: str) -> re.Pattern[str]:
    """What a template of his looks like once its slots are filled."""
    return re.compile(_filled(template.rstrip(" .!?—")), re.IGNORECASE)


def _filled(template: str) -> str:
    """A pattern for a template: a slot whose word is said again becomes a group of its name."""
    parts = re.split(r"\{(=?)([a-z_.]+)(?::\w+)?\}", template)
    pattern = re.escape(parts[0])
    for bound, name, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        pattern += f"(?P<{name}>{_words(name)})" if bound else f"(?:{_words(name)})"
        pattern += re.escape(text)
    return pattern


@functools.cache
def _words(slot: str) -> str:
    """A pattern for any word of a slot, or for what is made for it."""
    if slot in MADE:
        return r"\$[\d.]+|\d+ bucks" if slot == "price" else r"\S+"
    forms = {form for entry in load_grammar().slots[slot] for form in entry}
    return "|".join(sorted((_filled(form.replace("{=", "{")) for form in forms), key=len, reverse=True))
