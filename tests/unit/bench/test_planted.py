"""The checker of bench.facts: it must neither miss what is wrong nor blame what is only written otherwise."""

from collections.abc import Callable

import pytest

from bench.planted import MASKED, Draft, Planted, drafts

DRAFTS = drafts(400, 1)


def of_kind(kind: str) -> list[tuple[Draft, Planted]]:
    return [(draft, fact) for draft in DRAFTS for fact in draft.planted if fact.kind == kind]


def test_a_draft_keeps_its_own_facts_and_nothing_is_kept_by_an_empty_text() -> None:
    for draft in DRAFTS:
        assert all(fact.kept(draft.text) for fact in draft.planted), draft.text
        assert not any(fact.kept("") for fact in draft.planted)
    kinds = {fact.kind for draft in DRAFTS for fact in draft.planted}
    assert kinds >= MASKED | {
        "name",
        "amount",
        "time",
        "date",
        "weekday",
        "number",
        "percentage",
        "duration",
        "negation",
    }


@pytest.mark.parametrize("kind", sorted(MASKED))
def test_an_identifier_must_be_there_to_the_letter(kind: str) -> None:
    for _, fact in of_kind(kind)[:20]:
        assert not fact.kept(fact.text[:-1])
        assert not fact.kept(fact.text[1:]) or fact.text[0] == "+"


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("time", lambda text: text.replace(" PM", "pm").replace(" AM", "am")),
        ("weekday", lambda text: text[:3].lower()),
        ("amount", lambda text: f"{text.strip('$').replace(',', '')} bucks"),
        ("amount", lambda text: text.strip("$").replace(",", "")),
        ("percentage", lambda text: text.replace("%", " percent")),
        ("date", lambda text: text[:3].lower() + " " + text.split()[1]),
        ("name", str.lower),
    ],
)
def test_another_form_counts(kind: str, form: Callable[[str], str]) -> None:
    found = of_kind(kind)
    assert len(found) > 10
    for _, fact in found:
        assert fact.kept(f"ok, {form(fact.text)}!"), fact.text


def test_an_amount_may_lose_its_sign_but_is_no_other_currency_and_no_other_unit() -> None:
    for _, fact in of_kind("amount")[:20]:
        digits = fact.text.strip("$")
        assert not any(fact.kept(other) for other in (f"€{digits}", f"{digits}%", f"{digits} hours", f"1{digits}"))


def test_the_same_seed_gives_the_same_drafts() -> None:
    assert [draft.text for draft in drafts(20, 3)] == [draft.text for draft in drafts(20, 3)]
