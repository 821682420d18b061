"""Triplets to token ids and loss masks, in batches of like length.

In: triplets and a tokenizer. Out: batches of padded rows in which the loss is on the gpt side and its end token only.
Every triplet is counted: trained = read - dropped.
"""

import difflib
import itertools
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import torch

from voice.prompt import Prompt, Tokenizer, encode, encode_answer
from voice.triplet import RULES, Triplet
from voice.words import is_near_copy


@dataclass(frozen=True, slots=True)
class Example:
    """Token ids of prompt and answer, and what each of the answer's tokens weighs in the loss."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]

    @property
    def prompt_tokens(self) -> int:
        """Tokens before the answer."""
        return len(self.ids) - len(self.weights)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples as rows. ids and weights are (rows, seq); tokens to predict have a weight above zero.

    Padded: a row each, padding on the right, `attention` is (rows, seq). Packed: one row with all of them, one after
    another, `positions` is (1, seq) and starts anew with each.
    """

    ids: torch.Tensor
    weights: torch.Tensor
    attention: torch.Tensor | None = None
    positions: torch.Tensor | None = None

    @property
    def target_tokens(self) -> int:
        """Tokens that the loss is computed on."""
        return int((self.weights > 0).sum())

    @property
    def weight(self) -> float:
        """The weights of all target tokens together."""
        return float(self.weights.sum())


@dataclass(slots=True)
class Examples:
    """What became of the triplets of a file: the examples, and how many were dropped by reason."""

    read: int = 0
    kept: list[Example] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    replayed: int = 0

    def replay(self, others: Sequence[Example]) -> None:
        """Learn from these as well, which are none of the file's."""
        self.kept += others
        self.replayed += len(others)

    def leave_out(self, reason: str, count: int) -> None:
        """Count triplets that are not learned from."""
        self.read += count
        self.dropped[reason] += count

    @property
    def tokens(self) -> int:
        """Tokens of all examples together, once each."""
        return sum(map(len, self.kept))


def without_surplus_copies(triplets: Sequence[Triplet], share: float, seed: int) -> list[Triplet]:
    """The triplets, with so many of the near-copies left out that the others have their share; chance says which.

    Who only changes case and marks makes no copies: that is his voice.
    """
    near = [one for one in triplets if is_near_copy(one.neutral, one.own, typed=True)] if share < 1 else []
    surplus = len(near) - int(share / (1 - share) * (len(triplets) - len(near)) + 1e-9) if near else 0
    if surplus <= 0:
        return list(triplets)
    left_out = {triplet.id for triplet in random.Random(seed).sample(near, surplus)}
    return [triplet for triplet in triplets if triplet.id not in left_out]


def encode_triplets(
    triplets: Iterable[Triplet],
    tokenizer: Tokenizer,
    max_length_tokens: int,
    changed_weight: float = 1,
    rules_copy_weight: float = 1,
) -> Examples:
    """An example for each triplet; the over-long ones are dropped whole and counted, never cut.

    Tokens of the answer that are not the neutral side's, in its order, weigh `changed_weight`, the others 1, or
    `rules_copy_weight` where rules made the neutral side; all of them times the triplet's own weight.
    """
    examples = Examples()
    for triplet in triplets:
        examples.read += 1
        prompt = encode(tokenizer, Prompt(triplet.system, triplet.neutral))
        answer = encode_answer(tokenizer, triplet.own)
        if len(prompt) + len(answer) > max_length_tokens:
            examples.dropped["too_long"] += 1
        else:
            kept = rules_copy_weight if triplet.origin == RULES else 1.0
            weights = [kept] * len(answer)
            if kept != changed_weight:
                weights = _weights(encode_answer(tokenizer, triplet.neutral), answer, kept, changed_weight)
            examples.kept.append(Example((*prompt, *answer), tuple(triplet.weight * weight for weight in weights)))
    assert examples.read == len(examples.kept) + examples.dropped.total()
    return examples


def _weights(before: Sequence[int], answer: Sequence[int], kept: float, changed: float) -> list[float]:
    """What each token of the answer weighs: `changed` also where it stands in the place of some that were left out."""
    weights, end, end_before = [changed] * len(answer), 0, 0
    for block in difflib.SequenceMatcher(None, before, answer, autojunk=False).get_matching_blocks():
        start, stop = block.b + (block.b == end and block.a > end_before), block.b + block.size
        weights[start:stop] = [kept] * (stop - start)
        end, end_before = stop, block.a + block.size
    weights[-1] = max(1.0, weights[-1])  # where to end is his choice, not the rules'
    return weights


def plan_batches(
    lengths: Sequence[int], batch_tokens: int, seed: int, epoch: int, packed: bool = False
) -> list[list[int]]:
    """Indices of one epoch's batches: each index once, order by seed and epoch; like lengths together unless packed.

    A batch holds examples whose size, with the padding, stays within `batch_tokens`; a longer one is alone.
    """
    chance = random.Random(f"{seed}/{epoch}")
    order = list(range(len(lengths)))
    chance.shuffle(order)  # so that rows of one length do not meet the same neighbours in every epoch
    if not packed:
        order.sort(key=lengths.__getitem__)
    batches: list[list[int]] = []
    batch: list[int] = []
    total = 0
    for index in order:
        total += lengths[index]
        size = total if packed else (len(batch) + 1) * lengths[index]  # ascending, so the newest row is the longest
        if batch and size > batch_tokens:
            batches.append(batch)
            batch, total = [], lengths[index]
        batch.append(index)
    if batch:
        batches.append(batch)
    chance.shuffle(batches)
    return batches


def collate(examples: Sequence[Example], pad_id: int) -> Batch:
    """The examples as one right-padded batch."""
    shape = (len(examples), max(map(len, examples)))
    ids = torch.full(shape, pad_id, dtype=torch.long)
    attention = torch.zeros(shape, dtype=torch.long)
    weights = torch.zeros(shape)
    for row, example in enumerate(examples):
        ids[row, : len(example)] = torch.tensor(example.ids)
        attention[row, : len(example)] = 1
        weights[row, example.prompt_tokens : len(example)] = torch.tensor(example.weights)
    return Batch(ids, weights, attention=attention)


def pack(examples: Sequence[Example]) -> Batch:
    """The examples as one batch without padding: a single row."""
    ids = torch.tensor([[token for example in examples for token in example.ids]])
    weights = [weight for example in examples for weight in (*[0.0] * example.prompt_tokens, *example.weights)]
    positions = torch.cat([torch.arange(len(example)) for example in examples])
    return Batch(ids, torch.tensor([weights]), positions=positions[None])


def check_batch(batch: Batch, examples: Sequence[Example], end_id: int) -> None:
    """ValueError unless the batch holds these examples, all of them, and its masks are what they claim to be.

    Each example: its tokens where they are seen, padding unseen behind them, the loss on the answer alone, to its end
    token.
    """
    rows = list(_rows(batch))
    if len(rows) != len(examples):
        raise ValueError(f"the first batch has {len(rows)} examples for {len(examples)}")
    for number, ((ids, weights), example) in enumerate(zip(rows, examples, strict=True)):
        expected = torch.tensor([*[0.0] * example.prompt_tokens, *example.weights]).tolist()  # as single floats
        faults = {
            "other tokens": ids != example.ids,
            "a loss outside the answer": list(weights) != expected,
            "no answer that ends": not example.weights or ids[-1] != end_id,
        }
        if found := [fault for fault, is_so in faults.items() if is_so]:
            raise ValueError(f"example {number} of the first batch has {' and '.join(found)}")


def _rows(batch: Batch) -> Iterator[tuple[tuple[int, ...], tuple[float, ...]]]:
    """What the model sees of each example of a batch: token ids and weights."""
    if batch.positions is not None:
        starts = (batch.positions[0] == 0).nonzero().flatten().tolist()
        places = [(0, slice(*ends)) for ends in itertools.pairwise([*starts, batch.ids.shape[1]])]
    else:
        assert batch.attention is not None
        places = [(row, slice(0, int(seen.sum()))) for row, seen in enumerate(batch.attention)]
    for row, place in places:
        yield tuple(batch.ids[row, place].tolist()), tuple(batch.weights[row, place].tolist())
