import pytest

from training.progress import State


@pytest.mark.parametrize(
    ("losses", "to_the_end", "expected"),
    [
        ([0.9, 0.8, 0.7], True, (3, 0.7)),
        ([0.9, 0.7, 0.706], True, (3, 0.706)),
        ([0.9, 0.7, 0.708], True, (2, 0.7)),
        ([0.9, 0.7, 0.706], False, (2, 0.7)),
        ([], True, (3, None)),
    ],
)
def test_the_last_step_is_published_unless_it_is_clearly_worse(
    losses: list[float], to_the_end: bool, expected: tuple[int, float | None]
) -> None:
    state = State()
    for place in range(3):
        state.take_step(1.0, 1.0)
        if losses:
            state.take_validation(losses[place], place)
    assert state.best(to_the_end) == expected
