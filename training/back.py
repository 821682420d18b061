"""The way back, own -> draft: an adapter that says how likely a draft is, given what somebody typed for it.

In: messages of many writers, each with its draft and two faithful versions. Out: the adapter. It sees every draft once,
after one of the two versions by turns. The same messages, seed and kind of processor give the same adapter.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from training import lora
from training.config import TrainingConfig
from training.data import Example
from training.step import schedule
from voice.base_model import BaseModel
from voice.facts.masking import mask_pair
from voice.judges.reader import SYSTEM
from voice.prompt import Prompt, encode, encode_answer
from voice.writers import Message

_AT_ONCE = 3  # messages of a step
_NEAR = 60  # messages among which those of like length are put together


@dataclass(frozen=True, slots=True)
class Step:
    """How far it is, and the mean loss per token of the step's drafts."""

    step: int
    steps: int
    loss: float


def learn_back(
    config: TrainingConfig, base: BaseModel, messages: Sequence[Message], show: Callable[[Step], None] = lambda _: None
) -> lora.Adapted:
    """The base model with the adapter that has read these messages."""
    torch.manual_seed(config.seed)
    adapted = lora.load(base, config)
    optimizer = torch.optim.AdamW(adapted.trainable(), weight_decay=config.weight_decay)
    batches = _batches(messages, random.Random(config.seed))
    for place, batch in enumerate(batches):
        for settings in optimizer.param_groups:
            settings["lr"] = config.learning_rate * schedule(place / len(batches), config.warmup_share)
        rows = [_example(adapted, message, own=place % 2 == 0) for message in batch]
        loss = adapted.loss(adapted.batch(rows)) / sum(len(row.weights) for row in rows)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(adapted.trainable(), config.max_gradient_norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        show(Step(place + 1, len(batches), loss.item()))
    return adapted


def _batches(messages: Sequence[Message], chance: random.Random) -> list[list[Message]]:
    """Every message once, a few at a time, those of like length together."""
    some = list(messages)
    chance.shuffle(some)
    batches = []
    for start in range(0, len(some), _NEAR):
        near = sorted(some[start : start + _NEAR], key=lambda message: len(message.draft) + len(message.own))
        part = [near[place : place + _AT_ONCE] for place in range(0, len(near), _AT_ONCE)]
        chance.shuffle(part)
        batches += part
    return batches


def _example(adapted: lora.Adapted, message: Message, *, own: bool) -> Example:
    draft, version = mask_pair(message.draft, message.own if own else message.also)
    prompt = encode(adapted.tokenizer, Prompt(SYSTEM, version.text))
    answer = encode_answer(adapted.tokenizer, draft.text)
    return Example((*prompt, *answer), (1.0,) * len(answer))


def write_back(adapted: lora.Adapted, folder: Path, base: BaseModel) -> None:
    """Write the adapter into the folder, in bfloat16."""
    folder.mkdir(parents=True, exist_ok=True)
    adapted.model.to(torch.bfloat16)
    adapted.save(folder, base.name)
