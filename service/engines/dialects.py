"""How llama-server and vLLM's own server are asked: the two kinds of Server behind service/engines/remote.py.

In: token ids, an adapter and a Sampling. Out: Completions as they come. ServerGone: the server is not there, or not
well; EngineFailed: it will not do this. Neither message holds what the server said, for that may quote a text.
"""

import json
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Protocol

import httpx

from service.engines import Adapter, Completion, FinishReason, Sampling
from service.engines.probe import PROBE, PROBED, changes_nothing, changes_nothing_message
from service.errors import EngineFailed
from voice.adapter import scaled_folder

log = logging.getLogger(__name__)

_LARGEST_SEED = 2**32 - 1  # llama.cpp takes 32 bits, and this one for "choose yourself"
_ANSWER_S = 60.0  # to all but what generates
_SAME_TOKENS = "Thursday at 7:30 PM, for $1,250 — is that fine? Zürich, 北京 🙂"


class ServerGone(Exception):
    """The server cannot be reached, is loading its model, or fails."""


class Server(Protocol):
    """A model server that has been met. `context` is the most tokens of a prompt and its answer."""

    context: int

    @property
    def url(self) -> str:
        """Where it is."""

    async def tokens(self, text: str) -> list[int]:
        """Its own token ids of a text."""

    async def know(self, adapter: Adapter) -> None:
        """See that it has the adapter; EngineFailed says how to give it."""

    def run(self, ids: Sequence[int], adapter: Adapter | None, sampling: Sampling) -> AsyncGenerator[Completion]:
        """The answer to a prompt in parts; `prompt_tokens` of the first is that of the prompt."""


async def meet(client: httpx.AsyncClient, end_id: int) -> Server:
    """The server at the client's address."""
    if (props := await _get(client, "/props", or_none=True)) is not None:
        return LlamaServer(client, props, await _get(client, "/lora-adapters"))
    return VllmServer(client, await _get(client, "/v1/models"), end_id)


async def require_same_tokens(server: Server, count: Callable[[str], list[int]], model: str) -> None:
    """EngineFailed unless the server's tokens are those of the base model."""
    if await server.tokens(_SAME_TOKENS) != count(_SAME_TOKENS):
        raise EngineFailed(
            f"The server at {server.url} cuts texts into other tokens than {model}: it runs another model."
        )


class LlamaServer:
    """llama.cpp's llama-server; the strength of an adapter is its scale in a request."""

    def __init__(self, client: httpx.AsyncClient, props: dict[str, Any], adapters: list[dict[str, Any]]) -> None:
        self._client = client
        self.context = int(props["default_generation_settings"]["n_ctx"])
        self._all = [int(known["id"]) for known in adapters]
        self._numbers: dict[tuple[str, str], int] = {}

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self._client.base_url)

    async def tokens(self, text: str) -> list[int]:
        """Its own token ids of a text."""
        body = {"content": text, "add_special": False, "parse_special": False}
        found: list[int] = (await _post(self._client, "/tokenize", body))["tokens"]
        return found

    async def know(self, adapter: Adapter) -> None:
        """Find the number of the adapter."""
        for known in await _get(self._client, "/lora-adapters"):
            if _stands_for(known["path"], adapter):
                if changes_nothing(await self._first(None, 0), await self._first(known["id"], 1)):
                    raise EngineFailed(changes_nothing_message(adapter.name, "its base model"))
                self._numbers[adapter.name, adapter.version] = known["id"]
                return
        raise EngineFailed(
            f"llama-server at {self.url} does not have this version of voice '{adapter.name}'. Make its file with "
            f"`nic-voice export VOICE --gguf` and start llama-server with --lora {adapter.name}/adapter.gguf "
            f"--lora-init-without-apply."
        )

    def _scales(self, number: int | None, strength: float) -> list[dict[str, float]]:
        """One adapter worn and no other. Every one is named: llama-server takes an empty list for "as started"."""
        return [{"id": known, "scale": strength if known == number else 0} for known in self._all]

    async def _first(self, number: int | None, strength: float) -> dict[int, float]:
        """Log probabilities of the likeliest first tokens of an answer; none where it has no first token."""
        body = {"prompt": PROBE.text, "n_predict": 1, "n_probs": PROBED, "temperature": 0,
                "lora": self._scales(number, strength), "cache_prompt": False}  # fmt: skip
        tokens = (await _post(self._client, "/completion", body)).get("completion_probabilities", [])
        return {entry["id"]: entry["logprob"] for token in tokens for entry in token["top_logprobs"]}

    async def run(self, ids: Sequence[int], adapter: Adapter | None, sampling: Sampling) -> AsyncGenerator[Completion]:
        """The answer to a prompt in parts."""
        scales = self._scales(None, 0)
        if adapter is not None and adapter.strength:
            if (adapter.name, adapter.version) not in self._numbers:
                await self.know(adapter)
            scales = self._scales(self._numbers[adapter.name, adapter.version], adapter.strength)
        body = {
            "prompt": list(ids), "n_predict": sampling.max_tokens, "stop": list(sampling.stop), "lora": scales,
            "seed": -1 if sampling.seed is None else sampling.seed % _LARGEST_SEED,
            # as vLLM chooses: nothing but these two, in this order
            "temperature": sampling.temperature, "top_p": sampling.top_p, "samplers": ["temperature", "top_p"],
            # llama.cpp 26207: what was cached under one adapter is used under another
            "cache_prompt": False, "return_tokens": True, "stream": True,
        }  # fmt: skip
        prompt_tokens, counted = len(ids), 0
        lines = _stream(self._client, "/completion", body)
        async with aclosing(lines):
            async for line in lines:
                done = line["stop"]
                tokens = line["tokens_predicted"] - counted if done else len(line.get("tokens", ()))
                counted += tokens
                reason: FinishReason = "length" if line.get("stop_type") == "limit" else "stop"
                yield Completion(line["content"], prompt_tokens, tokens, reason if done else None)
                prompt_tokens = 0


class VllmServer:
    """vLLM's OpenAI-compatible server; an adapter is a model of its own there, and so is each strength of it."""

    def __init__(self, client: httpx.AsyncClient, models: dict[str, Any], end_id: int) -> None:
        self._client = client
        self._end_id = end_id
        base = next(card for card in models["data"] if not card.get("parent"))
        self._base, self.context = str(base["id"]), int(base["max_model_len"])
        self._names: dict[tuple[str, str, float], str] = {}

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self._client.base_url)

    async def tokens(self, text: str) -> list[int]:
        """Its own token ids of a text."""
        body = {"model": self._base, "prompt": text, "add_special_tokens": False}
        found: list[int] = (await _post(self._client, "/tokenize", body))["tokens"]
        return found

    async def know(self, adapter: Adapter) -> None:
        """Find the name that the adapter has there, or have it loaded from its folder."""
        key = adapter.name, adapter.version, adapter.strength
        models = (await _get(self._client, "/v1/models"))["data"]
        wanted = "@".join((adapter.name, adapter.version, f"{adapter.strength:g}"))
        for card in models:
            if card["id"] == wanted or (
                card.get("parent") and adapter.strength == 1 and _stands_for(card.get("root") or card["id"], adapter)
            ):
                self._names[key] = card["id"]
                return
        folder = str(scaled_folder(adapter.folder, adapter.strength))
        try:
            await _post(self._client, "/v1/load_lora_adapter", {"lora_name": wanted, "lora_path": folder}, text=True)
        except EngineFailed as error:
            raise EngineFailed(
                f"vLLM at {self.url} does not have this version of voice '{adapter.name}' at strength "
                f"{adapter.strength:g}. Start it with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True where "
                f"it sees {folder}, or for strength 1 with --lora-modules {adapter.name}=FOLDER."
            ) from error
        self._names[key] = wanted

    async def run(self, ids: Sequence[int], adapter: Adapter | None, sampling: Sampling) -> AsyncGenerator[Completion]:
        """The answer to a prompt in parts."""
        model = self._base
        if adapter is not None and adapter.strength:
            key = adapter.name, adapter.version, adapter.strength
            if key not in self._names:
                await self.know(adapter)
            model = self._names[key]
        body = {
            "model": model, "prompt": list(ids), "max_tokens": sampling.max_tokens, "stop": list(sampling.stop),
            "temperature": sampling.temperature, "top_p": sampling.top_p, "seed": sampling.seed,
            "stop_token_ids": [self._end_id], "stream": True,
            "stream_options": {"include_usage": True, "continuous_usage_stats": True},
        }  # fmt: skip
        prompt_tokens, counted = len(ids), 0
        lines = _stream(self._client, "/v1/completions", body)
        async with aclosing(lines):
            async for line in lines:
                for choice in line["choices"]:
                    total = (line.get("usage") or {}).get("completion_tokens", counted)
                    ended = choice["finish_reason"]
                    reason: FinishReason | None = ended and ("length" if ended == "length" else "stop")
                    yield Completion(choice["text"], prompt_tokens, total - counted, reason)
                    prompt_tokens, counted = 0, total


def _stands_for(place: str, adapter: Adapter) -> bool:
    """Whether the path or name that a server gives is this version of the voice."""
    path, folder = Path(place), adapter.folder.resolve()
    if path.exists() and folder not in (path.resolve(), path.resolve().parent):  # on this machine
        return False
    if adapter.version in path.parts:
        return True
    if not path.exists() and adapter.name not in (place, path.stem, path.parent.name):
        return False
    # A link may have pointed to another version when the server read it.
    log.warning("cannot see whether %s at the model server is version %s of the voice", place, adapter.version)
    return True


async def _get(client: httpx.AsyncClient, path: str, or_none: bool = False) -> Any:
    """The JSON there; with `or_none` None where the server knows no such path."""
    try:
        answer = await client.get(path, timeout=_ANSWER_S)
    except httpx.HTTPError as error:
        raise ServerGone(type(error).__name__) from error
    if or_none and answer.status_code in (404, 405):
        return None
    _require_success(answer)
    return answer.json()


async def _post(client: httpx.AsyncClient, path: str, body: dict[str, Any], text: bool = False) -> Any:
    try:
        answer = await client.post(path, json=body, timeout=_ANSWER_S)
    except httpx.HTTPError as error:
        raise ServerGone(type(error).__name__) from error
    _require_success(answer)
    return answer.text if text else answer.json()


async def _stream(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> AsyncGenerator[Any]:
    """What the server sends as events, until [DONE] or the end."""
    # llama-server ends the connection after a stream without saying so: the next request on it would be lost.
    alone = {"Connection": "close"}
    try:
        async with client.stream("POST", path, json=body, headers=alone) as answer:
            _require_success(answer)
            async for line in answer.aiter_lines():
                if line.startswith(("error:", 'data: {"error"')):
                    raise ServerGone("an error within a stream")
                if line.startswith("data: ") and line != "data: [DONE]":
                    yield json.loads(line.removeprefix("data: "))
    except (httpx.HTTPError, ValueError) as error:
        raise ServerGone(type(error).__name__) from error


def _require_success(answer: httpx.Response) -> None:
    if answer.status_code >= 500 or answer.status_code == 429:
        raise ServerGone(f"status {answer.status_code}")
    if answer.status_code in (401, 403):
        raise EngineFailed(f"The server at {answer.url.host} wants a key. Set NIC_VOICE_ENGINE_KEY to it.")
    if not answer.is_success:
        raise EngineFailed(f"The server at {answer.url.host} refused {answer.url.path}: status {answer.status_code}.")
