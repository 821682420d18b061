"""Texts that are nobody's voice: attachments, bare links, automated mail, rows of tables and one-word reactions.

In: a text. Out: the Reason to drop it, or None. One-word answers ('yes', 'tomorrow')
are voice; only what reacts without saying anything is dropped.
"""

import re

from extraction.reason import Reason

PLACEHOLDER = "\ufffc"  # where an attachment stands in a message
# Apple's associated_message_type of reactions given and taken back; other types are stickers and app messages.
TAPBACK_TYPES = range(2000, 4000)

_LINK = re.compile(r"<?(?:https?://|www\.)\S+", re.IGNORECASE)

_AUTOMATED_SUBJECT = re.compile(
    r"""^\s*(?:
      (?:accepted|declined|tentative|tentatively\saccepted|cancell?ed|cancell?ed\sevent|invitation|updated\sinvitation
        |new\stime\sproposed|meeting\sforward\snotification|read|not\sread|deleted|delivered|undeliverable|recall)\s?:
      |auto(?:matic|mated)?[\s:-]*(?:reply|response)\b | out\sof\s(?:the\s)?office(?:\s?:|\s(?:auto[\s-]?)?reply\b)
      |automatische\santwort | réponse\sautomatique | respuesta\sautomática | abwesenheitsnotiz
      |(?:mail\s)?delivery\s(?:status|fail|report|notification)|undelivered\smail|returned\smail|mail\sdelivery
      |failure\snotice | read\sreceipt | return\sreceipt
      |your\s(?:\S+\s){0,3}(?:order|receipt|invoice|payment|reservation|booking|statement)\b(?=.*[\#\d])
      |(?:order|payment|booking|purchase|shipping)\s(?:confirmation|confirmed|receipt)\b | receipt\s(?:for|from)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_AUTOMATED_TEXT = re.compile(
    r"""\bthis\sis\san\sautomat(?:ed|ic)\b
      |\bautomat(?:ed|ic(?:ally)?)[\s-]+(?:generated|reply|response|message|e-?mail)\b
      |\bdo\snot\sreply\sto\sthis\s(?:e-?mail|message)\b
      |\bview\s(?:this|it)\s(?:e-?mail\s)?in\s(?:your|a|the)\s?(?:web\s)?browser\b
      |\byou(?:\sare|[’']re)\sreceiving\sthis\s(?:(?:e-?mail|message|newsletter)\s)?because\b
      |\b(?:click|tap|link|here|visit|manage|https?://\S+)\b.{0,60}\bunsubscribe\b
      |\bunsubscribe\b.{0,40}(?:\bclick|\bhere\b|\blink\b|https?://|\bfrom\s(?:this|our)\s|\bat\sany\stime)
      |\bhas\s(?:accepted|declined|tentatively\saccepted)\s(?:this|your|the)\s(?:invitation|event|meeting)
      |\bdelivery\sto\sthe\sfollowing\srecipients?\s(?:has\s)?failed
      |\byour\smessage\s.{0,200}\b(?:was\sread|could\snot\sbe\sdelivered)
      |\bout\sof\s(?:the\s)?office\b.{0,300}\b(?:(?:limited|no)\saccess\sto|(?:respond|reply)\s.{0,40}(?:when|upon|return))\b
      |\blist-unsubscribe:|\bprecedence:\sbulk""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)

# White space that sets off a column; after the end of a sentence it may be a habit.
_COLUMN = re.compile(r"(?<=\S)(?<![.!?:,;])(?:[ ]{3,}|[ ]*\t\s*)(?=\S)")
_TABLE_COLUMNS = 3
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_PROSE_WORDS = 4

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
# Letters may be drawn out: 'loool', 'hahaha', 'okkk', 'hmmm'.
_REACTION = re.compile(
    r"""
      (?:[bw]?w?a*)?(?:h+[aeiou]+){2,}h* | hah | heh | ha | (?:ja){2,} | l+o+l+(?:o+l+)*[sz]? | lulz? | kek | xd
      |l+m+f?a+o+ | r+o+f+l+ | omf?g | wtf | smh
      |o+k+(?:a+y+|i+e+)? | k+ | kay | nice+ | cool+ | neat | sweet | awesome | great
      |w+o+w+ | o+h+ | a+h+ | o+o+h+ | a+w+e? | e+w+ | u+g+h+ | y+a+y+ | w+o+o+h+o+o+ | yikes | w?h?oops
      |h+m+ | m+h+m+ | m+ | u+h+ | u+m+ | e+r+m*
    """,
    re.IGNORECASE | re.VERBOSE,
)


def attachment(text: str) -> Reason | None:
    """Nothing but the placeholders of attachments."""
    return Reason.ATTACHMENT if PLACEHOLDER in text and not text.replace(PLACEHOLDER, "").strip() else None


def links(text: str) -> Reason | None:
    """Nothing but links."""
    words = text.split()
    return Reason.LINKS if words and all(map(_LINK.match, words)) else None


def automated_subject(subject: str) -> Reason | None:
    """The subject of a mail that a program wrote: calendar replies, auto-replies, receipts, delivery reports."""
    return Reason.AUTOMATED if _AUTOMATED_SUBJECT.match(subject) else None


def automated(text: str) -> Reason | None:
    """The text of a mail that a program wrote, newsletters included."""
    return Reason.AUTOMATED if _AUTOMATED_TEXT.search(text) else None


def table_row(text: str) -> Reason | None:
    """A line of a table: three columns or more, or two with hardly a word in them."""
    columns = len(_COLUMN.findall(text)) + 1
    if columns >= _TABLE_COLUMNS or (columns > 1 and len(_LETTERS.findall(text)) < _PROSE_WORDS):
        return Reason.TABLE_ROW
    return None


def is_one_word(text: str) -> bool:
    """Whether a text is a single word."""
    return len(_WORD.findall(text)) == 1


def reaction(text: str) -> Reason | None:
    """One word that only reacts ('lol', 'ok', 'hahaha'), or no word at all (an emoji, '!!')."""
    words = _WORD.findall(text)
    if not words:
        return Reason.REACTION
    return Reason.REACTION if len(words) == 1 and _REACTION.fullmatch(words[0]) else None
