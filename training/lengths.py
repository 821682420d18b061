"""How many tokens each triplet has, with the base's own tokenizer where it is on this machine, else estimated.

In: triplets and a base model's name. Out: training.plan.Lengths. Neither torch nor transformers is imported.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import Tokenizer

from training.plan import CHARACTERS_PER_TOKEN, Lengths
from voice.base_model import SMOLLM2, smollm2_folder
from voice.triplet import Triplet

MARKUP_TOKENS = 14  # ChatML around system text, message and answer, as voice.prompt writes it


def measure(triplets: Iterable[Triplet], base_model: str) -> Lengths:
    """Prompt and answer tokens of each triplet; `counted_by` says with what."""
    triplets = list(triplets)
    tokenizer = _tokenizer(base_model)
    if tokenizer is None:
        guess = f"estimated at {CHARACTERS_PER_TOKEN:g} characters a token, for {base_model} is not on this machine"
        systems = {triplet.system: round(len(triplet.system) / CHARACTERS_PER_TOKEN) for triplet in triplets}
        asked = [round(len(triplet.neutral) / CHARACTERS_PER_TOKEN) for triplet in triplets]
        told = [round(len(triplet.own) / CHARACTERS_PER_TOKEN) for triplet in triplets]
    else:
        guess = f"counted with the tokenizer of {base_model}"
        texts = sorted({triplet.system for triplet in triplets})
        systems = dict(zip(texts, _count(tokenizer, texts), strict=True))
        asked = _count(tokenizer, [triplet.neutral.strip() for triplet in triplets])
        told = _count(tokenizer, [triplet.own for triplet in triplets])
    prompts = [MARKUP_TOKENS + systems[t.system] + tokens for t, tokens in zip(triplets, asked, strict=True)]
    return Lengths(prompts, [tokens + 1 for tokens in told], guess)


def _count(tokenizer: Tokenizer, texts: Sequence[str]) -> list[int]:
    return [len(found.ids) for found in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


def _tokenizer(base_model: str) -> Tokenizer | None:
    from huggingface_hub import try_to_load_from_cache

    folder = smollm2_folder() if base_model == SMOLLM2 else Path(base_model)
    file: object = folder / "tokenizer.json"
    if not (folder / "tokenizer.json").is_file() and base_model.count("/") == 1 and base_model[0] not in "./~":
        file = try_to_load_from_cache(base_model, "tokenizer.json")
    if not isinstance(file, str | Path) or not Path(file).is_file():
        return None
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
