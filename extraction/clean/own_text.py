"""What cleaning makes of one text: the answer to 'why is this not in my triplets?'.

In: the name of a source and a text as its column holds it. Out: the owner's own text, or the reason to drop it.
"""

from extraction.clean.steps import Rejected, run, run_regardless
from extraction.owner import SOURCE_NAMES
from extraction.pipeline import pieces
from extraction.pipeline import why_dropped as why_sentence_dropped
from extraction.sources import SOURCES, Source
from voice.errors import UserError


def own_text(source: str, body: str) -> str:
    """The text without quotes and signatures, not split into sentences, even when it would be dropped as noise."""
    return run_regardless(_source(source).steps, body)


def why_dropped(source: str, body: str) -> str | None:
    """Why `body` gives no triplet at all; None when at least one of its sentences stays.

    Only the text is judged: not who sent it, nor its subject or Apple's reaction type.
    """
    cleaned = run(_source(source).steps, body)
    if isinstance(cleaned, Rejected):
        return cleaned.reason
    if not cleaned:
        return "nothing_own" if body.strip() else "empty"
    reasons = [why_sentence_dropped(sentence) for sentence, _ in pieces(cleaned, "sentence")]
    return None if None in reasons else reasons[0]


def _source(name: str) -> Source:
    for source in SOURCES:
        if source.name == name:
            return source
    raise UserError(f"There is no source {name!r}. The sources are {', '.join(SOURCE_NAMES)}.")
