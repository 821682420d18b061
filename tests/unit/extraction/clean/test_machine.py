"""What programs write in the owner's name, and what only looks like it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extraction.clean.machine import machine_text, strip_marks
from extraction.owner import SOURCE_NAMES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Liked “see you at 8”", True),
        ("Laughed at “no\nway”", True),
        ("Emphasised “now”", True),
        ("Loved an image", True),
        ("Reacted 😂 to “no way”", True),
        ('Reacted ❤️ to "no way"', True),
        ("Reacted with a sticker to “no way”", True),
        ("Removed a heart from “see you”", True),
        ("Removed an exclamation mark from “now”", True),
        ("Removed a 😂 reaction from “now”", True),
        ("Liked it a lot", False),
        ("Loved the film “Rain”", False),
        ("Questioned by everybody", False),
        ("", False),
    ],
)
def test_tapbacks(text: str, expected: bool) -> None:
    assert machine_text(text, "imessage") == ("tapback" if expected else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Edited to “see you at 9”", True),
        ("You unsent a message", True),
        ("You edited a message.", True),
        ("This message was deleted", True),
        ("Edited the draft, have a look", False),
        ("this message was deleted by accident, sorry", False),
    ],
)
def test_edit_marks(text: str, expected: bool) -> None:
    assert machine_text(text, "imessage") == ("edit_mark" if expected else None)


@pytest.mark.parametrize("text", ["Loved “the show”, you should watch it", "Liked “it” a lot more than the book"])
def test_prose_about_a_quoted_thing_is_no_tapback(text: str) -> None:
    assert machine_text(text, "imessage") is None


@pytest.mark.parametrize(
    ("platform", "text", "expected"),
    [
        ("google_voice", "\u200a\u200b👍\u200b to “\u200asee you at nine\u200a”\u200a", "tapback"),
        ("imessage", "Le encantó “vamos”", "tapback"),
        ("imessage", "A aimé « ça marche »", "tapback"),
        ("instagram", "Reacted 😂 to your message ", "tapback"),
        ("instagram", "Nic sent an attachment.", "attachment"),
        ("instagram", "ana.lee sent a photo.", "attachment"),
        ("instagram", "I sent a photo", None),
        ("google_voice", "MMS Sent", "attachment"),
        ("facebook", "You set the nickname for Ana Lee to Captain.", "machine_text"),
        ("facebook", "Nic set the emoji to 😂.", "machine_text"),
        ("facebook", "Ana named the group Lake House.", "machine_text"),
        ("facebook", "he left the group", None),
        (
            "imessage",
            "I’m driving with Focus turned on. I’ll see your message when I get where I’m going.",
            "machine_text",
        ),
        ("imessage", "I'm driving, call you later", None),
        ("plaud", "Thanks for watching! Thanks for watching!", "machine_text"),
        ("plaud", "[Music]", "machine_text"),
        ("plaud", "thanks for the book", None),
        ("imessage", "Thank you for watching.", None),
    ],
)
def test_templates(platform: str, text: str, expected: str | None) -> None:
    assert machine_text(text, platform) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see you there 😭 (edited)", "see you there 😭"),
        ("on my way\nSent from my iPhone", "on my way"),
        ("happy new year!!\n(Sent with Fireworks)", "happy new year!!"),
        ("(edited)", "(edited)"),
        ("i sent it from my iphone yesterday", "i sent it from my iphone yesterday"),
    ],
)
def test_marks_at_the_end(text: str, expected: str) -> None:
    assert strip_marks(text, "imessage") == expected


@settings(deadline=None)
@given(st.text(st.characters()), st.sampled_from(SOURCE_NAMES))
def test_no_text_raises(text: str, platform: str) -> None:
    machine_text(text, platform)
    assert strip_marks(strip_marks(text, platform), platform) == strip_marks(text, platform)
