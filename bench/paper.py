"""How long training takes on machines that were not measured: arithmetic, with every assumption named.

    python -m bench.paper [--quick] [--json FILE]

75,329 records of 41 tokens, three epochs, Qwen2.5-3B, LoRA on all seven matrices. A token costs 2 operations a weight
forward and 2 backward (the base's weights have no gradients), 2 more where activations are computed again; the output
matrix only the tokens that have a loss. Matrices in 4 bits are unpacked to 16 for every pass of every microbatch: read
at half a byte a weight, written and read at two. Compute and unpacking do not overlap. Attention, optimiser and the
adapter itself are left out: under 5 % at these lengths.

    as in notebooks   two rows a microbatch in random order, a third of it padding, loss on all tokens, 4 bits,
                      activations again
    qwen2.5-3b        8,192 tokens a microbatch, no padding, loss on the answer (40 %), 4 bits
    qwen2.5-3b-strix  the same with weights in 16 bits
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report import show

RECORDS, TOKENS, EPOCHS = 75_329, 41, 3
# Qwen2.5-3B: weights of the layers' matrices, and of the output matrix.
LAYERS = 36 * (2048 * 2048 * 2 + 2 * 2048 * 256 + 3 * 2048 * 11008)
OUTPUT = 151_936 * 2048
# TFLOPS: what 17 hours come to on a Strix Halo, its rate with and without a tuned library at part of the published
# 36.9 and 5.1, and an H100's usual share of its peak. GB/s of memory.
MACHINES = (("Strix Halo", 3.8, 212), ("Strix Halo", 15.0, 212), ("Strix Halo", 25.0, 212), ("H100", 400.0, 3350))


@dataclass(frozen=True, slots=True)
class Setting:
    """How a run is cut: tokens of a microbatch, padding included."""

    name: str
    microbatch_tokens: int
    padding_share: float
    loss_share: float
    unpacks: bool
    recomputes: bool


SETTINGS = (
    Setting("as in notebooks", 123, 1 / 3, 1.0, unpacks=True, recomputes=True),
    Setting("qwen2.5-3b", 8192, 0.01, 0.4, unpacks=True, recomputes=False),
    Setting("qwen2.5-3b-strix", 8192, 0.01, 0.4, unpacks=False, recomputes=False),
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="changes nothing")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    rows = [hours(setting, *machine) for machine in MACHINES for setting in SETTINGS]
    show("On paper: hours for 9.3 million tokens", rows, arguments.json, width=190)


def hours(setting: Setting, machine: str, tflops: float, bandwidth_gb_s: float) -> dict[str, Any]:
    """What a run takes, and what of it is spent on what."""
    useful = RECORDS * TOKENS * EPOCHS
    computed = useful / (1 - setting.padding_share)
    microbatches = computed / setting.microbatch_tokens
    passes = 3 if setting.recomputes else 2
    operations = 2 * passes * computed * (LAYERS + setting.loss_share * OUTPUT)
    unpacked_bytes = microbatches * passes * LAYERS * (0.5 + 2 + 2) if setting.unpacks else 0.0
    compute_h, unpack_h = operations / (tflops * 1e12) / 3600, unpacked_bytes / (bandwidth_gb_s * 1e9) / 3600
    return {
        "machine": f"{machine}, {tflops:g} TFLOPS",
        "setting": setting.name,
        "microbatches": round(microbatches),
        "unpacking passes": round(microbatches * passes) if setting.unpacks else 0,
        "padded tokens": round(computed - useful),
        "compute h": compute_h,
        "unpacking h": unpack_h,
        "hours": compute_h + unpack_h,
        "useful tokens/s": round(useful / (compute_h + unpack_h) / 3600),
    }


if __name__ == "__main__":
    main()
