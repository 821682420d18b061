"""What a rewrite says no more, by the words that are lost.

In: a text, masked, and the words of it that its rewrite does not hold. Out: kinds, empty where the words tell nothing.
"""

from voice.pleasantries import is_pleasantry
from voice.sense import statements
from voice.sentences import split
from voice.words import is_content, words

_SAYS, _LOST = 3, 0.8  # content words of a sentence that must not be lost, and the share of them that loses it


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
