"""Where a text holds codes of letters and digits that a word names: a flight, a booking, a seat, a plate, a part.

In: a text. Out: (start, end) of each code, however it is grouped. Ordinary words in capitals are none, nor are rooms.
"""

import re
from collections.abc import Iterator

from voice.dictionary import is_word
from voice.facts.secrets import OF_ANOTHER_KIND
from voice.facts.spans import Span, every
from voice.words import FUNCTION_WORDS

# A code may stand directly behind these words; behind those that need a sign, such as 'is'; and behind those that need
# 'number' or '#', because people speak of them in many other ways.
_DIRECT = (
    r"flights?|fly|flying|bookings?|reservations?|confirmations?|itinerary|pnr|(?:record )?locator|seats?"
    r"|(?:seated|sitting) in|(?:(?:licen[cs]e|number|registration)[ -]?)?plates?|serial|s/n|sn|tracking"
    r"|shipment|parcel|consignment|waybill|awb|p/n|bic|swift|vin|imei|voucher|coupon|promo|ref|passport|ni|nino"
    r"|national insurance|invoices?|tickets?|rego?|kennzeichen|matr[ií]cula|immatriculation|placa|targa|commit"
    r"|sha|hash|(?:door|gate|alarm|entry|access|garage|lock|safe|building) code|tfn|bsn|cpf|cnpj|cpr|dni|pesel"
    r"|mrn|utr|abn|nhs|ssn|itin"
)
_WITH_SIGN = (
    rf"{OF_ANOTHER_KIND}codes?|references?|registration|orders?|claim|policy|account|acct|member(?:ship)?|customer"
    r"|client|student|patient|employee|visa|permit|licen[cs]e|gift card|tax|vat|tin|ein|asset|badge|locker"
    r"|meter|udid|uuid|rma"
)
_WITH_NUMBER = (
    r"parts?|quote|job|delivery|package|card|product|device|case|po|purchase order|model|meeting|item|tag|lot"
)
_NUMBER = r"(?:numbers?|no|nr|code|ref|reference|id|locator|assignment)\b\.?"
_NAME = re.compile(
    rf"\b(?:(?P<direct>{_DIRECT})|(?P<signed>{_WITH_SIGN})|(?:{_WITH_NUMBER}))\b\.?"
    rf"(?P<number>[ \t]+{_NUMBER}|[ \t]*#)?",
    re.IGNORECASE,
)
# Between name and code: a sign, or what it is for and then a sign.
_SIGN = re.compile(
    r"(?:[ \t]+(?:for|of|from|on|to|in|with|at|there)(?:[ \t]+[\w'’.-]+){0,4}?"
    r"(?=[ \t]*[:=]|[ \t]+(?:is|was|are|were|will|reads?|says?)\b))?(?:[ \t]+again\b)?"
    r"(?P<sign>[ \t]*[:=]|['’]s\b|[ \t]+(?:is|was|are|were|reads?|says?|will be|should be|ist|est|es)\b"
    r"|[ \t]+(?:has |have )?(?:been |was |is |got )?(?:changed|moved|assigned|switched|updated|set) (?:to|from)\b)?"
    r"(?:[ \t]+(?:now|still|just)\b|,?[ \t]+(?:is|was)[ \t]+it\b)?[ \t]*[#:,]?[ \t]*[(\"“'‘\[]?"
)
_BEFORE_NAME = re.compile(
    r"(?<![\w/.#-])(?P<value>(?=[\w-]{0,20}\d)[A-Z0-9][A-Z0-9-]{3,20})(?:[ \t]*[(=]|[ \t]+(?:is|was)\b)[ \t]*"
    rf"(?:(?:my|the|our|your|his|her|their|a|its)[ \t]+)?(?:[a-z]+[ \t]+){{0,2}}?(?:{_DIRECT}|code|reference)\b"
)
_NEXT = re.compile(r"[ \t]*(?:[,/&]|\b(?:and|or|to)\b)[ \t]*(?:(?:and|or)\b[ \t]*)?")

_TOKEN = re.compile(r"#?[A-Za-z0-9](?:[A-Za-z0-9/-]|\.(?=[A-Za-z0-9]))*(?!\w|,\d)")
_FLIGHT = re.compile(r"(?<![\w.-])(?P<letters>[A-Z]{2,3}|[A-Z]\d|\d[A-Z])[ -]?\d{1,4}[A-Z]?(?!\w)")
# In a text about flying, where no word stands before it: without currencies and airports, which have three letters.
_A_FLIGHT = re.compile(r"(?<![\w.-])(?P<letters>[A-Z]{2}|[A-Z]\d|\d[A-Z]) ?\d{3,4}(?!\w|[-.,:/]\d)")
_FLYING = re.compile(r"\b(?:flights?|fly|flying|airports?|boarding|airline|plane|lands|landing)\b", re.IGNORECASE)
_SEAT = re.compile(r"(?:\d{1,3}(?-i: [A-L])|\d{1,3}[a-l](?:-\d{1,3}[a-l])?|[a-l]\d{1,3})(?![\w-])", re.IGNORECASE)
# As people type them who never press shift.
_SMALL_FLIGHT = re.compile(r"(?P<letters>[a-z]{2})[ -]?\d{3,4}(?!\w)")
_SMALL_PLATE = re.compile(r"(?:[a-z]{2}\d\d ?[a-z]{3}|[a-z]{1,3}-[a-z]{1,2} ?\d{1,4}|\d[a-z]{3}\d{3})(?!\w)")
_OF_A_BANK = re.compile(r"\b(?:bic|swift)\b", re.IGNORECASE)
_BANK = re.compile(r"(?<![\w-])[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?(?!\w)")
_CAPITALS = re.compile(r"[A-Z]{5,8}(?!\w)")
_GROUP = re.compile(r"(?:[A-Z0-9/-]*\d[A-Z0-9/-]*|[A-Z]{1,3}(?:-[A-Z]{1,2})?)(?!\w|-\w)")
_MOST_GROUPS = 9
_DIRECTLY, _TOLD, _UNTOLD = 3, 4, 5  # letters and digits of a code: behind its name, behind a sign, behind other names
_ENDS_IN_LETTERS = tuple(
    "plate licen number reg tracking parcel shipment consign ni national part p/n kenn matr immat placa targa serial "
    "s/n sn".split()
)
_SEATED = ("seat", "sitting")
_IN_CAPITALS = tuple("book reserv confirm pnr record locator ref voucher coupon promo itiner".split())
# Digits and letters that are a count, a time or a word of every day.
_NO_CODE = re.compile(
    r"\d+(?:\.\d+)?(?:st|nd|rd|th|am|pm|[aphkmxdswg]|hr?s?|mins?|secs?|days?|wks?|yo|km|kg|cm|mm|ft|lbs?|[kmgt]b|px|ish"
    r"|min|mph|kph|hz|k?w)|b2[bc]|e2e|p2p|mp[34]|h2o|co2|covid-?19|[2345]g|[24]k|[23]d|2fa|ww[12i]+|y2k|24x7|401k|k12"
    r"|q[1-4]|a[345]|[vtu]\d+|http[s2]|utf-?8|ipv[46]|md5|sha\d+|base64|win\d+|i[35579]|ps[1-5]|\d+-[a-z]{3,}",
    re.IGNORECASE,
)
_LOWER = re.compile(r"[a-z]{3,}-?\d{1,2}")  # phase2, step-3
_NUMBER_SIGN = re.compile(r"(?<![\w&#])#(?=[A-Z\d-]{0,20}\d)[A-Z\d]{1,12}(?:-[A-Z\d]{1,12}){1,3}(?![\w-])")
_GROUPED = re.compile(
    r"(?<![\w.,/-])(?=[\d./-]*[A-Z])(?=[A-Z./-]*\d)[A-Z\d]{1,10}(?:[-./][A-Z\d]{1,10}){1,4}(?![\w-]|[./,]\w)"
)
_IS_READ = re.compile(
    r"\d+\.\d|(?:19|20)\d\d-?(?:[WQ]\d|\d\d-\d\dT)|[QWH]\d{1,2}[-/]|FY|V\d+\.\d|\d+(?:\.\d+)?(?:MM|CM|KM|KG|X)\b"
)
_KEY = re.compile(r"(?<![\w-])[A-Z0-9]{4,6}(?:-[A-Z0-9]{4,6}){2,7}(?![\w-])")
_SHOUTED = FUNCTION_WORDS | frozenset("am pm eta row gate seat".split())

# What a word has, with the marks around it, of every text that has one: part of a name, and a digit or capitals.
_STEMS = (
    r"fl(?:ight|y) book reserv confirm itiner airport boarding airline plane lands landing sitting \bpnr "
    r"locator seat plate serial \bs/?n\b track ship parcel consign waybill \bawb \bp/n \bbic\b swift \bvin\b "
    r"imei vouch coupon promo \bref passport \bnin?o?\b insurance invoice ticket code \breg order claim policy "
    r"acc(?:oun)?t member custom client student patient employ visa permit licen card tax \bvat \btin\b \bein\b "
    r"nhs asset badge lock meter u[du]id \brma kennz matr immatr placa targa tfn bsn cpf cnpj cpr dni pesel mrn "
    r"utr abn ssn itin item \btag \blot\b part quote job deliver package product device case \bpo\b model "
    r"meeting commit \bsha\b hash"
)
NAMED = rf"(?i:{'|'.join(_STEMS.split())})"
CODE, KEY = r"\d|[A-Z]{5}", r"[A-Z\d][-./][A-Z\d]"


def keys(text: str) -> Iterator[Span]:
    """Keys of programs and cards, groups of capitals and digits with marks between them: #4821-A, 24-PK-7781-F."""
    yield from every(_NUMBER_SIGN, text)
    for match in _GROUPED.finditer(text):
        digits, groups = sum(map(str.isdigit, match.group())), len(re.split("[-./]", match.group()))
        if (digits > 4 or (digits > 3 and groups > 2)) and not _IS_READ.match(match.group()):
            yield match.span()
    for match in _KEY.finditer(text):
        if not all(map(is_word, match.group().split("-"))):
            yield match.span()


def named_codes(text: str) -> Iterator[Span]:
    """Codes behind a word that names them, or before one."""
    for match in _NAME.finditer(text):
        yield from _behind(text, match)
    if _FLYING.search(text):
        for match in _A_FLIGHT.finditer(text):
            if match["letters"].lower() not in _SHOUTED:
                yield match.span()
    if _OF_A_BANK.search(text):
        yield from (match.span() for match in _BANK.finditer(text) if not is_word(match.group()))
    for match in _BEFORE_NAME.finditer(text):
        if _is_code(match["value"]):
            yield match.span("value")


def _behind(text: str, name: re.Match[str]) -> Iterator[Span]:
    """The code behind a name, and those that are listed with it."""
    sign = _SIGN.match(text, name.end())
    start = sign.end() if sign else name.end()
    told = sign is not None and sign["sign"] is not None
    direct = bool(name["direct"] or name["number"])
    if not (direct or name["signed"]) or not (start > name.end() or text[start - 1] == "#"):
        return
    start -= text[start - 1] == "#"
    seat = name.group().lower().startswith(_SEATED)
    end = _end(text, start, name.group().lower(), _DIRECTLY if direct else _TOLD if told else _UNTOLD)
    if not (direct or told) and not text[start:end].isupper():
        return
    while end:
        yield start, end
        following = _NEXT.match(text, end)
        token = following and (_SEAT if seat else _TOKEN).match(text, following.end())
        alike = token and (seat or (token.group().isupper() and _is_code(token.group())))
        start, end = token.span() if token and alike else (0, 0)


def _end(text: str, start: int, name: str, least: int) -> int:
    """Where the code that begins there ends, which has at `least` so many letters and digits; 0 if there is none."""
    if name.startswith("fl") and (match := _FLIGHT.match(text, start) or _SMALL_FLIGHT.match(text, start)):
        return 0 if match["letters"].lower() in _SHOUTED else match.end()
    if name.startswith(_SEATED):
        return match.end() if (match := _SEAT.match(text, start)) else 0
    if name.startswith(("bic", "swift")) and (match := _BANK.match(text, start)):
        return 0 if is_word(match.group()) else match.end()
    if name.startswith(_IN_CAPITALS) and (match := _CAPITALS.match(text, start)):
        return 0 if is_word(match.group()) else match.end()
    if name.endswith(("plate", "reg")) and (match := _SMALL_PLATE.match(text, start)):
        return match.end()
    if end := _end_of_groups(text, start, name.startswith(_ENDS_IN_LETTERS)):
        return end
    token = _TOKEN.match(text, start)
    return token.end() if token and _is_code(token.group(), least) else 0


def _end_of_groups(text: str, start: int, letters_last: bool) -> int:
    """The end of a code in groups of capitals and digits, such as AB12 CDE; 0 if there are no two of them."""
    end = place = start
    for number in range(_MOST_GROUPS):
        group = _GROUP.match(text, place)
        if group is None or (group.group().lower() in _SHOUTED and group.group() != "A"):
            break
        if any(map(str.isdigit, group.group())) or (letters_last and number):
            end = group.end()
        place = group.end() + 1
        if text[group.end() : place] != " ":
            break
    whole = text[start:end]
    letters, digits = sum(map(str.isalpha, whole)), sum(map(str.isdigit, whole))
    return end if " " in whole and ((letters and digits and letters + digits > 3) or digits > 6) else 0


def _is_code(value: str, least: int = _DIRECTLY) -> bool:
    """Whether letters and digits are a code: at `least` so many, and beyond that of direct ones two digits."""
    letters, digits = sum(map(str.isalpha, value)), sum(map(str.isdigit, value))
    if not letters or not digits or _NO_CODE.fullmatch(value) or _LOWER.fullmatch(value):
        return False
    return letters + digits >= least and (digits > (least > 3) or (least == _TOLD and value.isupper() and letters > 3))
