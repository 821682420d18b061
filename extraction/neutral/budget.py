"""What asking a big model may cost, in tokens or in money, and what it has cost so far.

In: a limit such as `2M` tokens or `$5`, and a price per million tokens. Out: yes or no before every call: a call is
counted at its worst until its answer says what it took, so the limit is never passed.
"""

import re
from dataclasses import dataclass, field

from voice.errors import UserError

_LIMIT = re.compile(r"(?P<money>[$€£])?\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>k|m|usd|eur|gbp)?(?:\s*tokens)?", re.I)


class BudgetError(UserError):
    """A budget or a price that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Price:
    """Money for a million tokens in and out, in whatever currency the budget is in."""

    per_million_in: float
    per_million_out: float

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """What these tokens cost."""
        return (tokens_in * self.per_million_in + tokens_out * self.per_million_out) / 1e6


@dataclass(slots=True)
class Budget:
    """A limit in tokens, or in money when `in_money`; None has no limit. `spent` and `calls` count either way."""

    limit: float | None
    price: Price | None = None
    in_money: bool = False
    tokens_in: int = 0
    tokens_out: int = 0
    calls: int = 0
    used_up: bool = False
    _reserved: list[float] = field(default_factory=lambda: [0.0])

    @property
    def money(self) -> float | None:
        """What was spent so far; None without a price."""
        return self.price.of(self.tokens_in, self.tokens_out) if self.price else None

    def reserve(self, tokens_in: int, tokens_out: int) -> bool:
        """Whether a call of at most this size may be made; from the first refusal on, none may."""
        if self.limit is not None:
            spent = self._units(self.tokens_in, self.tokens_out) + self._reserved[0]
            if self.used_up or spent + self._units(tokens_in, tokens_out) > self.limit:
                self.used_up = True
                return False
        self._reserved[0] += self._units(tokens_in, tokens_out)
        return True

    def settle(self, reserved_in: int, reserved_out: int, tokens_in: int, tokens_out: int) -> None:
        """Count what a call really took in place of what was reserved for it."""
        self._reserved[0] -= self._units(reserved_in, reserved_out)
        self.tokens_in += tokens_in
        self.tokens_out += tokens_out
        self.calls += 1

    def _units(self, tokens_in: int, tokens_out: int) -> float:
        if self.in_money and self.price:
            return self.price.of(tokens_in, tokens_out)
        return tokens_in + tokens_out


def parse_budget(text: str | None, price: Price | None) -> Budget:
    """A budget from `500k`, `2M`, `1500000`, `$5` or `5 EUR`; BudgetError when it is none, or lacks a price."""
    if text is None:
        return Budget(None, price)
    match = _LIMIT.fullmatch(text.strip())
    unit = (match["unit"] or "").lower() if match else ""
    in_money = bool(match and (match["money"] or unit in ("usd", "eur", "gbp")))
    if match is None or (match["money"] and unit):
        raise BudgetError(f"--budget {text!r} is neither tokens, such as 2M, nor money, such as '$5'.")
    if in_money and price is None:
        raise BudgetError(f"--budget {text!r} is money: add --neutral-price IN OUT, per million tokens.")
    factor = {"k": 1e3, "m": 1e6}.get(unit, 1)
    return Budget(float(match["number"]) * factor, price, in_money)


def tokens_about(text: str) -> int:
    """Roughly how many tokens a text has."""
    return len(text.encode("utf-8", "replace")) // 4 + 1


def tokens_at_most(text: str) -> int:
    """More tokens than any usual tokenizer makes of a text."""
    return len(text.encode("utf-8", "replace")) // 2 + 1
