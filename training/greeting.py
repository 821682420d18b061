"""How somebody opens and closes his messages, where an assistant would greet and sign.

In: pairs of whole messages. Out: an opening such as 'Hi {name}—', a closing such as '{me}' and how he signs
(voice/hand.py): "" where he mostly does without, None where too little is known.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from voice.ends import CLOSING_WORDS, greets
from voice.hand import ME, NAME
from voice.letter import greeting, sign_off

Pair = tuple[str, str]  # neutral, own

_FEWEST, _MOST = 5, 0.4  # cases there must be, and the share of the likeliest
_HELLO = r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|greetings|yo|hiya|howdy)"
_MARKS = r"[ ]*[,.:;!—–-]*"
_CLOSED = re.compile(
    rf"(?:^|\n)(?P<whole>[ ]*(?:{CLOSING_WORDS}\b{_MARKS}\s*)?(?:[-—–]*[ ]*(?P<me>[^\W\d_]+)[.!]?)?)\s*$", re.IGNORECASE
)


def opening_of(pairs: Iterable[Pair]) -> str | None:
    """How he opens."""
    return _usual(_opened(own, found.whom) for neutral, own in pairs if (found := greeting(neutral)))


def closing_of(pairs: Sequence[Pair], names: frozenset[str]) -> tuple[str | None, str]:
    """How he closes, and what he calls himself there; `names` are the words that end many of his texts."""
    closed = [_closed(own, names, found.who) for neutral, own in pairs if (found := sign_off(neutral))]
    signed = Counter(me for _, me in closed if me)
    return _usual(form for form, _ in closed), max(signed, key=lambda me: (signed[me], me), default="")


def _usual(found: Iterable[str | None]) -> str | None:
    counted = Counter(found)
    if counted.total() < _FEWEST:
        return None
    form, most = counted.most_common(1)[0]
    return form if most >= _MOST * counted.total() else None


def _opened(own: str, whom: str) -> str | None:
    """How a text opens, its name taken out; "" for not at all, None for in another way."""
    names = [whom, *whom.split()] if whom else []
    for name in names:
        found = re.match(
            rf"\s*(?P<hello>{_HELLO}[ ,]+)?{re.escape(name)}(?P<marks>{_MARKS})(?=\W|$)", own, re.IGNORECASE
        )
        if found:
            return f"{found['hello'] or ''}{NAME}{found['marks']}".rstrip()
    if found := re.match(rf"\s*({_HELLO}\b{_MARKS})", own, re.IGNORECASE):
        return found[1].rstrip()
    return None if greets(own) else ""


def _closed(own: str, names: frozenset[str], who: str) -> tuple[str | None, str]:
    """How a text closes, its owner's name taken out, and the name; `who` signed what it was made of."""
    found = _CLOSED.search(own)
    if found is None or not found["whole"].strip():
        return "", ""
    me = found["me"] or ""
    if me and me.casefold() not in names and not who.casefold().startswith(me.casefold()):
        return "", ""
    whole = found["whole"].strip()
    return (f"{whole[: len(whole) - len(me)]}{ME}" if me and whole.endswith(me) else whole), me
