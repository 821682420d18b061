"""Who is in the sample Nexus: the made-up owner, the people he knows, and the rows of the two people tables.

In: a random stream. Out: a `Persona`, which never changes, and a `Cast` of contacts with their addresses.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from nic_voice.sample.grammar import Grammar
from nic_voice.sample.made import pick

CONTACTS = 140


class Persona:
    """The made-up owner, under all the names that the eleven sources know him by."""

    name = "Theo Marchetti"
    names = (name, "Marchetti, Theo", "Theodore Marchetti")
    nicknames = ("Theo", "Teo", "Captain Soup")
    emails = ("theo@example.com", "theo.marchetti@example.net", "tmarchetti@larkfield.example.com")
    phones = ("+16175550142", "+12125550187")
    handles = ("captain.soup", "theomarch")
    guestbook_names = ("theo", "Theo M.", "captain soup")
    plaud_speakers = ("Theo", "Theo Marchetti")


class Person(NamedTuple):
    """Somebody else."""

    first: str
    last: str
    phone: str
    email: str
    handle: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"


class Cast(NamedTuple):
    """Everybody whom the owner writes to; one of them shares his first name."""

    people: list[Person]
    namesake: Person

    def one(self, rng: Random) -> Person:
        """Somebody; the first ones far more often than the last, as friends are."""
        return self.people[int(rng.random() ** 2 * len(self.people))]

    def some(self, rng: Random) -> list[Person]:
        """Two to five people of a group."""
        return list(dict.fromkeys(self.one(rng) for _ in range(2 + int(rng.random() * 4))))


def make_cast(grammar: Grammar, rng: Random) -> Cast:
    """Contacts with different numbers, addresses and handles."""
    numbers = rng.sample(
        [f"+1{area}55501{n:02}" for area in (617, 212, 401, 802, 207) for n in range(43, 87)], CONTACTS
    )
    people = [_person(grammar, rng, index, number) for index, number in enumerate(numbers)]
    return Cast(people, Person("Theo", "Brandt", "+14135550109", "theo.brandt@example.org", "theo.brandt"))


def _person(grammar: Grammar, rng: Random, index: int, number: str) -> Person:
    first, last = grammar.any("friend", rng, {}), grammar.any("surname", rng, {})
    return Person(
        first, last, number, f"{first}.{last}{index}@example.{pick(rng, ('com', 'net', 'org'))}".lower(),
        f"{first}{pick(rng, ('_', '.', ''))}{last}{index}".lower(),
    )  # fmt: skip


def identities(cast: Cast) -> Iterator[tuple[int, str, bool]]:
    """Rows of aurora_social_identities: the owner first, people, then senders that are no people."""
    names = [(Persona.name, True)] + [(person.name, True) for person in (*cast.people, cast.namesake)]
    names += [("Tidewater Hardware", False), ("Harbor Street Choir", False), ("Parcel Alerts", False)]
    for number, (name, is_person) in enumerate(names, start=1):
        yield number, name, is_person


def identity_links(cast: Cast) -> Iterator[tuple[int, str, str, str, float]]:
    """Rows of aurora_social_identity_links."""
    for email in Persona.emails:
        yield 1, "gmail", email, "email", 1.0
    for number in Persona.phones:
        yield 1, "imessage", number, "phone", 1.0
    for handle in Persona.handles:
        yield 1, "instagram", handle, "username", 0.9
    for index, person in enumerate((*cast.people, cast.namesake), start=2):
        yield index, "imessage", person.phone, "phone", 1.0
        yield index, "gmail", person.email, "email", 1.0
        yield index, "instagram", person.handle, "username", 0.75
