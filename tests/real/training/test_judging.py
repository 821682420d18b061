"""The weights of the judge, fitted with scikit-learn, and what they are fitted on."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from training.judging import Judgement, fit
from training.writers import Readings, Version, attempts, fitted, planted
from voice.alignment import Alignment
from voice.judges.reader import Gap, Reader

NAMES = ["slip", "copied"]


def judgements(count: int = 400) -> list[Judgement]:
    """A slip makes a copied text wrong, and says nothing of one in other words."""
    chance = np.random.default_rng(1)
    found = []
    for _ in range(count):
        copied, slip = float(chance.integers(2)), float(chance.integers(2))
        wrong = bool(slip) if copied else bool(chance.integers(2))
        found.append(Judgement({"slip": slip, "copied": copied, "length": 4.0}, wrong))
    return found


def test_a_slip_in_a_copy_weighs_more_than_one_in_other_words() -> None:
    weights = fit(judgements(), NAMES, [], 0.0)
    same = {
        (slip, copied): weights.same({"slip": slip, "copied": copied, "length": 4.0})
        for slip in (0, 1)
        for copied in (0, 1)
    }
    assert same[1, 1] < 0.2 < 0.8 < same[0, 1]
    assert abs(same[1, 0] - same[0, 0]) < 0.2


def test_pairs_put_the_wrong_version_last() -> None:
    some = [Judgement({"slip": float(n % 2), "copied": 0.5, "length": 4.0}, False) for n in range(100)]
    pairs = [(n, n - 1) for n in range(1, 100, 2)]
    one, other = ({"slip": slip, "copied": 0.5, "length": 4.0} for slip in (1.0, 0.0))
    weights = fit([*some, Judgement(one, True), Judgement(other, True)], NAMES, pairs, 5.0)
    assert weights.odds(one) > weights.odds(other) + 1


def test_what_is_fitted_on() -> None:
    arms = Counter(version.arm for version in planted("fit"))
    assert arms == {"own": 598, "also": 598, "wrong": 1196}
    assert all(version.wrong == (version.arm == "wrong") == bool(version.kind) for version in planted("fit"))
    found = list(attempts("train", "fit"))
    assert len(found) == 1770
    assert 0.3 < np.mean([version.wrong for version in found]) < 0.6
    assert len(list(attempts("test", "owner"))) == 459


class Counts:
    """A reader for which each letter that the rewrite lacks is a nat; counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def gaps_of(self, asked: Sequence[tuple[str, Sequence[str]]]) -> list[list[list[Gap]]]:
        self.asked += sum(len(rewrites) for _, rewrites in asked)
        return [
            [[(letter, float(letter not in rewrite)) for letter in text] for rewrite in rewrites]
            for text, rewrites in asked
        ]


def test_what_was_read_is_kept(tmp_path: Path) -> None:
    versions = [version for version in planted("fit") if len(version.draft) < 100][:60]
    reader = Counts()
    for _ in range(2):
        readings = Readings(tmp_path, lambda: cast(Reader, cast(Any, reader)), "a" * 64, Alignment())
        found = readings.of(versions)
        assert reader.asked == len({(version.draft, version.text) for version in versions})
        assert [version for version, _ in found] == versions
    model = fitted(found)
    assert model.hardly <= model.threshold
    assert model.words.each.keys() < model.read.each.keys()


def test_what_was_typed_for_another_draft_is_refused() -> None:
    chance = np.random.default_rng(1)
    names = ["gap_mean", "gap_beyond_1", "gap_beyond_2", "gap_top", "copied", "length", "words_lost"]
    found = []
    for n in range(400):
        arm = ("own", "also", "wrong", "other")[n % 4]
        far = {"wrong": 0.5, "other": 3.0}.get(arm, 0.0)
        shown = {name: float(chance.random() + far) for name in names} | {"copied": 0.5, "length": 4.0}
        found.append((Version(f"{n // 4}", "fit", arm, "d", "t", far > 0), shown))
    model = fitted(found)
    refused = {
        arm: np.mean([model.read.same(shown) < model.threshold for version, shown in found if version.arm == arm])
        for arm in ("own", "other")
    }
    assert refused["other"] > 0.95
    assert refused["own"] < 0.1
