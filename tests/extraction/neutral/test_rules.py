import pytest
from hypothesis import given
from hypothesis import strategies as st

from extraction.neutral.rules import FRAMED_SHARE, STATEMENT_FRAMES, neutralise
from voice.facts import invented
from voice.triplet import REGISTERS, Register


def plain(text: str) -> str:
    """The neutral text under a seed that adds no phrase and turns dashes into commas."""
    candidates = {neutralise(text, "chat", str(seed)) for seed in range(40)}
    return min(candidates, key=lambda candidate: (len(candidate.split()), ";" in candidate, candidate.count(".")))


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("cant make it tmrw — sorry", "Cannot make it tomorrow, sorry."),
        ("u coming???", "You coming?"),
        ("thats what i said!! 😂", "That is what I said."),
        ("THIS IS SO GOOD", "This is so good."),
        ("sooooo tired", "So tired."),
        ("it's the dog's food", "It is the dog's food."),
        ("ok", "Okay."),
        ("lol", "Lol."),
        ("see https://example.com/u?r=im now", "See https://example.com/u?r=im now."),
        ("i'll be there at 7:30pm", "I will be there at 7:30pm."),
        ("3 - .5 is what they pay", "3 - .5 is what they pay."),
        ("Henry VIII is so goooood", "Henry VIII is so good."),
        ("a 5k run, r&b, the U.S. and R. Kelly", "A 5k run, r&b, the U.S. and R. Kelly."),
        ("he's been here, she'd gone", "He's been here, she'd gone."),
        ("he'd go if she's in", "He would go if she is in."),
        ("w/ you soon i think", "With you soon I think."),
        ("9am - 5pm or £5 - £7 is fine", "9am - 5pm or £5 - £7 is fine."),
        ("livre dont je parle", "Livre dont je parle."),
        ("NASA is on it", "NASA is on it."),
        ("private \ue0003\ue001 use", "Private 3 use."),
        ("teh thing — on tuesday", "The thing, on Tuesday."),
    ],
)
def test_own_to_neutral(own: str, expected: str) -> None:
    assert plain(own) == expected


def test_some_sentences_get_an_assistants_phrase() -> None:
    texts = [neutralise("we went to the lake", "chat", str(seed)) for seed in range(400)]
    opening = tuple(frame.split("{}")[0] for frame in STATEMENT_FRAMES)
    assert 0.5 * FRAMED_SHARE < sum(text.startswith(opening) for text in texts) / 400 < 1.5 * FRAMED_SHARE


@given(st.text(min_size=1).filter(str.strip), st.sampled_from(REGISTERS), st.text())
def test_any_text_gives_the_same_neutral_text_twice(text: str, register: Register, seed: str) -> None:
    neutral = neutralise(text, register, seed)
    assert neutral.strip()
    assert neutralise(text, register, seed) == neutral


@given(st.from_regex(r"[a-z]{1,6}( [a-z]{1,6}|[,.!?—-]| \d{1,4}| \d:\d\d){0,12}", fullmatch=True))
def test_numbers_are_neither_lost_nor_invented(own: str) -> None:
    neutral = neutralise(own, "chat", "1")
    assert invented(neutral, own) == []
    assert invented(own, neutral) == []
