"""A part of an answer, as it goes from the rewriter to whoever ships it."""

from dataclasses import dataclass, field
from typing import Any, Literal

from service.engines import FinishReason

Outcome = Literal["kept", "resampled", "light", "dropped", "fallback", "copied"]
REWRITTEN: tuple[Outcome, ...] = ("kept", "resampled")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the answer.

    `verdict`: the first rewrite, another one, the text as it came but for the owner's habits of typing, a courtesy left
    out, the text as it came because no rewrite passed the guard, or what is never rewritten; None for white space, for
    the end and for the bare model's words. `same` is how likely the rewrite says the same, 0..1, None where nobody
    judged; of a text that went out as it came it is that of the best rewrite, and `kinds` are what spoke against that
    one, the heaviest first. `extra_tokens` are those of rewrites that were not shipped; `passed` are fields of a
    message that are not its text, such as the tool calls of a draft. `choice` is the number of the answer, where
    several were asked for; `came` what the rewrite stands for.
    """

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    verdict: Outcome | None = None
    finish_reason: FinishReason | None = None
    same: float | None = None
    kinds: tuple[str, ...] = ()
    extra_tokens: int = 0
    passed: dict[str, Any] = field(default_factory=dict)
    choice: int = 0
    came: str = ""
