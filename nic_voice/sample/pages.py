"""The three sources of long or odd texts: Plaud transcripts, blog posts, the guestbook.

In: the world, a random stream, the number of rows. Out: that many rows.
"""

import html
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from nic_voice.sample.grammar import Bound, proper, relaxed, spoken, tidy
from nic_voice.sample.made import link, pick
from nic_voice.sample.people import Person, Persona
from nic_voice.sample.rows import Dropped, SampleRow, World, maybe_date, row, unique_key
from nic_voice.sample.talk import Talk, clock

EMPTY_POSTS = (None, "", "<p>&nbsp;</p>")
NO_GREETINGS: tuple[tuple[str | None, Dropped], ...] = ((None, "empty"), ("", "empty"), ("lol", "reaction"))

Turn = tuple[str, str]  # speaker, words


def plaud(world: World, rng: Random, count: int) -> Iterator[SampleRow]:
    """Recordings; in one of eight the owner has no name, and in a few there is no transcript."""
    start, end = datetime(2023, 9, 1, tzinfo=UTC), datetime(2025, 5, 20, tzinfo=UTC)
    for index in range(count):
        others = world.cast.some(rng)[:3]
        known = rng.random() > 0.12
        me = pick(rng, Persona.plaud_speakers) if known else "Speaker 1"
        labels = {
            person: person.name if known and rng.random() < 0.6 else f"Speaker {n}"
            for n, person in enumerate(others, 2)
        }
        turns = _turns(world, rng, me, labels)
        own = "\n".join(words for speaker, words in turns if speaker == me) if known else ""
        reason: Dropped | None = None if own else "not_own"
        transcript: str | None = _transcript(rng, turns)
        if rng.random() < 0.03:
            transcript, own, reason = pick(rng, (None, "", "[]")), "", "empty"
        words = sum(len(words.split()) for _, words in turns)
        title = world.grammar.any("speech.title", rng, {})
        outline = json.dumps([{"title": title, "timestamp": 0}]) if rng.random() < 0.5 else None
        record = (
            unique_key(index, 3) + unique_key(index, 4), title, maybe_date(rng, clock(rng, start, end, index / count)),
            words // 2, words, [me, *labels.values()], outline, transcript,
        )  # fmt: skip
        yield row("aurora_raw_plaud_recordings", record, own, reason)


def _turns(world: World, rng: Random, me: str, labels: dict[Person, str]) -> list[Turn]:
    bound: Bound = {"you": next(iter(labels)).first}
    turns: list[Turn] = []
    deck = world.grammar.deck("speech.turn", rng)
    for _ in range(8 + int(rng.random() * 22)):
        if rng.random() < 0.5:
            said = proper(world.grammar.any("speech.other", rng, bound))
            turns.append((pick(rng, list(labels.values())), said))
        else:
            turns.append((me, _speech(world, rng, bound, deck)))
    return turns


def _speech(world: World, rng: Random, bound: Bound, deck: Iterator[str]) -> str:
    grammar = world.grammar
    fillers = [words[0] for words in grammar.slots["speech.filler"]]
    if rng.random() < 0.25:
        return spoken(grammar.any("speech.short", rng, bound), rng, fillers)
    sentences = []
    for _ in range(1 + int(rng.random() * 3)):
        text = grammar.fill(next(deck), rng, bound)
        if rng.random() < 0.35:
            text = f"{grammar.any('speech.start', rng, bound)}, {text}"
        sentences.append(spoken(text, rng, fillers))
    return " ".join(sentences)


def _transcript(rng: Random, turns: list[Turn]) -> str:
    """A JSON list with times in ms, or lines of 'Speaker: words'; now and then a JSON string holds an escaped NUL."""
    if rng.random() < 0.35:
        return "\n".join(f"{speaker}: {words}" for speaker, words in turns)
    at_ms, pieces = 0, []
    for speaker, words in turns:
        length_ms = 400 * len(words.split())
        content = f"{words}\x00" if rng.random() < 0.01 else words
        pieces.append({"speaker": speaker, "content": content, "start_time": at_ms, "end_time": at_ms + length_ms})
        at_ms += length_ms + 300
    return json.dumps(pieces, ensure_ascii=rng.random() < 0.5)


def blogger(world: World, rng: Random, count: int) -> Iterator[SampleRow]:
    """Posts of two to five paragraphs, half of them HTML, some quoting somebody else."""
    start, end = datetime(2002, 3, 1, tzinfo=UTC), datetime(2012, 10, 1, tzinfo=UTC)
    for index in range(count):
        bound: Bound = {"you": world.cast.one(rng).first}
        title = world.grammar.any("blog.title", rng, bound)
        paragraphs = _paragraphs(world, rng, bound)
        own = "\n\n".join(paragraphs)
        content: str | None = own
        reason: Dropped | None = None
        if rng.random() < 0.5:
            content = _as_html(world, rng, paragraphs)
        if rng.random() < 0.02:
            content, own, reason = pick(rng, EMPTY_POSTS), "", "empty"
        tags = [world.grammar.any("blog.tag", rng, {}) for _ in range(int(rng.random() * 3))]
        posted = maybe_date(rng, clock(rng, start, end, index / count))
        yield row("blogger_posts", (index + 1, title, content, posted, tags), own, reason)


def _paragraphs(world: World, rng: Random, bound: Bound) -> list[str]:
    style = tidy if rng.random() < 0.6 else relaxed
    paragraphs, deck = [], world.grammar.deck("blog.body", rng)
    for number in range(2 + int(rng.random() * 4)):
        sentences = [] if number else [world.grammar.any("blog.start", rng, bound)]
        sentences += [world.grammar.fill(next(deck), rng, bound) for _ in range(1 + int(rng.random() * 4))]
        paragraphs.append(" ".join(style(sentence, rng) for sentence in sentences))
    paragraphs[-1] += f" {style(world.grammar.any('blog.end', rng, bound), rng)}"
    return paragraphs


def _as_html(world: World, rng: Random, paragraphs: list[str]) -> str:
    blocks = [html.escape(paragraph, quote=False).replace(" —", "&nbsp;—") for paragraph in paragraphs]
    form = pick(rng, ("p", "div", "br"))
    if rng.random() < 0.3:
        quote = proper(world.grammar.any("blog.quote", rng, {}))
        blocks.insert(1, f"<blockquote>{quote}</blockquote>")
    if form == "br":
        return "<br /><br />".join(blocks)
    image = '<a href="https://example.com/p/1.jpg"><img src="https://example.com/p/1.jpg" alt="" /></a>'
    body = "\n".join(block if block.startswith("<block") else f"<{form}>{block}</{form}>" for block in blocks)
    return f"{image}\n{body}" if rng.random() < 0.3 else body


def guestbook(world: World, rng: Random, count: int) -> Iterator[SampleRow]:
    """Form posts on the pages of the owner and his friends; his own stand under one of his names there."""
    start, end = datetime(2004, 2, 1, tzinfo=UTC), datetime(2005, 11, 1, tzinfo=UTC)
    talk = Talk(world.grammar, world.grammar.home, rng)
    for index in range(count):
        person, mine = world.cast.one(rng), rng.random() < 0.55
        reason: Dropped | None = None if mine else "not_own"
        page = person.first if mine and rng.random() < 0.8 else "Theo"
        bound: Bound = {"you": page}
        own = talk.message(["{guestbook.post}"], bound) if mine else ""
        text: str | None = own if mine else proper(world.grammar.any("guestbook.other", rng, bound))
        if mine and rng.random() < 0.03:
            own, (text, reason) = "", pick(rng, (*NO_GREETINGS, (link(rng), "links")))
        poster = pick(rng, Persona.guestbook_names) if mine else pick(rng, (person.first, person.name, person.handle))
        raw = f"Page: {page.lower()}\nName: {poster}\nMessage:\n{text or ''}\n\nThis was sent by the form on the site."
        record = (
            uuid.UUID(int=rng.getrandbits(128), version=4), unique_key(index, 9), page.lower(), page, poster,
            maybe_date(rng, clock(rng, start, end, index / count)), text, raw,
        )  # fmt: skip
        yield row("site_guestbook", record, own, reason)
