"""Does a voice say the same in every format? PEFT against the merged model, vLLM and llama.cpp, where installed.

In: a base model, the folder of a version with its exported files. Out: an Agreement a format; UserError for one that
differs. llama-server is the program that NIC_VOICE_LLAMA_SERVER names, or the one on the PATH.
"""

import importlib.util
import math
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from nic_voice.llama import llama_server
from nic_voice.serving import free_port, running
from training.reference import LIKELIEST, Forced, Position, by_transformers, reference
from voice.errors import UserError

EXACT, QUANTIZED = 0.99, 0.9  # the share of positions with the same likeliest token that a format must reach
BOUND = 0.01  # of the log probability of the likeliest token, where all is float32


@dataclass(frozen=True, slots=True)
class Agreement:
    """How near a format is to PEFT: the share of positions with the same likeliest token, the largest difference of
    that token's log probability, and the mean Kullback-Leibler divergence over the twenty likeliest (nats)."""

    name: str
    positions: int
    same: float
    largest: float
    divergence: float

    def __str__(self) -> str:
        return (
            f"{self.name}: the same likeliest token at {self.same:.1%} of {self.positions} positions, log "
            f"probabilities differ by at most {self.largest:.4f}, mean KL {self.divergence:.5f}"
        )

    def require(self, exact: bool) -> None:
        """UserError when it differs by more than rounding may do."""
        if self.same < (EXACT if exact else QUANTIZED) or (exact and self.largest > BOUND):
            raise UserError(f"Not exported, because it does not say what the voice says. {self}.")


def compare(name: str, expected: Sequence[Sequence[Position]], found: Sequence[Sequence[Position]]) -> Agreement:
    """The agreement of two formats, position by position."""
    pairs = [pair for rows in zip(expected, found, strict=True) for pair in zip(*rows, strict=True)]
    best = [(max(ours, key=ours.__getitem__), ours, theirs) for ours, theirs in pairs]
    same = sum(token == max(theirs, key=theirs.__getitem__) for token, _, theirs in best)
    largest = max(abs(ours[token] - theirs.get(token, -math.inf)) for token, ours, theirs in best)
    return Agreement(
        name, len(pairs), same / len(pairs), largest, sum(_divergence(*pair) for pair in pairs) / len(pairs)
    )


@dataclass(frozen=True, slots=True)
class Exported:
    """What is compared: the adapter of a version on its base, and what was made of them in `made`."""

    base: Path
    version: Path
    made: Path
    base_gguf: Path | None
    outtype: str

    def formats(self) -> Iterator[tuple[str, bool, Callable[[Sequence[Forced]], list[list[Position]]]]]:
        """Name, whether only rounding may differ, and what gives its positions, of each format that can be tried."""
        merged, exact = self.made / "merged", self.outtype == "f32"
        if merged.is_dir():
            yield "merged", True, partial(by_transformers, merged)
        if importlib.util.find_spec("vllm"):
            yield "vLLM", True, partial(by_vllm, self.base, self.version)
        if self.base_gguf and (program := llama_server()):
            adapter, whole = self.made / "adapter.gguf", self.made / "merged.gguf"
            yield f"llama-server, {self.outtype}", exact, partial(by_llama, program, self.base_gguf, adapter)
            if whole.is_file():
                yield f"llama-server, merged, {self.outtype}", exact, partial(by_llama, program, whole, None)


def check(exported: Exported, system: str, say: Callable[[str], None]) -> dict[str, Any]:
    """Compare each format with the adapter under PEFT; UserError for the first one that differs.

    What exports.json says of them, by format.
    """
    say("comparing what each format says")
    forced, expected = reference(exported.base, exported.version, system)
    found = {}
    for name, exact, positions in exported.formats():
        try:
            agreement = compare(name, expected, positions(forced))
        except (UserError, httpx.HTTPError) as error:
            say(f"{name} was not tried: {error}")
            continue
        say(str(agreement))
        agreement.require(exact)
        found[name] = {"same": agreement.same, "largest": agreement.largest, "mean_kl": agreement.divergence}
    if exported.base_gguf and not llama_server():
        say("GGUF was not tried: there is no llama-server on the PATH, and NIC_VOICE_LLAMA_SERVER names none")
    return found


def by_llama(program: str, model: Path, adapter: Path | None, forced: Sequence[Forced]) -> list[list[Position]]:
    """The positions of llama-server, which computes in what the file holds, with its cache in float32."""
    worn = ["--lora", str(adapter)] if adapter else []
    command = [program, "--model", str(model), *worn, "--ctx-size", "2048", "--parallel", "1", "--flash-attn", "off",
               "--cache-type-k", "f32", "--cache-type-v", "f32"]  # fmt: skip

    def position(client: httpx.Client, letter: int, ids: list[int]) -> Position:
        # It tells no probabilities when it draws the end or half a letter, so that it is made to draw a whole one; they
        # are those from before that.
        body = {"prompt": ids, "n_predict": 1, "n_probs": LIKELIEST, "cache_prompt": True,
                "logit_bias": [[letter, 1000]], "temperature": 0}  # fmt: skip
        [token] = client.post("/completion", json=body).raise_for_status().json()["completion_probabilities"]
        return {entry["id"]: entry["logprob"] for entry in token["top_logprobs"]}

    with served(command, "/health", "llama-server") as client:
        [letter] = client.post("/tokenize", json={"content": "a"}).raise_for_status().json()["tokens"]
        return [[position(client, letter, one.ids[:end]) for end in range(one.start, len(one.ids))] for one in forced]


def by_vllm(base: Path, adapter: Path, forced: Sequence[Forced]) -> list[list[Position]]:
    """The positions of vLLM with the adapter, in float32."""
    rank = max(8, _rank(adapter))
    command = [
        sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(base), "--dtype", "float32",
        "--enable-lora", "--max-lora-rank", str(rank), "--lora-modules", f"voice={adapter}", "--enforce-eager",
        "--max-model-len", "2048", "--max-logprobs", str(LIKELIEST),
    ]  # fmt: skip
    found = []
    with served(command, "/health", "vllm") as client:
        for one in forced:
            body = {
                "model": "voice",
                "prompt": one.ids,
                "max_tokens": 1,
                "temperature": 0,
                "prompt_logprobs": LIKELIEST,
            }
            [choice] = client.post("/v1/completions", json=body).raise_for_status().json()["choices"]
            found.append([
                {int(token): entry["logprob"] for token, entry in position.items()}
                for position in choice["prompt_logprobs"][one.start :]
            ])  # fmt: skip
    return found


@contextmanager
def served(command: list[str], ready: str, name: str) -> Iterator[httpx.Client]:
    """A client of the server that the command starts."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    environment = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "VLLM_CPU_KVCACHE_SPACE": "1",
                   "HF_HUB_OFFLINE": "1", "VLLM_LOGGING_LEVEL": "ERROR"}  # fmt: skip
    whole = [*command, "--host", "127.0.0.1", "--port", str(port)]
    with (
        running(whole, url + ready, name=name, environment=environment, output=subprocess.DEVNULL),
        httpx.Client(base_url=url, timeout=300) as client,
    ):
        yield client


def _rank(adapter: Path) -> int:
    from voice.adapter import read_adapter

    return read_adapter(adapter).rank


def _divergence(ours: Position, theirs: Position) -> float:
    """KL(ours || theirs) over the tokens that both name, each renormalised over them."""
    shared = ours.keys() & theirs.keys()
    mine, other = ({token: math.exp(side[token]) for token in shared} for side in (ours, theirs))
    total, others = sum(mine.values()), sum(other.values())
    return sum(mine[t] / total * math.log(mine[t] / total / (other[t] / others)) for t in shared)
