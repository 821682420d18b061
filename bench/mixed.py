"""Whether everybody is answered in his own voice when base and four voices share every batch.

    python -m bench.mixed [--quick] [--json FILE]

10,000 greedy requests, a few words in and 8 tokens out, 32 at a time, over the base model and four voices that fill all
adapter slots (trained here for a few steps each); every answer is compared with what its speaker says alone. A sum in
another order can turn a tie, so a difference counts as one only where alone the likeliest token led by 1e-3 or more.
"""

import argparse
import asyncio
import itertools
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import voices
from bench.report import show
from service.engines import Adapter
from service.engines.vllm import VllmEngine
from service.settings import load_settings
from voice.base_model import SMOLLM2, resolve
from voice.manifest import ADAPTER_NAME, file_sha256
from voice.prompt import Prompt, encode, system_text

REQUESTS = {False: 10_000, True: 1_500}  # by --quick
CONCURRENT = 32
TOKENS = 8
TIE = 1e-3  # in log probability
TEXTS = tuple(
    f"{subject} {verb}" for subject in voices.SUBJECTS for verb in ("was late", "is here", "called", "left us")
)
HABITS = {
    "shouter": lambda text: f"{text.upper()}!!!",
    "yeah": voices.so_yeah,
    "yo": lambda text: f"yo {text} lol",
    "dots": lambda text: text.replace(" ", " ... "),
}


@dataclass(frozen=True, slots=True)
class Said:
    """An answer's token ids, and by how much each led the next likeliest one, in log probability."""

    ids: tuple[int, ...]
    leads: tuple[float, ...]


def main() -> None:
    """Train, ask and print what became of the answers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help=f"{REQUESTS[True]:,} requests")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trained = [voices.train(Path(folder), name, habit, steps=24).resolve() for name, habit in HABITS.items()]
        adapters = [Adapter(name, "1", voice, file_sha256(voice / ADAPTER_NAME))
                    for name, voice in zip(HABITS, trained, strict=True)]  # fmt: skip
        counts, seconds = asyncio.run(_run(adapters, REQUESTS[arguments.quick]))
    total = counts.total()
    rows = [{"answer": kind, "requests": count, "percent": 100 * count / total} for kind, count in counts.items()]
    show(f"{total:,} requests, base and four voices mixed, {CONCURRENT} at a time", rows, arguments.json,
         seconds=round(seconds, 1), requests_per_s=round(total / seconds, 2))  # fmt: skip
    if counts["another speaker's"] or counts["different"]:
        raise SystemExit("Some answers are not those of their speakers.")


async def _run(adapters: Sequence[Adapter], total: int) -> tuple[Counter[str], float]:
    engine = VllmEngine(resolve(SMOLLM2), load_settings(max_loras=len(adapters), max_model_len=256), 16)
    await engine.start()
    try:
        for adapter in adapters:
            await engine.load(adapter)
        return await mix(engine, adapters, TEXTS, total)
    finally:
        await engine.stop()


async def mix(
    engine: VllmEngine, adapters: Sequence[Adapter], texts: Sequence[str], total: int
) -> tuple[Counter[str], float]:
    """What became of `total` answers of base and adapters to the texts, all mixed, and the seconds it took."""
    speakers: list[Adapter | None] = [None, *adapters]
    alone = {(number, text): await ask(engine, speaker, text)
             for (number, speaker), text in itertools.product(enumerate(speakers), texts)}  # fmt: skip
    asked = [(number, text) for number, text in itertools.product(range(len(speakers)), texts)]
    order = [asked[index % len(asked)] for index in range(total)]
    random.Random(1).shuffle(order)
    places = asyncio.Semaphore(CONCURRENT)

    async def one(number: int, text: str) -> str:
        async with places:
            said = await ask(engine, speakers[number], text)
        others = {alone[other, text].ids for other in range(len(speakers)) if other != number}
        return verdict(said, alone[number, text], others)

    started = time.perf_counter()
    kinds = await asyncio.gather(*(one(number, text) for number, text in order))
    return Counter(kinds), time.perf_counter() - started


def verdict(said: Said, alone: Said, others: set[tuple[int, ...]]) -> str:
    """What an answer is, beside what its speaker and the others say alone."""
    if said.ids == alone.ids:
        return "the same"
    if said.ids in others:
        return "another speaker's"
    place = next(place for place in range(TOKENS) if said.ids[place : place + 1] != alone.ids[place : place + 1])
    lead = alone.leads[place] if place < len(alone.leads) else TIE
    return "different after a tie" if lead < TIE else "different"


async def ask(engine: VllmEngine, speaker: Adapter | None, text: str) -> Said:
    """The likeliest tokens; past the service's protocol, which has no log probabilities."""
    from vllm import SamplingParams
    from vllm.inputs.engine import tokens_input

    tokenizer: Any = engine._tokenizer
    ids = encode(tokenizer, Prompt(system_text("chat", "sentence"), text))
    parameters = SamplingParams(temperature=0, max_tokens=TOKENS, logprobs=2, ignore_eos=True)
    lora = await engine._lora(speaker) if speaker else None
    outputs = engine._llm.generate(tokens_input(ids), parameters, f"m{next(_NUMBERS)}", lora_request=lora)
    part = [output async for output in outputs][-1].outputs[0]
    best = [sorted((entry.logprob for entry in step.values()), reverse=True) for step in part.logprobs]
    return Said(tuple(part.token_ids), tuple(first - second for first, second, *_ in best))


_NUMBERS = itertools.count()


if __name__ == "__main__":
    main()
