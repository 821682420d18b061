"""Checkpoints of a run: what it takes to go on as if it had never stopped.

In: a run's state and tensors. Out: `voices/.runs/<name>/step-<n>/`, each complete (a hidden folder, synced, then
renamed), the last two and the best of them kept; beside them run.json, which says what run they belong to.
"""

import io
import json
import os
import pickle
import shutil
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from training.errors import TrainingError
from voice.atomic import flush, write_text
from voice.errors import explain_os_error

KEPT = 2
_STATE, _TENSORS, _RUN = "state.json", "tensors.pt", "run.json"


@dataclass(slots=True)
class State:
    """How far a run is; all that the loop counts. Times and counts are of all its parts together."""

    step: int = 0
    elapsed_s: float = 0.0  # of everything, validation and saving too
    training_s: float = 0.0
    useful_tokens: int = 0
    padded_tokens: int = 0
    target_tokens: int = 0
    examples_seen: int = 0
    average_loss: float = 0.0
    validations: int = 0  # by place in the run; see loop.Run
    validated_step: int = -1
    validation_loss: float | None = None
    best_step: int | None = None
    best_loss: float | None = None
    since_best: int = 0
    parts: int = 0  # how often the command was started


class RunFolder:
    """The folder of one run; `identity` is what makes it that run: configuration, triplets, base model, processes."""

    def __init__(self, out: Path, identity: dict[str, Any]) -> None:
        self.path = out.parent / ".runs" / out.name
        self.identity = json.loads(json.dumps(identity))  # as it will be read back

    def begin(self, fresh: bool) -> list[str] | None:
        """Make the folder ready; the names of what differs from the run that is in it and was set aside, if any.

        None: there was nothing, or it is the same run. The run set aside is kept as `<name>.previous`, one at a time.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for left in self.path.glob(".*.part"):  # of a killed process
                shutil.rmtree(left, ignore_errors=True)
            before = self._identity()
            differs = None
            if before is not None and (fresh or before != self.identity):
                differs = sorted(_flat(before) ^ _flat(self.identity)) or ["--fresh"]
                self._set_aside()
            if before is None or differs is not None:
                write_text(self.path / _RUN, json.dumps(self.identity, indent=2) + "\n")
        except OSError as error:
            raise explain_os_error(error, f"Making the folder of the run, {self.path},") from error
        return sorted({name.split("=")[0] for name in differs}) if differs is not None else None

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
            raise explain_os_error(error, f"Saving the run at step {state.step} ({self.kept()})") from error
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
        return f"the last good checkpoint is {self._folder(steps[-1])}" if steps else "there was no checkpoint yet"

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


def explain_memory(error: BaseException, rows: int, width: int, saved: str) -> TrainingError | None:
    """What to do when memory ran out in a batch of `rows` x `width` tokens; None for an error of another kind."""
    said = str(error)
    if not isinstance(error, torch.OutOfMemoryError | MemoryError) and "can't allocate memory" not in said:
        return None
    return TrainingError(
        f"Out of memory in a batch of {rows} x {width} tokens; {saved}. Lower batch_tokens (and raise accumulate by as "
        f"much), or set gradient_checkpointing: true. `nic-voice plan` says what fits."
    )


def _flat(values: dict[str, Any]) -> set[str]:
    flat: Counter[str] = Counter()
    for key, value in values.items():
        inner = value if isinstance(value, dict) else {key: value}
        flat.update(f"{name}={json.dumps(item, sort_keys=True)}" for name, item in inner.items())
    return set(flat)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
