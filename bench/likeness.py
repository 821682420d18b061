"""How much texts are like a voice's owner's, by the four ways of `evaluate`: 0 the drafts, 1 his held-out messages.

In: a voice, drafts and what became of them. Out: a score by each way. Bags of texts are compared, greetings, sign-offs
and names taken off; the ways are fitted on what the voice learned from.
"""

import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evaluation.baselines import decoys
from evaluation.features import BAG, fit_all
from voice.ends import closing_names, without_ends
from voice.manifest import VoiceManifest
from voice.split import parts_of

_BAGS = 200


def likeness(voice: Path, drafts: Sequence[str], texts: Sequence[str]) -> dict[str, float]:
    """The scores by each way, and their mean, in which more than 1 is 1."""
    manifest = VoiceManifest.load(voice)
    parts = parts_of(manifest, None)
    names = closing_names(one.own for one in parts.learn) | set(manifest.signs_as)
    pairs = [(without_ends(one.neutral, names), without_ends(one.own, names)) for one in parts.learn]
    sides = {
        "drafts": [without_ends(draft, names) for draft in drafts],
        "arm": [without_ends(text, names) for text in texts],
        "owner": [without_ends(one.own, names) for one in parts.held_out if one.unit == "message"],
    }
    own, neutral = [own for _, own in pairs], [neutral for neutral, _ in pairs]
    chance = np.random.default_rng(1)
    picks = {
        name: [chance.choice(len(side), min(BAG, len(side)), replace=False) for _ in range(_BAGS)]
        for name, side in sides.items()
    }
    picks["drafts"] = picks["arm"]
    found = {}
    for way, fitted in fit_all(own, neutral, decoys(pairs), [], 1).items():
        means = {}
        for name, side in sides.items():
            rows = fitted.rows(side)
            sums = np.stack([np.asarray(rows[pick].sum(axis=0)).ravel() * BAG / len(pick) for pick in picks[name]])
            means[name] = float(fitted.score(sums).mean())
        found[way] = round((means["arm"] - means["drafts"]) / (means["owner"] - means["drafts"]), 3)
    return found | {"mean": round(statistics.fmean(min(1.0, value) for value in found.values()), 3)}
