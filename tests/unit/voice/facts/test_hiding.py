"""What a model garbled, hidden from it."""

import pytest

from voice.facts.hiding import hidden
from voice.facts.masking import mask, restore


@pytest.mark.parametrize(
    ("text", "kinds", "expected"),
    [
        ("See Kevin in Oslo, Kevin.", {"name"}, "See <name1> in <name2>, <name1>."),
        ("We meet Ana on Friday at 7:30 PM.", {"weekday", "time"}, "We meet Ana on <id1> at <id2>."),
        ("Pay $4,250.00 to 415-555-0132 by March 14.", {"amount", "date"}, "Pay <id1> to <phone1> by <id2>."),
        ("Pay it for Ana at https://example.com/a by Friday.", {"word", "question"},
         "Pay it for Ana at <link1> by Friday."),
        ("Order 123456 of Friday for Ana.", {"weekday"}, "Order <id1> of <id2> for Ana."),
        ("Pay 5 USD to Ana.", {"amount", "name"}, "Pay <id1> to <name1>."),
        ("no names here, <name1>", {"name"}, "no names here, <name1>"),
    ],
)  # fmt: skip
def test_facts_of_these_kinds_are_hidden_and_come_back(text: str, kinds: set[str], expected: str) -> None:
    masked = mask(text)
    found = hidden(masked.text, kinds)
    assert found.text == expected
    assert restore(found.text, found.values) == masked.text
