"""The algebra of LoRA adapters, with numpy: read and write their files, scale one, merge one, subtract two.

In: a folder with adapter_config.json and adapter_model.safetensors, as PEFT writes it. Out: LoraAdapter, which adds
scale * B @ A to a weight W of shape (outputs, inputs); A is (rank, inputs), B is (outputs, rank), both float32.
"""

import hashlib
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save_file

from voice.atomic import atomic_write
from voice.base_model import cache_folder
from voice.errors import UserError, explain_os_error
from voice.manifest import ADAPTER_NAME

CONFIG_NAME = "adapter_config.json"
TAG = "nic-voice "  # what tags begin with
Matrix = npt.NDArray[np.float32]

_KEY = re.compile(r"^base_model\.model\.(?P<module>.+)\.lora_(?P<side>[AB])\.weight$")
_PLAIN = {"use_dora": False, "fan_in_fan_out": False, "bias": "none", "rank_pattern": {}, "alpha_pattern": {},
          "modules_to_save": None, "peft_type": "LORA"}  # fmt: skip


class AdapterError(UserError):
    """An adapter that cannot be read, or is more than a plain LoRA."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The two halves of one matrix."""

    a: Matrix
    b: Matrix


@dataclass(frozen=True, slots=True)
class LoraAdapter:
    """The matrices by the name of their module; `config` is PEFT's, of which rank and alpha are kept here."""

    rank: int
    alpha: float
    pairs: dict[str, Pair]
    config: dict[str, Any]

    @property
    def scale(self) -> float:
        """What the products are multiplied with."""
        return self.alpha / (self.rank**0.5 if self.config.get("use_rslora") else self.rank)

    def update(self, module: str) -> Matrix:
        """What is added to the weight of `module`, (outputs, inputs)."""
        pair = self.pairs[module]
        product: Matrix = np.float32(self.scale) * (pair.b @ pair.a)
        return product

    def merged(self, module: str, weight: Matrix) -> Matrix:
        """The weight of `module` with the adapter in it."""
        return weight + self.update(module)

    def minus(self, other: "LoraAdapter") -> "LoraAdapter":
        """The adapter that does on a base merged with `other` what this one does on the bare base.

        Exact, by putting the ranks behind one another; modules that one of them lacks are zero there.
        """
        names = sorted(self.pairs.keys() | other.pairs.keys())
        rank = self.rank + other.rank
        pairs = {}
        for name in names:
            mine, theirs = self._scaled_pair(name, self.scale, other), other._scaled_pair(name, -other.scale, self)
            pairs[name] = Pair(np.concatenate([mine.a, theirs.a]), np.concatenate([mine.b, theirs.b], axis=1))
        config = self.config | {"use_rslora": False, "target_modules": sorted({n.rsplit(".", 1)[-1] for n in names})}
        return LoraAdapter(rank, float(rank), pairs, config)

    def lowered(self, rank: int) -> "LoraAdapter":
        """The adapter of that rank that comes nearest to this one, matrix by matrix (truncated SVD)."""
        pairs = {name: Pair(*_nearest(pair, rank)) for name, pair in self.pairs.items()}
        return LoraAdapter(rank, self.scale * rank, pairs, self.config | {"use_rslora": False})

    def _scaled_pair(self, name: str, factor: float, other: "LoraAdapter") -> Pair:
        """The pair of a module with the factor in B; zeros of the other's shape where there is none."""
        if (pair := self.pairs.get(name)) is not None:
            return Pair(pair.a, np.float32(factor) * pair.b)
        shape = other.pairs[name]
        return Pair(np.zeros((self.rank, shape.a.shape[1]), np.float32),
                    np.zeros((shape.b.shape[0], self.rank), np.float32))  # fmt: skip

    def write(self, folder: Path) -> None:
        """Write both files into `folder`, as PEFT would."""
        tensors = {
            f"base_model.model.{name}.lora_{side}.weight": np.ascontiguousarray(half)
            for name, pair in self.pairs.items()
            for side, half in (("A", pair.a), ("B", pair.b))
        }
        try:
            save_file(tensors, folder / ADAPTER_NAME, metadata={"format": "pt"})
        except SafetensorError as error:  # what a full disk is called here
            raise AdapterError(f"The adapter cannot be written to {folder}: {error}. Is the disk full?") from error
        _write_config(folder, self.config | {"r": self.rank, "lora_alpha": self.alpha})


def read_adapter(folder: Path) -> LoraAdapter:
    """The adapter in `folder`; AdapterError when it is missing, damaged or more than a plain LoRA."""
    try:
        config = json.loads((folder / CONFIG_NAME).read_bytes())
        tensors = dict(deserialize((folder / ADAPTER_NAME).read_bytes()))  # type: ignore[no-untyped-call]
    except (OSError, ValueError, SafetensorError) as error:
        raise AdapterError(
            f"The adapter in {folder} cannot be read ({type(error).__name__}). Copy it again or train it again."
        ) from error
    if odd := [key for key, plain in _PLAIN.items() if config.get(key, plain) not in (plain, None)]:
        raise AdapterError(f"The adapter in {folder} is no plain LoRA ({', '.join(odd)}); nothing else is known here.")
    sides: dict[str, dict[str, Matrix]] = {}
    for key, tensor in tensors.items():
        if not (match := _KEY.match(key)):
            raise AdapterError(f"The adapter in {folder} holds {key!r}, which is no LoRA matrix.")
        sides.setdefault(match["module"], {})[match["side"]] = _as_float32(tensor)
    if not sides or any(len(pair) != 2 for pair in sides.values()):
        raise AdapterError(f"The adapter in {folder} lacks a half of a matrix. Train it again.")
    pairs = {module: Pair(pair["A"], pair["B"]) for module, pair in sorted(sides.items())}
    return LoraAdapter(int(config["r"]), float(config["lora_alpha"]), pairs, config)


def mean(adapters: Sequence[LoraAdapter]) -> LoraAdapter:
    """The adapter whose updates are the means of theirs, exactly: their ranks behind one another.

    ValueError unless they are of the same rank and alpha and on the same modules.
    """
    first = adapters[0]
    if len({(one.rank, one.scale, *one.pairs) for one in adapters}) > 1:
        raise ValueError("adapters of different rank, alpha or modules have no mean")
    share = np.float32(1 / len(adapters))
    pairs = {
        name: Pair(
            np.concatenate([one.pairs[name].a for one in adapters]),
            np.concatenate([share * one.pairs[name].b for one in adapters], axis=1),
        )
        for name in first.pairs
    }
    rank = first.rank * len(adapters)
    return LoraAdapter(rank, first.scale * rank, pairs, first.config | {"use_rslora": False})


def _nearest(pair: Pair, rank: int) -> tuple[Matrix, Matrix]:
    """(A, B) of that rank whose product is nearest to that of the pair, both halves of one length."""
    outer, upper = np.linalg.qr(pair.b.astype(np.float64))
    inner, lower = np.linalg.qr(pair.a.T.astype(np.float64))
    left, sizes, right = np.linalg.svd(upper @ lower.T)
    root = np.sqrt(sizes[:rank])
    a, b = (root[:, None] * right[:rank]) @ inner.T, (outer @ left[:, :rank]) * root
    return a.astype(np.float32), b.astype(np.float32)


def tag(name: str, sha256: str) -> str:
    """What a GGUF file of an adapter says of itself: the voice, and the hash of the weights that it was made from."""
    return f"{TAG}{name} {sha256}"


def scaled_folder(folder: Path, strength: float, sha256: str) -> Path:
    """A folder with the adapter of the version in `folder` at another strength: its alpha times `strength`.

    Made once for the weights of that hash, in the cache folder, with a copy of them: a version may be trained again in
    its place. AdapterError when that has happened already.
    """
    if strength == 1:
        return folder
    made = cache_folder() / "strengths" / sha256 / f"{strength:g}"
    if (made / ADAPTER_NAME).exists():
        return made
    try:
        config = json.loads((folder / CONFIG_NAME).read_bytes())
        made.parent.mkdir(parents=True, exist_ok=True)
        weights = made.parent / ADAPTER_NAME
        if not weights.exists():
            _copy_weights(folder, sha256, weights)
        with tempfile.TemporaryDirectory(prefix=".strength-", dir=made.parent) as temporary:
            part = Path(temporary) / made.name
            part.mkdir(mode=0o755)
            (part / ADAPTER_NAME).symlink_to(Path("..") / ADAPTER_NAME)
            _write_config(part, config | {"lora_alpha": config["lora_alpha"] * strength})
            part.rename(made)
    except OSError as error:
        if made.exists():  # another process was faster
            return made
        raise explain_os_error(error, f"Scaling the adapter in {folder}") from error
    return made


def _copy_weights(folder: Path, sha256: str, weights: Path) -> None:
    found = (folder / ADAPTER_NAME).read_bytes()
    if hashlib.sha256(found).hexdigest() != sha256:
        raise AdapterError(f"The adapter in {folder} is another one than was loaded. Ask again in a moment.")
    with atomic_write(weights) as file:
        file.write(found)


def _write_config(folder: Path, config: dict[str, Any]) -> None:
    alpha = config["lora_alpha"]
    config["lora_alpha"] = int(alpha) if alpha == int(alpha) else alpha  # a whole number, as PEFT writes it
    (folder / CONFIG_NAME).write_text(json.dumps(config, indent=2) + "\n")


def _as_float32(tensor: dict[str, Any]) -> Matrix:
    """A tensor as the safetensors package gives it; bfloat16, which numpy lacks, is the upper half of a float32."""
    data, shape, kind = tensor["data"], tensor["shape"], tensor["dtype"]
    if kind == "BF16":
        return (np.frombuffer(data, np.uint16).astype(np.uint32) << 16).view(np.float32).reshape(shape)
    numbers = {"F32": np.float32, "F16": np.float16, "F64": np.float64}
    if kind not in numbers:
        raise AdapterError(f"An adapter of {kind} numbers is not known here.")
    return np.frombuffer(data, numbers[kind]).astype(np.float32).reshape(shape)
