"""Identifiers that are found, and what only looks like one: tests/cases/facts.toml."""

import json
import tomllib
from pathlib import Path

import pytest

from voice.facts.masking import mask, mask_pair, restore
from voice.facts.rules import Rules, regions_of

CASES = Path(__file__).parents[3] / "cases"
FACTS = tomllib.loads((CASES / "facts.toml").read_text())
FOUND = [pytest.param(*case, id=f"{kind}: {case[0]}") for kind, cases in FACTS["found"].items() for case in cases]
LEFT = [pytest.param(text, id=f"{kind}: {text}") for kind, texts in FACTS["left"].items() for text in texts]
FIELD = [
    pytest.param(case["input"], case["expected"], id=case["id"])
    for line in (CASES / "field-cases.jsonl").read_text().splitlines()
    if (case := json.loads(line))["area"] == "facts"
]


@pytest.mark.parametrize(("text", "expected"), [*FOUND, *FIELD])
def test_an_identifier_is_found_whole(text: str, expected: list[str]) -> None:
    masked = mask(text)
    assert list(masked.values.values()) == expected
    assert restore(masked.text, masked.values) == text


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_nothing_more_is_found_beside_placeholders(text: str, expected: list[str]) -> None:
    once = mask(text)
    again = mask(once.text)
    assert len(expected) == len(once.values)
    assert set(again.values.values()) == set(once.values)


@pytest.mark.parametrize("text", LEFT)
def test_what_is_read_stays(text: str) -> None:
    assert mask(text).values == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12,500 people on 192.168.1.20", ["12,500", "192.168.1.20"]),
        ("version 10.15.7, HX-99281-B", ["10.15.7", "HX-99281"]),
        ("the nas is at fe80::1234:5678:9abc:def0", []),
        ("flight BA 2490, seat 14C, call 612 34 56 78", []),
        ("the wifi password is correct horse battery staple", []),
    ],
)
def test_version_1_finds_what_it_found(text: str, expected: list[str]) -> None:
    assert list(mask(text, rules=Rules(1)).values.values()) == expected


@pytest.mark.parametrize(
    ("text", "regions", "expected"),
    [
        ("try 91 123 45 67 later", (), []),
        ("06 12 34 56 78", ("FR",), ["06 12 34 56 78"]),
        ("try 91 123 45 67 later", ("ES", "FR"), ["91 123 45 67"]),
        ("0412 345 678 is his, 12345 the order", ("AU",), ["0412 345 678", "12345"]),
    ],
)
def test_numbers_of_the_owners_regions_need_no_word_beside_them(
    text: str, regions: tuple[str, ...], expected: list[str]
) -> None:
    rules = Rules(regions=regions)
    assert list(mask(text, rules=rules).values.values()) == expected
    _, own = mask_pair("Yes.", text, rules=rules)
    assert list(own.values.values()) == expected


@pytest.mark.parametrize(
    ("phones", "expected"),
    [
        (["+33 6 12 34 56 78", "+33123456789", "+61 412 345 678"], ("AU", "FR")),
        (["+1 617 555 0142", "+49 30 123456", "+44 20 7946 0958"], ()),
        (["06 12 34 56 78", "nic", "", "+800 1234 5678"], ()),
    ],
)
def test_the_regions_of_telephone_numbers(phones: list[str], expected: tuple[str, ...]) -> None:
    assert regions_of(phones) == expected
