import pytest

from training.run import schedule


@pytest.mark.parametrize(
    ("share", "expected"), [(0.05, 1.0), (0.525, 0.5), (1.0, 0.0)], ids=["peak", "half way down", "end"]
)
def test_the_learning_rate_is_a_cosine_after_the_warm_up(share: float, expected: float) -> None:
    assert schedule(share, 0.05) == pytest.approx(expected)


def test_the_warm_up_rises_from_above_zero() -> None:
    rates = [schedule(step / 100, 0.05) for step in range(6)]
    assert 0 < rates[0] < 0.5
    assert rates == sorted(rates)
