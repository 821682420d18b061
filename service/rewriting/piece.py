"""A part of an answer, as it goes from the rewriter to whoever ships it."""

from dataclasses import dataclass, field
from typing import Any, Literal

from service.engines import FinishReason

Verdict = Literal["kept", "resampled", "dropped", "fallback", "copied"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the answer.

    `verdict`: the first rewrite, a later one, a courtesy left out, the text as it came because no rewrite passed the
    guard, or what is never rewritten; None for white space, for the end and for the bare model's words. `missing` and
    `invented` say why no rewrite passed; `extra_tokens` are those of rewrites that were not shipped; `passed` are
    fields of a message that are not its text, such as the tool calls of a draft. `choice` is the number of the answer,
    where several were asked for.
    """

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    verdict: Verdict | None = None
    finish_reason: FinishReason | None = None
    missing: tuple[str, ...] = ()
    invented: tuple[str, ...] = ()
    extra_tokens: int = 0
    passed: dict[str, Any] = field(default_factory=dict)
    choice: int = 0
