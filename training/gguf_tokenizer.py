"""A tokenizer.json in a GGUF file: tokens, their kinds, merges, special tokens and the chat template.

In: a model's folder. Out: entries of a GGUF writer. llama.cpp has code of its own for each way of cutting a text before
the merges, by name; which one it is, is told from the expressions in tokenizer.json.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gguf

from training.errors import ExportError


def add_tokenizer(writer: gguf.GGUFWriter, folder: Path, vocabulary: int) -> None:
    """Add the tokenizer of `folder`, with `vocabulary` entries; ExportError if llama.cpp cannot follow it."""
    try:
        tokenizer = json.loads((folder / "tokenizer.json").read_bytes())
        known = dict(tokenizer["model"]["vocab"])
    except (OSError, ValueError, KeyError) as error:
        raise ExportError(f"{folder / 'tokenizer.json'} is no BPE tokenizer ({type(error).__name__}).") from error
    tokens = [f"[PAD{number}]" for number in range(vocabulary)]
    kinds = [gguf.TokenType.UNUSED] * vocabulary
    for token, number in known.items():
        tokens[number], kinds[number] = token, gguf.TokenType.NORMAL
    for added in tokenizer["added_tokens"]:
        tokens[added["id"]] = added["content"]
        kinds[added["id"]] = gguf.TokenType.CONTROL if added["special"] else gguf.TokenType.USER_DEFINED
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre_tokenizer(tokenizer))
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_add_bos_token(False)
    gguf.SpecialVocab(folder, load_merges=True, n_vocab=vocabulary).add_to_gguf(writer, quiet=True)


def pre_tokenizer(tokenizer: Mapping[str, Any]) -> str:
    """llama.cpp's name for how this tokenizer cuts a text before the merges."""
    steps = list(_steps(tokenizer.get("pre_tokenizer") or {}))
    expressions = [step["pattern"]["Regex"] for step in steps if "Regex" in step.get("pattern", {})]
    if any(r"\p{L}\p{M}" in expression for expression in expressions):
        return "qwen35"
    if any(r"|\p{N}|" in expression for expression in expressions):
        return "qwen2"
    if not expressions and any(step.get("type") == "Digits" and step.get("individual_digits") for step in steps):
        return "smollm"
    if not expressions and [step.get("type") for step in steps] == ["ByteLevel"] and steps[0].get("use_regex"):
        return "gpt-2"
    raise ExportError("This tokenizer cuts texts in a way that has no known name in llama.cpp; no GGUF is written.")


def _steps(step: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if step.get("type") == "Sequence":
        for inner in step["pretokenizers"]:
            yield from _steps(inner)
    elif step:
        yield step
