"""Similarity of meaning by the real sentence model."""

import pytest

from evaluation.similarity import similarities

pytestmark = pytest.mark.minilm


def test_the_same_is_more_similar_than_a_paraphrase_and_that_than_something_else() -> None:
    text = "The boat is wet because it rained."
    same, paraphrase, other = similarities([text] * 3, [text, "it rained so the boats wet", "Lunch is at noon."])
    assert same == pytest.approx(1, abs=1e-5)
    assert 1 > paraphrase > 0.6 > 0.3 > other
