from pathlib import Path

import pytest
import torch

from training.config import load_config
from training.loop import Plan
from training.step import explain_memory, schedule


@pytest.mark.parametrize(
    ("share", "expected"), [(0.05, 1.0), (0.525, 0.5), (1.0, 0.0)], ids=["peak", "half way down", "end"]
)
def test_the_learning_rate_is_a_cosine_after_the_warm_up(share: float, expected: float) -> None:
    assert schedule(share, 0.05) == pytest.approx(expected)


def test_the_warm_up_rises_from_above_zero() -> None:
    rates = [schedule(step / 100, 0.05) for step in range(6)]
    assert 0 < rates[0] < 0.5
    assert rates == sorted(rates)


@pytest.mark.parametrize(("accumulate", "max_steps", "expected"), [(1, None, 20), (3, None, 8), (3, 5, 5)])
def test_the_steps_hold_every_example_once_an_epoch(accumulate: int, max_steps: int | None, expected: int) -> None:
    overrides = {"epochs": "2", "batch_tokens": "100", "accumulate": str(accumulate)}
    overrides |= {"max_steps": str(max_steps)} if max_steps else {}
    steps = Plan([10] * 100, load_config(Path("smollm2-135m"), overrides)).steps
    assert len(steps) == expected
    seen = sorted(index for step in steps for batch in step for index in batch)
    assert seen == sorted([*range(100)] * 2) or max_steps
    assert max(map(len, steps)) == accumulate


def test_the_epochs_that_are_over_are_counted_in_parts() -> None:
    plan = Plan([10] * 100, load_config(Path("smollm2-135m"), {"epochs": "2", "batch_tokens": "100"}))
    assert [plan.epochs(step) for step in (0, 5, 10, 15, 20)] == [0, 0.5, 1, 1.5, 2]
    assert [step for step in range(21) if plan.ends_epoch(step)] == [10, 20]


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
    explained = explain_memory(error, load_config(Path("smollm2-135m")))
    assert (explained is not None) == expected
    assert explained is None or "Lower batch_tokens=384" in explained
