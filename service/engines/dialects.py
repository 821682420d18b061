"""The two kinds of model servers behind service/engines/remote.py: what they have in common, and which one it is.

In: the client of an address. Out: the Server there.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Protocol

import httpx

from service.engines import Adapter, Completion, Sampling
from service.engines.llama_server import LlamaServer
from service.engines.vllm_server import VllmServer
from service.engines.wire import Refused, get, no_model_server
from service.errors import EngineFailed

_SAME_TOKENS = "Thursday at 7:30 PM, for $1,250 — is that fine? Zürich, 北京 🙂"


class Server(Protocol):
    """A model server that has been met. `context` is the most tokens of a prompt and its answer.

    All that it is asked raises ServerGone where it is not well, and ServerReplaced where it is not the one that was
    met: then an adapter's number or name may be another's.
    """

    context: int

    @property
    def url(self) -> str:
        """Where it is."""

    async def tokens(self, text: str) -> list[int]:
        """Its own token ids of a text."""

    async def know(self, adapter: Adapter) -> None:
        """See that it has the adapter; EngineFailed says how to give it."""

    def run(self, ids: Sequence[int], adapter: Adapter | None, sampling: Sampling) -> AsyncGenerator[Completion]:
        """The answer to a prompt in parts; `prompt_tokens` of the first is that of the prompt.

        The last part comes only from the server that was met, so that an answer as a whole is in the voice that was
        asked for.
        """


async def meet(client: httpx.AsyncClient, end_id: int) -> Server:
    """The server at the client's address; EngineFailed where it is no model server."""
    try:
        if (props := await get(client, "/props", or_none=True)) is not None:
            return LlamaServer(client, props, await get(client, "/lora-adapters"))
        return VllmServer(client, await get(client, "/v1/models"), end_id)
    except (LookupError, TypeError, ValueError, AttributeError, Refused) as error:  # JSON, but of something else
        raise no_model_server(client) from error


async def require_same_tokens(server: Server, count: Callable[[str], list[int]], model: str) -> None:
    """EngineFailed unless the server's tokens are those of the base model."""
    try:
        found = await server.tokens(_SAME_TOKENS)
    except (LookupError, TypeError) as error:
        raise EngineFailed(f"The server at {server.url} does not say its tokens. Set NIC_VOICE_ENGINE_URLS.") from error
    if found != count(_SAME_TOKENS):
        raise EngineFailed(
            f"The server at {server.url} cuts texts into other tokens than {model}: it runs another model."
        )
