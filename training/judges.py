"""What judges a voice's rewrites, learned from its triplets: the verifier, the word alignment, the echoes, a threshold.

In: the triplets that may be learned from, and those that were held out. Out: style.npz, alignment.npz and echo.npz in
a voice folder. Greetings, sign-offs and names are taken off first: a judge that knows the signature looks no further.
"""

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from voice import alignment, echo
from voice.ends import closing_names, without_ends
from voice.judges.verdict import Judges
from voice.style import Verifier, grams, habits
from voice.triplet import RULES, UNITS, Triplet

_MOST_PAIRS = 20_000
_FEWEST_TEXTS = 3  # that a gram stands in
_MOST_GRAMS = 20_000
_FEWEST_DRAFTS, _MOST_DRAFTS = 40, 100  # that a threshold is told from
_REFUSED = 0.05  # share of the owner's own versions that a voice's threshold refuses
_MOST_THRESHOLD = 0.5  # nothing is refused that rather says the same than not


def write_judges(
    folder: Path, triplets: Sequence[Triplet], held_out: Sequence[Triplet], read_before: Sequence[str] = ()
) -> float | None:
    """Learn all of them and write them into the folder; the threshold is given. The same triplets give the same judges.

    `read_before` are texts of others that the adapter has learned from, too: whoever recites them is echoing.
    """
    names = closing_names(triplet.own for triplet in triplets)
    some = sorted(triplets, key=lambda triplet: triplet.id)
    random.Random(1).shuffle(some)
    pairs = [(without_ends(triplet.neutral, names), without_ends(triplet.own, names)) for triplet in some[:_MOST_PAIRS]]
    learned = alignment.learn(pairs)
    learned.save(folder)
    fit_verifier(pairs).save(folder)
    own = [[triplet.own for triplet in triplets if triplet.unit == unit] for unit in UNITS]
    echo.learn([*own, read_before]).save(folder)
    return same_threshold(Judges(learned), held_out)


def same_threshold(judges: Judges, held_out: Sequence[Triplet]) -> float | None:
    """What refuses one in twenty of the owner's own versions of drafts, but at most _MOST_THRESHOLD.

    None where there are too few drafts: a neutral side that rules made of the own one says the same by its making.
    """
    drafted = [triplet for triplet in held_out if triplet.origin != RULES]
    if len(drafted) < _FEWEST_DRAFTS:
        return None
    tried = random.Random(1).sample(drafted, min(len(drafted), _MOST_DRAFTS))
    same = sorted(judges.verdict(triplet.neutral, triplet.own).same for triplet in tried)
    return round(min(same[int(_REFUSED * len(same))], _MOST_THRESHOLD), 4)


def fit_verifier(pairs: Sequence[tuple[str, str]]) -> Verifier:
    """A verifier that tells the own sides of pairs (neutral, own) from the neutral ones."""
    texts = [text for pair in pairs for text in pair]
    labels = np.tile([False, True], len(pairs))
    said = [grams(text) for text in texts]
    counts = Counter(gram for found in said for gram in found)
    common = sorted((gram for gram, count in counts.items() if count >= _FEWEST_TEXTS), key=lambda g: (-counts[g], g))
    known = sorted(common[:_MOST_GRAMS])
    places = {gram: place for place, gram in enumerate(known)}
    cells = [(row, places[gram]) for row, found in enumerate(said) for gram in sorted(found) if gram in places]
    rows, columns = zip(*cells, strict=True) if cells else ((), ())
    presence = sparse.csr_matrix((np.ones(len(cells)), (rows, columns)), shape=(len(texts), len(known)))
    typed = habits(texts)
    means, spreads = typed.mean(axis=0), np.maximum(typed.std(axis=0), 1e-3)
    fit = LogisticRegression(C=0.3, max_iter=300).fit(sparse.hstack([presence, (typed - means) / spreads]), labels)
    weights = fit.coef_[0].astype(np.float32)
    return Verifier(
        grams=np.array(known, dtype=np.str_),
        gram_weights=weights[: len(known)],
        habit_means=means,
        habit_spreads=spreads,
        habit_weights=weights[len(known) :],
        bias=float(fit.intercept_[0]),
    )
