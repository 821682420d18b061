"""What is wrong with a rewrite, for whoever asks: the guard, evaluation, the stage that writes neutral sides.

In: a text and its rewrite, both masked, and how strictly to look. Out: a Difference: the kinds of what is missing and
of what was invented, empty for a rewrite that may go out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from voice.alignment import Alignment
from voice.echo import Echoes
from voice.facts.compare import Difference, compare
from voice.judges.machine import left_open, of_a_machine
from voice.judges.wording import left_unsaid, said_otherwise

Level = Literal["off", "facts", "full"]


@dataclass(frozen=True, slots=True)
class Judges:
    """What judges rewrites in one voice: its alignment, its echoes, and what its owner may be called."""

    alignment: Alignment
    echoes: Echoes
    signs_as: Sequence[str] = ()

    @classmethod
    def load(cls, folder: Path, signs_as: Sequence[str] = ()) -> "Judges":
        """Those of a voice folder; ArraysError when a file is missing or damaged."""
        return cls(Alignment.load(folder), Echoes.load(folder), signs_as)

    def difference(
        self, text: str, rewrite: str, level: Level = "full", prompt: str = "", unexplained_share: float = 0.0
    ) -> Difference:
        """What is wrong with a rewrite at a level; `prompt` is the system text that it was asked with.

        `unexplained_share`: of a rewrite's content words, those that may stand there without one in its text.
        """
        if level == "off":
            return Difference()
        found = compare(text, rewrite, self.signs_as)
        missing, invented = set(found.missing), set(found.invented)
        invented |= of_a_machine(text, rewrite, prompt, self.echoes)
        if left_open(rewrite) and not left_open(text):
            missing.add("bracket")
        if level == "full":
            missing |= left_unsaid(text, rewrite, self.alignment)
            invented |= said_otherwise(text, rewrite, self.alignment, unexplained_share)
        return Difference(tuple(sorted(missing)), tuple(sorted(invented)))
