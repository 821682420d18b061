"""What a rewrite leaves unsaid and what it says otherwise, by its words.

In: a text and its rewrite, both masked, and the alignment of whoever writes. Out: kinds, empty where the words tell
nothing.
"""

from voice.alignment import Alignment
from voice.asking import loses_request
from voice.facts.masking import PLACEHOLDER
from voice.pleasantries import is_pleasantry
from voice.sense import actors, loses_condition, polarity, statements
from voice.sentences import split
from voice.words import is_content, words

_SAYS, _LOST = 3, 0.8  # content words of a sentence that must not be lost, and the share of them that loses it


def left_unsaid(text: str, rewrite: str, alignment: Alignment) -> set[str]:
    """What the text says in so many words and the rewrite does not."""
    lost = set(alignment.lost(text, rewrite))
    kinds = said_no_more(text, lost) if lost else set()
    kinds |= {"request"} if loses_request(text, rewrite) else set()
    return kinds | ({"condition"} if loses_condition(text, rewrite) else set())


def said_otherwise(text: str, rewrite: str, alignment: Alignment, unexplained_share: float) -> set[str]:
    """Words that nothing explains, beyond that share of the rewrite's, and a turn of yes and no, or of who does it."""
    before, after = (PLACEHOLDER.sub(" ", side) for side in (text, rewrite))
    most = unexplained_share * sum(map(is_content, words(after)))
    kinds = {
        "word": len(alignment.unexplained(before, after)) > most,
        "polarity": polarity(before, after),
        "actor": actors(before, after),
    }
    return {kind for kind, found in kinds.items() if found}


def said_no_more(text: str, lost: set[str]) -> set[str]:
    """'sentence' where hardly anything is left of one that says something, 'clause' where nothing is left of a part."""
    found = set()
    for sentence in (sentence for sentence in split(text) if not is_pleasantry(sentence)):
        content = [word for word in words(sentence) if is_content(word)]
        gone = sum(word in lost for word in content)
        if len(content) >= _SAYS and gone >= _LOST * len(content):
            found.add("sentence")
        elif any(lost.issuperset(statement) for statement in statements(sentence)):
            found.add("clause")
    return found
