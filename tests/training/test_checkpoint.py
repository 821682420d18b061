import resource
from pathlib import Path

import pytest
import torch

from training.checkpoint import RunFolder, State, explain_memory
from training.errors import TrainingError
from voice.errors import UserError

IDENTITY = {"config": {"rank": 16, "seed": 1}, "triplets": "abc"}


def folder(tmp_path: Path, **changes: object) -> RunFolder:
    return RunFolder(tmp_path / "voices" / "ana", IDENTITY | changes)


def tensors(step: int, size: int = 4) -> dict[str, object]:
    return {"adapter": [torch.full((size,), float(step))], "optimizer": {}, "random": torch.get_rng_state()}


def test_the_last_two_and_the_best_are_kept(tmp_path: Path) -> None:
    run = folder(tmp_path)
    run.begin(fresh=False)
    for step in (1, 2, 3, 4, 5):
        run.save(State(step=step, best_step=2 if step >= 2 else None), tensors(step))
    assert run.steps() == [2, 4, 5]
    found = run.load()
    assert found is not None
    assert (found[0].step, found[1]["adapter"][0].tolist()) == (5, [5.0] * 4)
    best = run.load(2)
    assert best is not None
    assert best[0].step == 2


def test_the_same_run_goes_on(tmp_path: Path) -> None:
    assert folder(tmp_path).begin(fresh=False) is None
    folder(tmp_path).save(State(step=7), tensors(7))
    again = folder(tmp_path)
    assert again.begin(fresh=False) is None
    assert again.steps() == [7]


@pytest.mark.parametrize(
    ("changes", "fresh", "expected"),
    [
        ({"triplets": "def"}, False, ["triplets"]),
        ({"config": {"rank": 8, "seed": 1}}, False, ["rank"]),
        ({}, True, ["--fresh"]),
    ],
)
def test_another_run_is_set_aside(tmp_path: Path, changes: dict[str, object], fresh: bool, expected: list[str]) -> None:
    folder(tmp_path).begin(fresh=False)
    folder(tmp_path).save(State(step=7), tensors(7))
    other = folder(tmp_path, **changes)
    assert other.begin(fresh) == expected
    assert other.steps() == []
    assert (tmp_path / "voices" / ".runs" / "ana.previous" / "step-7").is_dir()


def test_what_a_killed_process_left_is_no_checkpoint(tmp_path: Path) -> None:
    run = folder(tmp_path)
    run.begin(fresh=False)
    run.save(State(step=3), tensors(3))
    (run.path / ".step-4.part").mkdir()
    (run.path / ".step-4.part" / "tensors.pt").write_bytes(b"half")
    again = folder(tmp_path)
    again.begin(fresh=False)
    found = again.load()
    assert found is not None
    assert found[0].step == 3
    assert not list(run.path.glob(".*"))


def test_a_full_disk_is_a_message_and_the_last_checkpoint_stays(tmp_path: Path) -> None:
    run = folder(tmp_path)
    run.begin(fresh=False)
    run.save(State(step=3), tensors(3))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(
            UserError, match=r"Saving the run at step 4 \(the last good checkpoint is .*step-3\) failed"
        ):
            run.save(State(step=4), tensors(4, size=100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    found = run.load()
    assert found is not None
    assert found[0].step == 3
    assert not list(run.path.glob(".*"))


def test_a_damaged_checkpoint_says_what_to_do(tmp_path: Path) -> None:
    run = folder(tmp_path)
    run.begin(fresh=False)
    run.save(State(step=3), tensors(3))
    (run.path / "step-3" / "tensors.pt").write_bytes(b"no tensors")
    with pytest.raises(TrainingError, match="start again with --fresh"):
        run.load()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (MemoryError(), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."), True),
        (RuntimeError("shapes do not match"), False),
    ],
)
def test_out_of_memory_says_what_to_lower(error: Exception, expected: bool) -> None:
    explained = explain_memory(error, 8, 512, "there was no checkpoint yet")
    assert (explained is not None) == expected
    if explained is not None:
        assert "a batch of 8 x 512 tokens; there was no checkpoint yet. Lower batch_tokens" in str(explained)
