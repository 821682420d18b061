"""The training curve: where it converged, and what is kept of it."""

import json
from pathlib import Path

import pytest

from training.curve import JSONL, Curve, converged


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([], None),
        ([3.0, 2.0], None),
        ([3.0, 2.0, 2.0], None),
        ([3.0, 2.0, 1.99, 1.985], 20),
        ([3.0, 2.0, 1.0, 1.1, 1.2], 30),
        ([3.0, 2.5, 2.0, 1.5, 1.0], None),
        ([3.0, 2.0, 2.1, 1.9, 1.9, 1.9], 40),
    ],
    ids=["nothing", "one later", "one later, flat", "under a percent", "rises again", "still falling", "a bump"],
)
def test_where_a_run_converged(losses: list[float], expected: int | None) -> None:
    assert converged([(10 * place, loss) for place, loss in enumerate(losses, start=1)]) == expected


def test_a_curve_goes_on_where_the_checkpoint_was(tmp_path: Path) -> None:
    curve = Curve(tmp_path)
    for step in range(1, 6):
        curve.add(step=step, loss=3.0)
    with (tmp_path / JSONL).open("a") as file:
        file.write('{"step": 6, "lo')  # a killed process
    again = Curve(tmp_path, upto_step=3)
    again.add(step=4, loss=2.0)
    points = [json.loads(line) for line in (tmp_path / JSONL).read_text().splitlines()]
    assert [(point["step"], point["loss"]) for point in points] == [(1, 3.0), (2, 3.0), (3, 3.0), (4, 2.0)]
    assert Curve(tmp_path).points == []
