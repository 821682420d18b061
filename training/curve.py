"""The training curve: what the losses were, step by step, and a drawing of it that says where the run converged.

In: points as the run makes them. Out: curve.jsonl, one point a line, written as it goes, and curve.svg. A line is
{"step", "epoch", "loss", "learning_rate", "elapsed_s"}; that of a validation has "validation_loss" instead of
"loss" and "learning_rate".
"""

import io
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.progress import SMOOTHING
from voice.atomic import write_text
from voice.errors import explain_os_error

JSONL, SVG = "curve.jsonl", "curve.svg"
WORTH = 0.01  # an improvement below this share is none
MOST_DRAWN = 600  # points of a line; more cannot be told apart
# Read on white and on black alike: the drawing has no background of its own.
INK, TRAINING, HELD_OUT, AMBER = "#808080", "#3d85c6", "#2e9e6b", "#f59e0b"
STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "nic-voice", "font.family": "sans-serif", "text.color": INK,
    "axes.edgecolor": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "grid.color": INK,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.grid.axis": "y", "grid.alpha": 0.25,
    "legend.frameon": False,
}  # fmt: skip


class Curve:
    """The points of a run so far, kept in `folder`; without one, nowhere."""

    def __init__(self, folder: Path | None = None, upto_step: int = 0) -> None:
        """Go on with the points in the folder up to that step; what an ended run wrote beyond it is dropped."""
        self._folder = folder
        self.points = [point for point in _read(folder / JSONL) if point["step"] <= upto_step] if folder else []
        if folder:
            write_text(folder / JSONL, "".join(map(_line, self.points)))

    def add(self, **point: Any) -> None:
        """Take in a point and append it to the file."""
        self.points.append(point)
        if self._folder:
            try:
                with (self._folder / JSONL).open("a") as file:
                    file.write(_line(point))
            except OSError as error:
                raise explain_os_error(error, "Writing the training curve") from error

    def draw(self) -> None:
        """Write curve.svg of the points so far."""
        if self._folder:
            write_text(self._folder / SVG, drawing(self.points))

    def converged_step(self) -> int | None:
        """Where the run converged, as far as it is known."""
        return converged(_losses(self.points, "validation_loss"))


def converged(validation: Sequence[tuple[int, float]]) -> int | None:
    """The step of the first validation after which the validation loss never improves by more than 1 %.

    It is the first validation such that no later one is below 0.99 of its loss. There must be at least two later ones:
    with fewer nobody can know, and the answer is None. A loss that rises again converged where it was lowest, or up to
    1 % above that.
    """
    for place, (step, loss) in enumerate(validation[:-2]):
        if min(later for _, later in validation[place + 1 :]) >= loss * (1 - WORTH):
            return step
    return None


def drawing(points: Sequence[dict[str, Any]]) -> str:
    """The curve as SVG: training loss, its running average, validation loss, and an amber line where it converged."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    training, validation = _losses(points, "loss"), _losses(points, "validation_loss")
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8, 4.2), layout="constrained")
        axes = figure.add_subplot()
        axes.set(title="Training curve", xlabel="optimiser steps", ylabel="loss per answer token (nats)")
        axes.plot(*_columns(_thin(training)), color=TRAINING, alpha=0.3, linewidth=1)
        average = _smooth(training)
        axes.plot(*_columns(_thin(average)), color=TRAINING, linewidth=2, label="training, running average")
        if validation:
            axes.plot(*_columns(validation), "o-", color=HELD_OUT, linewidth=2, markersize=4, label="held out")
        if (step := converged(validation)) is not None:
            axes.axvline(step, color=AMBER, linewidth=2, label=f"converged at step {step:,}")
        if training:
            axes.set_ylim(0, _height(training, [*average, *validation]))
        axes.legend()
        return as_svg(figure)


def as_svg(figure: Any) -> str:
    """A matplotlib figure, drawn without a background; the same figure gives the same bytes."""
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return file.getvalue()


def _losses(points: Sequence[dict[str, Any]], kind: str) -> list[tuple[int, float]]:
    return [(point["step"], point[kind]) for point in points if kind in point]


def _smooth(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """The running average of the losses, as the progress line shows it."""
    averages = itertools.accumulate((loss for _, loss in points), lambda a, b: SMOOTHING * a + (1 - SMOOTHING) * b)
    return [(step, average) for (step, _), average in zip(points, averages, strict=True)]


def _height(training: Sequence[tuple[int, float]], others: Sequence[tuple[int, float]]) -> float:
    """How much of the losses to show: the lines whole, and of the single steps all but the wildest hundredth."""
    steps = sorted(loss for _, loss in training)
    return 1.05 * max(steps[int(0.99 * (len(steps) - 1))], *(loss for _, loss in others))


def _thin(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    return points[:: -(-len(points) // MOST_DRAWN) or 1]


def _columns(points: Sequence[tuple[int, float]]) -> tuple[list[int], list[float]]:
    return [step for step, _ in points], [loss for _, loss in points]


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return []
    points = []
    for line in lines:
        try:
            points.append(json.loads(line))
        except ValueError:  # the half of a line that a killed run left
            break
    return points


def _line(point: dict[str, Any]) -> str:
    return json.dumps(point) + "\n"
