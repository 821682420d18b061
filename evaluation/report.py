"""What an evaluation found, as tables and as JSON, and what it says against itself.

In: rows of numbers by contestant. Out: rich tables, a JSON object, and notes where the numbers cannot be trusted.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from evaluation.habits import overshoot
from evaluation.meaning import Fidelity
from evaluation.style import MEAN, Score
from voice.judges.evidence import KINDS

TRIVIAL = 0.2  # what no trick may score
CLOSE = 2.0  # distance of the input from the owner, in spreads of his bags, below which there is too little to judge
COPIES = 30  # percent of his texts that are near-copies of the input, above which there is too little, too
LIKE_HIM = 0.5  # what nobody else may score
_DRAWS = 500

Kind = Literal["voice", "model", "trick", "owner", "other"]

# Faults that a verdict can be for: the hard ones together, then what weighs most.
_KINDS = ("hard", *sorted(set(KINDS.values())), "other")


def _for(kind: str) -> Callable[[Fidelity], float]:
    """Whether a text is judged wrong and this is the first reason; NaN where it is not judged."""

    def counted(text: Fidelity) -> float:
        if text.verdict is None:
            return math.nan
        first = "hard" if text.verdict.hard else next(iter(text.verdict.kinds), "other")
        return float(text.verdict.refused and first == kind)

    return counted


_REASONS = {f"- {kind} %": (_for(kind), 100.0) for kind in _KINDS}
# Name -> (number of one text, scale). What is not judged has no number.
_MEASURES: dict[str, tuple[Callable[[Fidelity], float], float]] = {
    "judged wrong %": (lambda text: text.verdict.refused if text.verdict else math.nan, 100),
    **_REASONS,
    "similarity": (lambda text: text.similarity, 1),
    "chrF": (lambda text: text.chrf, 1),
    "unexplained %": (lambda text: bool(text.unexplained), 100),
    "lost %": (lambda text: bool(text.lost), 100),
    "words unexplained %": (lambda text: len(text.unexplained) / max(1, text.content_words[1]), 100),
    "words lost %": (lambda text: len(text.lost) / max(1, text.content_words[0]), 100),
    "polarity %": (lambda text: bool(text.changes.polarity), 100),
    "actors %": (lambda text: bool(text.changes.actors), 100),
    "question %": (lambda text: text.changes.question, 100),
    "repeats %": (lambda text: text.repeats, 100),
    "near-copy %": (lambda text: text.near_copy, 100),
    "numbers lost %": (lambda text: bool(text.numbers_lost), 100),
    "numbers invented %": (lambda text: bool(text.numbers_invented), 100),
    "names lost %": (lambda text: bool(text.names_lost), 100),
    "names invented %": (lambda text: bool(text.names_invented), 100),
    "length ratio": (lambda text: text.length_ratio, 1),
    "empty %": (lambda text: text.length_ratio == 0, 100),
}


_OF_A_KIND = (
    "judged wrong %", "similarity", "words unexplained %", "words lost %", "polarity %", "actors %", "question %",
    "near-copy %", "length ratio",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A contestant: style by way (0 the input, 1 the owner), area under the curve of who tells it from the owner,
    the verifier's mean, and measures of what it says."""

    name: str
    kind: Kind
    style: dict[str, Score]
    detected: Score | None
    verifier: float | None
    fidelity: dict[str, Score]


@dataclass(frozen=True, slots=True)
class Report:
    """All of an evaluation. `habits` are (before, after, owner); `groups` (contestant, kind, texts, measures).

    `lines` hold private text: one object a text. `by_rules` says that rules made most neutral sides.
    """

    voice: str
    source: str
    seed: int
    made_at: datetime
    rows: list[Row]
    distance: dict[str, float]
    habits: dict[str, tuple[float, float, float]]
    groups: list[tuple[str, str, int, dict[str, Score]]]
    lines: list[dict[str, Any]]
    by_rules: bool

    def notes(self) -> list[str]:
        """What speaks against trusting the numbers; empty when nothing does."""
        found = []
        if self.by_rules:
            found.append(
                "The neutral sides were made of the owner's texts by rules. Style says how well the voice undoes these "
                "rules, and nothing of how it rewrites what a big model drafts: for that give --pairs."
            )
        far = float(np.mean(list(self.distance.values())))
        owner = next(row for row in self.rows if row.kind == "owner")
        copies = owner.fidelity["near-copy %"].value
        if far < CLOSE or copies > COPIES:
            found.append(
                f"The input is too close to the owner's own text to judge by: {copies:.0f} % of his texts are near-"
                f"copies of it (at most {COPIES} % are wanted), and it is {far:.1f} away from him (at least {CLOSE}). "
                f"Style says little here: give pairs whose neutral side is further from him, such as a big model's."
            )
        else:
            found += [
                f"The scorer is fooled: '{row.name}' scores style {row.style[MEAN].value:.2f}, over {TRIVIAL}, without "
                f"any model. Do not trust style here."
                for row in self.rows
                if row.kind == "trick" and row.style[MEAN].value > TRIVIAL
            ]
        found += [
            f"Other people's texts ({row.name}) score style {row.style[MEAN].value:.2f}: the scorer does not tell them "
            f"from the owner's."
            for row in self.rows
            if row.kind == "other" and row.style[MEAN].value > LIKE_HIM
        ]
        return found

    def to_json(self, *, with_texts: bool) -> dict[str, Any]:
        """All numbers; what `lines` holds only where it is asked for."""
        return {
            "voice": self.voice,
            "source": self.source,
            "texts": len(self.lines),
            "seed": self.seed,
            "made_at": self.made_at.isoformat(),
            "notes": self.notes(),
            "distance": {way: round(far, 2) for way, far in self.distance.items()},
            "contestants": [
                {
                    "name": row.name,
                    "kind": row.kind,
                    "style": _json(row.style),
                    "real or rewritten": _json({"": row.detected})[""] if row.detected else None,
                    "verifier": None if row.verifier is None else round(row.verifier, 3),
                    **_json(row.fidelity),
                }
                for row in self.rows
            ],
            "habits": {name: _json_habit(*values) for name, values in self.habits.items()},
            "kinds": [
                {"name": name, "kind": kind, "texts": count, **_json(measures)}
                for name, kind, count, measures in self.groups
            ],
        } | ({"lines": self.lines} if with_texts else {})

    def shown(self) -> Group:
        """The tables and the notes, for a terminal."""
        title = f"Voice '{self.voice}', {len(self.lines)} texts, {self.source}"
        tables = [self._style(title), self._meaning("Does it say the same", self._contestants())]
        if self.groups:
            tables.append(self._kinds())
        return Group(*tables, self._habits(), *(Text(note, style="bold red") for note in self.notes()))

    def _style(self, title: str) -> Table:
        ways = [MEAN, *self.distance]
        table = Table(title=f"{title}\nDoes it sound like its owner: 0 is the input, 1 the owner", box=box.SIMPLE_HEAD)
        table.add_column("")
        for way in (*ways, "real or rewritten"):
            table.add_column(way, justify="right")
        for row in self.rows:
            if row.style:
                cells = [*(_cell(row.style[way], 2) for way in ways), _cell(row.detected, 2)]
                table.add_row(row.name, *cells, style=_look(row.kind))
        table.add_row("distance", "", *(f"{self.distance[way]:.1f}" for way in self.distance), "", style="dim")
        return table

    def _meaning(self, title: str, rows: Sequence[tuple[str, dict[str, Score]]]) -> Table:
        exact = [row.name for row in self.rows if row.kind in ("voice", "owner")]
        table = Table(title=title, box=box.SIMPLE_HEAD)
        table.add_column("measure")
        for name, _ in rows:
            table.add_column(name, justify="right")
        for measure, (_, scale) in _MEASURES.items():
            if measure in _REASONS and not any(measures[measure].value > 0 for _, measures in rows):
                continue
            digits = 0 if scale == 100 else 2
            table.add_row(measure, *(_cell(measures[measure], digits, exact=name in exact) for name, measures in rows))
        return table

    def _kinds(self) -> Table:
        """A line for each kind of text and contestant; all measures of them are in the JSON."""
        table = Table(title="By register and unit", box=box.SIMPLE_HEAD)
        for heading in ("", "texts", MEAN, *_OF_A_KIND):
            table.add_column(heading, justify="right" if heading else "left")
        for name, kind, count, measures in self.groups:
            cells = [_cell(measures.get(measure), 0 if "%" in measure else 2, exact=False) for measure in _OF_A_KIND]
            table.add_row(f"{name}, {kind}", str(count), _cell(measures.get(MEAN), 2), *cells)
        return table

    def _contestants(self) -> list[tuple[str, dict[str, Score]]]:
        order = sorted(self.rows, key=lambda row: ("voice", "owner", "model", "trick", "other").index(row.kind))
        return [(row.name, row.fidelity) for row in order if row.fidelity]

    def _habits(self) -> Table:
        table = Table(title="Habits; way: 1 is as the owner does, more is too much", box=box.SIMPLE_HEAD)
        for heading in ("", "before", "after", "owner", "way"):
            table.add_column(heading, justify="left" if not heading else "right")
        for name, (before, after, owner) in self.habits.items():
            way = overshoot(before, after, owner)
            table.add_row(name, f"{before:.1f}", f"{after:.1f}", f"{owner:.1f}", "" if way is None else f"{way:.2f}")
        return table


def summed(fidelities: Sequence[Fidelity], seed: int) -> dict[str, Score]:
    """The mean of each measure over some texts, with 95 % intervals."""
    return dict(_means(fidelities, seed))


def _means(fidelities: Sequence[Fidelity], seed: int) -> Iterator[tuple[str, Score]]:
    chance = np.random.default_rng(seed)
    draws = chance.integers(len(fidelities), size=(_DRAWS, len(fidelities)))
    for name, (measure, scale) in _MEASURES.items():
        values = np.array([float(measure(text)) for text in fidelities]) * scale
        low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
        yield name, Score(float(values.mean()), float(low), float(high))


def _json(scores: dict[str, Score]) -> dict[str, list[float]]:
    """[value, low, high] by name."""
    return {
        name: [round(number, 3) for number in (score.value, score.low, score.high)]
        for name, score in scores.items()
        if not math.isnan(score.value)
    }


def _json_habit(before: float, after: float, owner: float) -> dict[str, float | None]:
    way = overshoot(before, after, owner)
    numbers = {"before": round(before, 2), "after": round(after, 2), "owner": round(owner, 2)}
    return {**numbers, "way": None if way is None else round(way, 2)}


def _cell(score: Score | None, digits: int, *, exact: bool = True) -> str:
    """A number, with its interval where it is to be exact."""
    if score is None or math.isnan(score.value):
        return ""
    interval = f" ({score.low:.{digits}f}…{score.high:.{digits}f})" if exact else ""
    return f"{score.value:.{digits}f}{interval}"


def _look(kind: Kind) -> str:
    return {"voice": "bold", "other": "dim"}.get(kind, "")
