"""The verifier that a voice carries, fitted with scikit-learn and applied with numpy."""

from pathlib import Path

import numpy as np
import pytest

from tests.people import pairs
from training.judges import fit_verifier
from voice.style import Verifier


def test_it_knows_the_owner_from_neutral_texts_that_it_never_saw(tmp_path: Path) -> None:
    several = pairs(120)
    verifier = fit_verifier(several[:80])
    neutral, own = ([pair[side] for pair in several[80:]] for side in (0, 1))
    assert (verifier.score(own) > verifier.score(neutral)).mean() > 0.95
    verifier.save(tmp_path)
    assert np.array_equal(Verifier.load(tmp_path).score(own), verifier.score(own))
    assert verifier.score([]).shape == (0,)
    assert verifier.score([""]).shape == (1,)


def test_pairs_that_say_nothing_give_one_that_says_nothing() -> None:
    assert fit_verifier([("a", "a"), ("b", "b")]).score(["a"]) == pytest.approx(0, abs=0.1)
