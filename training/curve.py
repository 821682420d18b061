"""The training curve: what the losses were, step by step, and a drawing of it that says where the run converged.

In: points as the run makes them. Out: curve.jsonl, one point a line, written as it goes, and curve.svg. A line is
{"step", "epoch", "loss", "learning_rate", "elapsed_s"}; that of a validation has "validation_loss" instead of
"loss" and "learning_rate".
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from voice.atomic import write_text
from voice.errors import explain_os_error
from voice.plot import Marker, Series, line_chart

JSONL, SVG = "curve.jsonl", "curve.svg"
WORTH = 0.01  # an improvement below this share is none
MOST_DRAWN = 600  # points of a line; more cannot be told apart
SMOOTHING = 0.95


class Curve:
    """The points of a run so far, in `folder`."""

    def __init__(self, folder: Path, upto_step: int = 0) -> None:
        """Go on with the points in the folder up to that step; what an ended run wrote beyond it is dropped."""
        self.folder = folder
        self.points = [point for point in _read(folder / JSONL) if point["step"] <= upto_step]
        write_text(folder / JSONL, "".join(map(_line, self.points)))

    def add(self, **point: Any) -> None:
        """Take in a point and append it to the file."""
        self.points.append(point)
        try:
            with (self.folder / JSONL).open("a") as file:
                file.write(_line(point))
        except OSError as error:
            raise explain_os_error(error, "Writing the training curve") from error

    def draw(self) -> None:
        """Write curve.svg of the points so far."""
        write_text(self.folder / SVG, drawing(self.points))


def drawing(points: Sequence[dict[str, Any]]) -> str:
    """The curve as SVG: training loss, its running average, validation loss, and an amber line where it converged."""
    training = [(point["step"], point["loss"]) for point in points if "loss" in point]
    validation = [(point["step"], point["validation_loss"]) for point in points if "validation_loss" in point]
    series = [
        Series("training, each step", _thin(training), color=0, faint=True),
        Series("training, average", _thin(smooth(training)), color=0),
    ]
    if validation:
        series.append(Series("validation", validation, color=1))
    place = converged(validation)
    markers = [Marker(place, f"converged: step {place:,}")] if place is not None else []
    return line_chart(series, title="Training curve", x_label="step", y_label="loss per answer token", markers=markers)


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


def smooth(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """The running average of the losses, as the progress line shows it."""
    averages: list[tuple[int, float]] = []
    for step, loss in points:
        average = loss if not averages else SMOOTHING * averages[-1][1] + (1 - SMOOTHING) * loss
        averages.append((step, average))
    return averages


def _thin(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    every = -(-len(points) // MOST_DRAWN) or 1
    return points[::every]


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
