"""Whether a lock file gives an environment that works; what `make lock-check` runs in one that it has just filled.

    python requirements/check.py requirements/cpu.lock

In: the lock file that this Python's environment was installed from. Out: exit code 0, or 1 and a line for each fault:
another version than the lock's, a package that misses another one (but for what the overrides leave out), a library
that cannot be imported. What needs a GPU to be imported is said and not counted.
"""

import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LIBRARIES = ("torch", "transformers", "peft", "unsloth", "vllm", "service.engines.vllm", "training.run")
NEEDS_GPU = re.compile(
    r"no NVIDIA driver|NVIDIA GPU|CUDA driver|libcuda\.so|Unsloth cannot find any torch accelerator", re.IGNORECASE
)
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
NAME = re.compile(r"^[A-Za-z0-9._-]+", re.MULTILINE)
# Without vLLM, as training does it: Unsloth loads every compiled module of an installed one, whatever the CPU knows.
IMPORT = """
import importlib, sys
if sys.argv[1] == "unsloth":
    sys.modules["vllm"] = None
importlib.import_module(sys.argv[1])
"""


def main(lock: Path) -> int:
    """Print what was found; the number of faults."""
    overridden = set(NAME.findall(lock.with_name(f"{lock.stem}-overrides.txt").read_text()))
    faults = [*other_versions(lock.read_text()), *missing(overridden), *not_importable()]
    for fault in faults:
        print(f"FAULT {fault}")
    print(f"{lock}: {len(faults)} faults, torch {importlib.metadata.version('torch')}")
    return len(faults)


def other_versions(lock: str) -> Iterator[str]:
    """Pins of the lock that the environment does not have."""
    for name, version in PIN.findall(lock):
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = "nothing"
        if found != version:
            yield f"{name}: the lock says {version}, installed is {found}"


def missing(overridden: set[str]) -> Iterator[str]:
    """What `pip check` says, without what the overrides explain."""
    said = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False).stdout
    for line in said.splitlines():
        wanted = re.search(r" (?:requires|has requirement) ([A-Za-z0-9._-]+)", line)
        if wanted and wanted[1].lower() not in overridden:
            yield line


def not_importable() -> Iterator[str]:
    """Libraries whose import fails, each tried in a process of its own."""
    for name in LIBRARIES:
        done = subprocess.run([sys.executable, "-c", IMPORT, name], capture_output=True, text=True, check=False)
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        if done.returncode == 0:
            print(f"{name} can be imported")
        elif NEEDS_GPU.search(done.stderr):
            print(f"{name} wants a GPU to be imported: {last}")
        else:
            yield f"{name} cannot be imported: {last}"


if __name__ == "__main__":
    sys.exit(min(main(Path(sys.argv[1])), 1))
