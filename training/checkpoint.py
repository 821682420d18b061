"""Checkpoints of a run: what it takes to go on as if it had never stopped.

In: a run's state and tensors. Out: `voices/.runs/<name>/step-<n>/`, each complete (a hidden folder, synced, then
renamed), the last two and the best of them kept; beside them run.json, which says what run they belong to.
"""

import fcntl
import io
import json
import os
import pickle
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import torch

from training.errors import TrainingError
from training.progress import State
from voice.atomic import flush, write_text
from voice.errors import explain_os_error

KEPT = 2
_STATE, _TENSORS, _RUN = "state.json", "tensors.pt", "run.json"


class RunFolder:
    """The folder of one run; `identity` is what makes it that run: configuration, triplets, base model, processes."""

    def __init__(self, out: Path, identity: dict[str, Any]) -> None:
        self.path = out.parent / ".runs" / out.name
        self.identity = json.loads(json.dumps(identity))  # as it will be read back
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> "RunFolder":
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock:
            self._lock.close()

    def member(self, number: int) -> "RunFolder":
        """The folder of one of several runs that make one adapter, within this one and under its lock."""
        member = RunFolder(self.path, self.identity)
        member.path = self.path / f"member-{number}"
        member.path.mkdir(parents=True, exist_ok=True)
        return member

    def begin(self, fresh: bool) -> list[str]:
        """Make the folder ready; the names of what differs from the run that was in it and is set aside, if any is.

        The run set aside is kept as `<name>.previous`, one at a time.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._take()
            for left in self.path.glob(".*.part"):  # of a killed process
                shutil.rmtree(left, ignore_errors=True)
            before = self._identity()
            if before == self.identity and not fresh:
                return []
            if before is not None:
                self._set_aside()
            write_text(self.path / _RUN, json.dumps(self.identity, indent=2) + "\n")
        except OSError as error:
            raise explain_os_error(error, f"Making the folder of the run, {self.path},") from error
        return [] if before is None else _differences(before, self.identity) or ["--fresh"]

    def _take(self) -> None:
        """Keep others out until the end of the `with` block, or of the process however it ends."""
        self._lock = self.path.with_name(f"{self.path.name}.lock").open("ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TrainingError(
                f"Voice '{self.path.name}' is being trained by another process. Wait for it, or give another --out."
            ) from error

    def save(self, state: State, tensors: dict[str, Any]) -> None:
        """Write a checkpoint, then remove those that are neither among the last two nor the best."""
        part, whole = self.path / f".step-{state.step}.part", self._folder(state.step)
        try:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            buffer = io.BytesIO()  # torch's own writer hides a full disk behind a RuntimeError
            torch.save(tensors, buffer)
            for name, content in ((_TENSORS, buffer.getbuffer()), (_STATE, json.dumps(asdict(state)).encode())):
                with (part / name).open("wb") as file:
                    file.write(content)
                    flush(file)
            _sync(part)
            old = part.with_name(f".old-{state.step}.part")
            if whole.exists():  # the same step once more, as after a validation or at a signal
                whole.rename(old)
            part.rename(whole)
            _sync(self.path)
            shutil.rmtree(old, ignore_errors=True)
        except OSError as error:
            shutil.rmtree(part, ignore_errors=True)
            told = explain_os_error(error, f"Saving the run at step {state.step}")
            raise TrainingError(f"{told} {self.kept()}") from error
        self._prune(state)

    def load(self, step: int | None = None) -> tuple[State, dict[str, Any]] | None:
        """The state and tensors of that step, by default of the last one; None when there is no checkpoint."""
        steps = self.steps() if step is None else [step]
        if not steps:
            return None
        folder = self._folder(steps[-1])
        try:
            state = State(**json.loads((folder / _STATE).read_bytes()))
            tensors = torch.load(folder / _TENSORS, weights_only=True, map_location="cpu")
        except (OSError, ValueError, TypeError, RuntimeError, pickle.UnpicklingError) as error:
            raise TrainingError(
                f"The checkpoint {folder} cannot be read ({type(error).__name__}). Remove it to go on from the one "
                f"before, or start again with --fresh."
            ) from error
        return state, tensors

    def steps(self) -> list[int]:
        """The steps that have a checkpoint, ascending."""
        names = (path.name.removeprefix("step-") for path in self.path.glob("step-*"))
        return sorted(int(name) for name in names if name.isdigit())

    def kept(self) -> str:
        """Where the last good checkpoint is, for messages."""
        steps = self.steps()
        return f"The last good checkpoint is {self._folder(steps[-1])}." if steps else "There was no checkpoint yet."

    def forget_steps(self) -> None:
        """Remove the checkpoints."""
        for step in self.steps():
            shutil.rmtree(self._folder(step), ignore_errors=True)

    def remove(self) -> None:
        """Remove the run, which has become a voice."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _prune(self, state: State) -> None:
        keep = {*self.steps()[-KEPT:], state.best_step}
        for step in self.steps():
            if step not in keep:
                shutil.rmtree(self._folder(step), ignore_errors=True)

    def _set_aside(self) -> None:
        aside = self.path.with_name(f"{self.path.name}.previous")
        shutil.rmtree(aside, ignore_errors=True)
        self.path.rename(aside)
        self.path.mkdir()

    def _folder(self, step: int) -> Path:
        return self.path / f"step-{step}"

    def _identity(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads((self.path / _RUN).read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            return {}
        return found


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Names of what two identities do not have in common; of a setting its own name."""

    def flat(values: dict[str, Any]) -> dict[str, Any]:
        return values | (values.get("config") or {})

    first, second = flat(before), flat(after)
    names = first.keys() | second.keys()
    return sorted(name for name in names - {"config"} if first.get(name) != second.get(name))


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
