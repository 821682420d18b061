"""How a text opens and closes, taken off: greeting, sign-off, names and signature, which hide what lies between them.

In: a text, and the names that may stand at its ends. Out: the text without them, never empty. A voice that signs as its
owner does looks like him whatever it says; what counts is the rest.
"""

import re
from collections import Counter
from collections.abc import Iterable

_GREETING = re.compile(
    r"^\W*(?:(?P<hello>hi+|hey+|hello|helo|hiya|yo|dear|greetings|howdy|morning|afternoon|evening|"
    r"good (?:morning|afternoon|evening|day)|happy (?:monday|tuesday|wednesday|thursday|friday))\b"
    r"(?: there| all| everyone| everybody| team| guys| folks| both| again| gang| you(?: guys| two| all)?)?"
    r"(?:[ ,]+(?-i:[A-Z][\w.'-]*|and|&|,)){0,5}[ ]*(?:[,.:;!—–-]+|\n|$)|"
    r"(?-i:[A-Z][a-z'-]+)(?:(?:,| and| &|/)[ ]?(?-i:[A-Z][a-z'-]+)){0,4}[ ]*(?:[,:;—–]|[ ]-+[ ]|\.?\n))[ ]*",
    re.IGNORECASE,
)
_NOT_NAMES = frozenset(
    "yes no ok okay well so also however but and then first second third finally unfortunately fortunately "
    "sorry thanks today tomorrow yesterday monday tuesday wednesday thursday friday saturday sunday january february "
    "march april may june july august september october november december please now here there this that attached "
    "actually anyway sure great good nice oh wow hmm if when as since because although though after before besides "
    "additionally furthermore moreover meanwhile perhaps maybe certainly absolutely definitely regardless honestly "
    "basically apparently hopefully currently lately recently similarly otherwise therefore thus instead indeed "
    "question answer note reminder fyi btw ps nb re subject".split()
)
CLOSING_WORDS = (
    r"(?:many |much |warm |warmest |kind |kindest |best |with |all my |my )*"
    r"(?:thanks(?: again| (?:so|very) much| a (?:lot|bunch|million)| for (?:your|the|all)[^.!?\n]{0,40}| in advance)?|"
    r"thank (?:you|u)(?: again| (?:so|very) much| in advance| for (?:your|the|all)[^.!?\n]{0,40})?|"
    r"thx|thnx|tx|ty|tia|regards|rgds|wishes|best|cheers|sincerely|yours(?: truly| sincerely| faithfully)?|love|"
    r"xo+x*|take care|talk (?:to you )?(?:soon|later)|see (?:you|ya) (?:soon|later)|later|bye|ciao|respectfully|"
    r"cordially)"
)
_CLOSING = re.compile(
    rf"(?:^|(?<=[.!?…,\n—–-])|(?<=[.!?…] ))\W*+{CLOSING_WORDS}(?:(?:,| and| -)? {CLOSING_WORDS})?"
    r"[ ]*[,.!—–-]*\s*(?:[-—–~]*\s*(?-i:[A-Z][\w'-]*\.?)(?: (?-i:[A-Z][\w'.-]*)){0,2})?[\s.!]*$",
    re.IGNORECASE,
)
# A rule with little after it, on lines of its own or, where line breaks were lost, in the line; what phones add.
_SIGNATURE = re.compile(
    r"(?:\n--+\s*\n|(?<![-_=])[-_=]{5,}+|\bSent (?:from|via) (?:my|the) (?=[A-Z]|i[A-Z]))[\s\S]{0,250}$"
)
_LAST_LINE_NAME = re.compile(
    r"(?:\n|(?<=[.!?…)] )|(?<=[.!?…)]  ))[-—–~ ]*+(?P<name>[A-Z][a-zA-Z'-]*\.?(?: [A-Z][a-zA-Z'.-]*){0,2})[.!]?\s*$"
)
_SIGNED = re.compile(r"(?:[.!?,\n)—–-]|\b(?i:thanks|thx|regards|cheers|you))\s++[-—–~ ]*+(?P<word>[A-Za-z]+)[.!]?\s*$")
_LAST_WORD = re.compile(r"(?<=[\s.,!?])[-—–~ ]*+(?P<word>[A-Za-z]+)[.!]?\s*$")
_PARTED_WORD = re.compile(r"(?<![\s,—–~-])[\s,—–~-]++(?P<word>[A-Za-z]+)[.!]?\s*$")
_TAIL = 500  # characters at the end of a text among which its closing is
_OFTEN, _SHARE = 3, 0.01  # of all texts that must end in a word for it to be a signature
_ROUNDS = 3  # a greeting after a name, a name after a sign-off


def without_ends(text: str, names: Iterable[str] = ()) -> str:
    """The text between greeting and sign-off; the text itself where nothing is between them."""
    known = frozenset(name.casefold() for name in names)
    rest = _SIGNATURE.sub("", text.strip()).rstrip()
    for _ in range(_ROUNDS):
        shorter = _without_greeting(_without_closing(rest, known), known)
        if shorter == rest or not any(character.isalnum() for character in shorter):
            break
        rest = shorter
    return rest if any(character.isalnum() for character in rest) else text.strip()


def _without_greeting(text: str, known: frozenset[str]) -> str:
    opening = _GREETING.match(text)
    if opening is None:
        return _without_name_first(text, known)
    first = re.match(r"\W*(\w+)", opening.group())
    if first is None or (opening["hello"] is None and first.group(1).casefold() in _NOT_NAMES):
        return text
    return text[opening.end() :].lstrip(" \n,.!-—–")


def _without_name_first(text: str, known: frozenset[str]) -> str:
    """A known name in lower case, or without a comma, at the start: 'ana here is the file'."""
    first = re.match(r"\s*([A-Za-z'-]+)\s*[,:\n—–]", text)
    return text[first.end() :].lstrip() if first and first.group(1).casefold() in known else text


def _without_closing(text: str, known: frozenset[str]) -> str:
    closing = _CLOSING.search(text, _tail(text))
    if closing and (shorter := (text[: closing.start()] + text[closing.end() :]).rstrip()) != text.rstrip():
        return shorter
    last = _LAST_LINE_NAME.search(text, _tail(text))
    if last and (last["name"].split()[0].casefold().strip(".") in known or "\n" in last.group()[:1]):
        return text[: last.start()].rstrip()
    end = _LAST_WORD.search(text, _tail(text))
    return text[: end.start()].rstrip() if end and end["word"].casefold() in known else text


def _tail(text: str) -> int:
    """Where what can be its closing begins."""
    return max(0, len(text) - _TAIL)


def without_name(text: str, names: Iterable[str]) -> str:
    """The text without one of these names (in lower case) as its last word, and without the mark before it."""
    last = _PARTED_WORD.search(text, _tail(text))
    if last is None or last["word"].casefold() not in names or not text[: last.start()].strip():
        return text
    return text[: last.start()].rstrip()


def closing_names(texts: Iterable[str]) -> frozenset[str]:
    """The words, in lower case, that end many of somebody's texts and hardly stand elsewhere: how he signs."""
    ending: Counter[str] = Counter()
    all_words: Counter[str] = Counter()
    texts = list(texts)
    for text in texts:
        all_words.update(re.findall(r"[A-Za-z]+", text.casefold()))
        if (last := _SIGNED.search(text, _tail(text))) and not _CLOSING.fullmatch(last["word"]):
            ending[last["word"].casefold()] += 1
    least = max(_OFTEN, _SHARE * len(texts))
    return frozenset(word for word, count in ending.items() if count >= max(least, all_words[word] / 2))


def greets(text: str) -> bool:
    """Whether a text opens with a greeting or a name."""
    return _without_greeting(text.strip(), frozenset()) != text.strip()


def closes(text: str, names: Iterable[str] = ()) -> bool:
    """Whether a text closes with a sign-off or a name."""
    known = frozenset(name.casefold() for name in names)
    return _without_closing(text.strip(), known) != text.strip()
