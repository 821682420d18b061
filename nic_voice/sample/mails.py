"""The two mail sources: Gmail, sent and received, and the sent mail of the years at a law firm.

In: the world, a random stream, the number of rows. Out: at least that many rows, each thread in order of time.
"""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from nic_voice.sample.grammar import Bound, Grammar, proper, relaxed, tidy
from nic_voice.sample.letters import REPLIES, Letter, forward, html_body, inline_reply, outlook_reply
from nic_voice.sample.made import link, pick
from nic_voice.sample.people import Person, Persona
from nic_voice.sample.rows import Dropped, SampleRow, World, collected_at, maybe_date, row, unique_key
from nic_voice.sample.talk import REACTIONS, clock

AUTOMATED = (
    ("newsletter", "Newsletter, {month}"), ("receipt", "Your order {tracking}"),
    ("auto_reply", "Automatic reply: {subject}"),
    ("calendar", "Accepted: {subject} @ {weekday} {hour}"), ("calendar", "Declined: {subject} @ {weekday} {hour}"),
    ("delivery_report", "Undeliverable: {subject}"), ("delivery_report", "Read: {subject}"),
)  # fmt: skip
ASSISTANT = ("Marlene Fisk", "frontdesk@larkfield.example.com")


class Body(NamedTuple):
    """A mail's body as stored, and the truth about it; `plain` is what a reply to it would quote."""

    subject: str
    text: str | None
    plain: str
    own: str
    reason: Dropped | None


def gmail(world: World, rng: Random, count: int) -> Iterator[SampleRow]:
    """Threads of one to four mails, from both sides."""
    start, end = datetime(2006, 5, 1, tzinfo=UTC), datetime(2025, 5, 20, tzinfo=UTC)
    index = 0
    for thread in itertools.count():
        person, bound = world.cast.one(rng), Bound()
        bound["you"] = person.first
        subject, old = world.grammar.any("subject", rng, bound), None
        at, mine = clock(rng, start, end, min(index / count, 1.0)), rng.random() < 0.68
        for number in range(1 + int(rng.random() * 4)):
            subject = f"Re: {subject}" if number == 1 else subject
            body = _sent(world, rng, bound, subject, old) if mine else _received(world, rng, bound, subject)
            yield _gmail_row(rng, (index, thread), at, person, mine, body)
            name, email = (Persona.name, Persona.emails[0]) if mine else (person.name, person.email)
            old = Letter(name, email, at, body.subject, body.plain)
            index += 1
            at += timedelta(minutes=3 + rng.random() * 2000)
            mine = not mine if rng.random() < 0.9 else mine


def _gmail_row(
    rng: Random, numbers: tuple[int, int], at: datetime, person: Person, mine: bool, body: Body
) -> SampleRow:  # fmt: skip
    index, thread = numbers
    name, email, to = (Persona.name, pick(rng, Persona.emails[:2]), person.email) if mine else (
        person.name, person.email, Persona.emails[0]
    )  # fmt: skip
    own, reason = body.own, body.reason
    if mine and rng.random() < 0.012:  # an assistant who sends from the same account
        (name, email), own, reason = ASSISTANT, "", "not_own"
    email = email.title() if rng.random() < 0.02 else email
    copies = ["captain@example.org"] if rng.random() < 0.05 else []
    labels = ["SENT"] if mine else ["INBOX", pick(rng, ("IMPORTANT", "CATEGORY_PERSONAL"))]
    record = (
        unique_key(index, 1), unique_key(thread, 2), maybe_date(rng, at), email, name, [to], copies, body.subject,
        body.text, labels, (body.plain or "")[:100], rng.random() < 0.06, mine, collected_at(index),
    )  # fmt: skip
    return row("aurora_raw_gmail", record, own, reason)


def _received(world: World, rng: Random, bound: Bound, subject: str) -> Body:
    grammar = world.grammar
    if rng.random() < 0.15:
        text = _machine_text(grammar, rng, pick(rng, ("newsletter", "receipt")))
    else:
        lines = [grammar.any("other_line", rng, bound) for _ in range(2 + int(rng.random() * 4))]
        text = proper(
            f"{grammar.any('other_greeting', rng, bound)}\n\n{' '.join(lines[:2])}\n\n{' '.join(lines[2:])}".rstrip()
            + f"\n\n{grammar.any('other_close', rng, bound)}\n{bound['you']}"
        )
    stored = f"<html><body><p>{text.replace(chr(10), '<br>')}</p></body></html>" if rng.random() < 0.2 else text
    return Body(subject, stored, text, "", "not_own")


def _sent(world: World, rng: Random, bound: Bound, subject: str, old: Letter | None) -> Body:
    grammar, dice = world.grammar, rng.random()
    if dice < 0.10:
        kind, title = pick(rng, AUTOMATED)
        text = _machine_text(grammar, rng, kind)
        return Body(grammar.fill(title, rng, bound), text, text, "", "automated")
    if dice < 0.17:
        return _forwarded(world, rng, bound, subject, old)
    if dice < 0.185:
        return Body(subject, pick(rng, (None, "", "\n\n", "<div><br></div>")), "", "", "empty")
    if dice < 0.195:
        text = link(rng)
        return Body(subject, text, text, "", "links")
    if dice < 0.21:
        text = pick(rng, REACTIONS)
        return Body(subject, text, text, "", "reaction")
    return _letter(grammar, rng, bound, subject, old)


def _forwarded(world: World, rng: Random, bound: Bound, subject: str, old: Letter | None) -> Body:
    someone = world.cast.one(rng)
    text = _received(world, rng, {"you": someone.first}, subject).plain
    old = old or Letter(someone.name, someone.email, datetime(2015, 1, 7, 9, 14, tzinfo=UTC), subject, text)
    note = relaxed(world.grammar.any("forward_note", rng, bound), rng) if rng.random() < 0.5 else ""
    body = forward(note, old._replace(text=text), rng)
    return Body(f"Fwd: {subject}", body, body, note, None if note else "nothing_own")


def _letter(grammar: Grammar, rng: Random, bound: Bound, subject: str, old: Letter | None) -> Body:
    paragraphs = _private_paragraphs(grammar, rng, bound, reply=old is not None)
    own = "\n\n".join(paragraphs)
    signature = grammar.any("signature", rng, bound) if rng.random() < 0.35 else ""
    if not signature and rng.random() < 0.15:
        signature = grammar.any("device", rng, bound)
    if rng.random() < 0.28:
        text = html_body(paragraphs, signature, old, rng)
    elif old is None:
        text = f"{own}\n\n{signature}" if signature else own
    elif len(paragraphs) < 4 and rng.random() < 0.1:
        text = inline_reply(paragraphs, old)
    else:
        text = pick(rng, REPLIES)(own, signature, old)
    return Body(subject, text, own, own, None)


def _private_paragraphs(grammar: Grammar, rng: Random, bound: Bound, reply: bool) -> list[str]:
    """Greeting, paragraphs and the name under them; a quick answer has one paragraph only."""
    topic, style = pick(rng, grammar.home), relaxed if rng.random() < 0.85 else tidy
    quick = reply and rng.random() < 0.35
    own_lines = [forms[0] for forms in grammar.slots["line"]]
    pool = rng.sample(own_lines, 4) + rng.sample([*topic.open, *topic.more], 4) + _everyday(grammar, rng, 8)
    rng.shuffle(pool)
    paragraphs = []
    for _ in range(1 if quick else 1 + int(rng.random() * 3)):
        templates = [pool.pop() for _ in range(1 + int(rng.random() * (2 if quick else 4)))]
        paragraphs.append(_paragraph(grammar, rng, bound, templates, style))
    if rng.random() < (0.2 if quick else 0.75):
        paragraphs.insert(0, f"{style(grammar.any('greeting', rng, bound), rng)}{pick(rng, (',', '—', '', '!'))}")
    if rng.random() < (0.3 if quick else 0.7):
        paragraphs.append(grammar.any("sign_off", rng, bound))
    return paragraphs


def _everyday(grammar: Grammar, rng: Random, count: int) -> list[str]:
    """So many different things that everybody has to say now and then, in his words."""
    return [pick(rng, templates) for templates in rng.sample(grammar.everyday, count)]


def _paragraph(
    grammar: Grammar, rng: Random, bound: Bound, templates: list[str], style: Callable[[str, Random], str]
) -> str:  # fmt: skip
    sentences = []
    for template in templates:
        text = grammar.fill(template, rng, bound)
        if text[-1] not in ".?!" and rng.random() < 0.2:
            text += f"—{grammar.any('tail', rng, bound)}"
        text = style(text, rng)
        sentences.append(text if text[-1] in ".?!" else f"{text}.")
    return " ".join(sentences)


def _machine_text(grammar: Grammar, rng: Random, kind: str) -> str:
    return proper(grammar.any(kind, rng, {}))


def archived(world: World, rng: Random, count: int) -> Iterator[SampleRow]:
    """Sent mail of an office: greetings, signatures, disclaimers, Outlook's quotes; some was sent by an assistant."""
    start, end = datetime(2008, 2, 4, tzinfo=UTC), datetime(2010, 11, 19, tzinfo=UTC)
    for index in range(count):
        people = world.cast.some(rng)[: 1 + int(rng.random() * 2)]
        bound: Bound = {"you": people[0].first}
        at = clock(rng, start, end, index / count)
        body = _office_mail(world, rng, bound, people[0], at)
        sender, own, reason = pick(rng, Persona.names[:2]), body.own, body.reason
        if rng.random() < 0.02:
            sender, own, reason = "Fisk, Marlene", "", "not_own"
        to = "; ".join(f"{person.last}, {person.first}" for person in people)
        length = len(body.text) if body.text is not None else 0
        record = (index + 1, maybe_date(rng, at), sender, to, body.subject, body.text, length)
        yield row("archived_sent_emails", record, own, reason)


def _office_mail(world: World, rng: Random, bound: Bound, person: Person, at: datetime) -> Body:
    grammar, dice = world.grammar, rng.random()
    kind = pick(rng, grammar.work_mail)
    subject = tidy(grammar.fill(pick(rng, kind["subject"]), rng, bound), rng)
    old = Letter(
        person.name, person.email, at - timedelta(hours=2), subject, _received(world, rng, bound, subject).plain
    )
    if dice < 0.05:
        name, title = pick(rng, AUTOMATED[2:])
        text = _machine_text(grammar, rng, name)
        return Body(grammar.fill(title, rng, bound), text, text, "", "automated")
    if dice < 0.09:
        text = outlook_reply("", "", old).lstrip()
        return Body(f"FW: {subject}", text, text, "", "nothing_own")
    if dice < 0.10:
        return Body(subject, pick(rng, (None, "", " \n")), "", "", "empty")
    own = "\n\n".join(_office_paragraphs(grammar, rng, bound, kind))
    text = own
    signature = grammar.any("work_signature", rng, bound) if rng.random() < 0.6 else ""
    if rng.random() < 0.55:
        text = outlook_reply(own, signature, old)
    elif signature:
        text = f"{own}\n\n{signature}"
    if rng.random() < 0.45:
        text += f"\n\n{grammar.any('disclaimer', rng, bound)}"
    return Body(subject, text, own, own, None)


def _office_paragraphs(grammar: Grammar, rng: Random, bound: Bound, kind: dict[str, list[str]]) -> list[str]:
    """Greeting, one to three paragraphs, sign-off; more often than in private mail."""
    paragraphs = [_paragraph(grammar, rng, bound, [pick(rng, kind["open"])], tidy)]
    more = rng.sample(kind["more"], len(kind["more"])) + _everyday(grammar, rng, 8)
    rng.shuffle(more)
    for _ in range(int(rng.random() * 3)):
        templates = [more.pop() for _ in range(1 + int(rng.random() * 3))]
        paragraphs.append(_paragraph(grammar, rng, bound, templates, tidy))
    if rng.random() < 0.8:
        paragraphs[-1] += f" {tidy(grammar.fill(pick(rng, kind['close']), rng, bound), rng)}"
    if rng.random() < 0.85:
        paragraphs.insert(0, f"{grammar.any('work_greeting', rng, bound)}{pick(rng, (',', '—', ' -'))}")
    if rng.random() < 0.85:
        paragraphs.append(grammar.any("work_sign_off", rng, bound))
    return paragraphs
