"""One answer: it collects the pieces that go out, and renders itself, whole or as the chunks of a stream.

In: Pieces in order. Out: OpenAI's chat.completion, or its chat.completion.chunk objects.
"""

import time
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

from service.rewriting.piece import Piece
from service.target import Target


@dataclass(slots=True)
class Usage:
    """Tokens of prompts and of what was shipped; segments by verdict; how likely each rewrite that went out says the
    same; what spoke against those of segments that went out as they came; `first_s` is when the first text was there
    (perf_counter).
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    same: list[float] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    first_s: float | None = None

    def add(self, piece: Piece) -> None:
        """Count a piece that goes out."""
        if piece.text and self.first_s is None:
            self.first_s = time.perf_counter()
        self.prompt_tokens += piece.prompt_tokens
        self.completion_tokens += piece.completion_tokens
        if piece.verdict:
            self.verdicts[piece.verdict] += 1
        if piece.verdict == "fallback":
            self.refusals.update(piece.kinds)
        elif piece.same is not None:
            self.same.append(piece.same)

    def to_json(self) -> dict[str, int]:
        """OpenAI's usage object."""
        total = self.prompt_tokens + self.completion_tokens
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": total,
        }


@dataclass(slots=True)
class Choice:
    """One of the answers to a request, as far as it has come."""

    texts: list[str] = field(default_factory=list)
    passed: dict[str, Any] = field(default_factory=dict)
    segments: int = 0
    finish_reason: str = "stop"

    def message(self) -> dict[str, Any]:
        """OpenAI's message object."""
        text = "".join(self.texts)
        return {
            "role": "assistant",
            "content": None if self.passed and not text else text,
            "refusal": None,
            **self.passed,
        }


class Answer:
    """An answer on its way out: all its chunks share an id, a time and a model. `usage` grows with each piece."""

    def __init__(self, target: Target, usage: Usage, count: int = 1) -> None:
        self._head = {"id": f"chatcmpl-{token_hex(16)}", "created": int(time.time()), "model": target.model}
        self._target = target
        self._usage = usage
        self._choices = [Choice() for _ in range(count)]
        self._segments: list[dict[str, Any]] = []
        self._extra_tokens = 0

    @property
    def texts(self) -> list[str]:
        """What has come of each choice."""
        return ["".join(choice.texts) for choice in self._choices]

    async def collect(self, pieces: AsyncGenerator[Piece]) -> dict[str, Any]:
        """The body of an answer that is not streamed."""
        async for piece in pieces:
            self._add(piece)
        choices = [
            {"index": index, "message": choice.message(), "logprobs": None, "finish_reason": self._reason(index)}
            for index, choice in enumerate(self._choices)
        ]
        return {
            **self._head,
            "object": "chat.completion",
            "choices": choices,
            "usage": self._usage.to_json(),
            **self._target.report(self._segments, self._extra_tokens),
        }

    async def chunks(
        self, pieces: AsyncGenerator[Piece | None], includes_usage: bool
    ) -> AsyncGenerator[dict[str, Any] | None]:
        """Role, content piece by piece, finish, and usage if asked for; None where a pause came instead of a piece."""
        no_usage = {"usage": None} if includes_usage else {}
        for index in range(len(self._choices)):
            yield self._chunk(index, {"role": "assistant", "content": ""}, **no_usage)
        async for piece in pieces:
            if piece is None:
                yield None
                continue
            self._add(piece)
            if piece.passed:
                yield self._chunk(piece.choice, piece.passed, **no_usage)
            if piece.text:
                yield self._chunk(piece.choice, {"content": piece.text}, **no_usage)
        report = self._target.report(self._segments, self._extra_tokens)
        last = len(self._choices) - 1
        for index in range(last):
            yield self._chunk(index, {}, self._reason(index), **no_usage)
        if includes_usage:
            yield self._chunk(last, {}, self._reason(last), **no_usage)
            yield self._event(choices=[], usage=self._usage.to_json(), **report)
        else:
            yield self._chunk(last, {}, self._reason(last), **report)

    def _add(self, piece: Piece) -> None:
        choice = self._choices[piece.choice]
        choice.texts.append(piece.text)
        choice.passed |= piece.passed
        choice.finish_reason = piece.finish_reason or choice.finish_reason
        self._usage.add(piece)
        if piece.verdict:
            which = {"choice": piece.choice} if len(self._choices) > 1 else {}
            same = None if piece.same is None else round(piece.same, 3)
            self._segments.append(
                {**which, "index": choice.segments, "verdict": piece.verdict, "same": same, "kinds": list(piece.kinds)}
            )
            choice.segments += 1
            self._extra_tokens += piece.extra_tokens

    def _reason(self, index: int) -> str:
        return self._target.finished(self._choices[index].finish_reason)

    def _chunk(
        self, index: int, delta: dict[str, Any], finish_reason: str | None = None, **more: Any
    ) -> dict[str, Any]:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._event(choices=[choice], **more)

    def _event(self, **content: Any) -> dict[str, Any]:
        return {**self._head, "object": "chat.completion.chunk", **content}
