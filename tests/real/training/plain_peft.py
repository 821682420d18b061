"""`nic-voice` that trains with PEFT alone: what a run does around the model needs no Unsloth, which is slow to import.

python -m tests.real.training.plain_peft train ...
"""

from pathlib import Path

from training.config import TrainingConfig
from training.lora import Adapted, take_over
from voice.base_model import BaseModel


def load(base: BaseModel, config: TrainingConfig, init_from: Path | None = None) -> Adapted:
    """The base model in float32 with a fresh adapter, in the place of `training.lora.load`."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(config.seed)
    model = AutoModelForCausalLM.from_pretrained(base.folder, dtype=torch.float32)
    lora = LoraConfig(r=config.rank, lora_alpha=config.alpha, target_modules=config.target_modules)
    model = get_peft_model(model, lora).train()
    if init_from:
        take_over(model, init_from)
    return Adapted(model, AutoTokenizer.from_pretrained(base.folder), torch.device("cpu"))


if __name__ == "__main__":
    from nic_voice.main import main
    from training import lora

    lora.load = load
    main()
