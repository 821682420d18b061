"""Where a text holds code, links, e-mail addresses and paths of files.

In: a text. Out: (start, end) of each.
"""

import re
from collections.abc import Iterator

from linkify_it import LinkifyIt
from linkify_it.tlds import TLDS

from voice.dictionary import is_word
from voice.facts.spans import Span, every, is_date, trimmed
from voice.words import FUNCTION_WORDS

_FENCE = re.compile(
    r"^[ \t]*(?P<block>(?P<fence>`{3,12}|~{3,12})(?:[^\n]*\n)(?:[\s\S]*?^[ \t]*(?P=fence)[`~]*|[\s\S]*))", re.M
)
_CODE = re.compile(r"(?<!`)(?P<ticks>`{1,3})[^`\n]{1,400}(?P=ticks)(?!`)")
_SCHEME = re.compile(r"(?<!\w)[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s<>\"“”`]+")
_DOTTED, _NO_SPACE = re.compile(r"\.\w|//"), re.compile(r"\S+")
_AFTER_LINK = re.compile('[\\s<>"“”`]|$')
_LONGEST_LINKIFIED = 2000  # it takes the square of what it is given
# Ends of domains that are words, or common ends of files: with nothing before or after them they are no links.
_NO_DOMAIN_ALONE = frozenset("it is in so me to at be us my no am as do by the and he we or if i".split())
_EMAIL = re.compile(r"(?<![\w.+%-])\w[\w.+%'-]{0,63}@[^\W_][\w-]{0,62}(?:\.[^\W_][\w-]{0,62}){1,6}")
# Of a machine that has no domain: nic@localhost, pi@nas-2, root@10.0.0.7; not lunch@noon.
_AT_HOST = re.compile(
    r"(?<![\w.+%@-])\w(?:[\w.+%'-]{0,62}\w)?@(?P<host>[a-z][\w-]{1,60}|\[?\d{1,3}(?:\.\d{1,3}){3}\]?)(?![\w@])",
    re.IGNORECASE,
)
_HOSTS = frozenset("host local example server mail desktop router gateway".split())
_AT, _DOT = r" ?[(\[{<] ?(?:at|@) ?[)\]}>] ?", r" ?[(\[{<] ?(?:dot|\.) ?[)\]}>] ?"
_SPELLED_OUT = re.compile(
    rf"(?<![\w.+-])(?P<local>[\w+-]{{1,40}}(?:(?: dot |{_DOT}|\.)[\w+-]{{1,40}}){{0,3}})(?P<at> at |{_AT})"
    rf"(?P<domain>[\w-]{{1,40}}(?:(?: dot |{_DOT}|\.)[\w-]{{2,40}}){{1,3}})(?!\w)",
    re.IGNORECASE,
)
_TLDS = frozenset((*map(str.lower, TLDS), "com", "org", "net", "edu", "gov", "info", "biz"))
_NO_LOCAL = FUNCTION_WORDS | frozenset("look looking find found live lives work works is was were meet read".split())
_PATH = re.compile(
    r"(?<![\w/.:~\\<])(?:"
    r"(?:~[\w-]*+|\.{1,2})?/(?:[\w.+@%-]+/)+[\w.+@%-]*+|(?:~|\.{1,2})/[\w.+@%-]++"  # /usr/lib, ~/notes
    r"|(?=[\w.-]{0,100}?[a-zA-Z])[\w.-]{1,100}+(?:/[\w.-]+){1,40}\.[a-zA-Z]\w{0,7}+(?![\w/])"  # src/main.c
    r"|[a-zA-Z]:\\(?:[^\\/:*?\"<>|\r\n]{0,60}[^\\/:*?\"<>|\s]\\)*[^\\/:*?\"<>|\s]*+"
    r"|[a-zA-Z]:/[^\\:*?\"<>|\s/][^\\:*?\"<>|\s]*+"
    r"|\\\\[\w.-]++\\[^\s:*?\"<>|]++)"
)

# What a word has, with the marks around it, of every text that has one.
CODE, LINK, EMAIL, PATH = "`|~~~", r"\w\.\w|//", "@", r"[/\\]"
SPELLED_OUT = r"(?i:\bdot\b|[(\[{<](?:at|@)[)\]}>])|^@$|[(\[{<]$"


def code(text: str) -> Iterator[Span]:
    """Fenced blocks and words between backticks."""
    yield from (match.span("block") for match in _FENCE.finditer(text))
    yield from every(_CODE, text)


def whole_links(text: str) -> Iterator[Span]:
    """Links with a scheme."""
    for match in _SCHEME.finditer(text):
        yield match.start(), trimmed(text, match.start(), _before_dash(text, *match.span()))


def links(text: str) -> Iterator[Span]:
    """Links with a scheme, and those that people type without one."""
    yield from whole_links(text)
    for word in _NO_SPACE.finditer(text):
        if _DOTTED.search(word.group()):
            for start, end in _linkified(word.group()):
                start, end = word.start() + start, word.start() + end
                yield start, trimmed(text, start, _before_dash(text, start, end))


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


def emails(text: str) -> Iterator[Span]:
    """E-mail addresses with a domain."""
    yield from every(_EMAIL, text)


def emails_of_machines(text: str) -> Iterator[Span]:
    """E-mail addresses and logins at a machine that has no domain."""
    for match in _AT_HOST.finditer(text):
        host = match["host"].lower()
        if len(match.group()) > len(host) + 2 and (host in _HOSTS or not is_word(host)):
            yield match.span()


def spelled_out_emails(text: str) -> Iterator[Span]:
    """E-mail addresses with words for their signs."""
    for match in _SPELLED_OUT.finditer(text):
        if match["at"].lower() != " at " or _is_spelled_out(match["local"].lower(), match["domain"].lower()):
            yield match.span()


def _is_spelled_out(local: str, domain: str) -> bool:
    """Whether these are 'nic' and 'example dot org', and not 'look at example.org', nor 'it' and 'the dot'."""
    ends_well = " " in domain and domain.split()[-1] in _TLDS
    return ends_well and ("dot" in local or "." in local or local not in _NO_LOCAL)


def paths(text: str) -> Iterator[Span]:
    """Paths of files and folders."""
    for match in _PATH.finditer(text):
        start, end = match.start(), trimmed(text, *match.span())
        if not is_date(text[start:end]) and re.search(r"\w", text[start:end]):
            yield start, end
