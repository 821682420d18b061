"""The words of a text as comparisons want them: one spelling for what is said in the same way.

In: a text as somebody typed it. Out: its words and numbers in lower case, or their stems. English.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

import snowballstemmer

# Words that carry grammar, not substance; and the interjections and polite words that anybody adds or drops.
FUNCTION_WORDS = frozenset(
    "a able about above across after again against ah all almost along already also although always am among an and "
    "another any anybody anyone anything anyway are aren't arent around as at away back be because been before "
    "behind being below besides best between beyond both btw but by can can't cannot cant could couldn't couldnt "
    "did didn't didnt do does doesn't doesnt doing don't done dont down during each either else enough etc even "
    "ever every everybody everyone everything few fine for from further fyi get gets getting go goes going gonna "
    "got gotta had hadn't haha hahaha has hasn't have haven't having he he'd he'll he's hello her here here's hers "
    "herself hes hey hi him himself his hmm how how's however i i'd i'll i'm i've if ill im in indeed instead into "
    "is isn't isnt it it'd it'll it's its itself ive just kind let let's lets like lol lot lots many may maybe me "
    "might mine more most much must my myself near need neither never no nobody none nope nor not nothing now of "
    "off oh ok okay on once one ones only onto or other others otherwise ought our ours ourselves out over own per "
    "perhaps please pls possible possibly probably quite r rather re really regarding regards right same say see "
    "seem shall she she'd she'll she's shes should shouldn't shouldnt since so some somebody someone something soon "
    "still such sure than thank thanks that that'll that's thats the their theirs them themselves then there "
    "there's therefore these they they'd they'll they're they've theyre thing things this those though through thus "
    "thx till to together too toward towards ty u uh um unable under unless until up upon ur us very via wanna want "
    "was wasn't wasnt way we we'd we'll we're we've well were weren't what what's whatever whats when whenever "
    "where where's whether which while who who's whoever whom whose why will with within without won't wont would "
    "wouldn't wouldnt ya ye yea yeah yep yes yet you you'd you'll you're you've your youre yours yourself".split()
)

_NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
    if word != "one"  # which is mostly no number
} | {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90"}

# Forms that no stemmer brings together.
_IRREGULAR = {
    form: verb
    for verb, forms in {
        "begin": "began begun", "bring": "brought", "build": "built", "buy": "bought", "catch": "caught",
        "choose": "chose chosen", "come": "came", "deal": "dealt", "draw": "drew drawn", "drive": "drove driven",
        "eat": "ate eaten", "fall": "fell fallen", "feel": "felt", "find": "found", "fly": "flew flown",
        "forget": "forgot forgotten", "give": "gave given", "grow": "grew grown", "hear": "heard", "hold": "held",
        "keep": "kept", "know": "knew known", "lead": "led", "leave": "left", "lend": "lent",
        "lose": "lost",
        "make": "made", "mean": "meant", "meet": "met", "pay": "paid", "ride": "rode ridden", "run": "ran",
        "sell": "sold", "send": "sent", "sit": "sat", "sleep": "slept", "speak": "spoke spoken", "spend": "spent",
        "stand": "stood", "take": "took taken", "teach": "taught", "tell": "told", "think": "thought",
        "understand": "understood", "win": "won", "write": "wrote written", "child": "children", "person": "people",
    }.items()
    for form in forms.split()
}  # fmt: skip

_WORD = re.compile(r"\d+(?:[.,:/-]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*(?:\d+)?")
_TYPED = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
_NUMERAL = re.compile("[1-9]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NEAR = 0.1  # share of the words that a near-copy may change
TEXTS = 64  # whose words and sentences are kept: whoever judges a text asks for them a dozen times
_WORDS = 50_000  # of which is kept what was found out about each
_RUN = 5  # words that, said again, are a repetition
_STEMMER = snowballstemmer.stemmer("english")


Found = TypeVar("Found")


def by_word(find: Callable[[str], Found]) -> Callable[[str], Found]:
    """Decorator: what a function finds for a word is kept. A hit is a look into a dict, half of what it is with
    lru_cache. Numerals but 0 are not kept, as hardly any comes twice; when there are too many words, all are forgotten.
    """

    class _Known(dict[str, Found]):
        def __missing__(self, word: str) -> Found:
            found = find(word)
            if not _NUMERAL.search(word):
                if len(self) >= _WORDS:
                    self.clear()
                self[word] = found
            return found

    return _Known().__getitem__


def words(text: str) -> list[str]:
    """The words and numbers of a text in order: lower case, straight apostrophes, no thousands separators."""
    return list(_words(text))


@lru_cache(maxsize=TEXTS)
def _words(text: str) -> tuple[str, ...]:
    plain = text.replace("’", "'").replace("`", "'").lower()
    return tuple(_THOUSANDS.sub("", word) if "," in word else word for word in _WORD.findall(plain))


@by_word
def stem(word: str) -> str:
    """What the forms of a lower-case word have in common: 'sent' and 'sending' give 'send', 'two' gives '2'."""
    word = word.removesuffix("'s")
    if word[-1:].isdigit():  # no suffix ends in one
        return word
    found: str = _NUMBER_WORDS.get(word) or _STEMMER.stemWord(_IRREGULAR.get(word, word))
    return found


@by_word
def is_content(word: str) -> bool:
    """Whether a lower-case word says something, and is not grammar, politeness or a single letter."""
    return word.removesuffix("'s") not in FUNCTION_WORDS and (len(word) > 1 or word.isdigit())


@lru_cache(maxsize=TEXTS)
def stems(text: str) -> frozenset[str]:
    """The stems of its words."""
    return frozenset(map(stem, words(text)))


def new_words(text: str, other: str) -> list[str]:
    """The content words of the other text of which no form stands in the text."""
    there = stems(text)
    return [word for word in words(other) if is_content(word) and stem(word) not in there]


def repeats(text: str, rewrite: str, run: int = _RUN) -> bool:
    """Whether the rewrite says so many words in a row more often than the text does, and more than once."""
    said = runs(rewrite, run)
    if len(set(said)) == len(said):
        return False
    before = _counted_runs(text, run)
    return any(count > max(1, before[one]) for one, count in Counter(said).items())


@lru_cache(maxsize=TEXTS)
def _counted_runs(text: str, length: int) -> Counter[tuple[str, ...]]:
    return Counter(runs(text, length))


def runs(text: str, length: int) -> list[tuple[str, ...]]:
    """Each so many words of a text that follow one another."""
    said = words(text)
    return list(zip(*(said[place:] for place in range(length)), strict=False))


def is_near_copy(text: str, rewrite: str, *, typed: bool = False) -> bool:
    """Whether under a tenth of the words differ, case and punctuation aside; or with `typed` of words and marks as they
    are typed."""
    before, after = (_TYPED.findall(side) if typed else words(side) for side in (text, rewrite))
    most = _NEAR * max(1, len(before))
    common = (Counter(before) & Counter(after)).total()
    return max(len(before), len(after)) - common < most and _edits(before, after) < most


def _edits(before: Sequence[str], after: Sequence[str]) -> int:
    """Levenshtein distance, in words."""
    row = list(range(len(after) + 1))
    for i, left in enumerate(before, start=1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(after, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
    return row[-1]
