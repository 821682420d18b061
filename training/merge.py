"""The base model with the adapter added to its weights: a plain model folder that anything can load.

In: a base model's folder and an adapter. Out: a folder of safetensors with the base's tokenizer and configuration. Each
matrix is W + scale * B @ A in float32, then rounded to the base's dtype or to the one asked for; one file of the base
is in memory at a time.
"""

import json
import shutil
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from training.errors import ExportError
from voice.adapter import LoraAdapter

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def merge(base: Path, adapter: LoraAdapter, out: Path, dtype: str | None = None) -> None:
    """Write the merged model into the folder `out`, which must not exist yet."""
    files = sorted(base.glob("*.safetensors"))
    names = {file: _names(file) for file in files}
    modules = match_weights(adapter, {name for inside in names.values() for name in inside})
    out.mkdir()
    for file in files:
        merged: dict[str, torch.Tensor] = {}
        with safe_open(file, "pt") as source:
            for name in names[file]:
                weight = source.get_tensor(name)
                kept = DTYPES[dtype] if dtype and weight.is_floating_point() else weight.dtype
                if name in modules:
                    weight = torch.from_numpy(adapter.merged(modules[name], weight.float().numpy()))
                merged[name] = weight.to(kept).contiguous()
        try:
            save_file(merged, out / file.name, metadata={"format": "pt"})
        except SafetensorError as error:  # what a full disk is called here
            raise ExportError(f"{file.name} cannot be written to {out.parent}: {error}. Is the disk full?") from error
        (out / file.name).chmod(0o644)
    _copy_the_rest(base, out, dtype)


def _names(file: Path) -> list[str]:
    with safe_open(file, "pt") as source:
        return list(source.keys())


def _copy_the_rest(base: Path, out: Path, dtype: str | None) -> None:
    for file in base.iterdir():
        if file.is_file() and file.suffix in {".json", ".txt", ".jinja", ".model"}:
            shutil.copyfile(file, out / file.name)
    if dtype:
        config = json.loads((out / "config.json").read_bytes())
        config["dtype"] = dtype
        config.pop("torch_dtype", None)
        (out / "config.json").write_text(json.dumps(config, indent=2) + "\n")


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
