"""The training curve as matplotlib draws it."""

import xml.etree.ElementTree as ET
from pathlib import Path

from training.curve import AMBER, SVG, Curve, drawing


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
