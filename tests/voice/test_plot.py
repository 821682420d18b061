import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.plot import Layer, Marker, Series, bar_chart, line_chart, stacked_bars
from voice.svg import MARKER_COLOR, PALETTE, nice_ticks, short

SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg: str, kind: str, look: str = "") -> list[ET.Element]:
    """The elements of a kind whose class begins with `look`, in drawing order."""
    return [one for one in ET.fromstring(svg).iter(SVG + kind) if one.get("class", "").startswith(look)]


def line(*series: Series, **how: bool) -> str:
    return line_chart(series, title="Loss", x_label="step", y_label="loss", markers=[Marker(10, "converged")], **how)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (1.7, 4.3, [1, 2, 3, 4, 5]),
        (0, 0, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-3, 7, [-4, -2, 0, 2, 4, 6, 8]),
        (5, 5, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_ticks_are_round_and_hold_the_range(low: float, high: float, expected: list[float]) -> None:
    assert nice_ticks(low, high) == expected


@given(st.floats(-1e6, 1e6), st.floats(1, 1e9))
def test_ticks_hold_any_range(low: float, length: float) -> None:
    ticks = nice_ticks(low, low + length)
    slack = 1e-6 * (ticks[1] - ticks[0])
    assert ticks[0] <= low + slack and ticks[-1] >= low + length - slack
    assert 2 <= len(ticks) <= 12


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (1234, "1,234"), (56_700, "56.7k"), (1_200_000, "1.2M"), (0.0031, "0.0031"), (3e-5, "3.0e-05"),
     (2.5, "2.5"), (2e9, "2G")],
)  # fmt: skip
def test_short_numbers(value: float, expected: str) -> None:
    assert short(value) == expected


def test_a_line_goes_through_its_points_and_the_marker_stands_at_its_x() -> None:
    svg = line(Series("training", [(0, 4), (10, 2), (20, 0)]), from_zero=True)
    (path,) = drawn(svg, "path", "line")
    places = [tuple(map(float, place.split())) for place in path.attrib["d"][1:].split("L")]
    assert places[0][1] < places[1][1] < places[2][1]  # y grows downwards
    (marker,) = drawn(svg, "line", "marker")
    assert float(marker.attrib["x1"]) == pytest.approx(places[1][0])


def test_values_that_are_not_numbers_leave_a_gap() -> None:
    svg = line(Series("training", [(0, 4), (5, math.nan), (10, 2), (15, math.inf), (20, 1), (30, 1)]))
    assert len(drawn(svg, "path", "line")) == 3
    assert "nan" not in svg and "inf" not in svg


def test_a_faint_series_is_not_in_the_legend() -> None:
    svg = line(Series("raw", [(0, 1), (1, 2)], 0, faint=True), Series("smooth", [(0, 1), (1, 2)], 0))
    texts = [one.text for one in drawn(svg, "text")]
    assert "smooth" in texts and "raw" not in texts


def test_stacked_bars_are_as_high_as_their_values() -> None:
    svg = stacked_bars(["2004", "2005"], [Layer("mail", [10, 0], 1), Layer("chat", [30, 20], 0)],
                       title="Years", x_label="year", y_label="triplets")  # fmt: skip
    bars = drawn(svg, "rect", "c")[2:]  # after the two swatches of the legend
    heights = [float(bar.attrib["height"]) for bar in bars]
    assert [bar.attrib["class"] for bar in bars] == ["c1", "c0", "c0"]
    assert heights[1] == pytest.approx(3 * heights[0], abs=0.2) and heights[2] == pytest.approx(2 * heights[0], abs=0.2)
    assert float(bars[0].attrib["y"]) == pytest.approx(float(bars[1].attrib["y"]) + heights[1], abs=0.2)


def test_lying_bars_say_their_total() -> None:
    svg = bar_chart(["tapback", "links"], [Layer("mail", [1, 2]), Layer("chat", [1000, 500])], title="Dropped")
    assert [one.text for one in drawn(svg, "text", "value")] == ["1,001", "502"]
    assert "tapback, chat: 1,000" in svg


def test_equal_input_gives_equal_text_and_standalone_has_a_style() -> None:
    series = Series("training", [(0, 4), (10, 2)])
    assert line(series) == line(series)
    assert "prefers-color-scheme:dark" in line(series) and "<style>" not in line(series, standalone=False)
    assert MARKER_COLOR in line(series) and MARKER_COLOR.lower() not in str(PALETTE).lower()


def test_nothing_to_draw_is_still_a_picture() -> None:
    for svg in (
        line_chart([], title="t", x_label="x", y_label="y"),
        stacked_bars([], [], title="t", x_label="x", y_label="y"),
        bar_chart([], [], title="t"),
        bar_chart(["a"], [Layer("zero", [0])], title="t"),
    ):
        assert ET.fromstring(svg).get("role") == "img"


@given(st.text(), st.lists(st.floats(0, 1e12), min_size=1, max_size=4))
def test_any_label_and_value_gives_well_formed_svg(label: str, values: list[float]) -> None:
    layers = [Layer(label, values)]
    labels = [label] * len(values)
    ET.fromstring(bar_chart(labels, layers, title=label))
    ET.fromstring(stacked_bars(labels, layers, title=label, x_label=label, y_label=label, width=360))
    ET.fromstring(line_chart([Series(label, list(enumerate(values)))], title=label, x_label=label, y_label=label))
