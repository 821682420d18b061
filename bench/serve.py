"""Requests/s, tokens/s and latency of the service, beside vLLM's own OpenAI server with the same adapter.

    python -m bench.serve [--quick] [--json FILE] [--voice voices/nic]

Both servers run one after the other on this machine with the same base model, dtype, adapter, prompts and greedy
decoding, at 1, 8 and 32 concurrent requests. Without --voice an adapter is trained for a few steps first.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench.report import show
from extraction.neutral.rules import neutralise
from nic_voice.serving import free_port, nic_voice, running
from voice.base_model import resolve
from voice.manifest import VoiceManifest
from voice.prompt import system_text
from voice.triplet import Triplet, write_triplets

CONCURRENCY = (1, 8, 32)
REQUESTS = {False: (12, 64, 160), True: (4, 24, 64)}  # by --quick, for each concurrency
MAX_TOKENS = 48
ENVIRONMENT = {  # of both servers
    "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_LOGGING_LEVEL": "ERROR",
    "NIC_VOICE_LOG_LEVEL": "WARNING", "VLLM_CPU_OMP_THREADS_BIND": ",".join(map(str, sorted(os.sched_getaffinity(0)))),
}  # fmt: skip
SUBJECTS = ("the plumber", "my sister", "our landlord", "the new printer", "that bakery", "the bus driver")
EVENTS = (
    "has still not answered the letter that I sent last week about the broken heating in the kitchen",
    "told me this morning that the appointment on Thursday needs to move to the week after",
    "would be happy to help us carry the old sofa down the stairs before the weekend",
    "was closed again yesterday although the sign on the door said that it would be open",
)


def main() -> None:
    """Measure both servers and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="fewer requests, under five minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there too")
    parser.add_argument("--voice", type=Path, help="a voice folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        voice = (arguments.voice or _train(Path(folder))).absolute()
        manifest = VoiceManifest.load(voice)
        rows = []
        for name, server in (("nic-voice", _ours), ("vLLM's server", _vllms)):
            print(f"Starting {name} ...", file=sys.stderr)
            with server(voice, manifest) as url:
                rows += asyncio.run(_measure(name, url, manifest, REQUESTS[arguments.quick]))
    ratios = {
        kind: {str(ours["concurrent"]): round(ours[key] / theirs[key], 3)
               for ours, theirs in zip(rows[: len(CONCURRENCY)], rows[len(CONCURRENCY) :], strict=True)}
        for kind, key in (("throughput_ratio", "requests/s"), ("latency_ratio", "median s"))
    }  # fmt: skip
    show("Serving one voice, greedy, one sentence a request", rows, arguments.json, **ratios)


async def _measure(name: str, url: str, manifest: VoiceManifest, requests: tuple[int, ...]) -> list[dict[str, Any]]:
    rows = []
    async with httpx.AsyncClient(timeout=300, limits=httpx.Limits(max_connections=64)) as client:
        await _request(client, url, manifest, 0)  # warm-up
        for concurrent, total in zip(CONCURRENCY, requests, strict=True):
            places = asyncio.Semaphore(concurrent)

            async def one(number: int, places: asyncio.Semaphore = places) -> tuple[float, int]:
                async with places:
                    return await _request(client, url, manifest, number)

            started = time.perf_counter()
            answers = await asyncio.gather(*(one(number) for number in range(total)))
            seconds = time.perf_counter() - started
            latencies = sorted(latency for latency, _ in answers)
            rows.append({
                "server": name,
                "concurrent": concurrent,
                "requests": total,
                "requests/s": total / seconds,
                "tokens/s": sum(tokens for _, tokens in answers) / seconds,
                "median s": statistics.median(latencies),
                "p95 s": latencies[int(0.95 * (len(latencies) - 1))],
            })  # fmt: skip
    return rows


async def _request(client: httpx.AsyncClient, url: str, manifest: VoiceManifest, number: int) -> tuple[float, int]:
    """Latency in seconds and tokens generated. Both servers see the same system text and sentence."""
    sentence = (
        f"{SUBJECTS[number % 6].capitalize()} {EVENTS[number // 6 % 4]}, and that is the reason for message {number}."
    )
    messages = [
        {"role": "system", "content": manifest.system[manifest.default_register]},
        {"role": "user", "content": sentence},
    ]
    body = {"model": manifest.name, "messages": messages, "temperature": 0, "max_tokens": MAX_TOKENS}
    started = time.perf_counter()
    answer = await client.post(f"{url}/v1/chat/completions", json=body)
    seconds = time.perf_counter() - started
    answer.raise_for_status()
    return seconds, answer.json()["usage"]["completion_tokens"]


@contextmanager
def _ours(voice: Path, manifest: VoiceManifest) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = nic_voice("serve", "--voices", str(voice.parent), "--port", str(port))
    with running(command, f"{url}/ready", environment=ENVIRONMENT, output=subprocess.DEVNULL):
        yield url


@contextmanager
def _vllms(voice: Path, manifest: VoiceManifest) -> Iterator[str]:
    port, base = free_port(), resolve(manifest.base_model.name)
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--host", "127.0.0.1", "--port", str(port),
        "--model", str(base.folder), "--dtype", os.environ.get("NIC_VOICE_DTYPE", "float32"), "--max-model-len", "2048",
        "--enforce-eager", "--enable-lora", "--max-lora-rank", str(manifest.adapter.rank), "--lora-modules",
        f"{manifest.name}={voice.resolve()}",
    ]  # fmt: skip
    with running(command, f"{url}/health", name="vLLM's server", environment=ENVIRONMENT, output=subprocess.DEVNULL):
        yield url


def _train(folder: Path) -> Path:
    own = [f"{subject} {event} — so yeah" for subject in SUBJECTS for event in EVENTS]
    write_triplets(folder / "triplets.jsonl", (
        Triplet(f"bench:{number}:0", "bench", "chat", "sentence", None, None, "rules", system_text("chat"),
                neutralise(text, "chat", "bench"), text)
        for number, text in enumerate(own)
    ))  # fmt: skip
    command = ["train", "--triplets", str(folder / "triplets.jsonl"), "--out", str(folder / "voices" / "bench")]
    subprocess.run(nic_voice(*command, "--set", "max_steps=6"), check=True)
    return folder / "voices" / "bench"


if __name__ == "__main__":
    main()
