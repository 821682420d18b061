"""What a voice says next, position by position, by PEFT and transformers: what every other format is compared with.

In: a base model's folder and an adapter's, or a merged model's. Out: 50 prompts, each with the eight tokens that the
voice takes for likeliest, and at each of these positions the log probabilities of the twenty likeliest tokens. The
eight are given to every format alike (teacher forcing), so that one difference does not make all that follows differ.
"""

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from voice.prompt import Prompt, encode

TOKENS, LIKELIEST = 8, 20
_OPENINGS = (
    "Hello, I would like to let you know that",
    "Thank you for your message. I can confirm that",
    "I am afraid that",
    "Could you please tell me whether",
    "As we discussed on 12 March at 7:30 PM,",
)
_REST = (
    "the meeting takes place on Thursday.",
    "I shall not be able to come tomorrow.",
    "the documents have been sent to your office.",
    "we have not received the payment of $1,250 yet.",
    "everything is fine and nobody is late.",
    "the train leaves at a quarter past nine.",
    "my brother will call you about the car.",
    "the repair takes two more weeks.",
    "there is some cake left in the kitchen.",
    "I have no opinion about this at all.",
)

Position = dict[int, float]  # log probabilities of the likeliest next tokens


@dataclass(frozen=True, slots=True)
class Forced:
    """A prompt of `start` tokens and what follows it."""

    ids: list[int]
    start: int


def prompts(tokenizer: Any, system: str) -> list[list[int]]:
    """Token ids of fifty requests to a voice with that system text."""
    return [encode(tokenizer, Prompt(system, f"{one} {other}")) for one in _OPENINGS for other in _REST]


def reference(base: Path, adapter: Path, system: str) -> tuple[list[Forced], list[list[Position]]]:
    """The prompts with what the voice says after them, and its positions, in float32."""
    from transformers import AutoTokenizer

    asked = prompts(AutoTokenizer.from_pretrained(base), system)
    model = _model(base, adapter)
    forced = [Forced(_continued(model, ids), len(ids)) for ids in asked]
    found = _positions(model, forced)
    del model
    gc.collect()  # before the next one is loaded
    return forced, found


def by_transformers(folder: Path, forced: Sequence[Forced]) -> list[list[Position]]:
    """The positions of a merged model, in float32."""
    return _positions(_model(folder), forced)


def _model(base: Path, adapter: Path | None = None) -> Any:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return (PeftModel.from_pretrained(model, adapter) if adapter else model).eval()


def _continued(model: Any, ids: list[int]) -> list[int]:
    shown, past = ids, None
    with torch.no_grad():
        for _ in range(TOKENS):
            said = model(input_ids=torch.tensor([shown]), past_key_values=past, use_cache=True)
            shown, past = [int(said.logits[0, -1].argmax())], said.past_key_values
            ids = [*ids, *shown]
    return ids


def _positions(model: Any, forced: Sequence[Forced]) -> list[list[Position]]:
    rows = []
    with torch.no_grad():
        for one in forced:
            logits = model(input_ids=torch.tensor([one.ids]), use_cache=False).logits[0, one.start - 1 : -1]
            best = logits.float().log_softmax(-1).topk(LIKELIEST)
            rows.append([dict(zip(tokens.tolist(), values.tolist(), strict=True))
                         for tokens, values in zip(best.indices, best.values, strict=True)])  # fmt: skip
    return rows
