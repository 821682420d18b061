from pathlib import Path

import pytest

from voice.base_model import BaseModelError, fingerprint, resolve


def model(folder: Path, weights: bytes, config: str = "{}") -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(config)
    (folder / "model.safetensors").write_bytes(weights)
    return folder


def test_other_weights_have_another_fingerprint(tmp_path: Path) -> None:
    weights = bytes(5 << 20)
    same = fingerprint(model(tmp_path / "a", weights))
    assert fingerprint(model(tmp_path / "b", weights)) == same
    assert fingerprint(model(tmp_path / "c", weights[:-1] + b"x")) != same
    assert fingerprint(model(tmp_path / "d", weights[: 4 << 20] + b"x" * (1 << 20))) != same
    assert fingerprint(model(tmp_path / "e", weights, '{"a": 1}')) != same


@pytest.mark.parametrize(
    ("name", "expected"),
    [("./none", "No folder at './none'"), ("gpt", "hub id"), ("{folder}", "config.json and"), ("{broken}", "not JSON")],
)
def test_a_name_that_is_no_model_says_so(tmp_path: Path, name: str, expected: str) -> None:
    (tmp_path / "empty").mkdir()
    broken = model(tmp_path / "broken", b"", "{")
    with pytest.raises(BaseModelError, match=expected):
        resolve(name.format(folder=tmp_path / "empty", broken=broken))
