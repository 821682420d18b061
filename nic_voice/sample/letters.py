"""How mail programs lay out a letter: what the owner typed, then signature, quoted mail and disclaimer around it.

In: the owner's paragraphs and the mail he answers. Out: a body as text or HTML, as the common programs write it.
"""

import html
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import NamedTuple

from nic_voice.sample.made import pick


class Letter(NamedTuple):
    """A mail that can be quoted."""

    name: str
    email: str
    at: datetime
    subject: str
    text: str


def clock_12h(at: datetime) -> str:
    """'9:05 AM'."""
    return f"{at.hour % 12 or 12}:{at.minute:02} {'AM' if at.hour < 12 else 'PM'}"


def marked(text: str) -> str:
    """The text behind '>' marks."""
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))


def gmail_reply(typed: str, signature: str, old: Letter) -> str:
    """Text of a reply in Gmail; the attribution breaks when the line is long."""
    said = f"On {old.at:%a, %b} {old.at.day}, {old.at.year} at {clock_12h(old.at)}, {old.name} <{old.email}> wrote:"
    if len(said) > 76:
        said = said.replace(f" <{old.email}>", f"\n<{old.email}>")
    return f"{_joined(typed, signature)}\n\n{said}\n\n{marked(old.text)}"


def apple_reply(typed: str, signature: str, old: Letter) -> str:
    """Text of a reply in Apple's mail program, signed by the telephone."""
    said = f"On {old.at:%b} {old.at.day}, {old.at.year}, at {clock_12h(old.at)}, {old.name} <{old.email}> wrote:"
    return f"{_joined(typed, signature or 'Sent from my iPhone')}\n\n> {said}\n> \n{marked(old.text)}"


def outlook_reply(typed: str, signature: str, old: Letter) -> str:
    """Text of a reply in Outlook."""
    head = (
        f"-----Original Message-----\nFrom: {old.name} [mailto:{old.email}]\n"
        f"Sent: {old.at:%A, %B} {old.at.day}, {old.at.year} {clock_12h(old.at)}\n"
        f"To: Theo Marchetti\nSubject: {old.subject}"
    )
    return f"{_joined(typed, signature)}\n\n{head}\n\n{old.text}"


def outlook_line_reply(typed: str, signature: str, old: Letter) -> str:
    """Text of a reply in later Outlooks and on the web: a line of underscores."""
    head = (
        f"{'_' * 32}\nFrom: {old.name} <{old.email}>\n"
        f"Sent: {old.at:%A, %B} {old.at.day}, {old.at.year} {clock_12h(old.at)}\n"
        f"To: Theo Marchetti\nSubject: {old.subject}"
    )
    return f"{_joined(typed, signature)}\n\n{head}\n\n{old.text}"


def blackberry_reply(typed: str, signature: str, old: Letter) -> str:
    """Text of a reply on a BlackBerry."""
    head = (
        f"Sent from my Verizon Wireless BlackBerry\n\n-----Original Message-----\nFrom: {old.name} <{old.email}>\n"
        f"Date: {old.at:%a, %d %b %Y %H:%M:%S} \nTo: Theo Marchetti<theo@example.com>\nSubject: {old.subject}"
    )
    return f"{_joined(typed, signature)}\n{head}\n\n{old.text}"


def bare_reply(typed: str, signature: str, old: Letter) -> str:
    """Text under the quoted mail, as on mailing lists."""
    return f"{old.name} wrote:\n{marked(old.text)}\n\n{_joined(typed, signature)}"


def inline_reply(paragraphs: list[str], old: Letter) -> str:
    """Answers between the lines that they answer."""
    quoted = old.text.split("\n\n")
    pieces = []
    for number, paragraph in enumerate(paragraphs):
        pieces += [marked(quoted[number % len(quoted)]), paragraph]
    return "\n\n".join(pieces)


def html_body(paragraphs: list[str], signature: str, old: Letter | None, rng: Random) -> str:
    """HTML as Gmail, Apple Mail or Outlook write it."""
    form = pick(rng, (_gmail_html, _apple_html, _outlook_html))
    blocks = [html.escape(paragraph, quote=False).replace("\n", "<br>") for paragraph in paragraphs]
    return form(blocks, html.escape(signature).replace("\n", "<br>"), old)


def forward(note: str, old: Letter, rng: Random) -> str:
    """Somebody else's mail sent on, with or without a word before it."""
    gmail = (
        f"---------- Forwarded message ---------\nFrom: {old.name} <{old.email}>\n"
        f"Date: {old.at:%a, %b} {old.at.day}, {old.at.year} at {clock_12h(old.at)}\nSubject: {old.subject}\n"
        "To: Theo Marchetti <theo@example.com>\n\n\n"
    )
    apple = (
        f"Begin forwarded message:\n\n> From: {old.name} <{old.email}>\n"
        f"> Date: {old.at:%B} {old.at.day}, {old.at.year}\n> Subject: {old.subject}\n> \n"
    )
    head, body = pick(rng, ((gmail, old.text), (apple, marked(old.text))))
    return f"{note}\n\n{head}{body}" if note else f"{head}{body}"


def _joined(typed: str, signature: str) -> str:
    return f"{typed}\n\n{signature}" if signature else typed


def _div(blocks: list[str]) -> str:
    return "<div><br></div>".join(f"<div>{block}</div>" for block in blocks)


def _gmail_html(blocks: list[str], signature: str, old: Letter | None) -> str:
    body = f'<div dir="ltr">{_div(blocks)}</div>'
    if signature:
        body += f'<br clear="all"><div class="gmail_signature" dir="ltr">{signature}</div>'
    if old:
        said = f"On {old.at:%a, %b} {old.at.day}, {old.at.year} at {clock_12h(old.at)} {old.name} wrote:"
        body += (
            f'<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{said}<br></div>'
            f'<blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{_old_html(old)}</blockquote></div>'
        )
    return body


def _apple_html(blocks: list[str], signature: str, old: Letter | None) -> str:
    body = f'<html><head></head><body dir="auto">{_div(blocks)}'
    body += f'<br><div dir="ltr">{signature or "Sent from my iPhone"}</div>'
    if old:
        said = f"On {old.at:%b} {old.at.day}, {old.at.year}, at {clock_12h(old.at)}, {old.name} wrote:"
        body += f'<div dir="ltr"><br><blockquote type="cite">{said}<br><br></blockquote></div>'
        body += f'<blockquote type="cite"><div dir="ltr">{_old_html(old)}</div></blockquote>'
    return f"{body}</body></html>"


def _outlook_html(blocks: list[str], signature: str, old: Letter | None) -> str:
    paragraphs = "".join(f'<p class="MsoNormal">{block}</p>\n<p class="MsoNormal">&nbsp;</p>\n' for block in blocks)
    style = "<style>p.MsoNormal {margin:0in;font-size:11.0pt}</style>"
    body = f'<html><head>{style}</head><body lang="EN-US">\n{paragraphs}'
    if signature:
        body += f'<p class="MsoNormal">-- <br>{signature.removeprefix("-- <br>")}</p>\n'
    if old:
        body += (
            '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p class="MsoNormal">'
            f"<b>From:</b> {old.name} &lt;{old.email}&gt;<br>"
            f"<b>Sent:</b> {old.at:%A, %B} {old.at.day}, {old.at.year}<br>"
            f"<b>To:</b> Theo Marchetti<br><b>Subject:</b> {old.subject}</p></div>\n<p>{_old_html(old)}</p>\n"
        )
    return f"{body}</body></html>"


def _old_html(old: Letter) -> str:
    return html.escape(old.text, quote=False).replace("\n", "<br>")


REPLIES: tuple[Callable[[str, str, Letter], str], ...] = (
    gmail_reply, gmail_reply, gmail_reply, apple_reply, apple_reply, outlook_reply, outlook_line_reply,
    blackberry_reply, bare_reply,
)  # fmt: skip
