"""What the words of a rewrite show."""

import pytest

from voice.alignment import Alignment
from voice.judges.evidence import evidence


@pytest.mark.parametrize(
    ("text", "rewrite", "expected"),
    [
        ("We meet at 8:30.", "meet at half 9", {"figure_lost": 1, "figure_invented": 1}),
        ("We meet at 8:30 on Tuesday.", "meet at 830", {"day_lost": 1, "figure_lost": 0}),
        ("The boat costs $240, the trailer $90.", "the boat costs 90, the trailer 240", {"swap": 1}),
        ("It may rain.", "it will rain", {"hedge_lost": 1, "intent_new": 1}),
        ("You must call her.", "call her", {"duty_lost": 1, "you_lost": 1}),
        ("Call her unless it rains.", "call her", {"exception_lost": 1}),
        ("I told him.", "he told me", {"actor": 1}),
        ("I cannot come.", "i can come", {"negation_lost": 1, "polarity": 1}),
        ("Is the boat late?", "the boat is late", {"question_lost": 1}),
        ("The boat is late.", "is the boat late?", {"question_invented": 1}),
        ("The boat is late.", "the boat is late", {"kept": 1, "copied": 1, "longer": 0, "words_new": 0}),
        ("I love the boat.", "i hate the boat", {"polarity": 1}),
        ("The ladder stands in the old shed. The boat is late.", "boat is late", {"sentence_lost": 1}),
        ("I hope that this message finds you well. The boat is late.", "boat is late", {"sentence_lost": 0}),
        ("I will be there at 8, and I will bring the ladder.", "i'll be there at 8", {"clause_lost": 1}),
        ("The boat is late but the harbour will be open.", "boat is late", {"clause_lost": 1}),
        ("As far as I can see the harbour, the boat is late.", "boat is late", {"clause_lost": 0}),
        ("The boat is late, I think.", "boat is late", {"clause_lost": 0}),
        ("Write to <email1> by 5.", "write <email1> by 5", {"figure_lost": 0, "figure_invented": 0, "words_lost": 0}),
    ],
)
def test_what_is_seen(text: str, rewrite: str, expected: dict[str, float]) -> None:
    found = evidence(text, rewrite, Alignment())
    assert {name: found[name] for name in expected} == expected


def test_a_text_shows_nothing_against_itself() -> None:
    text = "If Ana comes at 8, I may not tell her. Could you call <phone1>? Bring €20 and two chairs."
    found = evidence(text, text, Alignment())
    assert {name: value for name, value in found.items() if value} == {
        "kept": 1, "copied": 1, "length": pytest.approx(found["length"])
    }  # fmt: skip
    assert evidence(text, "", Alignment()).keys() == found.keys()
