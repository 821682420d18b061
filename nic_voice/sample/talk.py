"""Conversations: who says what to whom, in which order, and which dirt a phone adds to it.

In: topics, a random stream, the people who talk. Out: lines in order of time, each with its truth. The sources of
chats.py only wrap these lines into their columns.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from nic_voice.sample.grammar import Bound, Exchange, Grammar, Topic, chatty, proper
from nic_voice.sample.made import link, pick
from nic_voice.sample.people import Person
from nic_voice.sample.rows import Dropped

REACTIONS = ("lol", "ok", "haha", "👍", "k", "lmao", "hahaha", "okay", "😂", "❤️", "kk", "Lol", "Ok")
INVISIBLE = ("\u200b", "\x01", "\x0b", "\ufffc", "\ufeff")


class Line(NamedTuple):
    """What one person sends at once. `text` is what the source stores; `own` and `reason` are the truth about it."""

    speaker: Person | None  # None is the owner
    text: str | None
    own: str
    reason: Dropped | None
    gap_s: int  # since the line before


def clock(rng: Random, start: datetime, end: datetime, position: float) -> datetime:
    """A moment of the day that lies at `position` (0 to 1) between two dates; one in nine at night."""
    day = start + (end - start) * position
    hour = 2 + rng.random() * 2 if rng.random() < 0.11 else 7.5 + rng.random() * 16
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


class Talk:
    """Writes conversations of one kind: `style` gives the owner's lines their look."""

    def __init__(
        self, grammar: Grammar, topics: Sequence[Topic], rng: Random, style: Callable[[str, Random], str] = chatty
    ) -> None:
        self.grammar, self.topics, self.rng, self.style = grammar, topics, rng, style

    def lines(self, others: Sequence[Person], night: bool) -> Iterator[Line]:
        """One conversation of 2 to about 14 lines with these people."""
        rng, topic = self.rng, pick(self.rng, self.topics)
        bound = {"you": others[0].first}
        if night and rng.random() < 0.7:
            yield self._own_line(self.ramble(bound), 0)
        elif rng.random() < 0.55:
            everyday = rng.random() < 0.4
            yield self._own_line(self.everyday(bound) if everyday else self.message(topic.open, bound), 0)
        else:
            yield from self._exchange(pick(rng, topic.exchanges), others, bound)
        for _ in range(int(rng.random() * 6)):
            yield from self._beat(topic, others, bound)

    def message(self, templates: Sequence[str], bound: Bound, answer: bool = False) -> str:
        """One message of the owner's: a sentence, with a word before or after it, sometimes a second one."""
        rng, grammar = self.rng, self.grammar
        template = pick(rng, templates)
        if template in bound and rng.random() < 0.9:  # said before in this conversation
            template = pick(rng, templates)
        bound[template] = ""
        text = grammar.fill(template, rng, bound)
        plain = "{" not in template and not answer  # the same words each time, so dress them up more often
        if rng.random() < 0.2:
            text = f"{grammar.any('reply_head' if answer else 'head', rng, bound)} {text}"
        if text[-1] not in "?!)." and rng.random() < (0.6 if plain else 0.26):
            text = f"{text}—{grammar.any('tail', rng, bound)}"
        elif rng.random() < 0.04:
            text = f"{text} {grammar.any('laugh', rng, bound)}"
        elif rng.random() < 0.06:
            text = f"{text}{pick(rng, ('. ', chr(10), '—'))}{grammar.any('joke', rng, bound)}"
        return self.style(text, rng)

    def everyday(self, bound: Bound) -> str:
        """What everybody has to say now and then, in his words."""
        template = pick(self.rng, pick(self.rng, self.grammar.everyday))
        return self.style(self.grammar.fill(template, self.rng, {"you": bound["you"]}), self.rng)

    def short(self, bound: Bound) -> str:
        """An answer of one word or a few."""
        rng = self.rng
        if rng.random() < 0.4:
            return self.style(
                f"{self.grammar.any('one_word', rng, bound)}{pick(rng, ('', '', '.', '—', '!', '??'))}", rng
            )
        text = self.grammar.any("few_words", rng, bound)
        return self.style(text if rng.random() < 0.7 else f"{text}—{self.grammar.any('tail', rng, bound)}", rng)

    def ramble(self, bound: Bound) -> str:
        """A long run-on message, as people write at three in the morning."""
        rng, grammar = self.rng, self.grammar
        text = grammar.any("ramble.start", rng, bound)
        for _ in range(4 + int(rng.random() * 9)):
            joint = pick(rng, (" ", " ", "—", ", "))
            text += f"{joint}{grammar.any('ramble.link', rng, bound)} {grammar.any('ramble.clause', rng, bound)}"
        return self.style(f"{text}{pick(rng, ('—', '. ', ' '))}{grammar.any('ramble.end', rng, bound)}", rng)

    def other(self, templates: Sequence[str], bound: Bound) -> str:
        """One message of somebody else's."""
        return proper(self.grammar.fill(pick(self.rng, templates), self.rng, bound))

    def _beat(self, topic: Topic, others: Sequence[Person], bound: Bound) -> Iterator[Line]:
        dice = self.rng.random()
        if dice < 0.22:
            yield from self._exchange(pick(self.rng, topic.exchanges), others, bound)
        elif dice < 0.66:
            yield self._other_line(others, topic.other if self.rng.random() < 0.5 else None, bound)
            if self.rng.random() < 0.5:
                yield self._own_line(self.everyday(bound), 90)
            else:
                short = self.rng.random() < 0.5
                yield self._own_line(self.short(bound) if short else self.message(topic.more, bound), 90)
        elif dice < 0.9:
            everyday = self.rng.random() < 0.6
            yield self._own_line(self.everyday(bound) if everyday else self.message(topic.more, bound), 25)
        elif dice < 0.95:
            yield self._own_line(self.style(self.grammar.any("joke", self.rng, bound), self.rng), 120)
        else:
            yield self._own_line(self.style(self.grammar.any("share", self.rng, bound), self.rng), 60)

    def _exchange(self, exchange: Exchange, others: Sequence[Person], bound: Bound) -> Iterator[Line]:
        yield self._other_line(others, exchange.ask, bound)
        yield self._own_line(self.message(exchange.answer, bound, answer=True), 60)

    def _other_line(self, others: Sequence[Person], templates: Sequence[str] | None, bound: Bound) -> Line:
        speaker = pick(self.rng, others)
        text = self.other(templates or ["{other.react}"], bound)
        if self.rng.random() < 0.04:
            text = pick(self.rng, (link(self.rng), "👍", "Okay", "Ha", "\ufffc"))
        return Line(speaker, text, "", "not_own", 20 + int(self.rng.random() * 400))

    def _own_line(self, own: str, gap_s: int) -> Line:
        """The owner's text, or one of the things that a phone sends instead; both share the moment."""
        rng, dice = self.rng, self.rng.random()
        gap_s += int(rng.random() * 60)
        if dice < 0.045:
            return Line(None, pick(rng, REACTIONS), "", "reaction", gap_s)
        if dice < 0.06:
            return Line(None, link(rng), "", "links", gap_s)
        if dice < 0.068:
            return Line(None, pick(rng, (None, "", "  ", "\u200b")), "", "empty", gap_s)
        return Line(None, soiled(own, rng), own, None, gap_s)


def soiled(own: str, rng: Random) -> str:
    """The text with an invisible character in it, one time in thirty."""
    if rng.random() > 0.033:
        return own
    place = pick(rng, (0, len(own), own.find(" ") + 1))
    return own[:place] + pick(rng, INVISIBLE) + own[place:]
