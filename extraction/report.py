"""What an extraction found, as one page to look at: report.html beside triplets.jsonl.

In: the ledger's counts, the Statistics of the merge and, only when asked for, a few examples. Out: one HTML file with
its style and its plots inside; it loads nothing, needs no script, and equal input gives equal bytes.

    write_report(out / FILE_NAME, statistics, totals)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from extraction.report_page import STYLE
from extraction.statistics import LENGTH_STEP, LONGEST, Statistics
from voice.atomic import write_text
from voice.plot import Layer, bar_chart, stacked_bars
from voice.svg import STYLE as PLOT_STYLE

FILE_NAME = "report.html"
# A colour for each source, everywhere the same: an index into voice.svg.PALETTE.
COLORS = {
    "imessage": 0, "gmail": 1, "google_chat": 2, "google_voice": 3, "instagram": 4, "facebook": 5, "work_email": 6,
    "plaud": 7, "blackberry": 8, "blogger": 9, "guestbook": 10, "apple_notes": 11, "chatgpt": 12, "claude": 13,
}  # fmt: skip
REGISTER_COLORS = {"chat": 0, "email": 1, "work_email": 6, "speech": 7, "post": 9}
REASONS_SHOWN = 16
_NARROW, _WIDE, _FULL = 348, 590, 1240

Table = tuple[Sequence[str], Sequence[Sequence[object]]]


@dataclass(frozen=True, slots=True)
class Totals:
    """The numbers on top of the page, and where the neutral sides come from (by origin, or why a model's failed)."""

    rows: int
    own_rows: int
    sentences: int
    triplets: int
    skipped: Mapping[str, str] = field(default_factory=dict)
    neutral: Mapping[str, int] = field(default_factory=dict)
    balance: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Example:
    """A private sentence, shown only with `--show-examples`: its heading (a register or a reason) and both sides."""

    heading: str
    own: str
    neutral: str = ""


def write_report(path: Path, statistics: Statistics, totals: Totals, examples: Sequence[Example] = ()) -> None:
    """Put the page at `path`, all of it or nothing."""
    write_text(path, page(statistics, totals, examples))


def page(statistics: Statistics, totals: Totals, examples: Sequence[Example] = ()) -> str:
    """The page as HTML."""
    cards = [
        _years(statistics), _lengths(statistics), _registers(statistics), _balance(totals), _dropped(statistics),
        _redactions(statistics), _neutral(totals), _examples(examples),
    ]  # fmt: skip
    skipped = "".join(f"<li><b>{escape(name)}</b>: {escape(why)}</li>" for name, why in sorted(totals.skipped.items()))
    footer = f"<footer><h2>Sources that were skipped</h2><ul>{skipped}</ul></footer>" if skipped else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>Extraction</title>'
        f"<style>{STYLE}{PLOT_STYLE}</style></head><body><main><header><h1>What the voice is made of</h1>"
        f"{_tiles(totals)}</header><div class=grid>{''.join(cards)}</div>{footer}</main></body></html>\n"
    )


def _tiles(totals: Totals) -> str:
    tiles = (
        ("rows read", totals.rows), ("the owner's", totals.own_rows),
        ("sentences", totals.sentences), ("triplets", totals.triplets),
    )  # fmt: skip
    drawn = "".join(f"<div><dd>{value:,}</dd><dt>{name}</dt></div>" for name, value in tiles)
    return f"<dl class=tiles>{drawn}</dl>"


def _years(statistics: Statistics) -> str:
    by_source = statistics.by_source_year
    sources = _sources(by_source)
    known = [year for counts in by_source.values() for year in counts if year is not None]
    years: list[int | None] = list(range(min(known), max(known) + 1)) if known else []
    if any(None in counts for counts in by_source.values()):
        years.append(None)
    labels = ["no date" if year is None else str(year) for year in years]
    layers = [
        Layer(name, [by_source[name].get(year, 0) for year in years], _color(name, place))
        for place, name in enumerate(sources)
    ]
    title = "Triplets over the years, by source"

    def draw(width: int) -> str:
        return stacked_bars(
            [label if width > _NARROW else label[2:] if label.isdigit() else "?" for label in labels], layers,
            title=title, x_label="year sent", y_label="triplets", width=width,
            height=440 if width == _NARROW else 400, standalone=False,
        )  # fmt: skip

    rows = [[label, *(layer.values[place] for layer in layers)] for place, label in enumerate(labels)]
    return _card(title, "One colour a source, the same on the whole page.", draw, (["year", *sources], rows), full=True)


def _lengths(statistics: Statistics) -> str:
    registers = _registers_of(statistics.lengths)
    last = max((start for counts in statistics.lengths.values() for start in counts), default=0)
    starts = range(0, last + 1, LENGTH_STEP)
    labels = [f"{start}+" if start == LONGEST else f"{start}–{start + LENGTH_STEP - 1}" for start in starts]
    layers = [
        Layer(name, [statistics.lengths[name].get(start, 0) for start in starts], REGISTER_COLORS.get(name, place))
        for place, name in enumerate(registers)
    ]
    title = "Lengths, by register"

    def draw(width: int) -> str:
        return stacked_bars(
            labels, layers, title=title, x_label="words on the owner's side", y_label="triplets", width=width,
            height=320, standalone=False,
        )  # fmt: skip

    rows = [[label, *(layer.values[place] for layer in layers)] for place, label in enumerate(labels)]
    return _card(title, "How long the owner's sentences are.", draw, (["words", *registers], rows))


def _registers(statistics: Statistics) -> str:
    names = sorted(statistics.by_register, key=lambda name: (-statistics.by_register[name], name))
    counts = [statistics.by_register[name] for name in names]
    layers = [
        Layer(name, [count if one == name else 0 for one, count in zip(names, counts, strict=True)],
              REGISTER_COLORS.get(name, place))
        for place, name in enumerate(names)
    ]  # fmt: skip
    return _bars("Registers", "What kind of text they come from.", names, layers, ["register", "triplets"])


def _balance(totals: Totals) -> str:
    """Before and after the weights, when they took anything away."""
    names = sorted(totals.balance, key=lambda name: (-totals.balance[name][0], name))
    if not names:
        return ""
    layers = [
        Layer("kept", [totals.balance[name][1] for name in names], 0),
        Layer("left out by weight", [totals.balance[name][0] - totals.balance[name][1] for name in names], 8),
    ]
    return _bars("Balance", "Before the weights, and after them.", names, layers, ["source", "kept", "left out"])


def _dropped(statistics: Statistics) -> str:
    sources = _sources(statistics.dropped)
    sums: dict[str, int] = {}
    for counts in statistics.dropped.values():
        for reason, count in counts.items():
            sums[reason] = sums.get(reason, 0) + count
    reasons = sorted(sums, key=lambda reason: (-sums[reason], reason))
    shown, rest = reasons[:REASONS_SHOWN], reasons[REASONS_SHOWN:]
    labels = [_words(reason) for reason in shown] + ["all others"] * bool(rest)
    layers = []
    for place, name in enumerate(sources):
        counts = statistics.dropped[name]
        values = [counts.get(reason, 0) for reason in shown]
        others = [sum(counts.get(reason, 0) for reason in rest)] if rest else []
        layers.append(Layer(name, values + others, _color(name, place)))
    text = "Rows and sentences of the owner's that are not in the set, by reason and source."
    return _bars("What was dropped, and why", text, labels, layers, ["reason", *sources], full=True)


def _redactions(statistics: Statistics) -> str:
    kinds = sorted(statistics.redactions, key=lambda kind: (-statistics.redactions[kind], kind))
    layers = [Layer("placeholders", [statistics.redactions[kind] for kind in kinds], 13)]
    text = "How often something private became a placeholder. The contents are nowhere on this page."
    return _bars("Masked", text, [_words(kind) for kind in kinds], layers, ["kind", "placeholders"])


def _neutral(totals: Totals) -> str:
    names = sorted(totals.neutral, key=lambda name: (-totals.neutral[name], name))
    layers = [Layer("sentences", [totals.neutral[name] for name in names], 12)]
    text = "What the big model wrote, and why the rules stand in for the rest."
    return _bars("Neutral side", text, [_words(name) for name in names], layers, ["origin", "sentences"])


def _examples(examples: Sequence[Example]) -> str:
    if not examples:
        return ""
    rows = "".join(
        f"<tr><td>{escape(one.heading)}</td><td>{escape(one.own)}</td><td>{escape(one.neutral)}</td></tr>"
        for one in examples
    )
    head = "<tr><th>kind</th><th>own</th><th>neutral</th></tr>"
    return (
        '<section class="card full"><h2>Examples</h2><p>Private sentences: think before you pass this page on.</p>'
        f"<div class=scroll><table class=texts>{head}{rows}</table></div></section>"
    )


def _bars(
    title: str, text: str, labels: Sequence[str], layers: Sequence[Layer], head: Sequence[str], *, full: bool = False
) -> str:  # fmt: skip
    """A card of lying bars; empty when there is nothing to show. One column: layers summed."""
    if not labels:
        return ""
    several = len(head) > 2

    def draw(width: int) -> str:
        return bar_chart(labels, layers, title=title, width=width, standalone=False, legend=several)

    values = [[layer.values[place] for layer in layers] for place in range(len(labels))]
    rows = [[label, *(row if several else [sum(row)])] for label, row in zip(labels, values, strict=True)]
    return _card(title, text, draw, (head, rows), full=full)


def _card(title: str, text: str, draw: Callable[[int], str], table: Table, *, full: bool = False) -> str:
    """A plot at the widths that the page switches between, and the same numbers as a table."""
    widths = {"narrow": _NARROW, "mid": _WIDE, **({"wide": _FULL} if full else {})}
    plots = "".join(f"<div class={name}>{draw(width)}</div>" for name, width in widths.items())
    return (
        f'<section class="card{" full" * full}"><h2>{escape(title)}</h2><p>{escape(text)}</p>{plots}'
        f"<details><summary>The numbers</summary><div class=scroll>{_table(*table)}</div></details></section>"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    top = "".join(f"<th scope=col>{escape(name)}</th>" for name in head)
    lines = []
    for first, *rest in rows:
        cells = "".join(f"<td>{value:,}</td>" for value in rest)
        lines.append(f"<tr><th scope=row>{escape(str(first))}</th>{cells}</tr>")
    return f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _sources(counts: Mapping[str, object]) -> list[str]:
    order = list(COLORS)
    known = [name for name in order if counts.get(name)]
    return known + sorted(name for name in counts if counts[name] and name not in COLORS)


def _registers_of(counts: Mapping[str, object]) -> list[str]:
    return [name for name in REGISTER_COLORS if counts.get(name)] + sorted(
        name for name in counts if counts[name] and name not in REGISTER_COLORS
    )


def _color(source: str, place: int) -> int:
    return COLORS.get(source, place)


def _words(name: str) -> str:
    return name.replace("_", " ")
