"""What a voice does to the neutral side of pairs, next to what its owner wrote.

    python -m bench.pairs PAIRS.tsv --voice NAME [--url URL] [--own-name NAME ...] [--quick] [--json FILE] [--out FILE]

PAIRS.tsv has lines `neutral<TAB>own` that the voice was not trained on. Each neutral side is rewritten over HTTP with
temperature 0. The table counts habits of input, output and the owner's text, and three things that can go wrong:
near-copies (word edit distance under 10 % of the input, case and punctuation aside), changed numbers, and new names
(a capitalised word that the input lacks, that nobody in the file writes in lower case, and that is not in --own-name,
by which the owner signs).
"""

import argparse
import asyncio
import json
import re
import statistics
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import httpx

from bench.report import show
from voice.atomic import write_text
from voice.facts import numbers

CONCURRENT = 32
QUICK_PAIRS = 60
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_CONTRACTION = re.compile(r"\b\w+(?:n['’]t|['’](?:re|ve|ll|m|d))\b|\b(?:it|that|what|there|he|she|let)['’]s\b", re.I)
_GREETING = re.compile(
    r"^\W*(?:hi|hey|hello|dear|good (?:morning|afternoon|evening)|[A-Z][a-z]+(?: [A-Z][a-z]+)?\s*[,:-])"
)
_CLOSING = re.compile(r"(?:\b(?i:thanks|thank you|regards|cheers)\b|[.!?,]\s+[A-Z]\w*)\W*(?:\w+\W*)?$")


def main() -> None:
    """Rewrite the pairs' neutral sides and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--voice", required=True)
    parser.add_argument("--url", default="http://127.0.0.1:8650")
    parser.add_argument("--own-name", nargs="*", default=[], help="how the owner signs: not counted as a new name")
    parser.add_argument("--quick", action="store_true", help=f"the first {QUICK_PAIRS} pairs only")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, help="keep the rewrites there, one JSON object a line")
    arguments = parser.parse_args()
    lines = [line.split("\t") for line in arguments.pairs.read_text().split("\n")]
    pairs = [(line[0], line[1]) for line in lines if len(line) == 2 and all(map(str.strip, line))]
    pairs = pairs[:QUICK_PAIRS] if arguments.quick else pairs
    started = time.perf_counter()
    answers = asyncio.run(_rewrite_all([neutral for neutral, _ in pairs], arguments.url, arguments.voice))
    seconds = time.perf_counter() - started
    outputs = [answer["choices"][0]["message"]["content"] for answer in answers]
    if arguments.out:
        kept = [{"neutral": n, "own": o, "output": x} for (n, o), x in zip(pairs, outputs, strict=True)]
        write_text(arguments.out, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept))
    columns = {"input": [n for n, _ in pairs], "output": outputs, "owner": [o for _, o in pairs]}
    known = {word for text in [*columns["input"], *columns["owner"]] for word in _WORD.findall(text) if word.islower()}
    known |= {"hi", "hey", "hello", "dear", *map(str.lower, arguments.own_name)}
    rows = [
        {"text": name, **_habits(texts), **_faults(columns["input"], texts, known)} for name, texts in columns.items()
    ]
    tokens = sum(answer["usage"]["completion_tokens"] for answer in answers)
    show(f"{len(pairs)} neutral texts rewritten by voice '{arguments.voice}'", rows, arguments.json,
         seconds=round(seconds, 1), requests_per_s=round(len(pairs) / seconds, 2),
         tokens_per_s=round(tokens / seconds, 1), concurrent=CONCURRENT)  # fmt: skip


async def _rewrite_all(texts: Sequence[str], url: str, voice: str) -> list[dict[str, Any]]:
    places = asyncio.Semaphore(CONCURRENT)
    async with httpx.AsyncClient(base_url=url, timeout=300) as client:

        async def one(text: str) -> dict[str, Any]:
            body = {"voice": voice, "temperature": 0, "messages": [{"role": "user", "content": text}]}
            async with places:
                answer = await client.post("/v1/chat/completions", json=body)
            answer.raise_for_status()
            content: dict[str, Any] = answer.json()
            return content

        return await asyncio.gather(*map(one, texts))


def _habits(texts: Sequence[str]) -> dict[str, Any]:
    """Words a text, and shares of texts, in percent."""
    return {
        "words": statistics.mean(len(_WORD.findall(text)) for text in texts),
        "contractions %": _percent(bool(_CONTRACTION.search(text)) for text in texts),
        "greeting %": _percent(bool(_GREETING.search(text)) for text in texts),
        "closing %": _percent(bool(_CLOSING.search(text)) for text in texts),
    }


def _faults(inputs: Sequence[str], texts: Sequence[str], known: set[str]) -> dict[str, Any]:
    together = list(zip(inputs, texts, strict=True))
    return {
        "near-copy %": _percent(_distance(_words(a), _words(b)) < 0.1 * max(1, len(_words(a))) for a, b in together),
        "same numbers %": _percent(numbers(a) == numbers(b) for a, b in together),
        "new name %": _percent(bool(_names(b, known) - _names(a, set())) for a, b in together),
    }


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _names(text: str, known: set[str]) -> set[str]:
    stems = (re.split(r"['’]", word)[0] for word in _WORD.findall(text))
    return {stem.lower() for stem in stems if stem[0].isupper() and len(stem) > 1} - known


def _distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Levenshtein distance in words."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, start=1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(b, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
    return row[-1]


def _percent(facts: Iterable[bool]) -> float:
    return 100 * statistics.mean(map(float, facts))


if __name__ == "__main__":
    main()
