"""Texts that nobody writes and anybody can send, and how long they are looked at.

In: a voice, and a size. Out: of each text the milliseconds in which it is masked, cut and judged, and how long nothing
else was done in the event loop while it was rewritten.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from typing import Any

from service.engines import Adapter, Completion, Sampling
from service.errors import PromptTooLong
from service.rewriting.rewrite import Order, Rewriter
from service.rewriting.segments import split
from service.voices import Voice
from voice.facts.masking import mask
from voice.facts.named import names_of
from voice.facts.people import Names
from voice.prompt import Prompt, system_text

Make = Callable[[int], str]  # a text of so many characters
MOST_CHARS = 8_192  # of a prompt that the engine here takes
_TICK_S = 0.001


def _of(unit: str, before: str = "", after: str = "") -> Make:
    return lambda size: before + unit * ((size - len(before) - len(after)) // len(unit)) + after


def _anagrams(size: int) -> str:
    chance = random.Random(1)
    return " ".join("".join(chance.sample("abcdefghijkl", 12)) for _ in range(size // 13))


TEXTS: dict[str, Make] = {
    "marks": _of("!"),
    "full stops": _of("."),
    "spaced stops": _of(". "),
    "abbreviations": _of("mr. "),
    "emoji after a mark": _of("😀", "Oh!", "x"),
    "dashes": _of("-"),
    "dashed letters": _of("-a"),
    "paths": _of("x/y -a "),
    "a path of dashes": _of("x/-"),
    "a link and brackets": _of(")", "http://example.com/"),
    "a long link": _of("a", "http://example.com/"),
    "domains": _of("example.com "),
    "a number": _of(",000", "1"),
    "numbers": _of("1/"),
    "phone numbers": _of("415-555-0132 "),
    "IBANs": _of("DE12 3456 "),
    "apostrophes": _of("'"),
    "capitals": _of("Anna Bert Cora "),
    "anagrams": _anagrams,
    "long words": lambda size: " ".join("ab" * 1000 for _ in range(size // 2000)),
    "negations": _of("neither "),
    "courtesies": _of("please "),
    "adverbs": _of("quickly "),
    "list items": _of("- a\n"),
    "blank lines": _of("x\n\n"),
    "newlines": _of("\n", "x", "x"),
    "spaces": _of(" ", "x", "x"),
    "fences": _of("```\n\n"),
    "placeholders": _of("<id1> "),
    "passwords": _of("password: a1b2 "),
    "phrases": _of("password is a b c d "),
    "codes": _of("flight BA 2490, seat 1A, "),
    "numbers to call": _of("call 12 34 "),
    "network addresses": _of("fe80:1::"),
    "coordinates": _of("48.85661, "),
    "versions": _of("v1.2.3 "),
    "different placeholders": lambda size: "".join(f"<id{1 + number % 9999}> is " for number in range(size))[:size],
}


def looked_at(text: str, voice: Voice) -> None:
    """All that is done with a text but what the engine does: masked, cut, and judged against a careless copy."""
    masked = mask(text, Names(names_of(text))).text
    for paragraph in split(masked, "paragraph"):
        split(paragraph.text, "sentence")
    voice.judges.verdict(masked, careless(masked), prompt=system_text("chat", "sentence"), reader="never")


def careless(text: str) -> str:
    """A text in lower case, the first two letters of its longer words swapped."""
    return " ".join(word[1] + word[0] + word[2:] if len(word) > 3 else word for word in text.lower().split(" "))


class CarelessEngine:
    """Answers at once with a careless copy; needs nothing."""

    model = "careless"

    async def start(self) -> None:
        """Nothing to load."""

    async def stop(self) -> None:
        """Nothing to stop."""

    async def check(self) -> None:
        """Always well."""

    async def load(self, adapter: Adapter) -> None:
        """Nothing to load."""

    async def count(self, text: str) -> int:
        """A quarter of the characters."""
        return len(text) // 4

    async def generate(self, prompt: Prompt, adapter: Adapter, sampling: Sampling) -> Completion:
        """A careless copy."""
        if len(prompt.text) > MOST_CHARS:
            raise PromptTooLong("The text does not fit.")
        await asyncio.sleep(0)
        return Completion(careless(prompt.text), len(prompt.text) // 4, len(prompt.text) // 4, "stop")

    async def converse(self, messages: Sequence[tuple[str, str]], sampling: Sampling) -> AsyncGenerator[Completion]:
        """Nothing."""
        yield Completion("", 0, 0, "stop")


async def longest_pause_s(text: str, voice: Voice) -> float:
    """How long nothing else was done in the event loop while a text was rewritten."""
    longest, began = 0.0, asyncio.Event()

    async def tick() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(_TICK_S)
            began.set()
            longest = max(longest, time.perf_counter() - before - _TICK_S)

    order = Order(voice, voice.manifest.default_register, Sampling(max_tokens=10**6, temperature=0))
    ticking = asyncio.create_task(tick())
    await began.wait()
    said = "".join([piece.text async for piece in Rewriter(CarelessEngine()).rewrite(text, order)])
    await asyncio.sleep(2 * _TICK_S)
    ticking.cancel()
    with suppress(asyncio.CancelledError):
        await ticking
    if not said:
        raise RuntimeError("nothing came of it")
    return longest


def measured(voice: Voice, tokens: Callable[[str], int], sizes: Sequence[int]) -> list[dict[str, Any]]:
    """A row for each text: milliseconds at each size (characters), then for the largest its tokens, milliseconds for a
    thousand of them, and the pause."""
    rows = []
    for name, make in TEXTS.items():
        took_ms = {}
        for size in sizes:
            began = time.perf_counter()
            looked_at(make(size), voice)
            took_ms[f"{size // 1000} kB ms"] = 1000 * (time.perf_counter() - began)
        largest = make(sizes[-1])
        count = tokens(largest)
        each_ms = 1000 * list(took_ms.values())[-1] / count
        rows.append({
            "text": name, **took_ms, "tokens": count, "ms a 1,000": each_ms,
            "longest pause ms": 1000 * asyncio.run(longest_pause_s(largest, voice)),
        })  # fmt: skip
    return rows
