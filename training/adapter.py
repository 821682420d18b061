"""A LoRA adapter as PEFT wrote it, read without loading the model that it belongs to.

In: a folder with adapter_config.json and adapter_model.safetensors. Out: LoraAdapter, whose pairs are float32.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from training.export import ExportError
from voice.manifest import ADAPTER_NAME

_KEY = re.compile(r"^base_model\.model\.(?P<module>.+)\.lora_(?P<side>[AB])\.weight$")
_PLAIN = {"use_dora": False, "fan_in_fan_out": False, "bias": "none", "rank_pattern": {}, "alpha_pattern": {},
          "modules_to_save": None, "peft_type": "LORA"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """A is (rank, inputs), B is (outputs, rank), both float32."""

    a: torch.Tensor
    b: torch.Tensor


@dataclass(frozen=True, slots=True)
class LoraAdapter:
    """The matrices by their module's name; a weight W becomes W + scale * B @ A."""

    rank: int
    scale: float
    pairs: dict[str, Pair]

    def update(self, module: str) -> torch.Tensor:
        """What is added to the weight of `module`, (outputs, inputs) in float32."""
        pair = self.pairs[module]
        return self.scale * (pair.b @ pair.a)


def read_adapter(folder: Path) -> LoraAdapter:
    """The adapter in `folder`; ExportError when it is missing, damaged or more than a plain LoRA."""
    try:
        config = json.loads((folder / "adapter_config.json").read_bytes())
        tensors = load_file(folder / ADAPTER_NAME)
    except (OSError, ValueError, SafetensorError) as error:
        raise ExportError(
            f"The adapter in {folder} cannot be read ({type(error).__name__}). Train it again."
        ) from error
    if odd := [key for key, plain in _PLAIN.items() if config.get(key, plain) not in (plain, None)]:
        raise ExportError(f"The adapter in {folder} is no plain LoRA ({', '.join(odd)}); only that can be exported.")
    sides: dict[str, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        if not (match := _KEY.match(key)):
            raise ExportError(f"The adapter in {folder} holds {key!r}, which is no LoRA matrix.")
        sides.setdefault(match["module"], {})[match["side"]] = tensor.float()
    if not sides or any(len(pair) != 2 for pair in sides.values()):
        raise ExportError(f"The adapter in {folder} lacks a half of a matrix. Train it again.")
    rank, alpha = config["r"], config["lora_alpha"]
    scale = alpha / rank**0.5 if config.get("use_rslora") else alpha / rank
    return LoraAdapter(rank, scale, {module: Pair(pair["A"], pair["B"]) for module, pair in sorted(sides.items())})


def match_weights(adapter: LoraAdapter, weights: set[str]) -> dict[str, str]:
    """The name of each adapted module's weight -> the module; ExportError when the base lacks one.

    A checkpoint may hold the language model inside a larger one, under another prefix than it was trained under.
    """
    tails = {_tail(weight): weight for weight in weights if weight.endswith(".weight") and "visual" not in weight}
    found = {tails[_tail(f"{module}.weight")]: module for module in adapter.pairs if _tail(f"{module}.weight") in tails}
    if missing := sorted(set(adapter.pairs) - set(found.values())):
        raise ExportError(f"The base model has no {missing[0]} ({len(missing)} such); the adapter belongs to another.")
    return found


def _tail(name: str) -> str:
    """The name from its layer number on: 'layers.3.mlp.up_proj.weight'."""
    place = name.find("layers.")
    return name[place:] if place >= 0 and not name.startswith("mtp") else name
