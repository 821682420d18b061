"""TRL's SFTTrainer on the examples of bench.train, and the clock that both sides are timed with.

In: examples as token ids with weights, and the seconds to train. Out: tokens a second of the steps that count, or the
loss on held-out examples after an epoch.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PRESET = Path("smollm2-135m")
ROWS = 8  # of a batch
WARM_UP_STEPS = 3  # or fewer, where they take twice as long as what is measured
EPOCHS = 200  # more than the clock allows


class Clock:
    """Times steps after the warm-up; `tokens(step)` gives useful and target tokens of the step-th step, from 0."""

    def __init__(self, seconds: float, tokens: Callable[[int], tuple[int, int]]) -> None:
        self.seconds, self.tokens = seconds, tokens
        self.made, self.started, self.ended = time.perf_counter(), 0.0, 0.0
        self.steps, self.warm_up = 0, 0

    def tick(self) -> bool:
        """A step is over; whether the time is too."""
        self.steps, self.ended = self.steps + 1, time.perf_counter()
        if self.warm_up:
            return self.ended - self.started >= self.seconds
        if self.steps == WARM_UP_STEPS or self.ended - self.made > 2 * self.seconds:
            self.started, self.warm_up = self.ended, self.steps
        return False

    def speeds(self) -> dict[str, Any]:
        """Tokens a second of the steps that counted."""
        counted = [self.tokens(step) for step in range(self.warm_up, self.steps)]
        taken = self.ended - self.started
        return {
            "useful_tokens_per_s": round(sum(useful for useful, _ in counted) / taken, 1),
            "target_tokens_per_s": round(sum(target for _, target in counted) / taken, 1),
            "steps": len(counted),
            "seconds": round(taken, 1),
        }


def train(name: str, learned: list[Any], held_out: list[Any], seconds: float) -> dict[str, Any]:
    """Train for so long as `trl_same` or `trl_default`, or for an epoch where the name ends in `_loss`."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    from training.config import load_config
    from voice.base_model import resolve

    if not torch.cuda.is_available():
        _loss_without_triton()
    config, epoch = load_config(PRESET), name.endswith("_loss")
    same: dict[str, Any] = {
        "gradient_checkpointing": False, "bf16": False, "learning_rate": config.learning_rate,
        "warmup_steps": config.warmup_share, "lr_scheduler_type": "cosine", "max_grad_norm": config.max_gradient_norm,
    }  # fmt: skip
    batches: list[tuple[int, int]] = []

    class Tick(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            control.should_training_stop = clock.tick() and not epoch

    rows = [
        {"input_ids": list(e.ids), "completion_mask": [0] * e.prompt_tokens + [1] * len(e.weights)} for e in learned
    ]
    clock = Clock(seconds, batches.__getitem__)
    with tempfile.TemporaryDirectory() as place:
        settings = SFTConfig(
            output_dir=place, per_device_train_batch_size=ROWS, num_train_epochs=1 if epoch else EPOCHS,
            completion_only_loss=True, max_length=config.max_length_tokens, report_to=[], save_strategy="no",
            logging_strategy="no", disable_tqdm=True, use_cpu=not torch.cuda.is_available(), seed=config.seed,
            **(same if name.startswith("trl_same") else {}),
        )  # fmt: skip
        trainer = SFTTrainer(
            model=AutoModelForCausalLM.from_pretrained(resolve(config.base_model).folder, dtype=torch.float32),
            args=settings, train_dataset=Dataset.from_list(rows), processing_class=tokenizer(), callbacks=[Tick()],
            peft_config=LoraConfig(r=config.rank, lora_alpha=config.alpha, target_modules=config.target_modules),
        )  # fmt: skip
        collate = trainer.data_collator

        def counted(features: Any) -> Any:
            batch = collate(features)
            batches.append((int(batch["attention_mask"].sum()), int((batch["labels"] != -100).sum())))
            return batch

        trainer.data_collator = counted
        trainer.train()
    return {"held_out_loss": round(plain_loss(trainer.model, held_out), 4)} if epoch else clock.speeds()


def _loss_without_triton() -> None:
    """Have TRL 1.15 compute its loss in plain PyTorch, at the target tokens alone as it does.

    It is a kernel in Triton there, which runs on no CPU. The entropy, which only its log wants, is left out.
    """
    import torch
    from trl.trainer import utils

    class Plain:
        @staticmethod
        def apply(hidden: Any, weight: Any, bias: Any, targets: Any, *_: Any) -> tuple[Any, ...]:
            logits = torch.nn.functional.linear(hidden, weight, bias)
            log_probs = -torch.nn.functional.cross_entropy(logits, targets, reduction="none")
            return log_probs, torch.zeros_like(log_probs), None, None, logits.detach().argmax(-1) == targets

    utils._ChunkedLogProbFunction = Plain


def plain_loss(model: Any, examples: Sequence[Any]) -> float:
    """The mean loss per target token, by transformers' own loss."""
    import torch

    model.eval()
    total = 0.0
    with torch.no_grad():
        for example in examples:
            ids = torch.tensor([example.ids])
            labels = ids.clone()
            labels[:, : example.prompt_tokens] = -100
            total += float(model(input_ids=ids, labels=labels).loss) * len(example.weights)
    return total / sum(len(example.weights) for example in examples)


def tokenizer() -> Any:
    """That of the preset's base model."""
    from transformers import AutoTokenizer

    from training.config import load_config
    from voice.base_model import resolve

    return AutoTokenizer.from_pretrained(resolve(load_config(PRESET).base_model).folder)
