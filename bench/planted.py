"""Made-up drafts with facts planted in them, and whether a rewrite still has them.

In: a seed. Out: drafts, each with what was planted and every form that counts as kept. It imports nothing of what it
checks, and knows only what it planted itself.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

NAMES = "Ana Bob Kevin Petra Maria Jonas Priya Omar Lucia Tom Helen Stefan Carla Dmitri Yuki Grace".split()
PLACES = "Oslo Lisbon Denver Kyoto Turin Boston Krakow Leeds".split()
_MONTHS = "January February March April June July August September October November December".split()
_NUMBER_OF = {"January": 1, "February": 2, "March": 3, "April": 4, "June": 6, "July": 7, "August": 8, "September": 9,
              "October": 10, "November": 11, "December": 12}  # fmt: skip
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_NO = re.compile(
    r"\b(?:not|no|never|nobody|nothing|none|without|cannot|cant|dont|wont|isnt|doesnt|didnt|nope|unable|can't|\w+n['’]t)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\?|(?:^|[.!\n]\s*|\b(?:and|so|hey|hi)\b,? )"
    r"(?:do|does|did|is|are|can|could|will|would|what|when|where|who|how|any|u|you)\b|let me know|tell me|wonder",
    re.IGNORECASE,
)
MASKED = frozenset("link email phone address card iban secret path code handle id".split())


@dataclass(frozen=True, slots=True)
class Planted:
    """A fact in a draft. Kept where one of the patterns `forms` is found; exact ones keep their case."""

    kind: str
    text: str
    forms: tuple[re.Pattern[str], ...] = field(repr=False)

    def kept(self, rewrite: str) -> bool:
        """Whether a rewrite still has it."""
        return any(form.search(rewrite) for form in self.forms)


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft, what was planted in it, and how many of its sentences are courtesies and nothing else."""

    text: str
    planted: tuple[Planted, ...]
    courtesies: int = 0


def drafts(count: int, seed: int) -> list[Draft]:
    """Sentences and whole messages in turn; the same seed gives the same ones."""
    chance = random.Random(seed)
    return [_message(chance) if number % 2 else _one(chance) for number in range(count)]


def _one(chance: random.Random) -> Draft:
    text, planted = _sentence(chance)
    return Draft(text, planted)


def _message(chance: random.Random) -> Draft:
    planted: tuple[Planted, ...] = ()
    sentences = []
    for _ in range(chance.randint(2, 4)):
        text, more = _sentence(chance)
        sentences.append(text)
        planted += more
    name = chance.choice(NAMES)
    body = " ".join(sentences)
    hope = chance.choice(("I hope this message finds you well. ", "I hope you are doing well. ", ""))
    close = chance.choice(("\n\nPlease let me know if you have any questions.", "\n\nThank you for your time.", ""))
    bye = chance.choice(("\n\nBest regards", "\n\nKind regards", ""))
    return Draft(f"Hi {name},\n\n{hope}{body}{close}{bye}", (*planted, _name(name)), bool(hope) + bool(close))


def _sentence(chance: random.Random) -> tuple[str, tuple[Planted, ...]]:
    """A sentence out of the templates, its slots filled."""
    template = chance.choice(_TEMPLATES)
    planted: list[Planted] = []

    def fill(slot: re.Match[str]) -> str:
        fact = _MAKERS[slot[1]](chance)
        planted.append(fact)
        return fact.text

    text = re.sub(r"\{(\w+)\}", fill, template)
    if _NO.search(template):
        planted.append(Planted("negation", "not", (_NO,)))
    if template.endswith("?"):
        planted.append(Planted("question", "?", (_ASKS,)))
    return text, tuple(planted)


def _exact(kind: str, text: str) -> Planted:
    return Planted(kind, text, (re.compile(rf"(?<![\w]){re.escape(text)}(?!\w)"),))


def _any(kind: str, text: str, *forms: str) -> Planted:
    return Planted(kind, text, tuple(re.compile(rf"(?<![\w.,]){form}(?![\w]|[.,]\d)", re.IGNORECASE) for form in forms))


def _name(text: str) -> Planted:
    return _any("name", text, re.escape(text))


def _amount(chance: random.Random) -> Planted:
    """An amount, with its sign or by its digits alone, as people write 13 (the made-up owner) to 29 in 100."""
    value = chance.choice((chance.randint(5, 999), 50 * chance.randint(21, 190)))
    digits = rf"(?:{value:,}|{value})(?:\.00)?"
    other_unit = r" ?(?:%|[ap]m\b|hour|minute|day|week|month)"
    return _any("amount", f"${value:,}", rf"\${digits}", rf"(?<![€£¥]){digits}(?!{other_unit})")


def _time(chance: random.Random) -> Planted:
    hour, minute, half = chance.randint(1, 11), chance.choice((0, 15, 30, 45)), chance.choice("AP")
    minutes = rf":{minute:02}" if minute else r"(?::00)?"
    later = (hour + 12) if half == "P" else hour
    return _any(
        "time", f"{hour}:{minute:02} {half}M", rf"{hour}{minutes} ?{half}\.?(?:m\.?)?", rf"{later:02}:{minute:02}"
    )


def _date(chance: random.Random) -> Planted:
    month, day = chance.choice(_MONTHS), chance.randint(1, 28)
    short = rf"{month[:3]}(?:{month[3:]}|t)?\.?"
    end = "(?:st|nd|rd|th)?"
    number = _NUMBER_OF[month]
    return _any(
        "date", f"{month} {day}", rf"{short} {day}{end}", rf"{day}{end} (?:of )?{short}", rf"0?{number}/0?{day}"
    )


def _weekday(chance: random.Random) -> Planted:
    day = chance.choice(_DAYS)
    return _any("weekday", day, rf"{day[:3]}\w*")


def _number(chance: random.Random) -> Planted:
    value = chance.randint(2, 40)
    return _any("number", str(value), str(value), *([_WORDS[value]] if value < len(_WORDS) else []))


def _percent(chance: random.Random) -> Planted:
    value = chance.randint(2, 95)
    return _any("percentage", f"{value}%", rf"{value} ?(?:percent|per cent|pct)", rf"{value} ?%")


def _duration(chance: random.Random) -> Planted:
    value, unit = chance.randint(2, 12), chance.choice(("minutes", "hours", "days", "weeks", "months"))
    short = {"minutes": "mins?", "hours": "hrs?|h", "weeks": "wks?", "days": "d", "months": "mos?"}[unit]
    return _any("duration", f"{value} {unit}", rf"(?:{value}|{_WORDS[value]})[ -]?(?:{unit}|{unit[:-1]}|{short})")


def _digits(chance: random.Random, count: int) -> str:
    return "".join(str(chance.randint(1, 9)) for _ in range(count))


def _word(chance: random.Random, letters: str = "abcdefghjkmnpqrstuvwxyz", count: int = 6) -> str:
    return "".join(chance.choice(letters) for _ in range(count))


def _link(chance: random.Random) -> Planted:
    form = chance.choice(("https://example.com/{}/{}", "https://www.example.org/{}?id={}", "www.example.net/{}-{}"))
    return _exact("link", form.format(_word(chance), _digits(chance, 3)))


def _phone(chance: random.Random) -> Planted:
    form = chance.choice(("({}) 555-01{}", "{}-555-01{}", "+1 {} 555 01{}"))
    return Planted("phone", text := form.format(chance.choice((415, 212, 617)), chance.randint(10, 99)),
                   (re.compile(re.escape(text)),))  # fmt: skip


def _address(chance: random.Random) -> Planted:
    street = chance.choice(("Elm Street", "Harbor Road", "Oak Avenue", "Mill Lane", "Fifth Avenue"))
    return _exact("address", f"{chance.randint(2, 980)} {street}")


def _card(chance: random.Random) -> Planted:
    return _exact("card", chance.choice(("4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005")))


def _iban(chance: random.Random) -> Planted:
    return _exact("iban", chance.choice(("DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432")))


def _secret(chance: random.Random) -> Planted:
    return _exact("secret", f"sk-{_word(chance, 'abcdefABCDEF0123456789', 24)}")


def _path(chance: random.Random) -> Planted:
    form = chance.choice(("/home/{}/notes/{}.txt", "C:\\Users\\{}\\{}.docx", "~/{}/{}.py"))
    return Planted("path", text := form.format(_word(chance), _word(chance)), (re.compile(re.escape(text)),))


def _code(chance: random.Random) -> Planted:
    return Planted("code", text := f"`make {_word(chance)} -j{chance.randint(2, 9)}`", (re.compile(re.escape(text)),))


def _handle(chance: random.Random) -> Planted:
    return Planted(
        "handle", text := f"@{_word(chance)}_{chance.randint(1, 9)}", (re.compile(rf"{re.escape(text)}(?!\w)"),)
    )


def _id(chance: random.Random) -> Planted:
    form = chance.choice(("INV-{}", "#{}", "{}", "PO{}"))
    return Planted("id", text := form.format(_digits(chance, 6)), (re.compile(rf"(?<!\w){re.escape(text)}(?!\w)"),))


def _flight(chance: random.Random) -> Planted:
    return _exact("id", f"{chance.choice(('BA', 'LH', 'DY', 'U2'))} {_digits(chance, 4)}")


def _booking(chance: random.Random) -> Planted:
    return _exact("id", f"{_word(chance, 'BCDFGHKLMN', 3)}{_digits(chance, 2)}{_word(chance, 'PQRSTVWXZ', 1)}")


def _network(chance: random.Random) -> Planted:
    form = chance.choice(("fe80::{}:{}:9abc:def0", "aa:bb:cc:dd:{1:.2}:{0:.2}", "10.0.{1:.2}.{0:.2}"))
    return _exact("id", form.format(_digits(chance, 4), _digits(chance, 4)))


def _count(chance: random.Random) -> Planted:
    number = 100 * chance.randint(101, 989)
    return _any("number", f"{number:,}", f"{number:,}", str(number), rf"{number / 1000:g}\s?k")


def _version(chance: random.Random) -> Planted:
    return _exact("number", ".".join(str(chance.randint(1, 20)) for _ in range(3)))


_MAKERS: dict[str, Callable[[random.Random], Planted]] = {
    "name": lambda chance: _name(chance.choice(NAMES)), "place": lambda chance: _name(chance.choice(PLACES)),
    "amount": _amount, "time": _time, "date": _date, "weekday": _weekday, "number": _number, "percent": _percent,
    "duration": _duration, "link": _link, "phone": _phone, "address": _address, "card": _card, "iban": _iban,
    "secret": _secret, "path": _path, "code": _code, "handle": _handle, "id": _id,
    "flight": _flight, "booking": _booking, "network": _network, "count": _count, "version": _version,
    "email": lambda chance: _exact("email", f"{_word(chance)}.{_word(chance)}@example.{chance.choice(('com', 'org'))}"),
}  # fmt: skip
_TEMPLATES = (
    "I wanted to let you know that the meeting with {name} has been moved to {weekday}, {date} at {time}.",
    "Unfortunately, I will not be able to join you for dinner on {weekday}.",
    "Please find all of the details at the following link: {link}",
    "The total comes to {amount}, and it is due by {date}.",
    "You can reach {name} at {phone} or write to {email}.",
    "Could you please send the signed contract to {email} by {weekday}?",
    "I have {number} boxes left, and {name} would like to have {number} of them.",
    "The delivery to {place} will take {duration} longer than expected.",
    "Would {time} on {weekday} work for you?",
    "{name} does not want to sell the boat for {amount}.",
    "I would like to inform you that sales went up by {percent} in {place}.",
    "The reference for your order is {id}, and it was shipped to {address}.",
    "Please run {code} before you open {path}.",
    "I never received the invoice {id} for {amount}.",
    "Do you know whether {name} is coming to {place} with us?",
    "My new card number is {card}.",
    "Please transfer {amount} to {iban}.",
    "The key for the test server is {secret}, so please keep it to yourself.",
    "I asked {handle} to look at {link} as soon as possible.",
    "We have been waiting for {duration}, and nobody from {place} has called us back.",
    "I am currently at {address} and will be home in {duration}.",
    "{name} and {name} will arrive at {time}, without the children.",
    "It would be wonderful if you could bring {number} chairs on {date}.",
    "I cannot find the file {path} anywhere.",
    "What time does the train to {place} leave on {weekday}?",
    "Your flight on {weekday} is {flight}, and the booking reference is {booking}.",
    "The printer is now at {network}, and {name} has the password.",
    "So far {count} people have signed up, which is {percent} more than last year.",
    "We moved the server to version {version} on {date}.",
    "As discussed, {name} will pay {percent} of the {amount} in advance.",
)
