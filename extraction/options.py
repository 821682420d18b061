"""How an extraction is to be done: what counts, what is masked, and how much of each kind stays.

In: what the command line was given. Out: frozen settings, and their fingerprint: a walk that was stopped goes on only
when it was begun with the same.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Literal

from extraction.owner import SOURCE_NAMES, Owner
from voice.errors import UserError
from voice.triplet import REGISTERS

# Raise it when rows read by an older version must not be mixed with those of this one.
VERSION = 1

UnitChoice = Literal["sentence", "message", "both"]
Secrets = Literal["drop", "mask"]


@dataclass(frozen=True, slots=True)
class Balance:
    """How the set is thinned; every decision is taken from a hash of seed and id, so that it stays the same.

    `weights`: the share that stays of a source or a register. `half_life_years`: after so many years half of a year's
    triplets stay, counted back from the newest year; 0 leaves the years alone. `max_share`: when at least three sources
    have triplets, one that has more than this share of them is thinned to it, to half of its triplets at the most.
    `copies`: how often the same sentence may occur. `answers_share`: of one-word answers in the set.
    """

    weights: dict[str, float] = field(default_factory=lambda: {"speech": 0.5})
    half_life_years: float = 20.0
    max_share: float = 0.8
    copies: int = 3
    answers_share: float = 0.02
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Options:
    """Everything but the database, the owner and the folder.

    `since` leaves out what was sent before, and what has no date; `increment` reads only rows that are new since the
    last run.
    """

    unit: UnitChoice = "sentence"
    since: datetime | None = None
    increment: bool = False
    secrets: Secrets = "mask"
    region: str = "US"
    balance: Balance = field(default_factory=Balance)

    def fingerprint(self, place: str, owner: Owner) -> str:
        """What the rows already read depend on; rules over the whole set are applied anew each time anyway."""
        settings = asdict(self)
        for name in ("increment", "balance"):
            del settings[name]
        content = {"version": VERSION, "place": place, "owner": owner.model_dump(mode="json"), **settings}
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def parse_since(value: str | None) -> datetime | None:
    """The date of `--since`, in UTC unless it says otherwise; None without one and for `last`."""
    if value is None or value == "last":
        return None
    try:
        date = datetime.fromisoformat(value)
    except ValueError as error:
        raise UserError(f"--since {value!r} is neither 'last' nor a date such as 2024-05-01.") from error
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def parse_weights(values: tuple[str, ...]) -> dict[str, float]:
    """Weights as the command line gives them, `speech=0.3`."""
    weights: dict[str, float] = {}
    for value in values:
        name, _, share = value.partition("=")
        if name not in (*SOURCE_NAMES, *REGISTERS):
            raise UserError(f"--weight {value!r}: no source or register has this name.")
        try:
            weights[name] = float(share)
        except ValueError:
            weights[name] = -1.0
        if not 0 <= weights[name] <= 1:
            raise UserError(f"--weight {value!r} is not NAME=SHARE with a share from 0 to 1.")
    return weights
