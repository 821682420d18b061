"""Spelling, language, and what is spelled out beside what."""

import pytest

from extraction.neutral.language import is_english
from extraction.neutral.spell_out import spell_out
from extraction.neutral.spelling import corrected, unstretched


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("recieved", "received"),
        ("somehting", "something"),
        ("acess", "access"),
        ("roomate", "roommate"),
        ("deliverd", "deliverd"),  # delivered or delivery
        ("marchetti", "marchetti"),
        ("teh", "teh"),  # too short to be sure
        ("héllo", "héllo"),
    ],
)
def test_only_what_is_sure_is_corrected(typed: str, expected: str) -> None:
    assert corrected(typed) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("sooooo", "so"), ("toooo", "too"), ("goood", "good"), ("yesss", "yes"), ("pleeease", "please"), ("book", "book")],
)
def test_stretched_words(typed: str, expected: str) -> None:
    assert unstretched(typed) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("parents weren't home yesterday", True),
        ("huh", True),
        ("okay", True),
        ("oslo is in norway", True),
        ("on est la", False),
        ("que te den", False),
        ("the dog's here, i'll go", True),
        ("lol ok", True),
        ("omw brb", True),
        ("u coming tmrw", True),
        ("don't you want some?", True),
        ("no se k me pasa hoy", False),
        ("jajaja no te creo", False),
        ("ich komme morgen", False),
        ("c'est la vie mon ami", False),
        ("Vamos a la playa, ok?", False),
        ("bin gleich da", False),
    ],
)
def test_english_or_not(text: str, expected: bool) -> None:
    assert is_english(text) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("why dont u call", "why don't you call"),
        ("can't you come", "can't you come"),
        ("Don't you dare", "Don't you dare"),
        ("didn't the dog eat?", "didn't the dog eat?"),
        ("if you don't they will", "if you do not they will"),
        ("i ain't going, she ain't here", "I am not going, she is not here"),
        ("where'd you go", "where did you go"),
        ("i'd better run, i'd say", "I had better run, I would say"),
        ("she'd finished", "she'd finished"),
        ("it's been a while, she's tired", "it has been a while, she's tired"),
        ("we wouldnt've gone", "we would not have gone"),
        ("k see u", "okay see you"),
        ("a 5 k run", "a 5 k run"),
        ("late bc of 500 bc coins", "late because of 500 bc coins"),
        ("30 mins or 1 hr", "30 minutes or 1 hour"),
        ("the prob is prob him", "the prob is probably him"),
        ("ur late in ur car", "you are late in your car"),
        ("ill be ill", "I will be ill"),
        ("its raining on its roof", "it is raining on its roof"),
        ("i've gotta go, gotta run", "I have got to go, have to run"),
        ("goin' home to talk to ya", "going home to talk to you"),
        ("ask Will or Mark, OK", "ask Will or Mark, OK"),
        ("ty! np", "thank you! no problem"),
    ],
)
def test_spelled_out_by_what_stands_beside(typed: str, expected: str) -> None:
    assert spell_out(typed) == expected
