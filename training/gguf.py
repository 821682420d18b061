"""Adapters and merged models as GGUF files, which llama.cpp runs.

In: an adapter and its base's config.json, or a merged model's folder. Out: a GGUF file. Llama (and SmolLM2), Qwen2 (and
Qwen2.5) and Qwen3.5 are laid out as llama.cpp wants them. The names come from the package gguf; what that does not hold
is here, in one function that serves weights and adapters alike: the order of rows and columns (`order`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open

from training.errors import ExportError
from training.gguf_tokenizer import add_tokenizer
from voice.adapter import LoraAdapter

ARCHITECTURES = {
    "llama": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3_5_text": gguf.MODEL_ARCH.QWEN35,
}
_QUANTIZED = {
    "f32": gguf.GGMLQuantizationType.F32,
    "f16": gguf.GGMLQuantizationType.F16,
    "bf16": gguf.GGMLQuantizationType.BF16,
    "q8_0": gguf.GGMLQuantizationType.Q8_0,
}
_FILE_TYPES = {
    "f32": gguf.LlamaFileType.ALL_F32,
    "f16": gguf.LlamaFileType.MOSTLY_F16,
    "bf16": gguf.LlamaFileType.MOSTLY_BF16,
    "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
}
Order = NDArray[np.int64] | None


def write_adapter(adapter: LoraAdapter, base: Path, out: Path, tag: str) -> None:
    """Write the adapter as a GGUF LoRA, in float32; `tag` (voice/adapter.py) is what llama-server tells of it."""
    config = text_config(base)
    names = _names(config)
    writer = gguf.GGUFWriter(out, gguf.MODEL_ARCH_NAMES[ARCHITECTURES[config["model_type"]]])
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_string(gguf.Keys.Adapter.LORA_TASK_NAME, tag)
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, adapter.scale * adapter.rank)
    for module, pair in adapter.pairs.items():
        name = f"{_plain(module)}.weight"
        rows, columns = order(name, config)
        target = _mapped(names, name)
        writer.add_tensor(f"{target}.lora_a", _taken(pair.a, None, columns))
        writer.add_tensor(f"{target}.lora_b", _taken(pair.b, rows, None))
    _finish(writer)


def write_model(folder: Path, out: Path, outtype: str) -> None:
    """Write the model in `folder` with its tokenizer; its matrices are of `outtype`, everything smaller in float32."""
    config = text_config(folder)
    kind = config["model_type"]
    names = _names(config)
    writer = gguf.GGUFWriter(out, gguf.MODEL_ARCH_NAMES[ARCHITECTURES[kind]], use_temp_file=True)
    for name, weight in _weights(folder):
        if kind == "qwen3_5_text":
            name, weight = _qwen35(name, weight)
        values = _taken(weight.float().numpy(), *order(name, config))
        small = values.ndim < 2 or "conv1d" in name
        quantized = _QUANTIZED["f32" if small else outtype]
        if values.shape[-1] % gguf.GGML_QUANT_SIZES[quantized][0]:  # its rows do not come out even
            quantized = gguf.GGMLQuantizationType.F16
        writer.add_tensor(_mapped(names, name), gguf.quants.quantize(values, quantized), raw_dtype=quantized)
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_file_type(_FILE_TYPES[outtype])
    _add_sizes(writer, config)
    add_tokenizer(writer, folder, config["vocab_size"])
    _finish(writer)


def text_config(folder: Path) -> dict[str, Any]:
    """The language model's part of config.json; ExportError for an architecture that cannot be written as GGUF."""
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError) as error:
        raise ExportError(f"{folder / 'config.json'} cannot be read ({type(error).__name__}).") from error
    text = config.get("text_config") or config
    if text.get("model_type") not in ARCHITECTURES:
        raise ExportError(
            f"Models of type {text.get('model_type')!r} cannot be written as GGUF here; these can: "
            f"{', '.join(ARCHITECTURES)}. Export with --merged and use llama.cpp's own convert_hf_to_gguf.py."
        )
    rope = text.get("rope_parameters") or text.get("rope_scaling") or {}
    if rope.get("rope_type", rope.get("type", "default")) not in ("default", "mrope"):
        raise ExportError(f"Rotary embeddings of type {rope.get('rope_type')!r} cannot be written as GGUF here.")
    return dict(text)


def order(name: str, config: Mapping[str, Any]) -> tuple[Order, Order]:
    """The order that llama.cpp wants of a weight's rows and columns; None where they stay.

    The same order holds for the rows of the adapter's B and the columns of its A.
    """
    module = name.rsplit(".", 2)[-2] if name.endswith((".weight", ".bias")) else name.rsplit(".", 1)[-1]
    if config["model_type"] == "llama":
        heads = {"q_proj": config["num_attention_heads"], "k_proj": config.get("num_key_value_heads")}.get(module)
        return (_rotary_pairs(config, heads), None) if heads else (None, None)
    if config["model_type"] != "qwen3_5_text" or "linear_attn" not in name:
        return None, None
    keys, dim = config["linear_num_key_heads"], config["linear_value_head_dim"]
    untouched = 2 * keys * config["linear_key_head_dim"]
    if module in ("in_proj_qkv", "conv1d"):
        return np.concatenate([np.arange(untouched), untouched + _tiled(config, dim)]), None
    if module == "out_proj":
        return None, _tiled(config, dim)
    width = {"in_proj_z": dim, "in_proj_a": 1, "in_proj_b": 1, "A_log": 1, "dt_proj": 1}.get(module)
    return (_tiled(config, width) if width else None), None


def _rotary_pairs(config: Mapping[str, Any], heads: int) -> NDArray[np.int64]:
    """Llama: transformers rotates the two halves of a head against each other, llama.cpp neighbours."""
    dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    return np.arange(heads * dim).reshape(heads, 2, dim // 2).swapaxes(1, 2).reshape(-1)


def _tiled(config: Mapping[str, Any], dim: int) -> NDArray[np.int64]:
    """Qwen3.5: transformers keeps the value heads of a key head together, llama.cpp goes round the key heads."""
    keys, values = config["linear_num_key_heads"], config["linear_num_value_heads"]
    return np.arange(values * dim).reshape(keys, values // keys, dim).swapaxes(0, 1).reshape(-1)


def _qwen35(name: str, weight: torch.Tensor) -> tuple[str, torch.Tensor]:
    """What llama.cpp wants precomputed: the decay, norms that count from zero, a flat convolution."""
    if name.endswith(".A_log"):
        return name, -torch.exp(weight.float())
    if name.endswith(".dt_bias"):
        return name.removesuffix(".dt_bias") + ".dt_proj.bias", weight
    if "conv1d" in name:
        return name, weight.squeeze(1)
    if name.endswith("norm.weight") and not name.endswith("linear_attn.norm.weight"):
        return name, weight.float() + 1
    return name, weight


def _weights(folder: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor of the language model by its plain name; vision and multi-token prediction are left out."""
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "pt") as source:
            for name in source.keys():  # noqa: SIM118  not a dict
                if not name.startswith(("mtp.", "model.visual.", "visual.")):
                    yield _plain(name), source.get_tensor(name)


def _plain(name: str) -> str:
    return re.sub(r"^(model\.)?language_model\.(model\.)?", "model.", name)


def _names(config: Mapping[str, Any]) -> gguf.TensorNameMap:
    return gguf.get_tensor_name_map(ARCHITECTURES[config["model_type"]], config["num_hidden_layers"])


def _mapped(names: gguf.TensorNameMap, name: str) -> str:
    found: str | None = names.get_name(name, try_suffixes=(".weight", ".bias"))
    if found is None:
        raise ExportError(f"The package gguf knows no name for {name}. A newer one may.")
    return found


def _taken(values: NDArray[Any], rows: Order, columns: Order) -> NDArray[Any]:
    if rows is not None:
        values = values[rows]
    if columns is not None:
        values = values[..., columns]
    return np.ascontiguousarray(values)


def _add_sizes(writer: gguf.GGUFWriter, config: Mapping[str, Any]) -> None:
    rope = config.get("rope_parameters") or {}
    head_dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config.get("num_key_value_heads") or config["num_attention_heads"])
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(rope.get("rope_theta") or config.get("rope_theta") or 10_000.0)
    writer.add_vocab_size(config["vocab_size"])
    if config["model_type"] != "qwen3_5_text":
        writer.add_rope_dimension_count(head_dim)
        return
    writer.add_rope_dimension_count(int(head_dim * rope.get("partial_rotary_factor", 0.25)))
    writer.add_rope_dimension_sections([*rope.get("mrope_section", [11, 11, 10]), 0][:4])
    writer.add_ssm_conv_kernel(config["linear_conv_kernel_dim"])
    writer.add_ssm_state_size(config["linear_key_head_dim"])
    writer.add_ssm_group_count(config["linear_num_key_heads"])
    writer.add_ssm_time_step_rank(config["linear_num_value_heads"])
    writer.add_ssm_inner_size(config["linear_value_head_dim"] * config["linear_num_value_heads"])
    interval = config.get("full_attention_interval") or config["layer_types"].index("full_attention") + 1
    writer.add_full_attention_interval(interval)


def _finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
