"""What a run leaves on the disk, and what is found there again."""

import resource
from pathlib import Path

import pytest
import torch

from training.checkpoint import RunFolder
from training.errors import TrainingError
from training.progress import State
from voice.errors import UserError

IDENTITY = {"config": {"rank": 16, "seed": 1}, "triplets": "abc"}


def folder(tmp_path: Path, **changes: object) -> RunFolder:
    return RunFolder(tmp_path / "voices" / "ana", IDENTITY | changes)


def tensors(step: int, size: int = 4) -> dict[str, object]:
    return {"adapter": [torch.full((size,), float(step))], "optimizer": {}, "random": torch.get_rng_state()}


def saved(tmp_path: Path, *steps: int) -> RunFolder:
    with folder(tmp_path) as run:
        run.begin(fresh=False)
        for step in steps:
            run.save(State(step=step, best_step=2 if step >= 2 else None), tensors(step))
    return run


def test_the_last_two_and_the_best_are_kept(tmp_path: Path) -> None:
    run = saved(tmp_path, 1, 2, 3, 4, 5)
    assert run.steps() == [2, 4, 5]
    for asked, expected in ((None, 5), (2, 2)):
        found = run.load(asked)
        assert found is not None
        assert (found[0].step, found[1]["adapter"][0].tolist()) == (expected, [expected] * 4)


def test_the_same_run_goes_on(tmp_path: Path) -> None:
    saved(tmp_path, 7)
    with folder(tmp_path) as again:
        assert again.begin(fresh=False) == []
        assert again.steps() == [7]


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with folder(tmp_path) as run:
        run.begin(fresh=False)
        with folder(tmp_path) as other, pytest.raises(TrainingError, match="'ana' is being trained by another process"):
            other.begin(fresh=False)


@pytest.mark.parametrize(
    ("changes", "fresh", "expected"),
    [
        ({"triplets": "def"}, False, ["triplets"]),
        ({"config": {"rank": 8, "seed": 1}}, False, ["rank"]),
        ({}, True, ["--fresh"]),
    ],
)
def test_another_run_is_set_aside(tmp_path: Path, changes: dict[str, object], fresh: bool, expected: list[str]) -> None:
    saved(tmp_path, 7)
    with folder(tmp_path, **changes) as other:
        assert other.begin(fresh) == expected
        assert other.steps() == []
    assert (tmp_path / "voices" / ".runs" / "ana.previous" / "step-7").is_dir()


def test_what_a_killed_process_left_is_no_checkpoint(tmp_path: Path) -> None:
    run = saved(tmp_path, 3)
    (run.path / ".step-4.part").mkdir()
    (run.path / ".step-4.part" / "tensors.pt").write_bytes(b"half")
    with folder(tmp_path) as again:
        again.begin(fresh=False)
        found = again.load()
    assert found is not None
    assert found[0].step == 3
    assert not list(run.path.glob(".*"))


def test_a_full_disk_is_a_message_and_the_last_checkpoint_stays(tmp_path: Path) -> None:
    run = saved(tmp_path, 3)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(UserError, match=r"Saving the run at step 4 failed.*The last good checkpoint is .*step-3\."):
            run.save(State(step=4), tensors(4, size=100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    found = run.load()
    assert found is not None
    assert found[0].step == 3
    assert not list(run.path.glob(".*"))


def test_a_damaged_checkpoint_says_what_to_do(tmp_path: Path) -> None:
    run = saved(tmp_path, 3)
    (run.path / "step-3" / "tensors.pt").write_bytes(b"no tensors")
    with pytest.raises(TrainingError, match="start again with --fresh"):
        run.load()
