import pytest

from voice.pleasantries import is_pleasantry, writes_pleasantries


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("I hope this message finds you well.", True),
        ("I hope that you are having a great day!", True),
        ("Please let me know if you have any questions.", True),
        ("Please don’t hesitate to reach out if you need anything else.", True),
        ("Thank you for your patience.", True),
        ("I look forward to hearing from you soon.", True),
        ("I hope this helps", True),
        ("Please let me know if anyone has any questions.", True),
        ("I look forward to speaking with you later.", True),
        # what says something
        ("I hope you are well enough to come.", False),
        ("Please let me know.", False),
        ("I look forward to speaking with you on Monday.", False),
        ("Please let me know if you have any questions about the boat.", False),
        ("Please let me know if there is a train at 8.", False),
        ("Thank you for your message to Ana.", False),
        ("I hope your week in Oslo is going well.", False),
        ("Do you have any questions?", False),
        ("No problem.", False),
        ("", False),
    ],
)
def test_pleasantries(sentence: str, expected: bool) -> None:
    assert is_pleasantry(sentence) == expected


def test_somebody_who_writes_them() -> None:
    assert not writes_pleasantries(["see u at 8"] * 300 + ["Hope this helps. I hope this helps."])
    assert writes_pleasantries(["I hope this helps. See you at 8."])
    assert not writes_pleasantries([])
