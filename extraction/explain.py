"""What extraction makes of a single text, and why: the answer to 'why is this not in my triplets?'.

In: the name of a source and a text as its column holds it. Out: an Explanation. extraction.own decides, not this. Only
the text is judged, not who sent it, nor its subject or Apple's reaction type.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from extraction.clean.steps import Rejected, run_regardless
from extraction.neutral.rules import neutralise
from extraction.own import cleaned, why_dropped
from extraction.owner import SOURCE_NAMES
from extraction.reason import Reason
from extraction.sources import SOURCES, Source
from extraction.units import cuts
from voice.errors import UserError


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, what would drop it, and what the rules make of it."""

    own: str
    reason: Reason | None
    neutral: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """`own` is the text without quotes and signatures, not split, even when it is dropped as noise.

    `words_cut` says how many words cleaning took from it, by reason.
    """

    own: str
    reason: Reason | None
    sentences: list[Sentence]
    words_cut: dict[str, int]


def explain(source: str, body: str, row_id: str = "") -> Explanation:
    """What would become of a text; the id matters for the words of the neutral sides only, as it does in extraction."""
    entry = find_source(source)
    words_cut: Counter[Reason] = Counter()
    whole = cleaned(entry, body, words_cut)
    own = run_regardless(entry.steps, body) if isinstance(whole, Rejected) else whole
    register = "chat" if callable(entry.register) else entry.register
    sentences = [
        Sentence(cut.text, why_dropped(cut.text), neutralise(cut.text, register, f"{source}:{row_id}:{cut.number}"))
        for cut in cuts([own], "sentence", "")
    ]
    cut = {reason.value: count for reason, count in words_cut.items() if count}
    if isinstance(whole, Rejected):
        return Explanation(own, whole.reason, sentences, cut)
    reasons = [sentence.reason for sentence in sentences]
    return Explanation(own, None if None in reasons else reasons[0], sentences, cut)


def explain_lines(source: str, lines: Iterable[bytes]) -> Iterator[str]:
    """For each line {"id", "body"} one with "id" and an Explanation's fields; UserError names one that is wrong."""
    find_source(source)
    for number, line in enumerate(lines, start=1):
        try:
            asked = json.loads(line)
            row_id, body = asked["id"], asked["body"] or ""
            found = explain(source, body, str(row_id))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise UserError(
                f'Line {number} of the input is not a JSON object with "id" and "body". Write one a line, in UTF-8.'
            ) from error
        yield json.dumps({"id": row_id, **asdict(found)}, ensure_ascii=False)


def find_source(name: str) -> Source:
    """The source of that name; UserError names those that there are."""
    for source in SOURCES:
        if source.name == name:
            return source
    raise UserError(f"There is no source {name!r}. The sources are {', '.join(SOURCE_NAMES)}.")
