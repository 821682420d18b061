"""What may be spent."""

import pytest

from extraction.neutral.budget import BudgetError, Price, parse_budget


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2M", (2e6, False)), ("500k", (5e5, False)), ("1500000 tokens", (1.5e6, False)), ("$5", (5, True)),
     ("5.50 EUR", (5.5, True)), ("5usd", (5, True)), (None, (None, False))],
)  # fmt: skip
def test_budgets(text: str | None, expected: tuple[float | None, bool]) -> None:
    budget = parse_budget(text, Price(5, 25))
    assert (budget.limit, budget.in_money) == expected


@pytest.mark.parametrize("text", ["", "much", "-5", "$5M", "5 apples"])
def test_what_is_no_budget(text: str) -> None:
    with pytest.raises(BudgetError, match="neither tokens"):
        parse_budget(text, Price(5, 25))


def test_money_needs_a_price() -> None:
    with pytest.raises(BudgetError, match="--neutral-price"):
        parse_budget("$5", None)
