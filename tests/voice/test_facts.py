import pytest

from voice.facts import invented


@pytest.mark.parametrize(
    ("neutral", "own", "expected"),
    [
        ("See you at 7:30 PM.", "7:30pm", []),
        ("It is 1,000 dollars.", "1000 bucks", []),
        ("See you.", "see u at 8", ["8"]),
        ("Before noon.", "b4 noon", []),
        ("8 people.", "8 ppl, all 8", []),
        ("On 3/4.", "on 3/5 or 6", ["3/5", "6"]),
    ],
)
def test_invented(neutral: str, own: str, expected: list[str]) -> None:
    assert invented(neutral, own) == expected
