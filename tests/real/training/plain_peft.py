"""`nic-voice` that trains with PEFT alone: what a run does around the model needs no Unsloth, which is slow to import.

python -m tests.real.training.plain_peft train ...
"""

from pathlib import Path

from training.config import TrainingConfig
from training.lora import Adapted
from voice.base_model import BaseModel


def load(base: BaseModel, config: TrainingConfig, init_from: Path | None = None) -> Adapted:
    """The base model in float32 with a fresh adapter, in the place of `training.lora.load`."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    assert init_from is None
    torch.manual_seed(config.seed)
    model = AutoModelForCausalLM.from_pretrained(base.folder, dtype=torch.float32)
    lora = LoraConfig(r=config.rank, lora_alpha=config.alpha, target_modules=config.target_modules)
    model = get_peft_model(model, lora).train()
    return Adapted(model, AutoTokenizer.from_pretrained(base.folder), torch.device("cpu"))


if __name__ == "__main__":
    from nic_voice.main import main
    from training import lora

    lora.load = load
    main()
