"""llama.cpp's llama-server, asked over HTTP.

In: token ids, an adapter and a Sampling. Out: Completions as they come. Adapters have numbers there, which hold for one
life of its process: started again with one voice more, it counts them anew. So it is asked who it is before a request
is sent, and before the last part of the answer is believed.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import httpx

from service.engines import Adapter, Completion, FinishReason, Sampling
from service.engines.probe import PROBE, PROBED, changes_nothing, changes_nothing_message
from service.engines.whose import stands_for
from service.engines.wire import ServerReplaced, get, post, stream
from service.errors import EngineFailed

_LARGEST_SEED = 2**32 - 1  # llama.cpp takes 32 bits, and this one for "choose yourself"
_DRAWN = re.compile(r"<__media_[A-Za-z0-9]{32}__>")  # drawn by each process for itself, unless it is told one
_LASTING = ("model_path", "model_alias", "total_slots", "build_info", "chat_template")


class LlamaServer:
    """One process of llama-server; the strength of an adapter is its scale in a request."""

    def __init__(self, client: httpx.AsyncClient, props: dict[str, Any], adapters: list[dict[str, Any]]) -> None:
        self._client = client
        self.context = int(props["default_generation_settings"]["n_ctx"])
        self._adapters = [
            (int(known["id"]), str(known["path"]), str(known.get("task_name") or "")) for known in adapters
        ]
        self._process = _process(props)
        self._numbers: dict[tuple[str, str], int] = {}
        self._finding = asyncio.Lock()

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self._client.base_url)

    async def tokens(self, text: str) -> list[int]:
        """Its own token ids of a text."""
        body = {"content": text, "add_special": False, "parse_special": False}
        found: list[int] = (await post(self._client, "/tokenize", body))["tokens"]
        return found

    async def know(self, adapter: Adapter) -> None:
        """Find the number of the adapter."""
        await self._require_same()
        await self._number(adapter)
        await self._require_same()

    async def _number(self, adapter: Adapter) -> int:
        """Its number; EngineFailed where there is none, or where two could be meant."""
        key = adapter.name, adapter.sha256
        if key not in self._numbers:
            async with self._finding:  # once, not by each of those that ask for a voice after a start
                if key not in self._numbers:
                    self._numbers[key] = await self._found(adapter)
        return self._numbers[key]

    async def _found(self, adapter: Adapter) -> int:
        found = [number for number, place, said in self._adapters if stands_for(place, adapter, said)]
        if not found:
            raise EngineFailed(
                f"llama-server at {self.url} does not have this version of voice '{adapter.name}'. Make its file "
                f"with `nic-voice export VOICE --gguf` and start llama-server with --lora "
                f"{adapter.name}/adapter.gguf --lora-init-without-apply."
            )
        if len(found) > 1:
            raise EngineFailed(
                f"llama-server at {self.url} has {len(found)} adapters that may be this version of voice "
                f"'{adapter.name}'. Start it with one, or make its file again with `nic-voice export VOICE --gguf`."
            )
        if changes_nothing(await self._first(None, 0), await self._first(found[0], 1)):
            raise EngineFailed(changes_nothing_message(adapter.name, "its base model"))
        return found[0]

    async def _require_same(self) -> None:
        """ServerReplaced unless it is the process that was met, with the adapters that it had then."""
        props = await get(self._client, "/props")
        if (process := _process(props)) != self._process:
            raise ServerReplaced
        if not process.startswith("<"):  # its life cannot be told from the next one, but for what it has
            listed = await get(self._client, "/lora-adapters")
            if [(known["id"], known["path"]) for known in listed] != [known[:2] for known in self._adapters]:
                raise ServerReplaced

    def _scales(self, number: int | None, strength: float) -> list[dict[str, float]]:
        """One adapter worn and no other. Every one is named: llama-server takes an empty list for "as started"."""
        return [{"id": known, "scale": strength if known == number else 0} for known, *_ in self._adapters]

    async def _first(self, number: int | None, strength: float) -> dict[int, float]:
        """Log probabilities of the likeliest first tokens of an answer; none where it has no first token."""
        body = {"prompt": PROBE.text, "n_predict": 1, "n_probs": PROBED, "temperature": 0,
                "lora": self._scales(number, strength), "cache_prompt": False}  # fmt: skip
        tokens = (await post(self._client, "/completion", body)).get("completion_probabilities", [])
        return {entry["id"]: entry["logprob"] for token in tokens for entry in token["top_logprobs"]}

    async def run(self, ids: Sequence[int], adapter: Adapter | None, sampling: Sampling) -> AsyncGenerator[Completion]:
        """The answer to a prompt in parts."""
        await self._require_same()
        scales = self._scales(None, 0)
        if adapter is not None and adapter.strength:
            scales = self._scales(await self._number(adapter), adapter.strength)
        body = {
            "prompt": list(ids), "n_predict": sampling.max_tokens, "stop": list(sampling.stop), "lora": scales,
            "seed": -1 if sampling.seed is None else sampling.seed % _LARGEST_SEED,
            # as vLLM chooses: nothing but these two, in this order
            "temperature": sampling.temperature, "top_p": sampling.top_p, "samplers": ["temperature", "top_p"],
            # llama.cpp 26207: what was cached under one adapter is used under another
            "cache_prompt": False, "return_tokens": True, "stream": True,
        }  # fmt: skip
        prompt_tokens, counted = len(ids), 0
        lines = stream(self._client, "/completion", body)
        async with aclosing(lines):
            async for line in lines:
                done = line["stop"]
                tokens = line["tokens_predicted"] - counted if done else len(line.get("tokens", ()))
                counted += tokens
                reason: FinishReason = "length" if line.get("stop_type") == "limit" else "stop"
                if done:
                    await self._require_same()
                yield Completion(line["content"], prompt_tokens, tokens, reason if done else None)
                prompt_tokens = 0


def _process(props: dict[str, Any]) -> str:
    """What tells a process from the next one at its address: what it drew when it began ('<...'), else what it runs."""
    drawn = str(props.get("media_marker"))
    return drawn if _DRAWN.fullmatch(drawn) else repr([props.get(name) for name in _LASTING])
