"""What the service itself costs: its answers with an engine that needs no time, and what holds when they are many.

    python -m bench.overhead [--quick] [--json FILE] [--voice voices/nic]

The service runs in a process of its own on one core, with keys, limits, the whole guard and hashes of what it ships; a
client on another core asks for rewrites of a sentence, one after another and 32 at once. Beside it a bare FastAPI
application that answers with a constant. Without --voice one is trained for a few steps. Then 10,000 requests (1,000
with --quick): memory and open files of the service before and after. Then texts that nobody writes (worst.py),
of 10, 20 and 40 kB: how long they are masked, cut and judged, and how long others wait meanwhile. Last, how long it
takes to mask a sentence of the made-up owner's texts and drafts, by each version of the rules.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bench import voices, worst
from bench.report import show
from nic_voice.sample import theo
from nic_voice.sample.build import truth
from nic_voice.serving import free_port, running
from service.engines import Adapter, Completion, Sampling
from service.keys import make_key
from service.voices import load_voices
from voice.base_model import resolve
from voice.facts.masking import mask
from voice.facts.rules import VERSIONS, Rules
from voice.manifest import VoiceManifest
from voice.prompt import Prompt
from voice.sentences import split

MANY, QUICK_MANY = 10_000, 1_000
SECONDS, QUICK_SECONDS = 10.0, 3.0
CONCURRENCY = (1, 32)
SAMPLE_ROWS = 1_500
SIZES = (10_000, 20_000, 40_000)  # characters
WARM_UP = 20  # requests


class InstantEngine(worst.CarelessEngine):
    """Types carelessly, at once."""

    model = "instant"

    async def count(self, text: str) -> int:
        """Words."""
        return len(text.split())

    async def generate(self, prompt: Prompt, adapter: Adapter, sampling: Sampling) -> Completion:
        """The text, as somebody in a hurry would type it."""
        words = len(prompt.text.split())
        return Completion(prompt.text.lower().replace(", and that is", " — that's").rstrip("."), words, words, "stop")

    async def converse(self, messages: Sequence[tuple[str, str]], sampling: Sampling) -> AsyncGenerator[Completion]:
        """The last turn."""
        yield Completion(messages[-1][1], 1, 1, "stop")


def create_app() -> Any:
    """The service with that engine, for uvicorn."""
    from service.app import create_app as real
    from service.settings import load_settings

    return real(load_settings(), InstantEngine())


def bare() -> Any:
    """A FastAPI application that answers a constant, for uvicorn."""
    from fastapi import FastAPI, Request

    app = FastAPI()

    @app.post("/v1/chat/completions")
    async def answer(request: Request) -> dict[str, Any]:
        await request.json()
        return {"choices": [{"message": {"role": "assistant", "content": "x" * 150}}], "voice": {"segments": []}}

    @app.get("/ready")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    return app


def main() -> None:
    """Measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_SECONDS:g} s a row, {QUICK_MANY:,} requests")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--voice", type=Path, help="a voice's folder")
    arguments = parser.parse_args()
    seconds, many = (QUICK_SECONDS, QUICK_MANY) if arguments.quick else (SECONDS, MANY)
    own, *others = sorted(os.sched_getaffinity(0))
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        voice = arguments.voice or voices.train(folder, "bench")
        key, line = make_key("bench")
        os.sched_setaffinity(0, others or {own})
        headers = {"Authorization": f"Bearer {key}"}
        for server, app in (("nic-voice", "create_app"), ("bare FastAPI", "bare")):
            with _served(app, own, _environment(folder, voice, line)) as (url, pid):
                for concurrent in CONCURRENCY:
                    used = processor_s(pid)
                    found = asyncio.run(_asked(url, headers, voice.name, concurrent, seconds))
                    each = 1000 * (processor_s(pid) - used) / (found["requests"] + WARM_UP)
                    rows.append({"server": server, **found, "processor ms": each})
                if app == "create_app":
                    before = held(pid)
                    asyncio.run(_asked(url, headers, voice.name, 32, most=many))
                    growth = {"requests": many, "before": before, "after": held(pid)}
        worst_texts = _worst(voice)
    show("The worst texts", worst_texts, None, width=120)
    show("Masking a sentence", _masked_sentences(), None)
    most = {key: max(row[key] for row in worst_texts) for key in ("ms a 1,000", "longest pause ms")}
    show("The service's own cost", rows, arguments.json, width=120, growth=growth, worst_text=most)


def _worst(path: Path) -> list[dict[str, Any]]:
    from transformers import AutoTokenizer  # here, for the service that is measured runs in this module, too

    base = resolve(VoiceManifest.load(path).base_model.name)
    tokenizer = AutoTokenizer.from_pretrained(base.folder)
    voice = load_voices(path.parent, base).find(path.name)
    return worst.measured(voice, lambda text: len(tokenizer(text)["input_ids"]), SIZES)


def _masked_sentences() -> list[dict[str, Any]]:
    texts = [own for row in truth(SAMPLE_ROWS, seed=1) if (own := row.own)]
    texts += [text for message in theo.messages() for text in (message.own, message.draft)]
    sentences = [sentence for text in texts for sentence in split(text)]
    rows = []
    for version in VERSIONS:
        took = [_masking_s(sentence, Rules(version)) for sentence in sentences * 2][
            len(sentences) :
        ]  # the first warms up
        cuts = statistics.quantiles(took, n=100)
        rows.append({"version": version, "sentences": len(sentences), "median µs": 1e6 * cuts[49],
                     "90 % µs": 1e6 * cuts[89], "99 % µs": 1e6 * cuts[98]})  # fmt: skip
    return rows


def _masking_s(sentence: str, rules: Rules) -> float:
    began = time.perf_counter()
    mask(sentence, rules=rules)
    return time.perf_counter() - began


def _environment(folder: Path, voice: Path, key: str) -> dict[str, str]:
    return {
        "NIC_VOICE_VOICES": str(voice.parent), "NIC_VOICE_KEYS": key, "NIC_VOICE_SHIPPED": str(folder / "shipped"),
        "NIC_VOICE_REQUESTS_PER_MINUTE": "1000000", "NIC_VOICE_REQUESTS_PER_KEY": "64",
        "OMP_NUM_THREADS": "1",
    }  # fmt: skip


@contextmanager
def _served(app: str, core: int, environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    port = free_port()
    command = ["taskset", "-c", str(core), sys.executable, "-m", "uvicorn", "--factory", f"bench.overhead:{app}",
               "--port", str(port), "--no-access-log", "--log-level", "error"]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with running(command, f"{url}/ready", environment=environment, output=subprocess.DEVNULL) as process:
        yield url, process.pid


async def _asked(
    url: str, headers: dict[str, str], voice: str, concurrent: int, seconds: float = 1e9, most: int = sys.maxsize
) -> dict[str, Any]:
    """Latencies and throughput, until the time is over or so many are done; a warm-up comes first."""
    latencies: list[float] = []
    verdicts: set[str] = set()
    async with aiohttp.ClientSession(headers=headers) as client:

        async def one(number: int) -> None:
            body = {"model": voice, "messages": [{"role": "user", "content": voices.sentence(number)}]}
            began = time.perf_counter()
            async with client.post(f"{url}/v1/chat/completions", json=body, raise_for_status=True) as answer:
                content = await answer.json()
            latencies.append(time.perf_counter() - began)
            verdicts.update(segment["verdict"] for segment in content["voice"]["segments"])

        async def some(first: int) -> None:
            number = first
            while time.perf_counter() < end and len(latencies) < most:
                await one(number)
                number += concurrent

        for number in range(WARM_UP):
            await one(number)
        latencies.clear()
        started = time.perf_counter()
        end = started + seconds
        await asyncio.gather(*(some(first) for first in range(concurrent)))
        took = time.perf_counter() - started
    ordered = sorted(latencies)
    return {
        "concurrent": concurrent, "requests": len(ordered), "requests/s": len(ordered) / took,
        "median ms": 1000 * statistics.median(ordered), "99 % ms": 1000 * ordered[int(0.99 * len(ordered))],
        "verdicts": " ".join(sorted(verdicts)),
    }  # fmt: skip


def processor_s(pid: int) -> float:
    """Seconds of a processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def held(pid: int) -> dict[str, int]:
    """Resident memory in KiB, and open files, of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return {"resident_kib": int(resident.split()[1]), "open_files": len(list(Path(f"/proc/{pid}/fd").iterdir()))}


if __name__ == "__main__":
    main()
