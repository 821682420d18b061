"""Files of arrays that are damaged."""

from pathlib import Path

import numpy as np
import pytest

from voice.arrays import ArraysError, column, load_arrays, save_arrays


@pytest.mark.parametrize("content", [None, b"", b"PK not a zip"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "some.npz").write_bytes(content)
    with pytest.raises(ArraysError, match=r"some\.npz cannot be read \(.*\)\. Copy the voice again or train it again"):
        load_arrays(tmp_path / "some.npz", "here")


def test_an_array_that_is_not_there_is_a_damaged_file(tmp_path: Path) -> None:
    save_arrays(tmp_path / "some.npz", here=np.ones(2))
    assert load_arrays(tmp_path / "some.npz", "here")[0].tolist() == [1, 1]
    with pytest.raises(ArraysError):
        load_arrays(tmp_path / "some.npz", "here", "there")


def test_a_file_with_one_wrong_byte_is_a_damaged_file_or_holds_what_it_held(tmp_path: Path) -> None:
    path = tmp_path / "some.npz"
    save_arrays(path, words=column(["so", "it", "goes"]), weights=np.linspace(0, 1, 50, dtype=np.float32))
    whole, before = path.read_bytes(), load_arrays(path, "words", "weights")
    refused = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << place % 8)]) + whole[place + 1 :])
        try:
            found = load_arrays(path, "words", "weights")
        except ArraysError:
            refused += 1
        else:
            assert all(np.array_equal(one, other) for one, other in zip(before, found, strict=True))
    assert refused > len(whole) / 2
