"""Does it sound like him: bags of twenty texts, on a scale on which the neutral input is 0 and the owner himself is 1.

In: for each case the owner's text, the neutral one, and what each contestant made of it; other people's texts. Out: for
each contestant a score of each of four ways to tell writers apart, and their mean, with 95 % intervals.

Cross-fitted: what judges a text was fitted without it and without anything else of its thread. The interval comes
from drawing the cases anew, for all contestants alike.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.baselines import decoys
from evaluation.features import BAG, Fitted, fit_all
from voice.sentences import spans, split

MEAN = "style"
_BAGS = 60  # of each fold, for the score itself
_DRAWS = 200  # of the cases, for the interval
_BAGS_A_DRAW = 6
_FOLD = 40  # cases that a fold should have at least
_MOST_FOLDS = 5
_REFRAIN = 2  # texts that anybody may begin or end alike
_FAINT = 0.25  # way between input and owner, in spreads of his bags, that is the least that anything is measured by

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Score:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Texts:
    """What is judged, by index of the case; all with their ends taken off. `extra` pairs are only learned from."""

    groups: Sequence[str]
    neutral: Sequence[str]
    own: Sequence[str]
    contestants: Mapping[str, Sequence[str]]
    extra: Sequence[tuple[str, str]]
    others: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Style:
    """Scores by contestant and way, the mean of all under MEAN; how far the input is from the owner by each way."""

    scores: dict[str, dict[str, Score]]
    distance: dict[str, float]


def judge(texts: Texts, seed: int) -> Style:
    """Score all contestants, and the other people as if they were some."""
    folds = folds_of(texts.groups, seed)
    chance = np.random.default_rng(seed)
    plans = [_draws(len(fold), chance) for fold in folds]
    others = {name: _parts(list(side), len(folds), seed) for name, side in texts.others.items()}
    total: dict[str, dict[str, list[tuple[Matrix, Matrix]]]] = {}
    for place, fold in enumerate(folds):
        for way, fitted in _fit(texts, fold, others, place, seed).items():
            raw = {name: _bag_scores(fitted, [side[i] for i in fold], plans[place]) for name, side in _sides(texts)}
            for name, parts in others.items():
                plan = _draws(len(parts[place]), np.random.default_rng(seed))
                raw[name] = _bag_scores(fitted, parts[place], plan)
            for name, found in raw.items():
                total.setdefault(way, {}).setdefault(name, []).append(found)
    return _scaled(total)


def folds_of(groups: Sequence[str], seed: int) -> list[list[int]]:
    """Indices in parts of about the same size; no group is in two of them, unless it is larger than a part."""
    count = max(2, min(_MOST_FOLDS, len(groups) // _FOLD))
    members: dict[str, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    for group in [group for group, inside in members.items() if len(inside) > len(groups) // count]:
        members |= {f"{group} {index}": [index] for index in members.pop(group)}
    order = sorted(members)
    random.Random(seed).shuffle(order)
    folds: list[list[int]] = [[] for _ in range(count)]
    for group in sorted(order, key=lambda group: -len(members[group])):  # stable: the large ones first
        min(folds, key=len).extend(members[group])
    return [sorted(fold) for fold in folds]


def _sides(texts: Texts) -> list[tuple[str, Sequence[str]]]:
    common = Counter(sentence for text in texts.own for sentence in split(text))
    sides = {"input": texts.neutral, "owner": texts.own, **texts.contestants}
    return [(name, without_refrains(side, common)) for name, side in sides.items()]


def without_refrains(texts: Sequence[str], common: Mapping[str, int]) -> list[str]:
    """The texts without the sentences that return in them more often than `common` has them, and more than twice.

    Who says one thing again and again is not the more like the owner for it.
    """
    said: Counter[str] = Counter()
    found = []
    for text in texts:
        kept, end = [], 0
        for start, stop in spans(text):
            said[sentence := text[start:stop]] += 1
            if said[sentence] <= max(_REFRAIN, common.get(sentence, 0)):
                kept.append(text[end:stop])
            end = stop
        rest = "".join(kept).strip()
        found.append(rest or text)
    return found


def _fit(
    texts: Texts, fold: Sequence[int], others: Mapping[str, list[list[str]]], place: int, seed: int
) -> dict[str, Fitted]:
    """The ways, fitted on all that is not in the fold."""
    inside = set(fold)
    rest = [index for index in range(len(texts.own)) if index not in inside]
    own = [texts.own[index] for index in rest] + [own for _, own in texts.extra]
    neutral = [texts.neutral[index] for index in rest] + [neutral for neutral, _ in texts.extra]
    foreign = [[text for part, side in enumerate(parts) if part != place for text in side] for parts in others.values()]
    return fit_all(own, neutral, decoys(list(zip(neutral, own, strict=True))), foreign, seed)


def _draws(count: int, chance: np.random.Generator) -> tuple[Matrix, Matrix]:
    """How often each text is in each bag: (bags, texts) of the texts as they are, and of `_DRAWS` draws of them."""
    size = min(BAG, count)
    bags = np.zeros((_BAGS, count))
    for bag in bags:
        bag[chance.choice(count, size, replace=False)] = 1
    drawn = np.zeros((_DRAWS * _BAGS_A_DRAW, count))
    for first in range(0, len(drawn), _BAGS_A_DRAW):
        cases = chance.choice(count, count)
        for bag in drawn[first : first + _BAGS_A_DRAW]:
            np.add.at(bag, chance.choice(cases, size, replace=False), 1)
    return bags * (BAG / size), drawn * (BAG / size)


def _bag_scores(fitted: Fitted, texts: Sequence[str], plan: tuple[Matrix, Matrix]) -> tuple[Matrix, Matrix]:
    """Scores of the bags (bags,), and the mean score of each draw (draws,)."""
    rows = fitted.rows(texts)
    bags, drawn = (fitted.score(np.asarray(part @ rows)) for part in plan)
    return bags, drawn.reshape(_DRAWS, _BAGS_A_DRAW).mean(axis=1)


def _parts(texts: list[str], count: int, seed: int) -> list[list[str]]:
    random.Random(seed).shuffle(texts)
    return [texts[place::count] for place in range(count)]


def _scaled(total: Mapping[str, Mapping[str, list[tuple[Matrix, Matrix]]]]) -> Style:
    """Scores on the scale from input to owner: by way, over all folds together, and the mean of the ways.

    The scale stays as it is while the cases are drawn anew: the interval is the contestant's.
    """
    scores: dict[str, dict[str, Score]] = {}
    draws: dict[str, list[Matrix]] = {}
    distance: dict[str, float] = {}
    for way, by_name in total.items():
        inputs, spread = by_name["input"], max(float(np.mean([bags.std() for bags, _ in by_name["owner"]])), 1e-9)
        span = _way_from(inputs, by_name["owner"])[0]
        distance[way] = span / spread
        for name, folds in by_name.items():
            if name not in ("input", "owner"):
                value, drawn = _way_from(inputs, folds)
                scale = max(span, _FAINT * spread)
                scores.setdefault(name, {})[way] = _score(value / scale, drawn / scale)
                draws.setdefault(name, []).append(drawn / scale)
    for name, by_way in scores.items():
        mean = float(np.mean([min(score.value, 1) for score in by_way.values()]))  # more than he is not more like him
        by_way[MEAN] = _score(mean, np.minimum(draws[name], 1).mean(axis=0))
    return Style(scores, distance)


def _way_from(inputs: Sequence[tuple[Matrix, Matrix]], folds: Sequence[tuple[Matrix, Matrix]]) -> tuple[float, Matrix]:
    """How far a contestant is from the input, over all folds: in their bags, and in each draw."""
    pairs = list(zip(inputs, folds, strict=True))
    return (
        float(np.mean([bags.mean() - zero.mean() for (zero, _), (bags, _) in pairs])),
        np.mean([means - zeros for (_, zeros), (_, means) in pairs], axis=0),
    )


def _score(value: float, draws: Matrix) -> Score:
    """The value with the spread of the draws around it: drawn bags hold texts twice, which shifts all their scores."""
    low, high = np.percentile(draws - draws.mean(), [2.5, 97.5])
    return Score(value, value + float(low), value + float(high))
