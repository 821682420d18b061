"""The .npz files of a voice folder: what judges its rewrites, as numpy arrays.

In: a path and arrays by name. Out: the file, all of it or nothing, and the arrays again.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice.atomic import atomic_write
from voice.errors import UserError


class ArraysError(UserError):
    """A file of arrays that cannot be read; says what to do."""


def save_arrays(path: Path, **arrays: npt.NDArray[Any]) -> None:
    """Write the arrays to `path`, all of it or nothing."""
    with atomic_write(path) as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load_arrays(path: Path, *names: str) -> list[npt.NDArray[Any]]:
    """The arrays of those names; ArraysError when the file or one of them is missing or damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return [arrays[name] for name in names]
    except Exception as error:  # a damaged file reaches into zipfile, zlib, struct and the parser of headers
        raise ArraysError(
            f"{path} cannot be read ({type(error).__name__}). Copy the voice again or train it again."
        ) from error


def column(values: list[str]) -> npt.NDArray[np.str_]:
    """Strings as an array of one dimension."""
    return np.array(values, dtype=np.str_)
