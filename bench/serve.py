"""The service beside vLLM's own server, with the same adapter and with it merged; and on llama-server, if it is here.

    python -m bench.serve [--quick] [--json FILE] [--voice voices/nic]

Every server in turn, round after round, on this machine alone, with the same base model, dtype, sentences and greedy
decoding, at 1, 8 and 32 concurrent requests; numbers are medians over the rounds, with their range. Without --voice one
is trained for a minute first. Ratios are ours to theirs: throughput and latency against vLLM's server with the
adapter, `merged` against its server with the merged model, `four_voices` four voices in turn against one, `guard` the
whole guard against none; all others are without it.
llama-server has the base model as F16 and as Q8_0 and computes behind the same service.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench import voices
from bench.report import show
from nic_voice.llama import llama_server, served
from nic_voice.serving import free_port, nic_voice, running
from voice.base_model import resolve
from voice.manifest import VoiceManifest

CONCURRENCY = (1, 8, 32)
REQUESTS = {"full": (12, 48, 160), "quick": (3, 16, 64), "smoke": (1, 1, 1)}
ROUNDS = {"full": 3, "quick": 2, "smoke": 1}
STEPS = {"full": 40, "quick": 40, "smoke": 6}  # with fewer every rewrite has a slip, and the guard draws three times
VOICES = ("one", "two", "three", "four")
MAX_TOKENS = 48
ENVIRONMENT = {  # of all servers
    "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "NIC_VOICE_LOG_LEVEL": "WARNING",
    "NIC_VOICE_GUARD": "off",  # several rewrites of a text, and judging them, would be other work than theirs
    "VLLM_CPU_OMP_THREADS_BIND": ",".join(map(str, sorted(os.sched_getaffinity(0)))), "TORCH_CPP_LOG_LEVEL": "ERROR",
}  # fmt: skip
OURS, FOUR, ADAPTER, MERGED = "nic-voice", "nic-voice, four voices", "vLLM, adapter", "vLLM, merged model"
GUARDED = "nic-voice, whole guard"
ON_LLAMA = {"f16": "nic-voice on llama-server, F16", "q8_0": "nic-voice on llama-server, Q8_0"}


@dataclass(frozen=True, slots=True)
class Setting:
    """What is served: a folder of four voices, of the same weights, and the first of them merged into the base."""

    root: Path
    manifest: VoiceManifest
    merged: Path

    @property
    def voice(self) -> Path:
        """The first voice."""
        return self.root / VOICES[0]


def main() -> None:
    """Measure all servers and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--quick", dest="size", action="store_const", const="quick", help="two rounds, 20 minutes at most"
    )
    size.add_argument("--smoke", dest="size", action="store_const", const="smoke", help="only to see that it runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there too")
    parser.add_argument("--voice", type=Path, help="a voice folder")
    arguments = parser.parse_args()
    size_name = arguments.size or "full"
    rounds: list[list[dict[str, Any]]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        voice = arguments.voice or voices.train(folder, "bench", steps=STEPS[size_name])
        for copied in VOICES:
            voices.copy(voice, folder / "four", copied)
        setting = Setting(folder / "four", VoiceManifest.load(folder / "four" / VOICES[0]),
                          voices.merge(voice, folder / "merged"))  # fmt: skip
        for number in range(ROUNDS[size_name]):
            print(f"Round {number + 1} of {ROUNDS[size_name]} ...", file=sys.stderr)
            rounds.append(_round(setting, REQUESTS[size_name], folder / "vllm.log"))
    rows = [_median([cells[index] for cells in rounds]) for index in range(len(rounds[0]))]
    show("Serving, greedy, one sentence a request", rows, arguments.json, rounds=len(rounds), **_ratios(rounds))


def _round(setting: Setting, requests: Sequence[int], log: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    with _ours(setting) as url:
        rows += asyncio.run(_measure(OURS, url, setting.manifest, VOICES[:1], requests))
        rows += asyncio.run(_measure(FOUR, url, setting.manifest, VOICES, requests))
    with _ours(setting, NIC_VOICE_GUARD="full") as url:
        rows += asyncio.run(_measure(GUARDED, url, setting.manifest, VOICES[:1], requests))
    with _vllms(setting, str(resolve(setting.manifest.base_model.name).folder), log, adapter=True) as url:
        rows += asyncio.run(_measure(ADAPTER, url, setting.manifest, VOICES[:1], requests))
    with _vllms(setting, str(setting.merged), log, adapter=False) as url:
        rows += asyncio.run(_measure(MERGED, url, setting.manifest, VOICES[:1], requests))
    for outtype, name in ON_LLAMA.items() if llama_server() else ():
        with _on_llama(setting, outtype) as url:
            rows += asyncio.run(_measure(name, url, setting.manifest, VOICES[:1], requests))
    return rows


async def _measure(
    server: str, url: str, manifest: VoiceManifest, names: Sequence[str], requests: Sequence[int]
) -> list[dict[str, Any]]:
    rows = []
    async with httpx.AsyncClient(timeout=600, limits=httpx.Limits(max_connections=64)) as client:
        for number, name in enumerate(names):  # warm-up
            await _request(client, url, manifest, name, number)
        for concurrent, total in zip(CONCURRENCY, requests, strict=True):
            places = asyncio.Semaphore(concurrent)

            async def one(number: int, places: asyncio.Semaphore = places) -> tuple[float, dict[str, Any]]:
                async with places:
                    return await _request(client, url, manifest, names[number % len(names)], number)

            started = time.perf_counter()
            answers = await asyncio.gather(*(one(number) for number in range(total)))
            seconds = time.perf_counter() - started
            bodies = [body for _, body in answers]
            segments = [segment for body in bodies for segment in body.get("voice", {}).get("segments", [])]
            rows.append({
                "server": server,
                "concurrent": concurrent,
                "requests": total,
                "requests/s": total / seconds,
                "tokens/s": sum(body["usage"]["completion_tokens"] for body in bodies) / seconds,
                "median s": statistics.median(latency for latency, _ in answers),
                "copied": sum(segment["verdict"] == "copied" for segment in segments),
                "cut": sum(body["choices"][0]["finish_reason"] == "length" for body in bodies),
            })  # fmt: skip
    return rows


async def _request(
    client: httpx.AsyncClient, url: str, manifest: VoiceManifest, name: str, number: int
) -> tuple[float, dict[str, Any]]:
    """Latency in seconds, and the answer. All servers see the same system text and sentence."""
    messages = [
        {"role": "system", "content": next(iter(manifest.system[manifest.default_register].values()))},
        {"role": "user", "content": voices.sentence(number)},
    ]
    body = {"model": name, "messages": messages, "temperature": 0, "max_tokens": MAX_TOKENS}
    started = time.perf_counter()
    answer = await client.post(f"{url}/v1/chat/completions", json=body)
    seconds = time.perf_counter() - started
    answer.raise_for_status()
    content: dict[str, Any] = answer.json()
    return seconds, content


def _median(cells: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A row whose numbers are medians over the rounds, with the range of requests/s."""
    rates = [cell["requests/s"] for cell in cells]
    row = {key: statistics.median(cell[key] for cell in cells) if isinstance(value, float) else value
           for key, value in cells[0].items()}  # fmt: skip
    return row | {"range": f"{min(rates):.2f}-{max(rates):.2f}"}


def _ratios(rounds: Sequence[Sequence[dict[str, Any]]]) -> dict[str, Any]:
    """Ratios of the same round, by concurrency: their median, and their range."""
    ratios: dict[str, Any] = {}
    for name, key, ours, theirs in (
        ("throughput_ratio", "requests/s", OURS, ADAPTER),
        ("latency_ratio", "median s", OURS, ADAPTER),
        ("merged_ratio", "requests/s", OURS, MERGED),
        ("four_voices_ratio", "requests/s", FOUR, OURS),
        ("guard_ratio", "requests/s", GUARDED, OURS),
        ("guard_latency_ratio", "median s", GUARDED, OURS),
        ("guard_to_vllm_ratio", "requests/s", GUARDED, ADAPTER),
    ):
        ratios[name], ratios[f"{name}_range"] = {}, {}
        for concurrent in CONCURRENCY:
            found = []
            for rows in rounds:
                by_server = {row["server"]: row[key] for row in rows if row["concurrent"] == concurrent}
                found.append(by_server[ours] / by_server[theirs])
            ratios[name][str(concurrent)] = round(statistics.median(found), 3)
            ratios[f"{name}_range"][str(concurrent)] = [round(min(found), 3), round(max(found), 3)]
    return ratios


@contextmanager
def _ours(setting: Setting, **more: str) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = nic_voice("serve", "--voices", str(setting.root), "--port", str(port))
    with running(command, f"{url}/ready", environment=ENVIRONMENT | more, output=subprocess.DEVNULL):
        yield url


@contextmanager
def _on_llama(setting: Setting, outtype: str) -> Iterator[str]:
    """The service before llama-server, which has a slot for each request at once."""
    subprocess.run(nic_voice("export", str(setting.voice), "--gguf", "--no-check", "--outtype", outtype), check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    slots = max(CONCURRENCY)
    more = ["--parallel", str(slots), "--ctx-size", str(512 * slots)]
    with (
        served(setting.root, outtype, *more) as model_url,
        _ours(setting, NIC_VOICE_ENGINE="remote", NIC_VOICE_ENGINE_URLS=model_url) as url,
    ):
        yield url


@contextmanager
def _vllms(setting: Setting, model: str, log: Path, adapter: bool) -> Iterator[str]:
    """vLLM's own server as it comes: without our plugins, its own operators."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--host", "127.0.0.1", "--port", str(port),
        "--model", model, "--dtype", os.environ.get("NIC_VOICE_DTYPE", "float32"), "--max-model-len", "2048",
        "--enforce-eager",
    ]  # fmt: skip
    if adapter:
        command += ["--enable-lora", "--max-lora-rank", str(setting.manifest.adapter.rank), "--max-loras", "4",
                    "--lora-modules", f"{VOICES[0]}={setting.voice}"]  # fmt: skip
    else:
        command += ["--served-model-name", VOICES[0]]
    stock = ENVIRONMENT | {"VLLM_PLUGINS": ""}
    with log.open("wb") as output, running(
        command, f"{url}/health", name="vLLM's server", environment=stock, output=output
    ):  # fmt: skip
        if adapter and "Using PunicaWrapperCPU" not in log.read_text():
            raise SystemExit(
                "vLLM's server does not run its own LoRA operators; the comparison would be with ourselves"
            )
        yield url


if __name__ == "__main__":
    main()
