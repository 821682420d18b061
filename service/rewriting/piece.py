"""A part of an answer, as it goes from the rewriter to whoever ships it."""

from dataclasses import dataclass
from typing import Literal

from service.engines import FinishReason

Verdict = Literal["kept", "copied"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the answer; `verdict` is None for white space, for the end and for the bare model's words."""

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    verdict: Verdict | None = None
    finish_reason: FinishReason | None = None
