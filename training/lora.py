"""The base model with a LoRA adapter on it; the only module that imports unsloth and peft.

In: a base model's folder and a TrainingConfig. Out: a model that trains only its adapter, its tokenizer, and the loss
of a batch with logits computed for the answer's tokens alone.
"""

import contextlib
import io
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from training.config import TrainingConfig
from training.data import Batch, Example, collate, pack
from voice.base_model import BaseModel
from voice.errors import UserError
from voice.manifest import ADAPTER_NAME

logger = logging.getLogger(__name__)


class ModelError(UserError):
    """A base model that cannot take this adapter; says which and what to change."""


@dataclass(frozen=True, slots=True)
class Adapted:
    """A base model with a fresh adapter. Only the adapter's weights have gradients; `packs`: batches are one row."""

    model: Any
    tokenizer: Any
    device: torch.device
    packs: bool = False

    def trainable(self) -> list[torch.nn.Parameter]:
        """The adapter's weights."""
        return [weight for weight in self.model.parameters() if weight.requires_grad]

    def loss(self, batch: Batch) -> torch.Tensor:
        """The weighted sum of the cross entropy of the batch's target tokens, a scalar in float32.

        The hidden states of the position before each target go through the output matrix; the other positions' logits,
        most of the memory of a plain forward, are never made.
        """
        ids = batch.ids.to(self.device)
        attention, positions = (
            None if part is None else part.to(self.device) for part in (batch.attention, batch.positions)
        )
        weights = batch.weights.to(self.device)[:, 1:]
        targets = weights > 0
        causal = self.model.get_base_model()
        hidden = causal.model(input_ids=ids, attention_mask=attention, position_ids=positions, use_cache=False)[0]
        logits = causal.lm_head(hidden[:, :-1][targets])
        losses = torch.nn.functional.cross_entropy(logits.float(), ids[:, 1:][targets], reduction="none")
        return (losses * weights[targets]).sum()

    def batch(self, examples: Sequence[Example]) -> Batch:
        """The examples as a batch of the shape that this model takes."""
        return pack(examples) if self.packs else collate(examples, self.tokenizer.pad_token_id or 0)

    def save(self, folder: Path, base_model: str) -> None:
        """Write adapter_model.safetensors and adapter_config.json, naming `base_model` as what they belong to."""
        self.model.peft_config["default"].base_model_name_or_path = base_model
        try:
            self.model.save_pretrained(folder)
        except SafetensorError as error:  # what a full disk is called here
            raise ModelError(f"The adapter cannot be written to {folder}: {error}. Is the disk full?") from error
        (folder / ADAPTER_NAME).chmod(0o644)  # the service may run as somebody else
        (folder / "README.md").unlink(missing_ok=True)  # a model card that says nothing


def load(base: BaseModel, config: TrainingConfig, init_from: Path | None = None) -> Adapted:
    """Unsloth's model of the base with a fresh adapter on `config.target_modules`, or with that of a voice."""
    os.environ["HF_HUB_OFFLINE"] = "1"  # the folder has it all; Unsloth would ask the hub about it
    os.environ.setdefault("UNSLOTH_DISABLE_STATISTICS", "1")
    if not torch.cuda.is_available():
        os.environ.setdefault("UNSLOTH_COMPILE_DISABLE", "1")  # compiling takes longer than a CPU run gains
    with _quiet(), without_vllm():
        from unsloth import FastLanguageModel  # before transformers: it patches it
        from transformers.utils import logging as transformers_logging  # isort: skip

        transformers_logging.disable_progress_bar()
        model, tokenizer = FastLanguageModel.from_pretrained(
            str(base.folder),
            max_seq_length=config.max_length_tokens,
            dtype=getattr(torch, config.dtype),
            load_in_4bit=config.load_in_4bit,
        )
        _require_modules(model, config, base)
        model = FastLanguageModel.get_peft_model(
            model,
            r=config.rank,
            lora_alpha=config.alpha,
            lora_dropout=0,
            target_modules=config.target_modules,
            use_gradient_checkpointing="unsloth" if config.gradient_checkpointing else False,
            random_state=config.seed,
        )
    if init_from:
        take_over(model, init_from)
    FastLanguageModel.for_training(model)
    tokenizer.model_max_length = sys.maxsize  # training.data leaves out what is too long; no warning wanted
    return Adapted(model, tokenizer, next(model.parameters()).device, _packs(model, config))


def _packs(model: Any, config: TrainingConfig) -> bool:
    """Whether batches are packed: `auto` does it where attention has kernels for rows of several examples.

    Those are on GPUs; and layers that carry a state along the row, as Qwen3.5's do, would carry it across examples.
    """
    if config.packing != "auto":
        return config.packing
    kinds = getattr(model.config, "layer_types", None) or []
    return torch.cuda.is_available() and all("attention" in kind and "linear" not in kind for kind in kinds)


@contextlib.contextmanager
def without_vllm() -> Iterator[None]:
    """As if vLLM were not installed; whatever imports unsloth does it inside this.

    Unsloth loads every compiled module of an installed vLLM to see whether it is broken, also those that are built for
    other CPUs: without AVX-512 that is the end of the process. Training never needs vLLM.
    """
    missing = object()
    found: Any = sys.modules.get("vllm", missing)
    sys.modules["vllm"] = None  # type: ignore[assignment]  # what find_spec takes for 'there is none'
    try:
        yield
    finally:
        if found is missing:
            del sys.modules["vllm"]
        else:
            sys.modules["vllm"] = found


def take_over(model: Any, voice: Path) -> None:
    """Put the weights of the adapter in a folder into the model's."""
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    result = set_peft_model_state_dict(model, load_file(voice / ADAPTER_NAME))
    if result.unexpected_keys or any("lora_" in key for key in result.missing_keys):
        raise ModelError(f"The adapter in {voice} is on other modules. Set target_modules to what it was trained with.")


def _require_modules(model: Any, config: TrainingConfig, base: BaseModel) -> None:
    found = {name.rsplit(".", 1)[-1] for name, _ in model.named_modules()}
    if missing := [name for name in config.target_modules if name not in found]:
        raise ModelError(
            f"Base model {base.name!r} has no modules named {', '.join(missing)}. Set target_modules to what it has."
        )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Unsloth greets on standard output, and bitsandbytes misses a kernel it does not need: debug level for both."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        yield
    for line in said.getvalue().splitlines():
        logger.debug(line)
