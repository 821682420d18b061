"""Plots as SVG text: lines, bars and stacked bars, in light and dark, without a library.

In: numbers and labels. Out: one `<svg>` as a string; equal input gives equal text. A standalone plot carries its style,
so that it can be a file; in a page, put voice.svg.STYLE into the page once and ask for `standalone=False`.

    svg = line_chart([Series("loss", [(0, 3.1), (10, 2.4)])], title="Loss", x_label="step", y_label="loss",
                     markers=[Marker(10, "converged")])
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voice.svg import CHARACTER_PX, PALETTE, bar, escaped, legend_of, nice_ticks, picture, short, text_at


@dataclass(frozen=True, slots=True)
class Series:
    """A line through (x, y) points, ascending in x; a y that is not finite leaves a gap. `color` indexes PALETTE."""

    name: str
    points: Sequence[tuple[float, float]]
    color: int | None = None
    faint: bool = False
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Marker:
    """A vertical amber line at x, with its label."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Layer:
    """One colour of a bar chart: a value (0 or more) for each of its labels."""

    name: str
    values: Sequence[float]
    color: int | None = None


@dataclass(frozen=True, slots=True)
class _Area:
    """The rectangle that the data is drawn into, and the data that its edges stand for."""

    left: float
    top: float
    right: float
    bottom: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def x(self, value: float) -> float:
        return _between(value, self.x_range, self.left, self.right)

    def y(self, value: float) -> float:
        return _between(value, self.y_range, self.bottom, self.top)


def line_chart(
    series: Sequence[Series], *, title: str, x_label: str, y_label: str, markers: Sequence[Marker] = (),
    width: int = 720, height: int = 360, standalone: bool = True, from_zero: bool = False,
) -> str:  # fmt: skip
    """Lines over a common x; the y axis starts at 0 only when `from_zero`."""
    points = [point for one in series for point in one.points if math.isfinite(point[1])]
    xs = [x for x, _ in points] + [marker.x for marker in markers]
    ys = [y for _, y in points] + ([0.0] if from_zero else [])
    x_ticks, y_ticks = nice_ticks(min(xs, default=0), max(xs, default=1), width // 90), nice_ticks(
        min(ys, default=0), max(ys, default=1), height // 60)  # fmt: skip
    names = [(one.name, _color(one.color, index)) for index, one in enumerate(series) if not one.faint]
    legend, top = legend_of(names, width)
    left = _widest(y_ticks) + 30
    area = _Area(left, top, width - 16, height - 44, (min(xs, default=0), max(xs, default=1)), _ends(y_ticks))
    parts = [legend, *_y_axis(area, y_ticks, y_label), *_x_axis(area, x_ticks, x_label)]
    for index, one in enumerate(series):
        look = f"line l{_color(one.color, index)}{' faint' * one.faint}{' dashed' * one.dashed}"
        parts += [f'<path class="{look}" d="{_path(run, area)}"/>' for run in _runs(one.points)]
    for marker in markers:
        parts += _marker(marker, area)
    return picture(parts, title, width, height, standalone)


def stacked_bars(
    labels: Sequence[str], layers: Sequence[Layer], *, title: str, x_label: str, y_label: str,
    width: int = 720, height: int = 320, standalone: bool = True, legend: bool = True,
) -> str:  # fmt: skip
    """Upright bars, one a label, the layers on top of one another in their order."""
    totals = [sum(layer.values[place] for layer in layers) for place in range(len(labels))]
    ticks = nice_ticks(0, max(totals, default=1) or 1, height // 60)
    drawn, top = legend_of([(one.name, _color(one.color, n)) for n, one in enumerate(layers)] if legend else [], width)
    area = _Area(_widest(ticks) + 30, top, width - 8, height - 44, (0, max(len(labels), 1)), _ends(ticks))
    parts = [drawn, *_y_axis(area, ticks, y_label)]
    step = (area.right - area.left) / max(len(labels), 1)
    thickness = min(step * 0.8, 56)
    every = max(1, math.ceil(max((len(label) for label in labels), default=1) * (CHARACTER_PX + 1) / step))
    for place, label in enumerate(labels):
        middle, base = area.left + step * (place + 0.5), 0.0
        for index, layer in enumerate(layers):
            if value := layer.values[place]:
                high, low = area.y(base + value), area.y(base)
                hint = f"{label}, {layer.name}: {short(value)}"
                parts.append(bar(middle - thickness / 2, high, thickness, low - high, _color(layer.color, index), hint))
                base += value
        if place % every == 0:
            parts.append(text_at(middle, area.bottom + 16, label, "middle"))
    parts.append(text_at((area.left + area.right) / 2, area.bottom + 36, x_label, "middle"))
    return picture(parts, title, width, height, standalone)


def bar_chart(
    labels: Sequence[str], layers: Sequence[Layer], *, title: str, unit: str = "",
    width: int = 720, standalone: bool = True, legend: bool = True,
) -> str:  # fmt: skip
    """Lying bars, one a label, each with its total beside it; several layers lie end to end. As high as it needs."""
    totals = [sum(layer.values[place] for layer in layers) for place in range(len(labels))]
    names = [(one.name, _color(one.color, n)) for n, one in enumerate(layers)]
    drawn, top = legend_of(names if legend and len(layers) > 1 else [], width)
    left = min(max((len(label) for label in labels), default=1) * CHARACTER_PX + 12, width * 0.45)
    beside = [f"{short(total)}{' ' + unit if unit else ''}" for total in totals]
    right = width - max((len(text) for text in beside), default=1) * CHARACTER_PX - 14
    row, parts = 26, [drawn]
    for place, label in enumerate(labels):
        y, x = top + row * place, left
        parts.append(text_at(left - 8, y + 13, label, "end"))
        for index, layer in enumerate(layers):
            length = (right - left) * layer.values[place] / (max(totals) or 1)
            if length > 0:
                hint = f"{label}, {layer.name}: {short(layer.values[place])}"
                parts.append(bar(x, y, max(length, 1), row - 8, _color(layer.color, index), hint))
                x += length
        parts.append(text_at(x + 6, y + 13, beside[place], "start", "value"))
    return picture(parts, title, width, round(top + row * max(len(labels), 1) + 6), standalone)


def _y_axis(area: _Area, ticks: Sequence[float], label: str) -> Iterator[str]:
    for tick in ticks:
        y = area.y(tick)
        yield f'<line class="grid" x1="{area.left:.1f}" x2="{area.right:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield text_at(area.left - 7, y + 4, short(tick), "end")
    middle = (area.top + area.bottom) / 2
    yield f'<text transform="rotate(-90 12 {middle:.1f})" x="12" y="{middle:.1f}" text-anchor="middle">'
    yield f"{escaped(label)}</text>"


def _x_axis(area: _Area, ticks: Sequence[float], label: str) -> Iterator[str]:
    yield f'<line class="axis" x1="{area.left:.1f}" x2="{area.right:.1f}" y1="{area.bottom}" y2="{area.bottom}"/>'
    for tick in ticks:
        if area.x_range[0] <= tick <= area.x_range[1]:
            yield text_at(area.x(tick), area.bottom + 16, short(tick), "middle")
    yield text_at((area.left + area.right) / 2, area.bottom + 36, label, "middle")


def _marker(marker: Marker, area: _Area) -> Iterator[str]:
    x = area.x(marker.x)
    yield f'<line class="marker" x1="{x:.1f}" x2="{x:.1f}" y1="{area.top:.1f}" y2="{area.bottom:.1f}"/>'
    yield f'<circle class="dot" cx="{x:.1f}" cy="{area.top:.1f}" r="4"/>'
    fits_right = x + len(marker.label) * CHARACTER_PX + 10 < area.right
    yield text_at(x + (8 if fits_right else -8), area.top + 4, marker.label, "start" if fits_right else "end", "value")


def _runs(points: Sequence[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    """The points between gaps."""
    run: list[tuple[float, float]] = []
    for point in points:
        if math.isfinite(point[1]):
            run.append(point)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _path(points: Sequence[tuple[float, float]], area: _Area) -> str:
    """A path through the points; a single one becomes a dot (a line of no length with round ends)."""
    places = [f"{area.x(x):.1f} {area.y(y):.1f}" for x, y in points]
    return "M" + "L".join(places if len(places) > 1 else places * 2)


def _color(color: int | None, place: int) -> int:
    return (place if color is None else color) % len(PALETTE)


def _widest(ticks: Sequence[float]) -> float:
    return max(len(short(tick)) for tick in ticks) * CHARACTER_PX


def _ends(ticks: Sequence[float]) -> tuple[float, float]:
    return ticks[0], ticks[-1]


def _between(value: float, ends: tuple[float, float], start: float, end: float) -> float:
    low, high = ends
    return start + (end - start) * ((value - low) / (high - low) if high > low else 0.5)
