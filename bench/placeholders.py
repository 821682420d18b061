"""Which spelling of placeholders a small voice copies: one voice a spelling, the same drafts, no guard.

    python -m bench.placeholders [--quick] [--json FILE]

The made-up owner's triplets are spelled anew for each voice, which trains as the quickstart's does: four minutes. Each
then gets 300 drafts (150 with --quick) with placeholders in its spelling. `lost` are those that are not in the rewrite,
`made_up` those in the rewrite that its draft lacks; `texts_wrong` of `texts` have either; `tokens` is what one takes,
with SmolLM2's tokenizer.
"""

import argparse
import asyncio
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from transformers import AutoTokenizer

from bench.planted import drafts
from bench.report import show
from nic_voice.quickstart import NAME, make_triplets, train_briefly
from nic_voice.serving import free_port, nic_voice, running
from voice.base_model import resolve
from voice.facts.masking import PLACEHOLDER, mask
from voice.manifest import VoiceManifest
from voice.triplet import read_triplets, write_triplets

COUNT, QUICK = 300, 150
SEED = 11
AT_ONCE = 8
ENVIRONMENT = {"NIC_VOICE_GUARD": "off", "NIC_VOICE_LOG_LEVEL": "WARNING"}
# As the product has it, and two others: how a kind and a number are spelled, and what the spelling looks like.
SPELLINGS: dict[str, tuple[Callable[[str, str], str], str]] = {
    "<link1>": (lambda kind, number: f"<{kind}{number}>", r"<[a-z]+\d+>"),
    "[LINK_1]": (lambda kind, number: f"[{kind.upper()}_{number}]", r"\[[A-Z]+_\d+\]"),
    "{link 1}": (lambda kind, number: f"{{{kind} {number}}}", r"\{[a-z]+ \d+\}"),
}


def main() -> None:
    """Train a voice for each spelling and print how many placeholders come through."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} drafts")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    texts = [mask(draft.text).text for draft in drafts(QUICK if arguments.quick else COUNT, SEED)]
    with tempfile.TemporaryDirectory() as folder:
        triplets = make_triplets(Path(folder))
        rows = [_measured(Path(folder), triplets, texts, spelling) for spelling in SPELLINGS]
    show("Placeholders", rows, arguments.json)


def _measured(folder: Path, triplets: Path, texts: list[str], spelling: str) -> dict[str, Any]:
    own = folder / "spelled.jsonl"
    write_triplets(own, (
        replace(triplet, neutral=_spelled(triplet.neutral, spelling), own=_spelled(triplet.own, spelling))
        for triplet in read_triplets(triplets)
    ))  # fmt: skip
    voices = folder / f"voices{list(SPELLINGS).index(spelling)}"
    train_briefly(own, voices / NAME)
    asked = [_spelled(text, spelling) for text in texts]
    port = free_port()
    serve = nic_voice("serve", "--voices", str(voices), "--port", str(port))
    with running(serve, f"http://127.0.0.1:{port}/ready", environment=ENVIRONMENT):
        answers = asyncio.run(_rewritten(f"http://127.0.0.1:{port}", asked))
    looks = re.compile(SPELLINGS[spelling][1])
    found = [tuple(Counter(looks.findall(side)) for side in sides) for sides in zip(asked, answers, strict=True)]
    total = sum(before.total() for before, _ in found)
    return {
        "spelling": spelling,
        "tokens": _tokens(voices / NAME, spelling),
        "placeholders": total,
        "lost": sum((before - after).total() for before, after in found),
        "made_up": sum((after - before).total() for before, after in found),
        "lost_share": sum((before - after).total() for before, after in found) / total,
        "texts": sum(bool(before) for before, _ in found),
        "texts_wrong": sum(bool(before) and before != after for before, after in found),
    }


def _spelled(text: str, spelling: str) -> str:
    spell = SPELLINGS[spelling][0]
    return PLACEHOLDER.sub(lambda match: spell(*re.findall(r"[a-z]+|\d+", match.group())), text)


def _tokens(voice: Path, spelling: str) -> int:
    base = resolve(VoiceManifest.load(voice).base_model.name)
    return len(AutoTokenizer.from_pretrained(str(base.folder)).tokenize(f" {spelling}"))


async def _rewritten(url: str, texts: list[str]) -> list[str]:
    turns = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=url, timeout=300) as client:

        async def send(text: str) -> str:
            async with turns:
                body = {"messages": [{"role": "user", "content": text}], "temperature": 0}
                answer = await client.post("/v1/chat/completions", json=body)
                answer.raise_for_status()
                return str(answer.json()["choices"][0]["message"]["content"])

        return await asyncio.gather(*map(send, texts))


if __name__ == "__main__":
    main()
