"""How cleaning steps are run: a text goes through them in order until one of them drops it.

In: a text and a tuple of steps. Out: the cleaned text, or Rejected with the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass

from extraction.reason import Reason


@dataclass(frozen=True, slots=True)
class Rejected:
    """A text, or a row, that gives no triplet, and why."""

    reason: Reason


Step = Callable[[str], str | Rejected]


def drop_if(check: Callable[[str], Reason | None]) -> Step:
    """A step that leaves the text as it is, or drops it for the reason that `check` gives."""

    def step(text: str) -> str | Rejected:
        reason = check(text)
        return Rejected(reason) if reason else text

    return step


def run(steps: tuple[Step, ...], text: str) -> str | Rejected:
    """The text after all steps, or why one of them dropped it."""
    for step in steps:
        cleaned = step(text)
        if isinstance(cleaned, Rejected):
            return cleaned
        text = cleaned
    return text


def run_regardless(steps: tuple[Step, ...], text: str) -> str:
    """The text after all steps, as if none of them dropped anything."""
    for step in steps:
        cleaned = step(text)
        text = text if isinstance(cleaned, Rejected) else cleaned
    return text
