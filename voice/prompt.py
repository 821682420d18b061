"""The only chat rendering: the token ids that training learns from and the ones that a request sends.

In: a system text and a text to rewrite. Out: token ids in ChatML, which SmolLM2, Qwen2.5 and Qwen3.5 share. Only the
markup becomes special tokens; the same characters inside somebody's text stay characters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from voice.triplet import Register, Unit

PROMPT_VERSION = 2
START = "<|im_start|>"
END = "<|im_end|>"
BACK_SYSTEM = "Write out what I typed, as an assistant would draft it."  # of the way back, own -> draft


class Tokenizer(Protocol):
    """The part of a transformers tokenizer that is used here."""

    def __call__(self, text: str, *, add_special_tokens: bool, split_special_tokens: bool) -> Any: ...

    def convert_tokens_to_ids(self, tokens: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is asked: a system text and the neutral text to rewrite."""

    system: str
    text: str


def system_text(register: Register, unit: Unit) -> str:
    """The system text of a register and unit; short, because every example and every request pays for its tokens."""
    return f"Rewrite as I type it: {register.replace('_', ' ')} {unit}."


def encode(tokenizer: Tokenizer, prompt: Prompt) -> list[int]:
    """Token ids of the prompt, up to and including the header of the answer."""
    return encode_conversation(tokenizer, [("system", prompt.system), ("user", prompt.text)])


def encode_answer(tokenizer: Tokenizer, own: str) -> list[int]:
    """Token ids of the answer with its end token: what the loss is computed on."""
    return [*_ids(tokenizer, own), end_id(tokenizer)]


def encode_conversation(tokenizer: Tokenizer, messages: Sequence[tuple[str, str]]) -> list[int]:
    """Token ids of (role, text) messages and the header of the assistant's next one."""
    start, end, newline = tokenizer.convert_tokens_to_ids(START), end_id(tokenizer), _ids(tokenizer, "\n")
    ids: list[int] = []
    for role, text in messages:
        ids += [start, *_ids(tokenizer, f"{role}\n{text.strip()}"), end, *newline]
    return [*ids, start, *_ids(tokenizer, "assistant\n")]


def end_id(tokenizer: Tokenizer) -> int:
    """The id of the token that ends an answer; ValueError when the tokenizer has no ChatML."""
    token = tokenizer.convert_tokens_to_ids(END)
    if not isinstance(token, int):
        raise ValueError(f"the tokenizer has no {END} token; a base model with ChatML is needed")
    return token


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    return ids
