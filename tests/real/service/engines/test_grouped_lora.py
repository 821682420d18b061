"""Grouped adapters beside a plain loop over the rows and beside vLLM's own operators, without an engine."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest

pytestmark = [pytest.mark.vllm, pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")]

IN, WIDTHS, SLOTS = 24, (20, 12), 4


def batch(rows: int, voices: int, with_base: bool) -> list[int]:
    """A slot for each row: voices in turn, every fifth row without one, as decoding mixes them."""
    slots = [SLOTS - 1 - row % voices for row in range(rows)]
    return [-1 if with_base and row % 5 == 0 else slot for row, slot in enumerate(slots)]


def wrapper(kind: Callable[..., Any], slots: list[int], prefill: bool) -> Any:
    """A wrapper of that class to which vLLM has announced a step with these slots."""
    import torch
    from vllm.lora.layers import LoRAMapping

    made = kind(max_num_batched_tokens=512, max_batches=512, device=torch.device("cpu"))
    ids = tuple(slot + 1 for slot in slots)  # of adapters: slot 0 holds adapter 1; 0 is none
    made.update_metadata(LoRAMapping(ids, ids, is_prefill=prefill), list(range(1, SLOTS + 1)), SLOTS + 1, 100)
    return made


def weights(rank: int, dtype: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    import torch

    a = tuple(torch.randn(SLOTS, 1, rank, IN).to(dtype) for _ in WIDTHS)
    return a, tuple(torch.randn(SLOTS, 1, width, rank).to(dtype) for width in WIDTHS)


EVERY = list(
    itertools.product((1, 8, 32, 256), (1, 2, 4), (False, True), (False, True), (8, 16, 64), ("float32", "bfloat16"))
)


def pairwise(combinations: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Those of them in which every two values meet that meet anywhere: few, the first that add most."""

    def meetings(combination: tuple[Any, ...]) -> set[Any]:
        return set(itertools.combinations(enumerate(combination), 2))

    left, chosen = set().union(*map(meetings, combinations)), []
    while left:
        chosen.append(max(combinations, key=lambda one: len(meetings(one) & left)))
        left -= meetings(chosen[-1])
    return chosen


PAIRWISE = set(pairwise(EVERY))


@pytest.mark.parametrize(
    ("rows", "voices", "with_base", "prefill", "rank", "dtype"),
    [pytest.param(*one, marks=[] if one in PAIRWISE else pytest.mark.slow) for one in EVERY],
)
def test_the_deltas_are_those_of_a_loop_over_the_rows(
    rows: int, voices: int, with_base: bool, prefill: bool, rank: int, dtype: str
) -> None:
    import torch
    from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

    from service.engines.grouped_lora import GroupedLora

    torch.manual_seed(rows)
    kind = getattr(torch, dtype)
    a, b = weights(rank, kind)
    x, y = torch.randn(rows, IN).to(kind), torch.randn(rows, sum(WIDTHS)).to(kind)
    slots = batch(rows, voices, with_base)
    expected = y.double()
    for row, slot in enumerate(slots):
        if slot >= 0:
            deltas = [one_b[slot, 0].double() @ (one_a[slot, 0].double() @ x[row].double())
                      for one_a, one_b in zip(a, b, strict=True)]  # fmt: skip
            expected[row] += torch.cat(deltas)
    theirs, ours = y.clone(), y.clone()
    wrapper(PunicaWrapperCPU, slots, prefill).add_lora_linear(theirs, x, a, b, 1.0, WIDTHS)
    grouped = wrapper(GroupedLora, slots, prefill)
    grouped.add_lora_linear(ours, x, a, b, 1.0, WIDTHS)

    scale = expected.abs().max()
    tolerance = 2e-5 if dtype == "float32" else 3e-2
    assert ((ours.double() - expected).abs().max() / scale) < tolerance
    untouched = [row for row, slot in enumerate(slots) if slot < 0]
    assert torch.equal(ours[untouched], y[untouched])
    voiced = [row for row, slot in enumerate(slots) if slot >= 0]
    if voiced:
        assert ((ours[voiced].double() - theirs[voiced].double()).abs().max() / scale) < tolerance


def test_an_adapter_that_is_loaded_later_takes_the_place_of_the_one_before() -> None:
    """vLLM writes adapters into its own tensors, which have become views of one that all slices share."""
    import torch

    from service.engines.grouped_lora import GroupedLora

    a, b = weights(8, torch.float32)
    x = torch.randn(3, IN)
    grouped = wrapper(GroupedLora, [0, 0, -1], prefill=False)
    grouped.add_lora_linear(torch.zeros(3, sum(WIDTHS)), x, a, b, 1.0, WIDTHS)
    for tensor in (*a, *b):
        tensor[0, 0].copy_(torch.ones_like(tensor[0, 0]))
    y = torch.zeros(3, sum(WIDTHS))
    grouped.add_lora_linear(y, x, a, b, 1.0, WIDTHS)
    assert torch.allclose(y[:2], 8 * x[:2].sum(dim=1, keepdim=True).expand(-1, sum(WIDTHS)), atol=1e-4)
    assert not y[2].any()


@pytest.mark.parametrize("with_base", [False, True])
def test_logits_and_embedding(with_base: bool) -> None:
    import torch

    from service.engines.grouped_lora import GroupedLora

    slots = batch(7, 2, with_base)
    (a, _), (b, _) = weights(8, torch.float32)
    a[2] = 0  # that adapter leaves the output matrix alone
    x, shrunk = torch.randn(7, IN), torch.randn(7, 8)
    logits, embedded = torch.zeros(7, WIDTHS[0]), torch.zeros(7, WIDTHS[0])
    grouped = wrapper(GroupedLora, slots, prefill=False)
    grouped.add_lora_logits(logits, x, a, b, 1.0)
    grouped.add_lora_embedding(embedded, shrunk, b)
    for row, slot in enumerate(slots):
        of_logits, of_embedding = torch.zeros(WIDTHS[0]), torch.zeros(WIDTHS[0])
        if slot >= 0:
            of_logits, of_embedding = b[slot, 0] @ (a[slot, 0] @ x[row]), b[slot, 0] @ shrunk[row]
        assert torch.allclose(logits[row], of_logits, atol=1e-4)
        assert torch.allclose(embedded[row], of_embedding, atol=1e-4)


@pytest.mark.parametrize(
    ("slots", "groups", "order"),
    [
        ([], [], None),
        ([-1, -1], [], None),
        ([2, 2, 2], [(2, 0, 3)], None),
        ([-1, 2, 2, -1, 0], [(2, 1, 3), (0, 4, 5)], None),
        ([1, 0, -1, 1], [(0, 0, 1), (1, 1, 3)], [1, 0, 3]),
        ([1, -1, 1], [(1, 0, 2)], [0, 2]),
    ],
)
def test_rows_are_sorted_only_where_their_voices_are_mixed(
    slots: list[int], groups: list[tuple[int, int, int]], order: list[int] | None
) -> None:
    from service.engines.grouped_lora import group_rows

    found = group_rows(slots)
    assert [(group.slot, group.start, group.stop) for group in found.groups] == groups
    assert (None if found.order is None else found.order.tolist()) == order


def test_an_adapter_may_be_loaded_after_others_have_been_used() -> None:
    """vLLM computes in inference mode, and writes the next adapter into its tensors outside of it."""
    import torch

    from service.engines.grouped_lora import GroupedLora

    a, b = weights(8, torch.float32)
    x = torch.randn(3, IN)
    grouped = wrapper(GroupedLora, [0, 1, 1], prefill=True)

    def computed() -> torch.Tensor:
        y = torch.zeros(3, sum(WIDTHS))
        with torch.inference_mode():
            grouped.add_lora_linear(y, x, a, b, 1.0, WIDTHS)
        return y

    before = computed()
    for one in a:
        one[1, 0, :].copy_(2 * one[1, 0])
    after = computed()
    assert torch.allclose(after[0], before[0])
    assert torch.allclose(after[1:], 2 * before[1:], rtol=1e-4)
