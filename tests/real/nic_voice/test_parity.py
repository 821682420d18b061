import math
from pathlib import Path

import pytest

from nic_voice.parity import Agreement, compare
from training.reference import Position
from voice.errors import UserError


def position(**shares: float) -> Position:
    return {ord(token): math.log(share) for token, share in shares.items()}


def test_the_same_is_the_same() -> None:
    rows = [[position(a=0.7, b=0.3)], [position(a=0.2, b=0.8)]]
    agreement = compare("x", rows, rows)
    assert (agreement.positions, agreement.same, agreement.largest) == (2, 1.0, 0.0)
    assert agreement.divergence == pytest.approx(0)
    agreement.require(exact=True)


def test_another_likeliest_token_is_seen_and_the_divergence_is_kullbacks() -> None:
    expected = [[position(a=0.7, b=0.3), position(a=0.6, b=0.4)]]
    found = [[position(a=0.4, b=0.6), position(a=0.6, b=0.4)]]
    agreement = compare("x", expected, found)
    assert agreement.same == 0.5
    assert agreement.largest == pytest.approx(math.log(0.7 / 0.4))
    assert agreement.divergence == pytest.approx((0.7 * math.log(0.7 / 0.4) + 0.3 * math.log(0.3 / 0.6)) / 2)
    with pytest.raises(UserError, match=r"Not exported.*50\.0% of 2 positions"):
        agreement.require(exact=False)


def test_a_token_that_is_missing_altogether_is_far_away() -> None:
    assert compare("x", [[position(a=0.9, b=0.1)]], [[position(b=1.0)]]).largest == math.inf


@pytest.mark.parametrize(
    ("same", "largest", "exact", "passes"),
    [(0.995, 0.002, True, True), (0.985, 0.002, True, False), (1, 0.02, True, False), (0.95, 0.3, False, True),
     (0.85, 0.3, False, False)],
)  # fmt: skip
def test_what_only_rounding_may_do(same: float, largest: float, exact: bool, passes: bool) -> None:
    agreement = Agreement("x", 400, same, largest, 0.0)
    if passes:
        agreement.require(exact)
    else:
        with pytest.raises(UserError):
            agreement.require(exact)


@pytest.mark.slow
@pytest.mark.unsloth
@pytest.mark.vllm
@pytest.mark.timeout(1800)
@pytest.mark.filterwarnings("ignore")  # others' warnings
def test_a_voice_says_the_same_in_every_format_that_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real SmolLM2 with an adapter on all seven matrices, float32 everywhere, by the command that people type."""
    import json
    import shutil

    from click.testing import CliRunner

    from nic_voice.main import main
    from tests import llamacpp
    from tests.manifests import a_manifest
    from tests.real.tiny import SEVEN, random_adapter
    from training.publish import staged
    from voice.base_model import SMOLLM2, resolve
    from voice.manifest import ADAPTER_NAME, BaseModelRef, file_sha256

    if built := llamacpp.found():
        monkeypatch.setenv("NIC_VOICE_LLAMA_SERVER", built)
    base = resolve(SMOLLM2)
    random_adapter(base.folder, tmp_path / "adapter", SEVEN, rank=16, size=0.01)
    (tmp_path / ".versions" / "ana").mkdir(parents=True)
    with staged(tmp_path / "ana") as folder:
        for name in ("adapter_config.json", ADAPTER_NAME):
            shutil.copyfile(tmp_path / "adapter" / name, folder / name)
        manifest = a_manifest(file_sha256(folder / ADAPTER_NAME))
        manifest.model_copy(update={"base_model": BaseModelRef(name=base.name, sha256=base.sha256)}).write(folder)
    done = CliRunner().invoke(main, ["export", str(tmp_path / "ana"), "--merged", "--gguf", "--outtype", "f32"])
    assert done.exit_code == 0, done.output
    listed = json.loads((tmp_path / "ana" / "exports.json").read_text())
    agreement = listed["merged"]["agreement"]
    on_llama = {"llama-server, f32", "llama-server, merged, f32"} if built else set()
    assert agreement.keys() == {"merged", "vLLM", *on_llama}
    for found in agreement.values():
        assert found["same"] >= 0.99
        assert found["largest"] < 0.01
