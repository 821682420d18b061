"""What a model's config.json says about its size: matrices, parameters, operations and bytes a token.

In: config.json of a dense transformer (Llama, Qwen2, Qwen3) or of a hybrid one (Qwen3.5, in which most layers are
GatedDeltaNet, a linear attention). Out: an Architecture. No weights are read and nothing heavy is imported.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voice.base_model import SMOLLM2
from voice.errors import UserError

CHUNK_TOKENS = 64  # transformers' GatedDeltaNet pads every row to a multiple of this

# The numbers of the presets, so that a plan needs no model. Qwen2.5 and SmolLM2: their config.json. Qwen3.5-9B: its
# model card, the same as the defaults of transformers' Qwen3_5TextConfig.
KNOWN: dict[str, dict[str, Any]] = {
    "Qwen/Qwen2.5-3B-Instruct": {
        "model_type": "qwen2", "hidden_size": 2048, "num_hidden_layers": 36, "num_attention_heads": 16,
        "num_key_value_heads": 2, "intermediate_size": 11008, "vocab_size": 151936, "tie_word_embeddings": True,
    },
    "Qwen/Qwen2.5-7B-Instruct": {
        "model_type": "qwen2", "hidden_size": 3584, "num_hidden_layers": 28, "num_attention_heads": 28,
        "num_key_value_heads": 4, "intermediate_size": 18944, "vocab_size": 152064, "tie_word_embeddings": False,
    },
    "Qwen/Qwen3.5-9B": {
        "model_type": "qwen3_5_text", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 16,
        "num_key_value_heads": 4, "head_dim": 256, "intermediate_size": 12288, "vocab_size": 248320,
        "tie_word_embeddings": False, "full_attention_interval": 4, "linear_num_key_heads": 16,
        "linear_num_value_heads": 32, "linear_key_head_dim": 128, "linear_value_head_dim": 128,
        "linear_conv_kernel_dim": 4,
    },
    SMOLLM2: {
        "model_type": "llama", "hidden_size": 576, "num_hidden_layers": 30, "num_attention_heads": 9,
        "num_key_value_heads": 3, "intermediate_size": 1536, "vocab_size": 49152, "tie_word_embeddings": True,
    },
}  # fmt: skip
SUPPORTED = ("llama", "qwen2", "qwen3", "qwen3_5_text")


class ArchitectureError(UserError):
    """A config.json that is missing or of a kind that cannot be planned."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A linear layer that occurs `count` times."""

    name: str
    inputs: int
    outputs: int
    count: int

    @property
    def parameters(self) -> int:
        """Of all its occurrences together."""
        return self.inputs * self.outputs * self.count


@dataclass(frozen=True, slots=True)
class LinearAttention:
    """GatedDeltaNet: how many layers have it and the sizes of its heads."""

    layers: int
    key_heads: int
    value_heads: int
    key_dim: int
    value_dim: int

    @property
    def convolved(self) -> int:
        """Width of query, key and value together, which pass a convolution."""
        return 2 * self.key_heads * self.key_dim + self.value_heads * self.value_dim


@dataclass(frozen=True, slots=True)
class Architecture:
    """The sizes of a model; `layers` counts both kinds, `gated` doubles q_proj as Qwen3.5 does."""

    kind: str
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    mlp: int
    vocabulary: int
    tied: bool
    gated: bool
    linear: LinearAttention | None

    @property
    def full_layers(self) -> int:
        """Layers with softmax attention."""
        return self.layers - (self.linear.layers if self.linear else 0)

    def matrices(self) -> list[Matrix]:
        """The linear layers inside the blocks; the output matrix is not one of them."""
        wide, full = self.heads * self.head_dim, self.full_layers
        found = [
            Matrix("q_proj", self.hidden, wide * (2 if self.gated else 1), full),
            Matrix("k_proj", self.hidden, self.kv_heads * self.head_dim, full),
            Matrix("v_proj", self.hidden, self.kv_heads * self.head_dim, full),
            Matrix("o_proj", wide, self.hidden, full),
            Matrix("gate_proj", self.hidden, self.mlp, self.layers),
            Matrix("up_proj", self.hidden, self.mlp, self.layers),
            Matrix("down_proj", self.mlp, self.hidden, self.layers),
        ]
        if net := self.linear:
            values = net.value_heads * net.value_dim
            found += [
                Matrix("in_proj_qkv", self.hidden, net.convolved, net.layers),
                Matrix("in_proj_z", self.hidden, values, net.layers),
                Matrix("in_proj_a", self.hidden, net.value_heads, net.layers),
                Matrix("in_proj_b", self.hidden, net.value_heads, net.layers),
                Matrix("out_proj", values, self.hidden, net.layers),
            ]
        return found

    @property
    def block_parameters(self) -> int:
        """Weights of the linear layers inside the blocks: what 4 bits apply to."""
        return sum(matrix.parameters for matrix in self.matrices())

    @property
    def other_parameters(self) -> int:
        """Embedding and, when it is one of its own, the output matrix; norms and biases are too small to count."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    def adapter_parameters(self, rank: int, targets: Collection[str]) -> int:
        """Weights of a LoRA adapter on the matrices named in `targets`."""
        return sum(rank * (m.inputs + m.outputs) * m.count for m in self.matrices() if m.name in targets)


def read_architecture(base_model: str, config_file: Path | None = None) -> Architecture:
    """Of `config_file`, else of the folder `base_model`, else of a preset's base by its name."""
    if config_file is None and (Path(base_model) / "config.json").is_file():
        config_file = Path(base_model) / "config.json"
    if config_file is None:
        if base_model not in KNOWN:
            raise ArchitectureError(
                f"Nothing is known of base model {base_model!r}. Give its config.json with --model-config. "
                f"Known without: {', '.join(KNOWN)}."
            )
        return from_config(KNOWN[base_model])
    try:
        return from_config(json.loads(config_file.read_bytes()))
    except OSError as error:
        raise ArchitectureError(f"{config_file} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArchitectureError(f"{config_file} is no config.json of a language model ({error}).") from error


def from_config(config: Mapping[str, Any]) -> Architecture:
    """The sizes in a parsed config.json; KeyError names a missing one, ArchitectureError an unknown kind."""
    text = config.get("text_config") or config  # Qwen3.5's checkpoints also hold a vision model
    kind = text["model_type"]
    if kind not in SUPPORTED:
        raise ArchitectureError(f"Models of type {kind!r} cannot be planned; these can: {', '.join(SUPPORTED)}.")
    layers, heads = text["num_hidden_layers"], text["num_attention_heads"]
    linear = None
    if kind == "qwen3_5_text":
        interval = text.get("full_attention_interval", 4)
        types = text.get("layer_types") or ["full" if (i + 1) % interval == 0 else "linear" for i in range(layers)]
        linear = LinearAttention(
            layers=sum("linear" in name for name in types),
            key_heads=text["linear_num_key_heads"],
            value_heads=text["linear_num_value_heads"],
            key_dim=text["linear_key_head_dim"],
            value_dim=text["linear_value_head_dim"],
        )
    return Architecture(
        kind=kind,
        hidden=text["hidden_size"],
        layers=layers,
        heads=heads,
        kv_heads=text.get("num_key_value_heads") or heads,
        head_dim=text.get("head_dim") or text["hidden_size"] // heads,
        mlp=text["intermediate_size"],
        vocabulary=text["vocab_size"],
        tied=text.get("tie_word_embeddings", False),
        gated=linear is not None,
        linear=linear,
    )


def flops_per_token(
    architecture: Architecture, rank: int, targets: Collection[str], width: float, target_share: float,
    gradient_checkpointing: bool,
) -> float:  # fmt: skip
    """Floating point operations of forward and backward for one token of a row of `width` tokens, padding or not.

    The frozen weights take two passes (forward, gradient of the input), the adapter three, attention three and a half;
    checkpointing runs the forward once more. The output matrix is used for the share `target_share` of the tokens.
    """
    adapter = architecture.adapter_parameters(rank, targets)
    attention = 4 * width * architecture.heads * architecture.head_dim * architecture.full_layers
    net = architecture.linear
    delta = 0.0
    if net:
        waste = CHUNK_TOKENS * -(-width // CHUNK_TOKENS) / width
        per_head = 5 * CHUNK_TOKENS * net.key_dim + 3 * CHUNK_TOKENS * net.value_dim + 6 * net.key_dim * net.value_dim
        delta = per_head * net.value_heads * net.layers * waste
    forward = 2.0 * (architecture.block_parameters + adapter) + attention + delta
    backward = 2.0 * architecture.block_parameters + 4.0 * adapter + 2.5 * attention + 2 * delta
    head = 2 * 2.0 * architecture.vocabulary * architecture.hidden * target_share
    return forward * (2 if gradient_checkpointing else 1) + backward + head


def layer_bytes(architecture: Architecture, rows: int, width: int, bytes_each: int) -> tuple[int, int]:
    """Bytes that a layer with softmax attention and one with linear attention keep for backward, for one batch.

    Frozen weights keep no input; the adapters, the norms, the attention and the gated MLP do.
    """
    tokens = rows * width
    a = architecture
    wide, narrow = a.heads * a.head_dim, a.kv_heads * a.head_dim
    around = 4 * a.hidden + 4 * a.mlp  # two residuals, two norms; gate, its activation, up, their product
    attention = (4 if a.gated else 2) * wide + 2 * max(narrow, wide if a.kv_heads != a.heads else narrow)
    full = tokens * (around + attention) * bytes_each
    if not (net := a.linear):
        return full, 0
    chunks = rows * -(-width // CHUNK_TOKENS)
    keys, values = net.value_heads * net.key_dim, net.value_heads * net.value_dim
    # float32 whatever the model computes in: query, key and value as they are normed, decayed, corrected and read
    inside = chunks * CHUNK_TOKENS * (9 * keys + 4 * values + 5 * net.value_heads * CHUNK_TOKENS)
    states = chunks * 2 * net.value_heads * net.key_dim * net.value_dim
    before = tokens * (around + 2 * net.convolved + 3 * values) * bytes_each
    return full, before + 4 * (inside + states)
