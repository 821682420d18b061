"""How cleaning steps are run: a text goes through them in order until one of them drops it.

In: a text and a tuple of steps. Out: the cleaned text, or Rejected with the reason.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from extraction.reason import Reason


@dataclass(frozen=True, slots=True)
class Rejected:
    """A text, or a row, that gives no triplet, and why; of a row also its words, and those that were cut."""

    reason: Reason
    words_read: int = field(default=0, compare=False)
    words_cut: Counter[Reason] = field(default_factory=Counter, compare=False)


Step = Callable[[str], str | Rejected]
_MARKUP = re.compile(r"<(style|script|head)\b.*?</\1\s*>|<[a-z/!][^<>]*>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Cutting:
    """A step that takes words away; `what` they are is the reason that they are counted under."""

    what: Reason
    step: Step

    def __call__(self, text: str) -> str | Rejected:
        """The text without them."""
        return self.step(text)


def drop_if(check: Callable[[str], Reason | None]) -> Step:
    """A step that leaves the text as it is, or drops it for the reason that `check` gives."""

    def step(text: str) -> str | Rejected:
        reason = check(text)
        return Rejected(reason) if reason else text

    return step


def run(steps: tuple[Step, ...], text: str, words: Counter[Reason] | None = None) -> str | Rejected:
    """The text after all steps, or why one of them dropped it.

    In `words` is counted how many words the cutting steps took, by reason; those of markup are left out.
    """
    for step in steps:
        cleaned = step(text)
        if words is not None and isinstance(step, Cutting) and cleaned != text:
            left = 0 if isinstance(cleaned, Rejected) else count_words(cleaned)
            words[step.what] += max(0, count_words(text) - left)
        if isinstance(cleaned, Rejected):
            return cleaned
        text = cleaned
    return text


def count_words(text: str) -> int:
    """The words of a text that may be HTML, without its markup."""
    return len((_MARKUP.sub(" ", text) if "</" in text else text).split())


def run_regardless(steps: tuple[Step, ...], text: str) -> str:
    """The text after all steps, as if none of them dropped anything."""
    for step in steps:
        cleaned = step(text)
        text = text if isinstance(cleaned, Rejected) else cleaned
    return text
