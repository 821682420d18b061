"""LoRA adapters of random numbers, for the real vLLM."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from service.engines import Adapter
from voice.base_model import BaseModel
from voice.manifest import ADAPTER_NAME, file_sha256


def random_adapter(folder: Path, base: BaseModel, seed: int, rank: int = 8) -> Adapter:
    """A LoRA of the attention's q and v projections whose B is not zero, so that it changes the answer."""
    config = json.loads((base.folder / "config.json").read_text())
    hidden, layers = config["hidden_size"], config["num_hidden_layers"]
    key_size = hidden // config["num_attention_heads"] * config["num_key_value_heads"]
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for layer in range(layers):
        for module, size in (("q_proj", hidden), ("v_proj", key_size)):
            prefix = f"base_model.model.model.layers.{layer}.self_attn.{module}"
            tensors[f"{prefix}.lora_A.weight"] = torch.randn(rank, hidden, generator=generator) * 0.1
            tensors[f"{prefix}.lora_B.weight"] = torch.randn(size, rank, generator=generator) * 0.1
    folder.mkdir()
    save_file(tensors, folder / "adapter_model.safetensors")
    described = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": rank,
        "lora_alpha": rank,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": ["q_proj", "v_proj"],
        "base_model_name_or_path": str(base.folder),
    }
    (folder / "adapter_config.json").write_text(json.dumps(described))
    return Adapter(folder.name, "v1", folder, file_sha256(folder / ADAPTER_NAME))
