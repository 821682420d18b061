"""What somebody's habits make of a text."""

from pathlib import Path

import pytest

from voice.errors import UserError
from voice.hand import FILE_NAME, Hand, load_hands, save_hands

SMALL = Hand(small_starts=True, small_i=True, small_names=True, open_ends=True, straight=True, plain=True, dash="—",
             semicolon="—", forms={"do not": "dont", "it is": "it's", "two": "2", "i am": "I'm"})  # fmt: skip
STARTS = Hand(small_starts=True)
NO_I = Hand(no_i=True)
SHORT = Hand(left_out=["please", "I wanted to let you know that", "in addition,"])


@pytest.mark.parametrize(
    ("hand", "text", "expected"),
    [
        (SMALL, "I do not know. It is late.", "i dont know. it's late"),
        (SMALL, "Do not go; I am in Oslo on Monday.", "dont go—i'm in oslo on monday"),
        (SMALL, "Keep it exactly as it is.", "keep it exactly as it is"),
        (SMALL, "It cost — believe me — “two” crowns!", 'it cost—believe me—"2" crowns!'),
        (SMALL, "The **new** one, from OpenSSH and NASA.", "the new one, from OpenSSH and NASA"),
        (SMALL, "See <link1> and `Do Not.Run` at /Two/Three, or Ask@Example.org.", None),
        (SMALL, "A look, please.", "a look, please"),
        (SMALL, "Twenty-two of them, 1.5 to two.", "twenty-two of them, 1.5 to 2"),
        (SMALL, "How are you two? The two.", "how are you two? the 2"),
        (SMALL, "I live in St.", "i live in st."),
        (SMALL, "It was 9 – 5, then 10–12.", "it was 9—5, then 10–12"),
        (STARTS, "We met Yusuf. Yusuf said so. I do, too.", "we met Yusuf. Yusuf said so. I do, too."),
        (SHORT, "Please come. I wanted to let you know that we are in Oslo.", "Come. We are in Oslo."),
        (SHORT, "In addition, it is late - please ask: please?", "It is late - ask: please?"),
        (
            NO_I,
            "I am late. I’ll call Ana. I'd like to come. I moved it.",
            "Late. Will call Ana. Would like to come. Moved it.",
        ),
        (
            NO_I,
            "I call you. I don't worry. And I am here; I'd forgotten.",
            "I call you. I don't worry. And I am here; I'd forgotten.",
        ),
        (NO_I, "I have to go! I just saw it? I am Ana.", "Have to go! I just saw it? I am Ana."),
        (SHORT, "Please", "Please"),
        (Hand(), "Nothing; is — “changed”.", "Nothing; is — “changed”."),
        (SMALL, "\ue000 stays As It Is", "\ue000 stays As It Is"),
        (SMALL, "", ""),
    ],
)
def test_a_text_is_typed_as_the_owner_types(hand: Hand, text: str, expected: str | None) -> None:
    if expected is None:
        expected = "see <link1> and `Do Not.Run` at /Two/Three, or Ask@Example.org."
    assert hand.typed(text) == expected
    assert hand.typed(expected) == expected


@pytest.mark.parametrize(
    ("opening", "whom", "expected"),
    [("{name}—", "Ana", "ana—"), ("Hi {name},", "Ms. Talbot", "Hi ms. talbot,"), ("hey", "Ana", "hey"), ("", "Ana", ""),
     ("{name}—", "", "dear all,"), (None, "Ana", "dear all,")],
)  # fmt: skip
def test_he_greets_as_he_does(opening: str | None, whom: str, expected: str) -> None:
    hand = Hand(small_starts=True, small_names=True, opening=opening)
    assert hand.opened("Dear all,", whom) == expected


@pytest.mark.parametrize(
    ("closing", "me", "who", "expected"),
    [("{me}", "t", "Theo", "t"), ("{me}", "t", "Tobin Arkwell", "t"), ("{me}", "theo", "Ana Bee", "ana"),
     ("cheers, {me}", "Theo", "Ana Bee", "cheers, Ana"), ("", "", "Ana", ""), ("{me}", "t", "", "best,"),
     (None, "", "Ana", "best,")],
)  # fmt: skip
def test_he_signs_as_he_does_and_nobody_signs_who_did_not(
    closing: str | None, me: str, who: str, expected: str
) -> None:
    assert Hand(small_starts=True, closing=closing, me=me).closed("Best,", who) == expected


def test_hands_are_kept_and_a_damaged_file_is_said(tmp_path: Path) -> None:
    assert load_hands(tmp_path) == {}
    save_hands({"chat": SMALL, "email": STARTS}, tmp_path)
    assert load_hands(tmp_path) == {"chat": SMALL, "email": STARTS}
    (tmp_path / FILE_NAME).write_text('{"chat": {"loud": 1}}')
    with pytest.raises(UserError, match=r"hand\.json cannot be used"):
        load_hands(tmp_path)
