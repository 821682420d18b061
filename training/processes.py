"""Several processes that train one adapter: the same command under `torchrun` or `accelerate launch`.

    torchrun --nproc-per-node 2 -m nic_voice train --config qwen2.5-3b --triplets data/triplets.jsonl --out voices/nic

In: the launcher's environment (RANK, WORLD_SIZE, LOCAL_RANK). Out: Processes. Each process holds the whole model and
takes every n-th batch of a step; the gradients of the adapter, a few megabytes, are summed by hand, so that no wrapper
stands between Unsloth's model and the loop. One process alone does the same with nothing to sum.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist

from training.errors import TrainingError

Item = TypeVar("Item")


class LostProcess(TrainingError):
    """Another process of the run has ended."""


@contextlib.contextmanager
def _all_there() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise LostProcess("Another process of the run has ended.") from error


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among those of the run; rank 0 alone writes and shows."""

    rank: int = 0
    count: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this process writes."""
        return self.rank == 0

    def own(self, batches: Sequence[Item]) -> Sequence[Item]:
        """This process's share of the batches."""
        return batches[self.rank :: self.count]

    def total(self, values: Sequence[float]) -> list[float]:
        """The sums of the values over all processes."""
        return self._reduce(values, dist.ReduceOp.SUM)

    def highest(self, values: Sequence[float]) -> list[float]:
        """The largest of each value over all processes."""
        return self._reduce(values, dist.ReduceOp.MAX)

    def sum_gradients(self, weights: Sequence[torch.nn.Parameter]) -> None:
        """Replace each weight's gradient by its sum over all processes; none counts as zero."""
        if self.count == 1:
            return
        gradients = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in weights]
        flat = torch.cat([gradient.reshape(-1).float() for gradient in gradients])
        with _all_there():
            dist.all_reduce(flat)
        for weight, part in zip(weights, torch.split(flat, [weight.numel() for weight in weights]), strict=True):
            weight.grad = part.view_as(weight).to(weight.dtype)

    def same_weights(self, weights: Sequence[torch.nn.Parameter]) -> None:
        """Give every process the weights of rank 0."""
        if self.count > 1:
            with _all_there():
                for weight in weights:
                    dist.broadcast(weight.data, src=0)

    def wait(self) -> None:
        """Go on when all processes are here."""
        if self.count > 1:
            with _all_there():
                dist.barrier()

    def leave(self) -> None:
        """The end of the run."""
        if self.count > 1:
            dist.destroy_process_group()

    def _reduce(self, values: Sequence[float], how: dist.ReduceOp.RedOpType) -> list[float]:
        if self.count == 1:
            return list(values)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        together = torch.tensor(values, dtype=torch.float64, device=device)
        with _all_there():
            dist.all_reduce(together, op=how)
        numbers: list[float] = together.tolist()
        return numbers


def is_main() -> bool:
    """Whether this process is the one that writes and says what became of the run."""
    return os.environ.get("RANK", "0") == "0"


def join() -> Processes:
    """The processes that a launcher started with this one; without a launcher this one alone."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        return Processes()
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    if not dist.is_initialized():
        dist.init_process_group("nccl" if on_gpu else "gloo")
    return Processes(dist.get_rank(), dist.get_world_size())
