"""A run that is killed, stopped or shared between processes ends with the adapter of one that was not.

With PEFT alone; test_unsloth.py has one such run with Unsloth.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.real.tiny import tiny_model
from tests.real.training import plain_peft
from training import lora, members
from training.config import PRESETS, TrainingConfig, load_config
from training.errors import Interrupted, TrainingError
from training.progress import Progress
from training.run import train
from voice.adapter import read_adapter
from voice.base_model import BaseModel
from voice.manifest import VoiceManifest
from voice.triplet import Triplet, write_triplets

pytestmark = pytest.mark.filterwarnings("ignore")  # others' warnings
STEPS = 12
SETTINGS = {"fresh_adapter": "true", "batch_tokens": "512", "max_steps": str(STEPS),
            "held_out_share": "0.2", "validate_every": "0.25",
            "checkpoint_minutes": "0", "accumulate": "1"}  # fmt: skip


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    return tiny_model("llama", tmp_path_factory.mktemp("tiny"))


@pytest.fixture(autouse=True)
def _without_unsloth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lora, "load", plain_peft.load)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "t.jsonl"
    pairs = [(f"I am {i * 37}.", f"im {i * 37} " * (1 + i % 5)) for i in range(120)]
    write_triplets(path, [
        Triplet(f"s:{i}:0", "s", "chat", "sentence", None, None, "rules", "Be me.", *pair)
        for i, pair in enumerate(pairs)
    ])  # fmt: skip
    return path


def config(tiny: BaseModel, **overrides: str) -> TrainingConfig:
    return load_config(PRESETS / "smollm2-135m.yaml", {"base_model": str(tiny.folder)} | SETTINGS | overrides)


def adapter(voice: Path) -> str:
    return VoiceManifest.load(voice).adapter.sha256


def command(tiny: BaseModel, file: Path, out: Path, *launcher: str, **overrides: str) -> list[str]:
    settings = {"base_model": str(tiny.folder)} | SETTINGS | overrides
    pairs = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    start = launcher or (sys.executable,)
    return [*start, "-m", "tests.real.training.plain_peft", "train", "--triplets", str(file), "--out", str(out), *pairs]


def test_a_run_that_broke_off_goes_on_to_the_same_adapter(tiny: BaseModel, file: Path, tmp_path: Path) -> None:
    whole = train(config(tiny), file, tmp_path / "whole")

    class PowerCut(BaseException):
        pass

    def until(step: int) -> object:
        def show(progress: Progress) -> None:
            if progress.step == step:
                raise PowerCut

        return show

    said: list[str] = []
    out = tmp_path / "parts"
    for step in (3, 4, 9):
        with pytest.raises(PowerCut):
            train(config(tiny), file, out, until(step), say=said.append)  # type: ignore[arg-type]
    steps: list[int] = []
    parts = train(config(tiny), file, out, lambda progress: steps.append(progress.step), say=said.append)

    assert steps == [9, 10, 11, 12]
    assert [line.rsplit(" ", 1)[-1] for line in said] == ["2.", "3.", "8."]
    assert adapter(out) == adapter(tmp_path / "whole")
    assert parts.parts == 4
    same = ("steps", "examples_seen", "useful_tokens", "final_loss", "validation_loss", "published_step")
    assert {key: getattr(parts, key) for key in same} == {key: getattr(whole, key) for key in same}
    curves = [(tmp_path / name / "curve.jsonl").read_text().splitlines() for name in ("whole", "parts")]
    for before, after in zip(*curves, strict=True):
        assert json.loads(before) | {"elapsed_s": 0} == json.loads(after) | {"elapsed_s": 0}
    assert "<svg" in (out / "curve.svg").read_text()
    assert not (tmp_path / ".runs" / "parts").exists()


def test_another_configuration_starts_afresh_and_keeps_the_old_run(tiny: BaseModel, file: Path, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt

    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        train(config(tiny), file, tmp_path / "ana", stop)
    summary = train(config(tiny, rank="4", max_steps="2"), file, tmp_path / "ana", say=said.append)
    assert "another one (max_steps, rank)" in said[0]
    assert (VoiceManifest.load(tmp_path / "ana").adapter.rank, summary.steps) == (4, 2)
    assert (tmp_path / ".runs" / "ana.previous").is_dir()


def test_patience_ends_a_run_and_the_best_is_published(tiny: BaseModel, file: Path, tmp_path: Path) -> None:
    worse = {"learning_rate": "0.3", "max_steps": "30", "validate_every": "0.05", "warmup_share": "0"}
    summary = train(config(tiny, patience="2", **worse), file, tmp_path / "ana")
    points = [json.loads(line) for line in (tmp_path / "ana" / "curve.jsonl").read_text().splitlines()]
    validations = {point["step"]: point["validation_loss"] for point in points if "validation_loss" in point}
    assert summary.stopped_early
    assert summary.steps < 30
    assert summary.published_step == min(validations, key=lambda step: validations[step]) < summary.steps
    assert summary.validation_loss == pytest.approx(min(validations.values()), abs=1e-4)


def test_a_loss_that_is_no_number_keeps_the_last_checkpoint(tiny: BaseModel, file: Path, tmp_path: Path) -> None:
    with pytest.raises(
        TrainingError, match=r"Step \d+: The loss is not a number any more.*The last good checkpoint is .*step-"
    ):
        train(config(tiny, learning_rate="1.0e+30"), file, tmp_path / "ana")


def test_a_signal_saves_the_run_and_says_how_to_go_on(tiny: BaseModel, file: Path, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.step == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Interrupted, match=r"Stopped by SIGTERM at step 5 of 12.*The same command again") as caught:
        train(config(tiny, checkpoint_minutes="60"), file, tmp_path / "ana", stop)
    assert caught.value.exit_code == 143
    steps: list[int] = []
    train(config(tiny), file, tmp_path / "ana", lambda progress: steps.append(progress.step))
    assert steps[0] == 6


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("signals", "expected"),
    [([signal.SIGINT], 130), ([signal.SIGKILL] * 3, -9)],
    ids=["interrupted", "killed three times"],
)
def test_a_process_that_was_ended_goes_on(
    tiny: BaseModel, file: Path, tmp_path: Path, signals: list[signal.Signals], expected: int
) -> None:
    settings = {"max_steps": str(40 * len(signals)), "epochs": str(8 * len(signals))}
    train(config(tiny, **settings), file, tmp_path / "whole")
    run = tmp_path / ".runs" / "ana"
    for number in signals:
        seen = set(run.glob("step-*"))
        process = subprocess.Popen(command(tiny, file, tmp_path / "ana", **settings), stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 240
        while not set(run.glob("step-*")) - seen and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(number)
        said = process.communicate()[1]
        assert process.returncode == expected, said
        assert "Traceback" not in said
        assert run.is_dir()
    assert train(config(tiny, **settings), file, tmp_path / "ana").parts == len(signals) + 1
    assert adapter(tmp_path / "ana") == adapter(tmp_path / "whole")


@pytest.mark.slow
def test_two_processes_do_what_one_does_with_the_same_global_batch(tiny: BaseModel, file: Path, tmp_path: Path) -> None:
    one = train(config(tiny, accumulate="2"), file, tmp_path / "one")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        command(tiny, file, tmp_path / "two", *launcher), capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr.count("Voice 'two' is in") == 1
    two = VoiceManifest.load(tmp_path / "two").training
    assert (two["processes"], one.processes) == (2, 1)
    same = ("steps", "examples_seen", "useful_tokens", "target_tokens")
    assert {key: two[key] for key in same} == {key: getattr(one, key) for key in same}
    assert two["final_loss"] == pytest.approx(one.final_loss, rel=1e-3)
    assert two["validation_loss"] == pytest.approx(one.validation_loss, rel=1e-3)


@pytest.mark.slow
def test_a_lost_process_ends_the_run_with_a_checkpoint(tiny: BaseModel, file: Path, tmp_path: Path) -> None:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    settings = {"max_steps": "4000", "epochs": "800", "checkpoint_minutes": "60", "validation_most": "0"}
    process = subprocess.Popen(command(tiny, file, tmp_path / "ana", *launcher, **settings), stderr=subprocess.DEVNULL)
    run = tmp_path / ".runs" / "ana"
    deadline = time.monotonic() + 240
    while len(steps_in(run)) < 5 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    before = {path.name for path in run.glob("step-*")}
    os.kill(worker(process.pid, rank=1), signal.SIGKILL)
    assert process.wait(120) != 0
    assert {path.name for path in run.glob("step-*")} - before


def steps_in(run: Path) -> list[str]:
    curve = run / "curve.jsonl"
    return curve.read_text().splitlines() if curve.exists() else []


def worker(launcher: int, rank: int) -> int:
    """The process that a launcher started for that rank."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if parent == launcher and f"RANK={rank}".encode() in environment:
            return int(folder.name)
    raise AssertionError("no such worker")


def test_members_share_the_steps_and_their_mean_is_published(tiny: BaseModel, file: Path, tmp_path: Path) -> None:
    begun, last = tmp_path / "begun", {"keep": "last"}
    train(config(tiny, max_steps="2"), file, begun)
    summary = train(config(tiny, members="2", seed="3", **last), file, tmp_path / "both", init_from=begun)
    for name, seed in (("a", "3"), ("b", "4")):
        train(config(tiny, max_steps=str(STEPS // 2), seed=seed, **last), file, tmp_path / name, init_from=begun)
    assert summary.steps == STEPS
    both, *parts = (read_adapter(tmp_path / name) for name in ("both", "a", "b"))
    for name in both.pairs:
        expected = (parts[0].update(name) + parts[1].update(name)) / 2
        from_it, from_part = (one.update(name) - expected for one in (both, parts[0]))
        assert 0 < np.linalg.norm(from_it) < 0.5 * np.linalg.norm(from_part)
    manifest = VoiceManifest.load(tmp_path / "both")
    assert manifest.adapter.rank == 16
    assert manifest.training["members"] is not None
    assert len(manifest.training["members"]) == 2
    points = [json.loads(line) for line in (tmp_path / "both" / "curve.jsonl").read_text().splitlines()]
    assert [point["step"] for point in points if "loss" in point] == list(range(1, STEPS + 1))
    assert {point["member"] for point in points} == {1, 2}
    assert not list((tmp_path / ".runs").glob("both/*"))


def test_members_share_epochs_and_limits(tiny: BaseModel) -> None:
    whole = config(tiny, members="2", epochs="3", max_steps="9", max_minutes="5", seed="7")
    second = members.settings(whole, 1)
    assert (second.members, second.epochs, second.max_steps, second.max_minutes, second.seed) == (1, 2, 4, 2.5, 8)


def test_a_run_of_members_that_is_stopped_in_the_second_goes_on_there(
    tiny: BaseModel, file: Path, tmp_path: Path
) -> None:
    settings = config(tiny, members="2")
    train(settings, file, tmp_path / "whole")

    def stop(progress: Progress) -> None:
        if progress.share > 0.7:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Interrupted):
        train(settings, file, tmp_path / "parts", stop)
    said: list[str] = []
    shares: list[float] = []
    train(settings, file, tmp_path / "parts", lambda progress: shares.append(progress.share), say=said.append)
    assert shares[0] > 0.7
    assert "Run 1 of 2." not in said
    assert adapter(tmp_path / "parts") == adapter(tmp_path / "whole")
