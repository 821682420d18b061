"""The scale of style on real people's pairs, which are read where they lie and never copied."""

import pytest

from evaluation import baselines
from evaluation.cases import choose, from_pairs
from evaluation.style import MEAN, Style, Texts, judge
from nic_voice.sample.build import others_texts
from tests.real.data import REAL_DATA
from voice.ends import closing_names, without_ends
from voice.pairs import Pair, read_pairs

PAIRS = sorted(REAL_DATA.glob("*.test.tsv"))

pytestmark = [pytest.mark.slow, pytest.mark.real_data, pytest.mark.skipif(not PAIRS, reason=f"no pairs in {REAL_DATA}")]


@pytest.fixture(scope="module")
def style() -> Style:
    """The tricks of every evaluation, harder ones, and every other text of the owner's own."""
    cases, _ = from_pairs(PAIRS[0], "email")
    chosen, rest = choose(cases, 160, seed=1)
    names = closing_names(case.own for case in cases)
    learned = [(without_ends(case.neutral, names), without_ends(case.own, names)) for case in rest]
    neutral, own = ([without_ends(getattr(case, side), names) for case in chosen] for side in ("neutral", "own"))
    tricks = baselines.tricks([(case.neutral, case.own) for case in rest])
    contestants = {
        name: [without_ends(trick(case.neutral), names) for case in chosen] for name, trick in tricks.items()
    }
    for name, trick in (
        ("contract", baselines.contract),
        ("append", baselines.with_sentences(learned)),
        ("strew", baselines.with_words(learned)),
    ):
        contestants[name] = [without_ends(trick(text), names) for text in neutral]
    contestants["half"] = [pair[place % 2] for place, pair in enumerate(zip(neutral, own, strict=True))]
    return judge(Texts([case.group for case in chosen], neutral, own, contestants, learned,
                       {"made-up people": others_texts(400)}), seed=1)  # fmt: skip


def test_no_trick_wins(style: Style) -> None:
    scores = {name: by_way[MEAN].value for name, by_way in style.scores.items()}
    assert scores.pop("half") == pytest.approx(0.5, abs=0.15)
    assert scores.pop("copy") == pytest.approx(0)
    assert all(score < 0.2 for score in scores.values()), scores


def test_the_input_is_far_enough_away_and_others_are_not_him(style: Style) -> None:
    assert all(far > 1.5 for far in style.distance.values()), style.distance
    assert style.scores["made-up people"][MEAN].high < 0.3


def test_every_line_is_a_pair() -> None:
    lines = PAIRS[0].read_text("utf-8").split("\n")
    assert sum(isinstance(line, Pair) for line in read_pairs(PAIRS[0], "email")) == sum("\t" in line for line in lines)
