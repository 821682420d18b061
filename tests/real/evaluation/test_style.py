"""The scale on which the input is 0 and the owner 1."""

import pytest

from evaluation import baselines
from evaluation.detect import detected
from evaluation.style import MEAN, Style, Texts, folds_of, judge, without_refrains
from tests.people import pairs, strangers

PAIRS = pairs(90)
NEUTRAL, OWN = [neutral for neutral, _ in PAIRS], [own for _, own in PAIRS]
GROUPS = [str(place) for place in range(len(PAIRS))]


@pytest.fixture(scope="module")
def style() -> Style:
    half = [own if place % 2 else neutral for place, (neutral, own) in enumerate(PAIRS)]
    over = [f"{own} ok ok ok -- isn't -- doesn't -- right? -- right?" for own in OWN]
    contestants = {"copy": NEUTRAL, "himself": OWN, "half": half, "over": over}
    return judge(Texts(GROUPS, NEUTRAL, OWN, contestants, [], {"strangers": strangers(80)}), seed=1)


def test_copy_is_0_he_is_1_and_half_of_his_texts_is_half(style: Style) -> None:
    for way, score in style.scores["copy"].items():
        assert score.value == pytest.approx(0), way
    for way, score in style.scores["himself"].items():
        assert score.value == pytest.approx(1), way
    assert style.scores["half"][MEAN].value == pytest.approx(0.5, abs=0.12)
    assert style.scores["half"][MEAN].low < 0.5 < style.scores["half"][MEAN].high


def test_overdoing_his_habits_gains_little(style: Style) -> None:
    assert all(score.value < 1.1 for score in style.scores["over"].values())


def test_others_are_below_him(style: Style) -> None:
    assert style.scores["strangers"][MEAN].value < 0.4


def test_the_same_seed_gives_the_same_numbers(style: Style) -> None:
    again = judge(Texts(GROUPS, NEUTRAL, OWN, {"copy": NEUTRAL}, [], {"strangers": strangers(80)}), seed=1)
    assert again.scores["strangers"] == style.scores["strangers"]


def test_no_thread_is_in_two_folds() -> None:
    groups = [f"t{place // 7}" for place in range(200)]
    folds = folds_of(groups, seed=3)
    assert sorted(index for fold in folds for index in fold) == list(range(200))
    where = {groups[index]: place for place, fold in enumerate(folds) for index in fold}
    assert all(where[groups[index]] == place for place, fold in enumerate(folds) for index in fold)
    assert max(map(len, folds)) - min(map(len, folds)) <= 7


def test_one_long_thread_is_taken_apart() -> None:
    folds = folds_of(["one"] * 90 + ["two"] * 10, seed=1)
    assert sorted(map(len, folds)) == [50, 50]


def test_a_refrain_counts_as_often_as_he_says_it() -> None:
    texts = [f"Number {place}. FYI." for place in range(6)] + ["FYI."]
    assert without_refrains(texts, {"FYI.": 3}) == [*texts[:3], "Number 3.", "Number 4.", "Number 5.", "FYI."]
    assert without_refrains(texts, {}) == [*texts[:2], *(f"Number {place}." for place in range(2, 6)), "FYI."]


def test_what_is_cheap_wins_nothing() -> None:
    many = pairs(160, seed=5)
    judged, learned = many[:80], many[80:]
    neutral, own = [pair[0] for pair in judged], [pair[1] for pair in judged]
    append, strew = baselines.with_sentences(learned), baselines.with_words(learned)
    contestants = {"append": [append(text) for text in neutral], "strew": [strew(text) for text in neutral]}
    found = judge(Texts([str(n) for n in range(80)], neutral, own, contestants, learned, {"s": strangers(80)}), 1)
    assert all(scores[MEAN].value < 0.25 for name, scores in found.scores.items() if name in contestants)


def test_his_own_texts_cannot_be_told_from_his_own() -> None:
    assert detected(OWN, NEUTRAL, GROUPS, 1).value > 0.95
    assert detected(OWN, OWN, GROUPS, 1).value == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("copy", "I am not sure, it is late."),
        ("copy + ending", "I am not sure, it is late!!"),
        ("word substitutions", "I am not certain, it is late."),
        ("case and marks", "i am not sure it is late!"),
    ],
)
def test_tricks_do_what_they_are_named_after(name: str, expected: str) -> None:
    words = ("cold", "wet", "gone", "open", "new", "small")
    learned = [(f"I am sure the shop is {word}.", f"i am certain the shop is {word}!!") for word in words]
    made = baselines.tricks(learned)[name]("I am not sure, it is late.")
    assert made == expected


def test_writers_without_any_function_word_or_mark() -> None:
    neutral, own = [f"zwei{place} blaue" for place in range(80)], [f"zwei{place} rote" for place in range(80)]
    found = judge(Texts([str(n) for n in range(80)], neutral, own, {"copy": neutral}, [], {}), seed=1)
    assert found.scores["copy"][MEAN].value == pytest.approx(0)
    assert found.distance["letters"] > 1
