"""One answer: it collects the pieces that go out, and renders itself, whole or as the chunks of a stream.

In: Pieces in order. Out: OpenAI's chat.completion, or its chat.completion.chunk objects.
"""

import time
import uuid
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from service.rewriting.piece import Piece
from service.target import Target


@dataclass(slots=True)
class Usage:
    """Tokens of prompts and of what was shipped; segments by verdict, and what was ("missing" or "invented", a kind)
    in the rewrites of those that went out as they came.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, piece: Piece) -> None:
        """Count a piece that goes out."""
        self.prompt_tokens += piece.prompt_tokens
        self.completion_tokens += piece.completion_tokens
        if piece.verdict:
            self.verdicts[piece.verdict] += 1
        self.faults.update(("missing", kind) for kind in piece.missing)
        self.faults.update(("invented", kind) for kind in piece.invented)

    def to_json(self) -> dict[str, int]:
        """OpenAI's usage object."""
        total = self.prompt_tokens + self.completion_tokens
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": total,
        }


class Answer:
    """An answer on its way out: all its chunks share an id, a time and a model. `usage` grows with each piece."""

    def __init__(self, target: Target, usage: Usage) -> None:
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": target.model}
        self._target = target
        self._usage = usage
        self._texts: list[str] = []
        self._passed: dict[str, Any] = {}
        self._segments: list[dict[str, Any]] = []
        self._extra_tokens = 0
        self._finish_reason = "stop"

    async def collect(self, pieces: AsyncGenerator[Piece]) -> dict[str, Any]:
        """The body of an answer that is not streamed."""
        async for piece in pieces:
            self._add(piece)
        text = "".join(self._texts)
        content = None if self._passed and not text else text
        message = {"role": "assistant", "content": content, "refusal": None, **self._passed}
        reason = self._target.finished(self._finish_reason)
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
        return {
            **self._head,
            "object": "chat.completion",
            "choices": [choice],
            "usage": self._usage.to_json(),
            **self._target.report(self._segments, self._extra_tokens),
        }

    async def chunks(
        self, pieces: AsyncGenerator[Piece | None], includes_usage: bool
    ) -> AsyncGenerator[dict[str, Any] | None]:
        """Role, content piece by piece, finish, and usage if asked for; None where a pause came instead of a piece."""
        no_usage = {"usage": None} if includes_usage else {}
        yield self._chunk({"role": "assistant", "content": ""}, **no_usage)
        async for piece in pieces:
            if piece is None:
                yield None
                continue
            self._add(piece)
            if piece.passed:
                yield self._chunk(piece.passed, **no_usage)
            if piece.text:
                yield self._chunk({"content": piece.text}, **no_usage)
        reason = self._target.finished(self._finish_reason)
        report = self._target.report(self._segments, self._extra_tokens)
        if includes_usage:
            yield self._chunk({}, reason, **no_usage)
            yield self._event(choices=[], usage=self._usage.to_json(), **report)
        else:
            yield self._chunk({}, reason, **report)

    def _add(self, piece: Piece) -> None:
        self._texts.append(piece.text)
        self._passed |= piece.passed
        self._usage.add(piece)
        self._finish_reason = piece.finish_reason or self._finish_reason
        if piece.verdict:
            self._segments.append({
                "index": len(self._segments), "verdict": piece.verdict, "missing": piece.missing,
                "invented": piece.invented,
            })  # fmt: skip
            self._extra_tokens += piece.extra_tokens

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None, **more: Any) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._event(choices=[choice], **more)

    def _event(self, **content: Any) -> dict[str, Any]:
        return {**self._head, "object": "chat.completion.chunk", **content}
