"""The training curve: where it converged, and what is drawn."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from training.curve import AMBER, JSONL, SVG, Curve, converged, drawing


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


def _texts(drawn: str) -> set[str]:
    return {"".join(node.itertext()) for node in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")}


def test_the_drawing_marks_convergence_in_amber(tmp_path: Path) -> None:
    curve = Curve(tmp_path)
    for step in range(1, 101):
        curve.add(step=step, loss=1 + 2 / step)
        if step % 20 == 0:
            curve.add(step=step, validation_loss=1.0 if step > 20 else 1.5)
    assert curve.converged_step() == 40
    curve.draw()
    drawn = (tmp_path / SVG).read_text()
    assert AMBER in drawn
    assert {"converged at step 40", "training, running average", "held out", "optimiser steps",
            "loss per answer token (nats)"} <= _texts(drawn)  # fmt: skip
    again = Curve(tmp_path, upto_step=100)
    again.draw()
    assert (tmp_path / SVG).read_text() == drawn


def test_a_wild_step_does_not_flatten_the_drawing() -> None:
    points = [{"step": step, "loss": 20.0 if step == 3 else 1.5} for step in range(1, 201)]
    assert "1.5" in _texts(drawing(points))  # beside the axis; up to 20 it would have 2.5 for its first mark
