"""Where a text holds identifiers: links, phone numbers, keys and the like, which a model need only pass on.

In: a text, and people's names if those count. Out: (start, end, kind), in order, none overlapping. Where two kinds
overlap, the earlier one of KINDS wins. Masking too much costs little, as it is put back to the letter; years, dates,
times, amounts of money and short numbers are left to be read.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from linkify_it import LinkifyIt
from linkify_it.tlds import TLDS
from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import iban, luhn

from voice.facts.addresses import ADDRESS, addresses
from voice.facts.people import Names
from voice.facts.secrets import SECRET, secrets
from voice.words import by_word

Span = tuple[int, int]

# A text without a word that has one of these holds no identifier: nearly every sentence ends here.
_SUSPICIOUS = re.compile(
    r"[@`\\/\d~]|\w\.\w|\w{16}|(?i:\bpw|\bpass|token|secret|\bkey|login|bearer|wi-?fi|stra(?:ß|ss)e|\bmot$"
    r"|\bid\b|(?:user|screen|account)(?:$|-?(?:id|name)))|-----"
)
_FENCE = re.compile(
    r"^[ \t]*(?P<block>(?P<fence>`{3,12}|~{3,12})(?:[^\n]*\n)(?:[\s\S]*?^[ \t]*(?P=fence)[`~]*|[\s\S]*))", re.M
)
_CODE = re.compile(r"(?<!`)(?P<ticks>`{1,3})[^`\n]{1,400}(?P=ticks)(?!`)")
_SCHEME = re.compile(r"(?<!\w)[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s<>\"“”`]+")
_LINKED = re.compile(r"\w\.\w|//")  # which every other link has; linkify's own pretest takes most sentences
_DOTTED, _NO_SPACE = re.compile(r"\.\w|//"), re.compile(r"\S+")
_AFTER_LINK = re.compile('[\\s<>"“”`]|$')
_LONGEST_LINKIFIED = 2000  # it takes the square of what it is given
# Ends of domains that are words, or common ends of files: with nothing before or after them they are no links.
_NO_DOMAIN_ALONE = frozenset("it is in so me to at be us my no am as do by the and he we or if i".split())
_EMAIL = re.compile(r"(?<![\w.+%-])\w[\w.+%'-]{0,63}@[^\W_][\w-]{0,62}(?:\.[^\W_][\w-]{0,62}){1,6}")
_PATH = re.compile(
    r"(?<![\w/.:~\\<])(?:"
    r"(?:~[\w-]*+|\.{1,2})?/(?:[\w.+@%-]+/)+[\w.+@%-]*+|(?:~|\.{1,2})/[\w.+@%-]++"  # /usr/lib, ~/notes
    r"|(?=[\w.-]{0,100}?[a-zA-Z])[\w.-]{1,100}+(?:/[\w.-]+){1,40}\.[a-zA-Z]\w{0,7}+(?![\w/])"  # src/main.c
    r"|[a-zA-Z]:\\(?:[^\\/:*?\"<>|\r\n]{0,60}[^\\/:*?\"<>|\s]\\)*[^\\/:*?\"<>|\s]*+"
    r"|[a-zA-Z]:/[^\\:*?\"<>|\s/][^\\:*?\"<>|\s]*+"
    r"|\\\\[\w.-]++\\[^\s:*?\"<>|]++)"
)
_IBAN = re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]){11,30}(?!\w)")
_CARD = re.compile(
    r"(?<![\w.,-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{5})(?![\w-]|[.,]\d)"
)
_PHONE_SHAPE = re.compile(
    r"(?<![\w.,$€£/-])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]?\d{4}(?![\w]|[-/.]\d)"
    r"|(?<![\w.,$€£/-])\d{3}-\d{4}(?![\w]|[-/.]\d)"
)
_REGIONS = ("US", "GB", "DE")  # whose numbers need no country code
_MOST_TRIES = 1000  # of what is no number in any of them; no letter has as many
_DATE = re.compile(
    r"(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|(?:1[89]|20)\d\d[./-]\d{1,2}[./-]\d{1,2})(?:[T ]\d.*)?"
    r"|(?:1[89]|20)\d\d[-/](?:(?:1[89]|20)\d\d|\d\d)"
)
# Dates, ranges of round numbers (500-1000), columns of decimals.
_NO_PHONE = re.compile(rf"{_DATE.pattern}|\d+00-\d+00|\d+\.\d+\s+\d+(?:\.\d+)?|.*\s{{2,}}.*\.\d+")
MONEY = re.compile(
    r"[$€£¥₹]\s?\d[\d,.']*+(?:\s?(?:[kKmMbB]|thousand|million|billion)\b)?"
    r"|(?<![\w.])\d[\d,.']{0,40}+\s?(?:(?:thousand|million|billion) )?"
    r"(?:[€£¥₹]|(?i:dollars?|bucks?|euros?|pounds?|quid|usd|eur|gbp|cents?)\b)"
    r"|\b(?:USD|EUR|GBP|CHF|CAD|AUD)\s?\d[\d,.']*+"
)
_ID = re.compile(
    r"(?<![\w$€£¥.,])#?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w,]\d)"
    r"|(?:[A-Za-z]{1,6}[-_]?){0,2}+\d[\dA-Za-z]*+(?:[-._/][A-Za-z]*+\d[\dA-Za-z]*+)*+(?:-[\dA-Fa-f]{4,}+)*+)"
)
_CODE_NUMBER = re.compile(r"(?<![\w-])(?=[A-Z]*\d)(?=\d*[A-Z])(?=(?:[A-Z]*\d){2})[A-Z\d]{8,}(?![\w-])")  # 1Z9A04YW
_HANDLE = re.compile(r"(?<![\w@./])@[^\W\d_][\w.-]{1,38}")
# What somebody is called by a machine, where he says so: my user id is anab, screen name "ana_b", ID ONX16.
_CALLED = re.compile(
    r"(?i:\b(?:user ?-?(?:id|name)|screen ?name|account name|log-?[io]n(?: (?:id|name))?|id)s?\b"
    r"(?:\s+(?:(?:there|here|now)\s+)?(?:is|was)\b|\s*[:=])?)\s*(?P<quote>[\"“'‘]?)(?P<value>\w[\w.-]{2,38})"
)
_RUN = re.compile(r"(?<![\w+/=-])[\w+/=-]{20,}+")
_DIGIT = re.compile(r"\d")
_END_MARKS = ".,;:!?'\"”’»*_…|"
_OPENING = {")": "(", "]": "[", "}": "{"}
_LONG = 5  # digits from which on a number is masked


def identifiers(text: str, names: Names | None = None) -> list[tuple[int, int, str]]:
    """The identifiers of a text, with people's names where a list of them is given."""
    there = signs(text)
    finders = [(kind, find) for kind, find, _ in FINDERS if kind in there] if ANY in there else []
    if names:
        finders.append(("name", names.spans))
    return apart((start, end, kind) for kind, find in finders for start, end in find(text)) if finders else []


def apart(pieces: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The pieces (start, end, kind) in the order of the text, without those that overlap one that comes before them."""
    kept = []
    taken = bytearray()  # one byte a character: however many there are, each is asked once
    for start, end, kind in pieces:
        taken.extend(bytes(max(0, end - len(taken))))
        if start < end and taken.find(1, start, end) < 0:
            taken[start:end] = b"\1" * (end - start)
            kept.append((start, end, kind))
    return sorted(kept)


def _code(text: str) -> Iterator[Span]:
    yield from (match.span("block") for match in _FENCE.finditer(text))
    yield from _all(_CODE, text)


def _links(text: str) -> Iterator[Span]:
    for match in _SCHEME.finditer(text):
        yield match.start(), _trimmed(text, match.start(), _before_dash(text, *match.span()))
    for word in _NO_SPACE.finditer(text):
        if _DOTTED.search(word.group()):
            for start, end in _linkified(word.group()):
                start, end = word.start() + start, word.start() + end
                yield start, _trimmed(text, start, _before_dash(text, start, end))


def _linkified(word: str) -> Iterator[Span]:
    """Links as people type them, without a scheme; one that is longer than any that linkify is given goes on to the end
    of what a link may hold."""
    given = word[:_LONGEST_LINKIFIED]
    for link in (_LINKIFY.match(given) or ()) if _LINKIFY.pretest(given) else ():
        if link.schema != "mailto:" and (link.schema or _is_domain(given[link.index : link.last_index])):
            after = _AFTER_LINK.search(word, link.last_index) if link.last_index == len(given) else None
            yield link.index, after.start() if after else link.last_index


def _before_dash(text: str, start: int, end: int) -> int:
    """The end of a link, or the first dash in it: no link has one, but some people put no space before theirs."""
    return min((place for dash in "—–…" if (place := text.find(dash, start, end)) > 0), default=end)


def _linkify() -> LinkifyIt:
    known = LinkifyIt({}, {"fuzzy_email": False})
    known.tlds([tld for tld in TLDS if tld.isascii()])
    return known


_LINKIFY = _linkify()


def _is_domain(link: str) -> bool:
    """Whether what looks like a domain is one, and not two sentences without a space: 'I am done.it works'."""
    host, slash, _ = link.partition("/")
    return bool(slash) or host.startswith("www.") or host.rpartition(".")[2].lower() not in _NO_DOMAIN_ALONE


def _emails(text: str) -> Iterator[Span]:
    yield from _all(_EMAIL, text)


def _paths(text: str) -> Iterator[Span]:
    for match in _PATH.finditer(text):
        start, end = match.start(), _trimmed(text, *match.span())
        if not _is_date(text[start:end]) and re.search(r"\w", text[start:end]):
            yield start, end


def _secrets(text: str) -> Iterator[Span]:
    yield from secrets(text)
    yield from (match.span() for match in _RUN.finditer(text) if _is_random(match.group()))


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        for end in range(match.end(), match.start() + 14, -1):  # the words that follow look like its last groups
            if (end == len(text) or not text[end].isalnum()) and iban.is_valid(text[match.start() : end]):
                yield match.start(), end
                break


def _cards(text: str) -> Iterator[Span]:
    if _has_digits(text, 13):
        yield from _not_money(text, (match.span() for match in _CARD.finditer(text) if _is_card(match.group())))


def _is_card(number: str) -> bool:
    digits = re.sub(r"\D", "", number)
    return len(set(digits)) > 1 and luhn.is_valid(digits)


def _phones(text: str) -> Iterator[Span]:
    if not _has_digits(text, 7):
        return
    found = list(_all(_PHONE_SHAPE, text))
    for region in _REGIONS:
        matcher = PhoneNumberMatcher(text, region, leniency=Leniency.VALID, max_tries=_MOST_TRIES)
        found += [(match.start, match.end) for match in matcher]
    found = [span for span in found if not _NO_PHONE.fullmatch(text[slice(*span)])]
    yield from _not_money(text, sorted(found, key=lambda span: (span[0], -span[1])))


def _ids(text: str) -> Iterator[Span]:
    yield from _all(_CODE_NUMBER, text)
    if _has_digits(text, _LONG):
        found = (match.span() for match in _ID.finditer(text) if _has_digits(match.group(), _LONG))
        yield from _not_money(text, (span for span in found if not _is_date(text[slice(*span)])))


def _handles(text: str) -> Iterator[Span]:
    if "@" in text:
        for match in _HANDLE.finditer(text):
            yield match.start(), _trimmed(text, *match.span())
    for match in _CALLED.finditer(text):
        start, end = match.start("value"), _trimmed(text, *match.span("value"))
        if match["quote"] or re.search(r"[^\W\d_]\d|\d[^\W\d_]", text[start:end]):
            yield start, end


# Each kind with what finds it, and what a word has wherever it finds one.
FINDERS: list[tuple[str, Callable[[str], Iterable[Span]], str]] = [
    ("code", _code, "`|~~~"), ("email", _emails, "@"), ("link", _links, _LINKED.pattern), ("path", _paths, r"[/\\]"),
    ("iban", _ibans, r"[A-Za-z]{2}\d\d"), ("secret", _secrets, SECRET), ("card", _cards, r"\d{4}"),
    ("phone", _phones, r"\d"), ("address", addresses, ADDRESS), ("id", _ids, r"(?:\d\D*){5}|[A-Z\d]{8}"),
    ("handle", _handles, r"@|(?i:user|screen|account|log-?[io]n|\bid)"),
]  # fmt: skip
KINDS = (*(kind for kind, _, _ in FINDERS), "name")
ANY = "any"
_SIGNS = {ANY: _SUSPICIOUS} | {kind: re.compile(sign) for kind, _, sign in FINDERS}


def signs(text: str) -> frozenset[str]:
    """The kinds of which a text may hold one, by its words; none of them where it lacks ANY."""
    return frozenset[str]().union(*filter(None, map(_signs_of, text.split())))


@by_word
def _signs_of(word: str) -> frozenset[str]:
    return frozenset(kind for kind, sign in _SIGNS.items() if sign.search(word))


def _all(pattern: re.Pattern[str], text: str) -> Iterator[Span]:
    return (match.span() for match in pattern.finditer(text))


def _has_digits(text: str, least: int) -> bool:
    return len(_DIGIT.findall(text)) >= least


def _not_money(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    amounts = bytearray(len(text))
    for start, end in _all(MONEY, text):
        amounts[start:end] = b"\1" * (end - start)
    return (span for span in spans if amounts.find(1, *span) < 0)


def _trimmed(text: str, start: int, end: int) -> int:
    """The end without the punctuation of the sentence; a bracket stays when its partner is inside."""
    unmatched: dict[str, int] = {}  # closing brackets beyond the opening ones, by kind
    while end > start + 1:
        last = text[end - 1]
        if opening := _OPENING.get(last):
            if last not in unmatched:
                unmatched[last] = text.count(last, start, end) - text.count(opening, start, end)
            if unmatched[last] <= 0:
                break
            unmatched[last] -= 1
        elif last not in _END_MARKS:
            break
        end -= 1
    return end


def _is_date(value: str) -> bool:
    return bool(_DATE.fullmatch(value.strip()))


def _is_random(value: str) -> bool:
    """Whether a long run is a key rather than words joined by dashes: entropy per character, kinds of characters."""
    letters = Counter(value)
    entropy = -sum(number / len(value) * math.log2(number / len(value)) for number in letters.values())
    if re.fullmatch(r"[0-9a-fA-F]{24,}", value):
        return entropy > 2.5 and not value.isdigit()
    kinds = [any(test(letter) for letter in value) for test in (str.islower, str.isupper, str.isdigit)]
    return entropy > 3.6 and (all(kinds) or (kinds[2] and sum(map(str.isdigit, value)) >= 5 and "-" not in value))
