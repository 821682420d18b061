"""Words that are made, not listed: numbers, times, prices, telephone numbers, links and keys, all of them fictional.

In: a random stream. Out: a text. `MADE` gives the template slot that each one fills.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

AREA_CODES = ("212", "617", "401", "802", "207", "518", "603", "860", "413", "508", "914", "646")


def pick(rng: Random, items: Sequence[T]) -> T:
    """rng.choice in a third of its time."""
    return items[int(rng.random() * len(items))]


def link(rng: Random) -> str:
    """A link that leads nowhere, some with the tails that shops put on."""
    page = pick(rng, ("menu", "watch", "photos", "map", "recipe", "p", "listing", "tickets"))
    tail = pick(rng, ("", "", f"?id={int(rng.random() * 99999)}", "?utm_source=share", f"#{int(rng.random() * 90)}"))
    domain = pick(rng, ("com", "net", "org"))
    return f"https://example.{domain}/{page}/{_letters(rng, 'abcdefghkmnpqrstuvwxyz', 6)}{tail}"


def _between(low: int, high: int) -> Callable[[Random], str]:
    return lambda rng: str(low + int(rng.random() * (high - low + 1)))


def _phone(rng: Random) -> str:
    """A number of the range that is kept free for stories."""
    area, line = pick(rng, AREA_CODES), f"01{int(rng.random() * 100):02}"
    return pick(rng, (f"({area}) 555-{line}", f"{area}-555-{line}", f"+1 {area} 555 {line}", f"{area}.555.{line}"))


def _hour(rng: Random) -> str:
    hour = 1 + int(rng.random() * 12)
    minutes = 5 + 5 * int(rng.random() * 11)
    return pick(rng, (f"{hour}", f"{hour}:30", f"{hour}:{minutes:02}", f"{hour}ish", f"{hour}pm"))


def _price(rng: Random) -> str:
    cents = f"${1 + int(rng.random() * 60)}.{int(rng.random() * 100):02}"
    return pick(rng, (f"${2 + int(rng.random() * 90)}", cents, f"{1 + int(rng.random() * 40)}0 bucks"))


def _letters(rng: Random, alphabet: str, count: int) -> str:
    return "".join(pick(rng, alphabet) for _ in range(count))


MADE: dict[str, Callable[[Random], str]] = {
    "num": _between(2, 9),
    "bignum": _between(11, 400),
    "day": _between(4, 20),
    "min": _between(10, 59),
    "nth": lambda rng: f"{4 + int(rng.random() * 6)}th",
    "bignth": lambda rng: f"{2 + int(rng.random() * 30)}{4 + int(rng.random() * 6)}th",
    "hour": _hour,
    "price": _price,
    "phone": _phone,
    "url": link,
    "tracking": lambda rng: f"1Z{_letters(rng, 'ABCDEFGHXYZ0123456789', 14)}",
    "apikey": lambda rng: f"sk-fake-{_letters(rng, 'abcdefghjkmnpqrstuvwxyz0123456789', 24)}",
    "password": lambda rng: f"{pick(rng, ('Soup', 'Goose', 'Biscuit', 'Gerald'))}{_between(100, 999)(rng)}!",
}
