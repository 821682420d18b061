"""Model servers beside the service: llama.cpp's llama-server, or vLLM's own, by HTTP; one, or several alike.

In: a Prompt and an Adapter. Out: a Completion. What goes over the wire is token ids of voice/prompt.py, never a chat
template of the server's. The least busy server is asked. One that fails is left alone until it answers again, and
another is asked, unless part of an answer is out; when none is left, requests get 503. One that was started again is
met again, and then asked again, for nothing that was known of it holds any more. Nothing here needs vLLM.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

import httpx

from service.engines import Adapter, Completion, Sampling
from service.engines.dialects import Server, meet, require_same_tokens
from service.engines.wire import ServerGone, ServerReplaced
from service.errors import EngineAwaited, EngineFailed, EngineUnavailable, PromptTooLong, place_of_error
from service.long import in_thread
from service.settings import Settings
from voice.base_model import BaseModel
from voice.prompt import Prompt, Tokenizer, encode, encode_conversation, end_id
from voice.tls import tls_context

log = logging.getLogger(__name__)

START_S = 15.0  # in which a server answers that has its model already; one that loads it is waited for
AGAIN_S = 2.0  # between looks at a server that failed
MEET_S = 10.0  # for a server that took the place of another one
CONNECT_S, HEALTH_S = 3.0, 3.0
SILENCE_S = 900.0  # a request that waits for its turn is not told so


class RemoteEngine:
    """The servers at NIC_VOICE_ENGINE_URLS, which hold the same base model."""

    def __init__(self, base: BaseModel, settings: Settings) -> None:
        self.model = base.name
        self._base = base
        self._settings = settings
        self._tokenizer: Tokenizer | None = None
        self._clients = {url: _client(url, settings) for url in settings.urls_of_engine}
        self._servers: dict[str, Server] = {}  # those that are well
        self._busy: Counter[str] = Counter()
        self._looks: dict[str, asyncio.Task[None]] = {}  # at those that are not
        self._started = False

    @property
    def well(self) -> bool:
        """Whether a server can answer."""
        return bool(self._servers)

    async def start(self) -> None:
        """Return when one of the servers answers; the others may come later. EngineAwaited: ask again."""
        if self._tokenizer is None:
            self._tokenizer = await asyncio.to_thread(_tokenizer, self._base)
            try:
                end_id(self._tokenizer)
            except ValueError as error:
                raise EngineUnavailable(f"{self.model} cannot be served: {error}.") from error
            self._looks = {url: asyncio.create_task(self._look_for(url)) for url in self._clients}
        done, _ = await asyncio.wait(self._looks.values(), timeout=START_S, return_when=asyncio.FIRST_COMPLETED)
        for look in done:
            look.result()
        if not self._servers:
            raise EngineAwaited(
                f"No model server answers at {', '.join(self._clients)} yet. Start llama-server there, or set "
                f"NIC_VOICE_ENGINE_URLS."
            )
        self._started = True

    async def stop(self) -> None:
        """Close all connections, which frees what is still being generated."""
        for look in self._looks.values():
            look.cancel()
        await asyncio.gather(*self._looks.values(), return_exceptions=True)
        for client in self._clients.values():
            await client.aclose()

    async def check(self) -> None:
        """Raise EngineUnavailable unless a server answers."""

        async def is_well(url: str, server: Server) -> bool:
            try:
                answer = await self._clients[url].get("/health", timeout=HEALTH_S)
            except httpx.HTTPError as error:
                self._leave_alone(url, server, type(error).__name__)
                return False
            return answer.is_success

        if not any(await asyncio.gather(*(is_well(*known) for known in list(self._servers.items())))):
            raise EngineUnavailable("No model server answers.")

    async def load(self, adapter: Adapter) -> None:
        """See that the servers have the adapter; EngineFailed says how to give it to the one that has not."""
        for url in list(self._servers):
            for _ in range(2):
                if (server := self._servers.get(url)) is None:
                    break
                try:
                    await server.know(adapter)
                    break
                except ServerReplaced as error:
                    await self._meet_again(url, server, str(error))
                except ServerGone as error:
                    self._leave_alone(url, server, str(error))
        if not self._servers:
            raise EngineUnavailable("No model server answers.")

    async def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(await in_thread(text, self._ids, text))

    async def generate(self, prompt: Prompt, adapter: Adapter, sampling: Sampling) -> Completion:
        """The adapter's answer to one prompt."""
        parts = self._run(encode(self._require_tokenizer(), prompt), adapter, sampling, whole=True)
        async with aclosing(parts):
            return await anext(parts)

    async def converse(self, messages: Sequence[tuple[str, str]], sampling: Sampling) -> AsyncGenerator[Completion]:
        """The bare model's answer, in parts as they come."""
        ids = encode_conversation(self._require_tokenizer(), messages)
        parts = self._run(ids, None, sampling, whole=False)
        async with aclosing(parts):
            async for part in parts:
                yield part

    async def _run(
        self, ids: list[int], adapter: Adapter | None, sampling: Sampling, whole: bool
    ) -> AsyncGenerator[Completion]:
        """The answer of the first server that gives one: `whole` as one Completion, else in parts."""
        urls = deque(sorted(self._servers, key=self._busy.__getitem__))
        again = set(urls)  # those that are asked once more if they were started again
        while urls:
            url = urls.popleft()
            if (server := self._servers.get(url)) is None:  # it failed meanwhile
                continue
            said: list[Completion] = []
            self._busy[url] += 1
            try:
                parts = server.run(ids, adapter, replace(sampling, max_tokens=self._room(ids, sampling, server)))
                async with aclosing(parts):
                    async for part in parts:
                        said.append(part)
                        if not whole:
                            yield part
            except ServerGone as error:
                if said and not whole:
                    self._leave_alone(url, server, str(error))
                    raise EngineUnavailable("The model server went away in the middle of its answer.") from error
                if isinstance(error, ServerReplaced) and url in again:
                    again.remove(url)
                    urls.append(url)
                    await self._meet_again(url, server, str(error))
                else:
                    self._leave_alone(url, server, str(error))
                continue
            finally:
                self._busy[url] -= 1
            if not said or said[-1].finish_reason is None:
                raise EngineFailed("The model server ended its answer too early.")
            if whole:
                text, tokens = "".join(part.text for part in said), sum(part.completion_tokens for part in said)
                yield Completion(text, len(ids), tokens, said[-1].finish_reason)
            return
        raise EngineUnavailable("No model server answers.")

    def _room(self, ids: Sequence[int], sampling: Sampling, server: Server) -> int:
        context = min(self._settings.max_model_len, server.context)
        if len(ids) >= context:
            raise PromptTooLong(
                f"The text takes {len(ids)} tokens with its frame; the context here is {context}. Send a shorter one, "
                f"or raise NIC_VOICE_MAX_MODEL_LEN and the model server's own context.",
                param="messages",
            )
        return min(sampling.max_tokens, context - len(ids))

    def _leave_alone(self, url: str, server: Server, why: str) -> None:
        """Ask a server nothing until it answers again; one that took its place meanwhile goes on being asked."""
        if self._servers.get(url) is server:
            del self._servers[url]
            log.warning("the model server at %s is left alone: %s", url, why)
            self._looks[url] = asyncio.create_task(self._look_for(url))

    async def _meet_again(self, url: str, server: Server, why: str) -> None:
        """Forget a server and meet the one that took its place, if it comes soon."""
        self._leave_alone(url, server, why)
        await asyncio.wait({self._looks[url]}, timeout=MEET_S)

    async def _look_for(self, url: str) -> None:
        """Return when the server there is well. EngineFailed, at the start only, when it is the wrong one."""
        while True:
            try:
                server = await meet(self._clients[url], end_id(self._require_tokenizer()))
                await require_same_tokens(server, self._ids, self.model)
            except ServerGone:
                pass
            except EngineFailed as error:
                if not self._started:
                    raise
                log.error("%s", error)
            except Exception as error:
                if not self._started:
                    raise
                log.error("looking at %s failed: %s at %s", url, type(error).__name__, place_of_error(error))
            else:
                self._servers[url] = server
                log.info("the model server at %s answers", url)
                return
            await asyncio.sleep(AGAIN_S)

    def _ids(self, text: str) -> list[int]:
        tokenizer = self._require_tokenizer()
        ids: list[int] = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        return ids

    def _require_tokenizer(self) -> Tokenizer:
        if self._tokenizer is None:
            raise EngineUnavailable("The engine is not running.")
        return self._tokenizer


def _client(url: str, settings: Settings) -> httpx.AsyncClient:
    key = settings.engine_key
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
    timeout = httpx.Timeout(SILENCE_S, connect=CONNECT_S, pool=None)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=32)
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout, limits=limits, verify=tls_context())


def _tokenizer(base: BaseModel) -> Tokenizer:
    from transformers import AutoTokenizer  # here, because it takes seconds

    tokenizer: Tokenizer = AutoTokenizer.from_pretrained(base.folder)
    return tokenizer
