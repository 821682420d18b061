"""Facts that a model may see, hidden from it after all: what it garbled once it can still copy as a placeholder.

In: a masked text and kinds of facts. Out: the text with placeholders for its facts of these kinds, too, and what stood
there.

    hidden("See you in Oslo.", {"name"})     # Masked("See you in <name1>.", {"<name1>": "Oslo"})
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Iterator

from voice.facts.figures import placed_figures
from voice.facts.masking import PLACEHOLDER, Masked
from voice.facts.named import names_of


def hidden(text: str, kinds: Collection[str]) -> Masked:
    """The text with its names (`name`) and figures (`date`, `weekday`, `amount` ...) of these kinds hidden.

    `values` are those of the new placeholders alone; the others keep their numbers.
    """
    plain = PLACEHOLDER.sub(lambda match: " " * len(match.group()), text)
    pieces = []
    for figure, (start, end) in placed_figures(plain):
        if figure.certain and figure.kind in kinds:
            pieces.append((start, end - (plain[end - 1] == "."), "id"))  # the sentence's, or one of p.m.
    if "name" in kinds and (names := names_of(text)):
        longest_first = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
        found = re.finditer(rf"(?<![\w'])(?:{longest_first})(?!\w)", plain, re.IGNORECASE)
        pieces += [(*match.span(), "name") for match in found]
    given: dict[str, str] = {}
    taken = set(PLACEHOLDER.findall(text))
    numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))
    parts, last = [], 0
    for start, end, kind in sorted(pieces):
        if start < last:  # the USD of 5 USD
            continue
        value = text[start:end]
        if value not in given:
            numbered = (f"<{kind}{number}>" for number in numbers[kind])
            given[value] = next(name for name in numbered if name not in taken)
        parts += [text[last:start], given[value]]
        last = end
    return Masked("".join([*parts, text[last:]]), {placeholder: value for value, placeholder in given.items()})
