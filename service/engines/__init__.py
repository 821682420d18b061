"""What can generate: the protocol that the service speaks, one module an implementation, and the choice among them."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from service.settings import Settings
from voice.base_model import BaseModel
from voice.prompt import Prompt

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter. `version` is what people call it; `sha256`, of its weights, is what it is.

    `strength` multiplies it: 0 is the bare base model, 1 the voice as it was trained.
    """

    name: str
    version: str
    folder: Path
    sha256: str
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to choose tokens; temperature 0 always takes the likeliest."""

    max_tokens: int
    temperature: float
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """Generated text; `finish_reason` is None for a part that is not the last one."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    finish_reason: FinishReason | None


class Engine(Protocol):
    """A base model that can wear adapters.

    Cancelling the task that waits for an answer, or closing the iterator, frees its place in the engine. Errors are
    RequestErrors: PromptTooLong, EngineFailed for one request, EngineUnavailable for all.
    """

    model: str

    async def start(self) -> None:
        """Load the model; returns when it can answer."""

    async def stop(self) -> None:
        """Free everything; also while start() is still running, and twice."""

    async def check(self) -> None:
        """Raise EngineUnavailable unless it can answer."""

    async def load(self, adapter: Adapter) -> None:
        """Make an adapter ready; EngineFailed says why it cannot be used."""

    async def count(self, text: str) -> int:
        """Tokens of a text."""

    async def generate(self, prompt: Prompt, adapter: Adapter, sampling: Sampling) -> Completion:
        """The adapter's answer to one prompt, whole."""

    def converse(self, messages: Sequence[tuple[str, str]], sampling: Sampling) -> AsyncGenerator[Completion]:
        """The bare model's answer to a conversation of (role, text), in parts; token counts are those of the part."""


def open(settings: Settings, base: BaseModel, largest_rank: int) -> Engine:
    """The engine that the settings ask for, not started; `largest_rank` is that of the adapters it will wear."""
    if settings.engine == "remote":
        from service.engines.remote import RemoteEngine

        return RemoteEngine(base, settings)
    from service.engines.supervised import Supervised
    from service.engines.vllm import VllmEngine  # here, because it is one of several and heavy

    return Supervised(lambda: VllmEngine(base, settings, largest_rank))
