"""An engine without a model: a voice answers with its name and the text in lower case, the base model echoes."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from service.engines import Adapter, Completion, FinishReason, Sampling
from service.errors import EngineUnavailable
from voice.prompt import Prompt


def in_voice(prompt: Prompt, adapter: Adapter) -> str:
    """What the fake voice makes of a text."""
    return f"{adapter.name}: {prompt.text.lower()}"


class FakeEngine:
    """Words are tokens. Tests set `answer`, hold it back with `gate`, break a conversation after its
    first word with `breaks_with`, and read `asked`, `cancellations`, `stopped`."""

    def __init__(self, model: str = "base") -> None:
        self.model = model
        self.answer: Callable[[Prompt, Adapter], str] = in_voice
        self.gate = asyncio.Event()
        self.gate.set()
        self.start_gate = asyncio.Event()
        self.start_gate.set()
        self.loaded: list[str] = []
        self.load_errors: dict[str, Exception] = {}
        self.load_errors_left: dict[str, int] = {}  # how often they are raised; always, where it is not said
        self.asked: list[tuple[Prompt, Adapter, Sampling]] = []
        self.conversations: list[Sequence[tuple[str, str]]] = []
        self.arrived = asyncio.Event()
        self.cancellations = 0
        self.breaks_with: Exception | None = None
        self.alive = True
        self.stopped = False

    async def start(self) -> None:
        await self.start_gate.wait()

    async def stop(self) -> None:
        self.stopped = True

    async def check(self) -> None:
        if not self.alive:
            raise EngineUnavailable("The engine is not running.")

    async def load(self, adapter: Adapter) -> None:
        if adapter.name in self.load_errors and self.load_errors_left.get(adapter.name, 1):
            if adapter.name in self.load_errors_left:
                self.load_errors_left[adapter.name] -= 1
            raise self.load_errors[adapter.name]
        self.loaded.append(adapter.name)

    async def count(self, text: str) -> int:
        return len(text.split())

    async def generate(self, prompt: Prompt, adapter: Adapter, sampling: Sampling) -> Completion:
        self.asked.append((prompt, adapter, sampling))
        await self._wait()
        return _limited(self.answer(prompt, adapter), await self.count(prompt.text), sampling.max_tokens)

    async def converse(self, messages: Sequence[tuple[str, str]], sampling: Sampling) -> AsyncGenerator[Completion]:
        self.conversations.append(messages)
        await self._wait()
        prompt_tokens = 0
        for _, text in messages:
            prompt_tokens += await self.count(text)
        whole = _limited(f"You said {messages[-1][1]}", prompt_tokens, sampling.max_tokens)
        words = whole.text.split(" ")
        for number, word in enumerate(words):
            last = number == len(words) - 1
            text = word if last else f"{word} "
            if number and self.breaks_with:
                raise self.breaks_with
            yield Completion(text, 0 if number else prompt_tokens, 1, whole.finish_reason if last else None)

    async def _wait(self) -> None:
        self.arrived.set()
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancellations += 1
            raise


def _limited(text: str, prompt_tokens: int, max_tokens: int) -> Completion:
    words = text.split(" ")
    reason: FinishReason = "length" if len(words) > max_tokens else "stop"
    return Completion(" ".join(words[:max_tokens]), prompt_tokens, min(len(words), max_tokens), reason)
