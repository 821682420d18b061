"""Where a text holds a postal address.

In: a text. Out: (start, end) of each street address, post box and British postcode, in order. A house number and a
kind of street are needed, and a name between them that is no plain count ('3 blocks down the street').
"""

import re

# Kinds of streets that are hardly anything else, and those that are words of every day: the latter need capitals.
_STREETS = "street avenue ave av boulevard blvd road rd parkway pkwy lane ln highway hwy expressway st"
_ALSO = "drive dr court ct place pl terrace ter circle cir way square sq plaza trail trl loop alley row crescent close"
_LAST = "street avenue boulevard road drive lane court terrace"  # before their number, as in Harbor Drive 52
_NO_HOUSE = "am pm minutes min mins hours days times people blocks miles feet years cars"
_DIRECTION = r"(?:[NSEWnsew]|[NSns][EWew]|(?i:north|south|east|west)(?i:east|west)?)\.?"
_UNIT = (
    r"(?:,?[ \t]+(?:(?i:apt|apartment|suite|ste|unit|room|rm|floor|fl|bldg)\.?[ \t]*#?[ \t]*\w{1,5}|#[ \t]?\w{1,5})\b)?"
)
_TOWN = (
    r"(?:,?[ \t]+(?:[A-Z][\w'.-]+[ \t]?){1,3},?[ \t]+[A-Z]{2}(?:[ \t]+\d{5}(?:-\d{4})?)?(?!\w)"
    r"|,?[ \t]+\d{5}(?:-\d{4})?(?![\w-]))?"
)
_ENGLISH = re.compile(
    rf"(?<![\w$€£#.,/:-])\d{{1,6}}[A-Za-z]?(?:-\d{{1,4}})?,?[ \t]+(?:{_DIRECTION}[ \t]+)?"
    r"(?P<name>(?:[\w'’.-]+[ \t]+){1,3}?)"
    rf"(?P<kind>(?i:{(_STREETS + ' ' + _ALSO).replace(' ', '|')}))\b\.?(?:[ \t]+{_DIRECTION}(?!\w))?{_UNIT}{_TOWN}"
)
_NUMBER_LAST = re.compile(
    r"(?<![\w'’-])(?P<name>(?:(?:[\w'’-]+|\w{1,3}\.)[ \t]+){1,3})"
    rf"(?P<kind>(?i:{_LAST.replace(' ', '|')}))[ \t]+\d{{1,4}}[a-z]?"
    rf"(?!\w|[.:,]\d|%|[ \t]+(?:{_NO_HOUSE.replace(' ', '|')})\b)"
)
_OTHERS = re.compile(
    r"(?<!\w)(?:"
    r"[^\W\d_][\w-]{0,60}(?:straße|strasse|gasse|allee|platz|ufer|damm)[ \t]+\d{1,4}[a-z]?(?!\w)"
    r"|[^\W\d_][\w-]{0,60}str\.[ \t]*\d{1,4}[a-z]?(?!\w)"
    r"|\d{1,4}(?:[ \t]?(?:bis|ter))?,?[ \t]+(?i:rue|avenue|boulevard|place|allée|chemin|quai|impasse)[ \t]+"
    r"(?:(?i:de la|de|du|des|d'|l')[ \t]?)*[A-ZÀ-Ý][\w'-]+(?:[ \t][A-ZÀ-Ý][\w'-]+)?"
    r"|(?:Calle|Via|Viale|Corso|Piazza|Rua|Avenida|Carrer)[ \t]+(?:(?:de|del|della|la|da|do|dos)[ \t]+)*"
    r"(?:[A-ZÀ-Ý][\w'-]+[ \t]+){1,3},?[ \t]*\d{1,4}(?!\w)"
    r"|(?i:p\.?[ \t]?o\.?[ \t]?box)[ \t]+#?\d{1,7}"
    r"|[A-Z]{1,2}\d[A-Z\d]?[ \t]\d[ABD-HJLNP-UW-Z]{2}(?!\w))"
)
# What a word has, with the marks around it, of every text that has an address.
ADDRESS = (
    rf"^(?i:{(_STREETS + ' ' + _ALSO).replace(' ', '|')})\b|(?:straße|strasse|gasse|allee|platz|ufer|damm)$|str\."
    r"|^(?i:rue|place|allée|chemin|quai|impasse)$|(?<!\w)(?:Calle|Via|Viale|Corso|Piazza|Rua|Avenida|Carrer)$"
    r"|(?i:box)$|(?<!\w)[A-Z]{1,2}\d[A-Z\d]?$"
)
_DIGIT = re.compile(r"\d")
_ANY_LAST = tuple(_LAST.split())
_NO_NAME = frozenset(
    "the a an this that these those my your his her our their of to on in at from for by with and or but down up over "
    "off out into is are was were be been am pm more less than miles mile minutes minute mins min hours hour hrs "
    "days day weeks week months years people cars blocks block lanes houses times feet ft yards meters km things "
    "way ways lane of i you he she it we they who if as so not no yes just about around across along near per "
    "each one".split()
)


def addresses(text: str) -> list[tuple[int, int]]:
    """The postal addresses of a text."""
    if not _DIGIT.search(text):
        return []
    found = [match.span() for match in _OTHERS.finditer(text)]
    found += [match.span() for match in _ENGLISH.finditer(text) if _is_street(match)]
    found = [(start, end - (text[end - 1] == ".")) for start, end in found]  # it may end the sentence as well
    if any(map(text.lower().__contains__, _ANY_LAST)):
        found += filter(None, map(_with_number_last, _NUMBER_LAST.finditer(text)))
    kept: list[tuple[int, int]] = []
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _with_number_last(match: re.Match[str]) -> tuple[int, int] | None:
    """A street with its number behind it, without the words before its name; None when it is none."""
    words = list(re.finditer(r"\S+", match["name"]))
    plain = [place for place, word in enumerate(words) if re.split("['’.]", word[0].lower())[0] in _NO_NAME]
    named = words[max(plain, default=-1) + 1 :]
    return (match.start("name") + named[0].start(), match.end()) if named else None


def _is_street(match: re.Match[str]) -> bool:
    words = match["name"].split()
    if any(word.lower().strip(".'’") in _NO_NAME for word in words):
        return False
    named = all(word[0].isupper() or word[0].isdigit() for word in words)
    kind = match["kind"]
    if kind.lower() in _ALSO.split():
        return named and kind[0].isupper()
    return named or len(words) < 3
