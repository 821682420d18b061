"""LoRA on a CPU with the rows of a batch grouped by adapter: one matrix product a group instead of a copy a row.

In: what vLLM gives its LoRA wrapper: activations (rows, in), the stacked A and B of all adapter slots, and once a step
which slot each row belongs to, -1 for none. Out: the adapters' deltas added to the activations (rows, out) in place;
rows without an adapter are not touched. vLLM's own wrapper for the CPU gathers A and B for every row, and takes -1 for
the last slot. `service/engines/plugin.py` puts this class in its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import linear
from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one adapter slot; `start` and `stop` count in the sorted rows where a Grouping has an order."""

    slot: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Grouping:
    """The rows of a batch that have an adapter, by slot.

    `order` holds their numbers, sorted by slot; None where each slot's rows stand together already.
    """

    groups: tuple[Group, ...]
    order: torch.Tensor | None = None


def group_rows(slots: Sequence[int]) -> Grouping:
    """The grouping of rows that belong to these slots, row by row; -1 is no adapter."""
    runs: list[Group] = []
    for row, slot in enumerate(slots):
        if runs and runs[-1].slot == slot and runs[-1].stop == row:
            runs[-1] = Group(slot, runs[-1].start, row + 1)
        elif slot >= 0:
            runs.append(Group(slot, row, row + 1))
    if len({run.slot for run in runs}) == len(runs):
        return Grouping(tuple(runs))
    rows = sorted((row for row, slot in enumerate(slots) if slot >= 0), key=lambda row: slots[row])
    return Grouping(group_rows([slots[row] for row in rows]).groups, torch.tensor(rows))


class GroupedLora(PunicaWrapperCPU):  # type: ignore[misc]
    """vLLM's wrapper for the CPU with the products of linear layers, embedding and logits made group by group."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tokens = self._samples = Grouping(())
        self._packed: dict[int, tuple[tuple[torch.Tensor, ...], torch.Tensor]] = {}

    def update_metadata(self, *args: Any, **kwargs: Any) -> None:
        """Take over a step's mapping; vLLM calls it before the layers."""
        super().update_metadata(*args, **kwargs)
        self._tokens = group_rows(self.token_lora_indices.tolist())
        self._samples = group_rows(self.sampler_indices.tolist())

    def add_lora_linear(
        self, y: torch.Tensor, x: torch.Tensor, lora_a_stacked: tuple[torch.Tensor, ...],
        lora_b_stacked: tuple[torch.Tensor, ...], scale: float, output_slices: tuple[int, ...], **_: Any,
    ) -> None:  # fmt: skip
        """y[:, slice i] += x @ A_i.T @ B_i.T * scale; the A of all slices (q, k, v; gate, up) are one product."""
        if self._tokens.groups:
            a = self._together(lora_a_stacked)
            _add(self._tokens, y, x, a, lora_b_stacked, scale, output_slices)

    def add_lora_logits(
        self, y: torch.Tensor, x: torch.Tensor, lora_a_stacked: torch.Tensor, lora_b_stacked: torch.Tensor,
        scale: float, **_: Any,
    ) -> None:  # fmt: skip
        """The same for the output matrix; an adapter that leaves it alone, as most do, costs nothing."""
        groups = tuple(group for group in self._samples.groups if lora_a_stacked[group.slot].any())
        if groups:
            grouping = Grouping(groups, self._samples.order)
            _add(grouping, y, x, lora_a_stacked, (lora_b_stacked,), scale, (lora_b_stacked.shape[-2],))

    def add_lora_embedding(
        self, y: torch.Tensor, x: torch.Tensor, lora_b_stacked: torch.Tensor, add_inputs: bool = True, **_: Any
    ) -> None:
        """y += x @ B.T for the embedding, whose A was looked up already."""
        if self._tokens.groups:
            _add(self._tokens, y, x, None, (lora_b_stacked,), 1.0, (lora_b_stacked.shape[-2],))

    def _together(self, stacked: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """The A of all slices in one tensor (slots, slices, rank, in), of which vLLM's own become views.

        So vLLM goes on writing an adapter into its tensors, and nothing is copied when a layer is computed. It writes
        outside of inference mode, in which layers are computed: a tensor made in there could not be written to.
        """
        if len(stacked) == 1:
            return stacked[0]
        if id(stacked) not in self._packed:
            with torch.inference_mode(False):
                together = torch.cat(stacked, dim=1)
                for number, one in enumerate(stacked):
                    one.data = together[:, number : number + 1]
            self._packed[id(stacked)] = (stacked, together)  # the tuple too, so that its id stays its own
        return self._packed[id(stacked)][1]


def _add(
    grouping: Grouping, y: torch.Tensor, x: torch.Tensor, a: torch.Tensor | None, b: Sequence[torch.Tensor],
    scale: float, widths: Sequence[int],
) -> None:  # fmt: skip
    """Add the deltas of a grouping's rows to y (rows, out).

    x is (rows, in), a (slots, slices, rank, in) or None where x is (rows, rank) already, b for each slice
    (slots, 1, width, rank).
    """
    order = grouping.order
    target, source = (y, x) if order is None else (y[order], x[order])
    rank = b[0].shape[-1]
    for group in grouping.groups:
        rows = source[group.start : group.stop].to(y.dtype)
        if a is not None:
            rows = linear(rows, a[group.slot].flatten(0, -2).to(y.dtype))
        left = 0
        for number, (one, width) in enumerate(zip(b, widths, strict=True)):
            shrunk = rows[:, number * rank : (number + 1) * rank]
            delta = target[group.start : group.stop, left : left + width]
            delta.addmm_(shrunk, one[group.slot, 0].T.to(y.dtype), alpha=scale)
            left += width
    if order is not None:
        y[order] = target
