"""Amounts, times and people that changed places."""

import pytest

from voice.facts.belonging import belongings


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("The boat costs $240 and the trailer costs $90.", "the boat costs $90 and the trailer costs $240", {"amount"}),
        ("Lunch is at 12:30 and the call at 4:15.", "lunch is 4.15, call at 12.30", {"time"}),
        ("On Monday I swim, on Friday I run.", "i swim on fri and run on mon", {"weekday"}),
        ("Please tell Marta that Jonas has the keys.", "tell Jonas that Marta has the keys", {"name"}),
        ("The boat costs $240 and the trailer costs $90.", "trailer's $90, boat's 240", set()),
        ("On Monday I swim, on Friday I run.", "i run on fri, swim on monday", set()),
        ("Please tell Marta that Jonas has the keys.", "jonas has the keys, tell Marta", set()),
        ("From 9 to 5 on Tuesday.", "tue 9-5", set()),
        ("We met in 1999.", "we met in 1999", set()),
        ("Nothing here.", "nothing", set()),
    ],
)
def test_what_changed_places(before: str, after: str, expected: set[str]) -> None:
    assert belongings(before, after) == expected


def test_of_a_text_with_many_facts_nothing_is_said() -> None:
    text = " ".join(f"{number} for {number}," for number in range(10, 200))
    assert belongings(text, text) == set()
