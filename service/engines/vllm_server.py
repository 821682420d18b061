"""vLLM's own OpenAI-compatible server, asked over HTTP.

In: token ids, an adapter and a Sampling. Out: Completions as they come. An adapter is a model of its own there, and so
is each strength of it. A name that was given here holds the hash of the weights; one that was given by who started the
server holds as long as the server's list says so, which is looked at before a request and after it.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import httpx

from service.engines import Adapter, Completion, FinishReason, Sampling
from service.engines.whose import stands_for
from service.engines.wire import Refused, ServerReplaced, get, post, stream
from service.errors import EngineFailed
from voice.adapter import scaled_folder
from voice.errors import UserError


class VllmServer:
    """A server with one base model."""

    def __init__(self, client: httpx.AsyncClient, models: dict[str, Any], end_id: int) -> None:
        self._client = client
        self._end_id = end_id
        base = next((card for card in models["data"] if not card.get("parent")), None)
        if base is None:
            raise ValueError("no base model")
        self._base, self.context = str(base["id"]), int(base["max_model_len"])
        self._root = base.get("root")

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self._client.base_url)

    async def tokens(self, text: str) -> list[int]:
        """Its own token ids of a text."""
        body = {"model": self._base, "prompt": text, "add_special_tokens": False}
        found: list[int] = (await post(self._client, "/tokenize", body))["tokens"]
        return found

    async def know(self, adapter: Adapter) -> None:
        """See that it has the adapter, or have it loaded from its folder."""
        if await self._name(adapter) is None:
            await self._load(adapter)

    async def _name(self, adapter: Adapter | None) -> str | None:
        """The model that is to be asked; None where the adapter is not there. ServerReplaced for another base model."""
        models = (await get(self._client, "/v1/models"))["data"]
        if not any(card["id"] == self._base and card.get("root") == self._root for card in models):
            raise ServerReplaced
        if adapter is None or not adapter.strength:
            return self._base
        ours = _our_name(adapter)
        if any(card["id"] == ours for card in models):
            return ours
        given = [card["id"] for card in models if card.get("parent") and adapter.strength == 1
                 and "@" not in card["id"] and stands_for(card.get("root") or card["id"], adapter)]  # fmt: skip
        return given[0] if len(given) == 1 else None

    async def _load(self, adapter: Adapter) -> None:
        try:
            folder = await asyncio.to_thread(scaled_folder, adapter.folder, adapter.strength, adapter.sha256)
        except UserError as error:
            raise EngineFailed(str(error)) from error
        body = {"lora_name": _our_name(adapter), "lora_path": str(folder)}
        try:
            await post(self._client, "/v1/load_lora_adapter", body, text=True)
        except EngineFailed as error:
            if await self._name(adapter) == _our_name(adapter):  # another request was faster
                return
            raise EngineFailed(
                f"vLLM at {self.url} does not have this version of voice '{adapter.name}' at strength "
                f"{adapter.strength:g}. Start it with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True where "
                f"it sees {folder}, or for strength 1 with --lora-modules {adapter.name}=FOLDER."
            ) from error

    async def run(self, ids: Sequence[int], adapter: Adapter | None, sampling: Sampling) -> AsyncGenerator[Completion]:
        """The answer to a prompt in parts."""
        model = await self._name(adapter)
        if model is None and adapter is not None:
            await self._load(adapter)
            model = _our_name(adapter)
        body = {
            "model": model, "prompt": list(ids), "max_tokens": sampling.max_tokens, "stop": list(sampling.stop),
            "temperature": sampling.temperature, "top_p": sampling.top_p, "seed": sampling.seed,
            "stop_token_ids": [self._end_id], "stream": True,
            "stream_options": {"include_usage": True, "continuous_usage_stats": True},
        }  # fmt: skip
        prompt_tokens, counted = len(ids), 0
        lines = stream(self._client, "/v1/completions", body)
        try:
            async with aclosing(lines):
                async for line in lines:
                    for choice in line["choices"]:
                        total = (line.get("usage") or {}).get("completion_tokens", counted)
                        ended = choice["finish_reason"]
                        reason: FinishReason | None = ended and ("length" if ended == "length" else "stop")
                        if reason and await self._name(adapter) != model:
                            raise ServerReplaced
                        yield Completion(choice["text"], prompt_tokens, total - counted, reason)
                        prompt_tokens, counted = 0, total
        except Refused as error:
            if error.status == 404:  # the model went with the server that had it
                raise ServerReplaced from error
            raise


def _our_name(adapter: Adapter) -> str:
    """What an adapter is called where this service has had it loaded."""
    return "@".join((adapter.name, adapter.version, adapter.sha256[:12], f"{adapter.strength:g}"))
