"""The small base model with an adapter in it, in this process: how well a text follows from another, and what follows.

In: a text and its rewrites. Out: how much less likely each token of the text is after the rewrite than after itself. Or
in: texts; out: what the adapter makes of each.
Beside base_model.py the only module of voice/ that imports torch, and that when it first reads.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice.adapter import AdapterError, read_adapter
from voice.base_model import SMOLLM2, resolve
from voice.prompt import BACK_SYSTEM, Prompt, encode, encode_answer, end_id

MOST_TOKENS = 1024  # of both texts together; of a longer pair the ends are not read
_KEPT = 64  # texts of which it is remembered how likely they are after themselves
_AT_ONCE, _MOST_AT_ONCE = 4096, 12_288  # tokens of a batch that is read, or written; padding included
_TEMPLATE = 26  # tokens of a prompt around its text

LogProbs = npt.NDArray[np.float32]


Gap = tuple[str, float]


class Reader:
    """Reads with one adapter; several threads may ask, one at a time is answered."""

    def __init__(self, adapter: Path, dtype: str = "float32", device: str = "cpu") -> None:
        """Load the base model and merge the adapter into it; BaseModelError, AdapterError when one cannot be had."""
        os.environ["HF_HUB_OFFLINE"] = "1"
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        folder = resolve(SMOLLM2).folder
        self._torch = torch
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self._tokenizer.model_max_length = 1 << 30
        model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        lora = read_adapter(adapter)
        weights = {name: module.weight for name, module in model.named_modules() if name in lora.pairs}
        with torch.no_grad():
            for name in lora.pairs:
                update = torch.from_numpy(lora.update(name))
                if name not in weights or weights[name].shape != update.shape:
                    raise AdapterError(f"The adapter in {adapter} is not one of {SMOLLM2}: {name} does not fit.")
                weights[name].add_(update)
        self._model = model.to(device, getattr(torch, dtype)).eval()
        self._device = device
        self._lock = threading.Lock()
        self._after_itself: dict[str, LogProbs] = {}

    def gaps(self, text: str, rewrites: Sequence[str]) -> list[list[Gap]]:
        """How much less likely each token of the text, and its end, are after each rewrite than after the text itself.

        In nats, each with its token as it is typed; below zero where the rewrite tells more.
        """
        [found] = self.gaps_of([(text, rewrites)])
        return found

    def gaps_of(self, asked: Sequence[tuple[str, Sequence[str]]]) -> list[list[list[Gap]]]:
        """The gaps of several texts, each with its rewrites, read together."""
        after_itself = {text: self._after_itself.get(text) for text, _ in asked}
        pairs = [(rewrite, text) for text, rewrites in asked for rewrite in (text, *rewrites)
                 if rewrite != text or after_itself[text] is None]  # fmt: skip
        pairs = list(dict.fromkeys(pairs))
        found = dict(zip(pairs, self.log_probs(pairs), strict=True))
        gaps = []
        for text, rewrites in asked:
            itself = after_itself[text]
            if itself is None:
                itself = self._after_itself[text] = found[text, text]
            tokens = [self._tokenizer.decode([token]) for token in self._encoded("", text)[1][:-1]] + [""]
            gaps.append([
                list(zip(tokens, (itself - found.get((rewrite, text), itself)).tolist(), strict=True))
                for rewrite in rewrites
            ])  # fmt: skip
        while len(self._after_itself) > _KEPT:
            self._after_itself.pop(next(iter(self._after_itself)), None)
        return gaps

    def log_probs(self, pairs: Sequence[tuple[str, str]]) -> list[LogProbs]:
        """Of each pair (known, said) the log probabilities of what is said, token by token to its end, (tokens,)."""
        encoded = [self._encoded(known, said) for known, said in pairs]
        found: list[LogProbs] = [np.zeros(0, np.float32)] * len(pairs)
        with self._lock:
            for places in _batches([len(prompt) + len(answer) for prompt, answer in encoded], _AT_ONCE):
                for place, log_probs in zip(places, self._forward([encoded[place] for place in places]), strict=True):
                    found[place] = log_probs
        return found

    def write(self, texts: Sequence[str], temperature: float = 0.0, seed: int = 0) -> list[str]:
        """What the adapter makes of each text: the likeliest words, or with a temperature such as the seed draws.

        What does not come to its end within twice the tokens of its text and some more is cut there.
        """
        prompts = [encode(self._tokenizer, Prompt(BACK_SYSTEM, text)) for text in texts]
        written = [""] * len(texts)
        with self._lock:
            self._torch.manual_seed(seed)
            for places in _batches([_room(len(prompt)) for prompt in prompts], _MOST_AT_ONCE):
                for place, text in zip(places, self._continued([prompts[p] for p in places], temperature), strict=True):
                    written[place] = text
        return written

    def _continued(self, prompts: Sequence[list[int]], temperature: float) -> list[str]:
        torch, longest = self._torch, max(map(len, prompts))
        ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts], device=self._device)
        mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=self._device)
        how = {"do_sample": True, "temperature": temperature, "top_k": 0} if temperature else {"do_sample": False}
        end = end_id(self._tokenizer)
        with torch.inference_mode():
            found = self._model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=_room(longest) - longest,
                                         eos_token_id=end, pad_token_id=end, **how)  # fmt: skip
        kept = [row[longest:][: _room(len(prompt)) - len(prompt)] for row, prompt in zip(found, prompts, strict=True)]
        texts: list[str] = self._tokenizer.batch_decode(kept, skip_special_tokens=True)
        return [text.strip() for text in texts]

    def _encoded(self, known: str, said: str) -> tuple[list[int], list[int]]:
        answer = encode_answer(self._tokenizer, said)[: MOST_TOKENS // 2]
        return encode(self._tokenizer, Prompt(BACK_SYSTEM, known))[-MOST_TOKENS + len(answer) :], answer

    def _forward(self, rows: Sequence[tuple[list[int], list[int]]]) -> Iterator[LogProbs]:
        torch = self._torch
        longest = max(len(prompt) + len(answer) for prompt, answer in rows)
        ids = torch.zeros((len(rows), longest), dtype=torch.long, device=self._device)
        mask = torch.zeros((len(rows), longest), dtype=torch.long, device=self._device)
        for row, (prompt, answer) in enumerate(rows):
            ids[row, : len(prompt) + len(answer)] = torch.tensor([*prompt, *answer])
            mask[row, : len(prompt) + len(answer)] = 1
        with torch.inference_mode():
            hidden = self._model.model(input_ids=ids, attention_mask=mask, use_cache=False)[0]
            for row, (prompt, answer) in enumerate(rows):
                states = hidden[row, len(prompt) - 1 : len(prompt) + len(answer) - 1]
                log_probs = self._model.lm_head(states).float().log_softmax(-1)
                yield log_probs.gather(1, torch.tensor(answer, device=self._device)[:, None])[:, 0].cpu().numpy()


def _room(prompt_tokens: int) -> int:
    """Tokens of a prompt and of what may follow it."""
    return prompt_tokens + 2 * (prompt_tokens - _TEMPLATE) + 32


def _batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Places of texts of like length, so many that a batch has at most so many tokens."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        if batch and lengths[place] * (len(batch) + 1) > most:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _cheapest() -> str:
    """The type of numbers in which this processor reads the fastest; verdicts are the same (docs/LOG.md)."""
    import torch

    able = torch.cpu.get_capabilities()
    return "bfloat16" if able.get("avx512_bf16") or able.get("amx_bf16") else "float32"


@cache
def package_reader() -> Reader:
    """The reader with the way back that comes with the package, loaded when it is first asked for."""
    return Reader(Path(__file__).parent / "back", _cheapest())
