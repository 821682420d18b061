"""Files of arrays that are damaged."""

from pathlib import Path

import numpy as np
import pytest

from voice.arrays import ArraysError, load_arrays, save_arrays


@pytest.mark.parametrize("content", [None, b"", b"PK not a zip"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "some.npz").write_bytes(content)
    with pytest.raises(ArraysError, match=r"some\.npz cannot be read. Train the voice again"):
        load_arrays(tmp_path / "some.npz", "here")


def test_an_array_that_is_not_there_is_a_damaged_file(tmp_path: Path) -> None:
    save_arrays(tmp_path / "some.npz", here=np.ones(2))
    assert load_arrays(tmp_path / "some.npz", "here")[0].tolist() == [1, 1]
    with pytest.raises(ArraysError):
        load_arrays(tmp_path / "some.npz", "here", "there")
