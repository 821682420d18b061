"""What judges a voice's rewrites, learned from its triplets: verifier, word alignment, echoes; and his hand.

In: the triplets that may be learned from. Out: style.npz, alignment.npz, echo.npz and hand.json in a voice folder.
Greetings, sign-offs and names are taken off first: a judge that knows the signature looks no further.
"""

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from training.hand import write_hands
from voice import alignment, echo
from voice.ends import closing_names, without_ends
from voice.style import Verifier, grams, habits
from voice.triplet import UNITS, Triplet

_MOST_PAIRS = 20_000
_FEWEST_TEXTS = 3  # that a gram stands in
_MOST_GRAMS = 20_000


def write_judges(folder: Path, triplets: Sequence[Triplet], read_before: Sequence[str] = ()) -> None:
    """Learn all of them and write them into the folder; the same triplets give the same judges.

    `read_before` are texts of others that the adapter has learned from, too: whoever recites them is echoing.
    """
    names = closing_names(triplet.own for triplet in triplets)
    some = sorted(triplets, key=lambda triplet: triplet.id)
    random.Random(1).shuffle(some)
    pairs = [(without_ends(triplet.neutral, names), without_ends(triplet.own, names)) for triplet in some[:_MOST_PAIRS]]
    alignment.learn(pairs).save(folder)
    fit_verifier(pairs).save(folder)
    own = [[triplet.own for triplet in triplets if triplet.unit == unit] for unit in UNITS]
    echo.learn([*own, read_before]).save(folder)
    write_hands(folder, triplets)


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
