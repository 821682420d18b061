import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voice.adapter import CONFIG_NAME, AdapterError, LoraAdapter, Pair, mean, read_adapter, scaled_folder
from voice.manifest import ADAPTER_NAME, file_sha256

Q, OUT = "model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.o_proj"


def adapter(rank: int = 4, alpha: float = 8, modules: tuple[str, ...] = (Q, OUT), seed: int = 1) -> LoraAdapter:
    chance = np.random.default_rng(seed)

    def half(*shape: int) -> Any:
        return chance.standard_normal(shape, np.float32)

    pairs = {module: Pair(half(rank, 6), half(10, rank)) for module in modules}
    return LoraAdapter(rank, alpha, pairs, {"peft_type": "LORA", "r": rank, "lora_alpha": alpha})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIC_VOICE_CACHE", str(tmp_path / "cache"))
    made = tmp_path / "ana" / "v1"
    made.mkdir(parents=True)
    adapter().write(made)
    return made


def test_what_was_written_is_read_again(folder: Path) -> None:
    found, given = read_adapter(folder), adapter()
    assert (found.rank, found.alpha, found.scale) == (4, 8, 2)
    for module, pair in given.pairs.items():
        assert np.array_equal(found.pairs[module].a, pair.a)
        assert np.array_equal(found.pairs[module].b, pair.b)


def test_the_update_is_the_scaled_product_and_rslora_scales_by_the_root(folder: Path) -> None:
    one = adapter()
    assert np.allclose(one.update(Q), 2 * one.pairs[Q].b @ one.pairs[Q].a)
    rooted = LoraAdapter(one.rank, one.alpha, one.pairs, one.config | {"use_rslora": True})
    assert rooted.scale == 4
    weight = np.ones((10, 6), np.float32)
    assert np.allclose(one.merged(Q, weight), 1 + one.update(Q))


def test_a_difference_does_on_the_merged_base_what_the_first_does_on_the_bare_one() -> None:
    one, other = adapter(rank=4, alpha=8), adapter(rank=2, alpha=6, modules=(Q,), seed=2)
    difference = one.minus(other)
    assert difference.rank == 6
    assert np.allclose(difference.update(Q), one.update(Q) - other.update(Q), atol=1e-5)
    assert np.allclose(difference.update(OUT), one.update(OUT), atol=1e-5)
    assert np.allclose(other.minus(one).update(OUT), -one.update(OUT), atol=1e-5)


def test_bfloat16_halves_are_read(folder: Path) -> None:
    whole = np.array([[1.5, -2.0, 0.25]], np.float32)
    upper = (whole.view(np.uint32) >> 16).astype(np.uint16).tobytes()
    header = json.dumps({
        f"base_model.model.{Q}.lora_{side}.weight": {"dtype": "BF16", "shape": shape, "data_offsets": place}
        for side, shape, place in (("A", [1, 3], [0, 6]), ("B", [3, 1], [6, 12]))
    }).encode()  # fmt: skip
    (folder / ADAPTER_NAME).write_bytes(len(header).to_bytes(8, "little") + header + 2 * upper)
    found = read_adapter(folder).pairs[Q]
    assert np.array_equal(found.a, whole)
    assert np.array_equal(found.b, whole.T)


def test_another_strength_is_another_alpha_of_the_same_weights(folder: Path) -> None:
    half = scaled(folder, 0.25)
    assert read_adapter(half).scale == 0.25 * read_adapter(folder).scale
    assert (half / ADAPTER_NAME).read_bytes() == (folder / ADAPTER_NAME).read_bytes()
    assert scaled(folder, 0.25) == half
    assert scaled(folder, 1) == folder
    assert (scaled(folder, 1.5) / ADAPTER_NAME).resolve() == (half / ADAPTER_NAME).resolve()


def test_two_voices_of_one_name_and_two_trainings_in_one_place_are_not_taken_for_each_other(folder: Path) -> None:
    other = folder.parents[1] / "elsewhere" / "ana" / "v1"
    other.mkdir(parents=True)
    adapter(rank=2, seed=7).write(other)
    first, second = scaled(folder, 0.5), scaled(other, 0.5)
    before = file_sha256(folder / ADAPTER_NAME)
    adapter(rank=2, seed=8).write(folder)
    third = scaled(folder, 0.5)
    for made, seed in ((first, 1), (second, 7), (third, 8)):
        found = read_adapter(made)
        assert found.rank == (4 if made == first else 2)
        assert np.array_equal(found.pairs[Q].a, adapter(rank=found.rank, seed=seed).pairs[Q].a)
    assert scaled_folder(folder, 0.5, before) == first


def test_weights_that_were_replaced_since_they_were_loaded_are_not_scaled(folder: Path) -> None:
    before = file_sha256(folder / ADAPTER_NAME)
    adapter(seed=8).write(folder)
    with pytest.raises(AdapterError, match="another one than was loaded"):
        scaled_folder(folder, 0.5, before)
    assert np.array_equal(read_adapter(scaled(folder, 0.5)).pairs[Q].a, adapter(seed=8).pairs[Q].a)


def test_a_strength_whose_weights_are_gone_is_made_anew(folder: Path) -> None:
    half = scaled(folder, 0.5)
    (half / ADAPTER_NAME).resolve().unlink()
    assert scaled(folder, 0.5) == half
    assert np.array_equal(read_adapter(half).pairs[Q].a, adapter().pairs[Q].a)


def scaled(folder: Path, strength: float) -> Path:
    return scaled_folder(folder, strength, file_sha256(folder / ADAPTER_NAME))


@pytest.mark.parametrize(
    ("change", "expected"),
    [({"use_dora": True}, "use_dora"), ({"bias": "all"}, "bias"), ({"rank_pattern": {"q_proj": 2}}, "rank_pattern")],
)
def test_more_than_a_plain_lora_is_refused(folder: Path, change: dict[str, Any], expected: str) -> None:
    config = json.loads((folder / CONFIG_NAME).read_text()) | change
    (folder / CONFIG_NAME).write_text(json.dumps(config))
    with pytest.raises(AdapterError, match=f"no plain LoRA \\({expected}\\)"):
        read_adapter(folder)


def test_a_damaged_file_is_named(folder: Path) -> None:
    (folder / ADAPTER_NAME).write_bytes((folder / ADAPTER_NAME).read_bytes()[:100])
    with pytest.raises(AdapterError, match="cannot be read"):
        read_adapter(folder)


def test_the_mean_adds_the_means_of_the_updates() -> None:
    some = [adapter(seed=seed) for seed in (1, 2, 3)]
    whole = mean(some)
    assert (whole.rank, whole.scale) == (12, 2)
    expected = np.mean([one.update(Q) for one in some], axis=0)
    assert np.allclose(whole.update(Q), expected, atol=1e-5)
    assert np.allclose(mean([some[0]]).update(Q), some[0].update(Q), atol=1e-6)


def test_a_lower_rank_comes_as_near_as_that_rank_can() -> None:
    whole = mean([adapter(seed=seed) for seed in (1, 2)])
    left, sizes, right = np.linalg.svd(whole.update(OUT))
    for rank in (2, 4):
        lowered = whole.lowered(rank)
        assert (lowered.rank, lowered.scale, lowered.pairs[OUT].a.shape) == (rank, 2, (rank, 6))
        nearest = (left[:, :rank] * sizes[:rank]) @ right[:rank]
        assert np.allclose(lowered.update(OUT), nearest, atol=1e-4)
    assert np.allclose(adapter().lowered(4).update(Q), adapter().update(Q), atol=1e-4)


@pytest.mark.parametrize("other", [adapter(rank=2), adapter(alpha=4), adapter(modules=(Q,))])
def test_adapters_of_another_shape_have_no_mean(other: LoraAdapter) -> None:
    with pytest.raises(ValueError, match="no mean"):
        mean([adapter(), other])
