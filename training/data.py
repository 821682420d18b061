"""Triplets to token ids and loss masks, in batches of like length.

In: triplets and a tokenizer. Out: batches of padded rows in which the loss is on the gpt side and its end token only.
Every triplet is counted: trained = read - dropped.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch

from voice.prompt import Prompt, Tokenizer, encode, encode_answer
from voice.triplet import Triplet


@dataclass(frozen=True, slots=True)
class Example:
    """Token ids of prompt and answer; the loss is on ids[prompt_tokens:]."""

    ids: tuple[int, ...]
    prompt_tokens: int
    weight: float = 1.0

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def target_tokens(self) -> int:
        """Tokens of the answer and its end."""
        return len(self.ids) - self.prompt_tokens

    @property
    def target_weight(self) -> float:
        """What the example counts for in a mean loss: its target tokens times its weight."""
        return self.weight * self.target_tokens


@dataclass(frozen=True, slots=True)
class Batch:
    """Right-padded rows. ids, attention and targets are (batch, seq); targets marks the tokens to predict.

    `weights` is (target tokens,), each target's weight in row order; None where all are 1.
    """

    ids: torch.Tensor
    attention: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor | None = None

    @property
    def useful_tokens(self) -> int:
        """Tokens that are not padding."""
        return int(self.attention.sum())

    @property
    def target_tokens(self) -> int:
        """Tokens that the loss is computed on."""
        return int(self.targets.sum())


@dataclass(slots=True)
class Examples:
    """What became of the triplets of a file: the examples, and how many were dropped by reason."""

    read: int = 0
    kept: list[Example] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    template_tokens: int = 0  # of the kept ones: system text, roles and markup, what is on neither side of the pair

    @property
    def tokens(self) -> int:
        """Tokens of all examples together, once each."""
        return sum(map(len, self.kept))


def encode_triplets(triplets: Iterable[Triplet], tokenizer: Tokenizer, max_length_tokens: int) -> Examples:
    """An example for each triplet; the over-long ones are dropped whole and counted, never cut."""
    examples = Examples()
    template: dict[str, int] = {}
    for triplet in triplets:
        examples.read += 1
        if triplet.system not in template:
            template[triplet.system] = len(encode(tokenizer, Prompt(triplet.system, ""))) + 1  # the answer's end
        prompt = encode(tokenizer, Prompt(triplet.system, triplet.neutral))
        answer = encode_answer(tokenizer, triplet.own)
        if len(prompt) + len(answer) > max_length_tokens:
            examples.dropped["too_long"] += 1
        else:
            examples.kept.append(Example((*prompt, *answer), len(prompt), triplet.weight))
            examples.template_tokens += template[triplet.system]
    assert examples.read == len(examples.kept) + examples.dropped.total()
    return examples


def plan_batches(lengths: Sequence[int], batch_tokens: int, seed: int, epoch: int) -> list[list[int]]:
    """Indices of one epoch's batches: each index once, like lengths together, order by seed and epoch.

    A batch holds rows whose padded size stays within `batch_tokens`; a row longer than that is a batch of its own.
    """
    chance = random.Random(f"{seed}/{epoch}")
    order = list(range(len(lengths)))
    chance.shuffle(order)  # so that rows of one length do not meet the same neighbours in every epoch
    order.sort(key=lengths.__getitem__)
    batches: list[list[int]] = []
    batch: list[int] = []
    for index in order:  # ascending, so the newest row is the longest
        if batch and (len(batch) + 1) * lengths[index] > batch_tokens:
            batches.append(batch)
            batch = []
        batch.append(index)
    if batch:
        batches.append(batch)
    chance.shuffle(batches)
    return batches


def collate(examples: Sequence[Example], pad_id: int) -> Batch:
    """The examples as one right-padded batch."""
    width = max(map(len, examples))
    shape = (len(examples), width)
    ids = torch.full(shape, pad_id, dtype=torch.long)
    attention = torch.zeros(shape, dtype=torch.long)
    targets = torch.zeros(shape, dtype=torch.bool)
    for row, example in enumerate(examples):
        ids[row, : len(example)] = torch.tensor(example.ids)
        attention[row, : len(example)] = 1
        targets[row, example.prompt_tokens : len(example)] = True
    return Batch(ids, attention, targets, target_weights(examples))


def target_weights(examples: Sequence[Example]) -> torch.Tensor | None:
    """The weight of each target token, (target tokens,), example after example; None where all are 1."""
    if all(example.weight == 1 for example in examples):
        return None
    return torch.tensor([example.weight for example in examples for _ in range(example.target_tokens)])


def _places(mask: torch.Tensor) -> list[int]:
    places: list[int] = mask.nonzero().flatten().tolist()
    return places


def check_batch(batch: Batch, examples: Sequence[Example], end_id: int) -> None:
    """ValueError unless the batch holds these examples and its masks and lengths are what they claim to be.

    Every row: its example's tokens under the attention mask, padding masked behind them, targets on the answer alone,
    to its end token.
    """
    for row, example in enumerate(examples):
        length, answer = len(example), example.ids[example.prompt_tokens :]
        faults = {
            "other tokens": tuple(batch.ids[row, :length].tolist()) != example.ids,
            "attention to padding, or none to a token": _places(batch.attention[row]) != list(range(length)),
            "a loss outside the answer": tuple(batch.ids[row][batch.targets[row]].tolist()) != answer
            or bool(batch.targets[row, : example.prompt_tokens].any()),
            "an answer without its end token": not answer or answer[-1] != end_id,
        }  # fmt: skip
        if found := [fault for fault, is_so in faults.items() if is_so]:
            raise ValueError(f"row {row} of the first batch has {' and '.join(found)}")
    if len(batch.ids) != len(examples):
        raise ValueError(f"the first batch has {len(batch.ids)} rows for {len(examples)} examples")
