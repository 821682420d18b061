"""What evidence comes to."""

import math
from pathlib import Path

import pytest

from voice.judges.weights import Model, Weights, WeightsError

WORDS = Weights(
    -1.0, {"figure_lost": (2.0, 0.0, 0.0, 0.0), "kept": (-1.0, -1.0, 2.0, 0.0), "swap": (1.0, 0.0, 0.0, 4.0)}
)


def test_evidence_is_weighed() -> None:
    assert WORDS.same({"figure_lost": 0, "kept": 0, "swap": 0, "copied": 0, "length": 3}) == pytest.approx(
        0.7311, abs=1e-4
    )
    assert WORDS.same({"figure_lost": 1, "kept": 1, "swap": 0, "copied": 0.5, "length": 3}) == pytest.approx(
        0.6225, abs=1e-4
    )
    assert WORDS.same({"figure_lost": 1e6, "kept": 0, "swap": 0, "copied": 1, "length": 3}) == pytest.approx(0)
    assert WORDS.same({"figure_lost": -1e6, "kept": 0, "swap": 0, "copied": 1, "length": 3}) == pytest.approx(1)
    assert WORDS.parts({"figure_lost": 2, "kept": 0, "swap": 0, "other": 5, "copied": 0, "length": 3}) == {
        "figure_lost": 4.0
    }


@pytest.mark.parametrize(("copied", "nats"), [(0, -1.0), (0.5, -1.5), (0.75, -1.25), (1, -1.0)])
def test_a_weight_depends_on_how_much_is_copied(copied: float, nats: float) -> None:
    assert WORDS.parts({"figure_lost": 0, "kept": 1, "swap": 0, "copied": copied, "length": 3}) == {
        "kept": pytest.approx(nats)
    }


@pytest.mark.parametrize(("words", "nats"), [(2, 5.0), (10, 5.0), (20, 3.0), (40, 2.0)])
def test_a_weight_depends_on_how_short_the_text_is(words: int, nats: float) -> None:
    assert WORDS.parts({"figure_lost": 0, "kept": 0, "swap": 1, "copied": 0, "length": math.log(words)}) == {
        "swap": pytest.approx(nats)
    }


def test_a_model_is_saved_and_read(tmp_path: Path) -> None:
    model = Model(WORDS, Weights(0.5, {"gap_mean": (1.25, 0.0, -0.5, 2.0)}), Weights(0.0, {}), 0.05, 0.4)
    model.save(tmp_path / "weights.json")
    assert Model.load(tmp_path / "weights.json") == model


@pytest.mark.parametrize(
    "text", ["", "{}", '{"words": {"bias": 1, "each": {}}}', "[]", '{"words": {"bias": 1, "each": {"x": "1 2"}}}']
)
def test_a_damaged_file_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "weights.json").write_text(text)
    with pytest.raises(WeightsError, match=r"weights\.json cannot be read"):
        Model.load(tmp_path / "weights.json")
    with pytest.raises(WeightsError, match="cannot be read"):
        Model.load(tmp_path / "none.json")
