"""What plots are made of: colours, style, round numbers and the elements of an SVG, as text.

In: numbers and labels. Out: pieces of SVG for `voice.plot`, which lays them out. Colours are classes (`c0` fills, `l0`
strokes), so that one style gives them in light and in dark.
"""

import math
import re
from collections.abc import Sequence
from html import escape

MARKER_COLOR = "#F59E0B"  # of markers alone: no series may have it
# Colours by index, (light, dark): each tells itself from its neighbours and from the marker's amber on both grounds.
PALETTE = (
    ("#0f766e", "#2dd4bf"), ("#2563eb", "#60a5fa"), ("#4ade80", "#86efac"), ("#166534", "#22c55e"),
    ("#c026d3", "#e879f9"), ("#818cf8", "#a5b4fc"), ("#1e3a8a", "#4f6fe0"), ("#dc2626", "#f87171"),
    ("#64748b", "#cbd5e1"), ("#db2777", "#f472b6"), ("#84cc16", "#bef264"), ("#92400e", "#c08457"),
    ("#06b6d4", "#67e8f9"), ("#7c3aed", "#c4b5fd"),
)  # fmt: skip
_INK, _SOFT, _GRID, _GROUND = ("#0f172a", "#f1f5f9"), ("#475569", "#a3b1c6"), ("#e2e8f0", "#2b3648"), "#0f172a"
_TEXT_PX, CHARACTER_PX, _LINE_PX = 12, 6.5, 18
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # what XML cannot hold


def _style() -> str:
    def rules(mode: int) -> str:
        colors = "".join(
            f".plot .c{index}{{fill:{pair[mode]}}}.plot .l{index}{{stroke:{pair[mode]}}}"
            for index, pair in enumerate(PALETTE)
        )
        return (
            f".plot text{{fill:{_SOFT[mode]}}}.plot .title,.plot .value{{fill:{_INK[mode]}}}"
            f".plot .grid{{stroke:{_GRID[mode]}}}.plot .axis{{stroke:{_SOFT[mode]}}}{colors}"
        )

    fixed = (
        f".plot text{{font:{_TEXT_PX}px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}}"
        ".plot .title{font-size:15px;font-weight:600}"
        ".plot .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}"
        ".plot .faint{stroke-width:1;opacity:.45}.plot .dashed{stroke-dasharray:6 4}"
        f".plot .marker{{stroke:{MARKER_COLOR};stroke-width:2;stroke-dasharray:5 3}}"
        f".plot .dot{{fill:{MARKER_COLOR}}}"
    )
    return f"{fixed}{rules(0)}@media(prefers-color-scheme:dark){{{rules(1)}}}"


STYLE = _style()


_ALONE = ".plot .ground{fill:#fff}@media(prefers-color-scheme:dark){.plot .ground{fill:" + _GROUND + "}}"


def nice_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers, 1, 2 or 5 times a power of ten apart, from at or below `low` to at or above `high`."""
    if not high > low:
        low, high = min(low, 0.0), max(high, 0.0)
        high = high if high > low else low + 1.0
    rough = (high - low) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def short(value: float) -> str:
    """A number for people: 1,234, 56.7k, 1.2M, 0.0031."""
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if suffix == 'k' else size):.3g}{suffix}"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:.3g}" if abs(value) >= 1e-3 else f"{value:.1e}"


def picture(parts: Sequence[str], title: str, width: int, height: int, standalone: bool) -> str:
    """The whole `<svg>`; a standalone one has its style, its ground and its title above the plot."""
    own = f'<style>{STYLE}{_ALONE}</style><rect class="ground" width="100%" height="100%"/>' if standalone else ""
    heading = text_at(width / 2, 22, title, "middle", "title") if standalone else ""
    room = 26 if standalone else 0  # the plot was laid out without a heading
    size = f'viewBox="0 0 {width} {height + room}" width="{width}" height="{height + room}"'
    name = escaped(title)
    body = "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" aria-label="{name}" {size}>'
        f'<title>{name}</title>{own}{heading}<g transform="translate(0 {room})">{body}</g></svg>'
    )


def legend_of(names: Sequence[tuple[str, int]], width: int) -> tuple[str, float]:
    """Swatches with their names in as many lines as they need, and where the plot below them begins."""
    if not names:
        return "", 14.0
    parts, x, y = [], 8.0, 8.0
    for name, color in names:
        wide = 16 + len(name) * CHARACTER_PX + 14
        if x + wide > width and x > 8:
            x, y = 8.0, y + _LINE_PX
        parts.append(f'<rect class="c{color}" x="{x:.1f}" y="{y:.1f}" width="11" height="11" rx="2"/>')
        parts.append(text_at(x + 16, y + 10, name, "start"))
        x += wide
    return "".join(parts), y + _LINE_PX + 12


def bar(x: float, y: float, width: float, height: float, color: int, hint: str) -> str:
    """A rectangle that tells what it stands for when pointed at."""
    box = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="c{color}" {box}><title>{escaped(hint)}</title></rect>'


def text_at(x: float, y: float, text: str, anchor: str, look: str = "") -> str:
    """A text at a place; `anchor` is start, middle or end."""
    style = f' class="{look}"' if look else ""
    return f'<text{style} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escaped(text)}</text>'


def escaped(text: str) -> str:
    """A text as XML may hold it."""
    return escape(_CONTROL.sub("", text))
