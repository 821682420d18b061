"""What a rewrite says otherwise than its text, where every word may be explained: polarity, who does what.

In: a text and its rewrite. Out: the words at which they differ. English; words are compared by their stems, each only
where it stands in both, so that what a person leaves out changes nothing.
"""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

from voice.asking import asks, requests
from voice.sentences import split
from voice.words import by_word, is_content, stem, words

_NEGATIONS = frozenset(
    "not no never none nobody nothing neither nor without cannot unable impossible nope "
    "dont cant didnt doesnt isnt wasnt wont wouldnt couldnt shouldnt arent werent hasnt havent hadnt aint".split()
)
_CLAUSE = re.compile(r"[,;:()—–]|\s-+\s|\b(?:but|because|so|and|if|although|though|since|while)\b", re.IGNORECASE)
_ENDS_IT = frozenset(map(stem, "sure know".split()))  # 'not sure whether he comes' says nothing of coming
_REACH = 1  # content words after a negation that it negates
_Negated = dict[str, tuple[Set[bool], Set[bool]]]
_NOT_NEGATED = frozenset({False}), frozenset({False})

_OPPOSITES = """
love hate | like dislike | good bad | great terrible | great awful | best worst | better worse | more less | most least
before after | early late | first last | right wrong | true false | happy sad | happy unhappy | glad sorry
agree disagree | accept reject | accept decline | approve deny | increase decrease | increase reduce | raise lower
rise fall | high low | long short | big small | large small | buy sell | open close | start stop | start end
begin end | win lose | find lose | remember forget | arrive leave | send receive | push pull | hot cold
warm cold | easy hard | easy difficult | simple complicated | fast slow | quick slow | new old | young old
strong weak | rich poor | cheap expensive | safe dangerous | clean dirty | full empty | same different
possible impossible | above below | inside outside | pass fail | succeed fail | allow forbid
allow prevent | include exclude | add remove | help hurt | friend enemy | pretty ugly | beautiful ugly | nice rude
interesting boring | excited bored | calm angry | correct incorrect | correct wrong | legal illegal
available unavailable | certain uncertain | sure unsure | fair unfair | lucky unlucky | fortunate unfortunate
comfortable uncomfortable | positive negative | minimum maximum | gain loss | profit loss | credit debit
always never | everybody nobody | everyone nobody | everything nothing | all none | morning evening
north south | east west | husband wife | mother father | mom dad | brother sister | son daughter | man woman | boy girl
"""
# Stem -> the stems of its opposites.
OPPOSITE: dict[str, set[str]] = {}
for _line in _OPPOSITES.strip().splitlines():
    for _pair in _line.split("|"):
        _one, _other = map(stem, _pair.split())
        OPPOSITE.setdefault(_one, set()).add(_other)
        OPPOSITE.setdefault(_other, set()).add(_one)

# Verbs that mostly say how something is said: 'I am not sure' and 'I do not know' are one.
_WEAK = frozenset(map(stem, "know think believe feel hope want wish guess suppose wonder sure mean remember".split()))

# The subject forms, and who they are; I and we are one party.
_SUBJECTS = {
    form: who
    for who, forms in {
        "we": "i i'm i'll i'd i've im ive ill we we're we'll we'd we've",
        "you": "you you're you'll you'd you've u youre",
        "he": "he he's he'll he'd hes", "she": "she she's she'll she'd shes",
        "they": "they they're they'll they'd they've theyre",
    }.items()
    for form in forms.split()
}  # fmt: skip
_OBJECTS = {"me": "we", "us": "we", "you": "you", "u": "you", "him": "he", "her": "she", "them": "they"}
_THIRD = frozenset({"he", "she", "they"})
_AUXILIARIES = frozenset(
    "did didn't does doesn't do don't is isn't was wasn't are aren't were weren't has hasn't have haven't had hadn't "
    "will won't would wouldn't can can't cannot could couldn't should shouldn't may might must didnt doesnt dont "
    "isnt wasnt wont cant".split()
)
_STATES = _AUXILIARIES.union(_SUBJECTS, ["am"])
_SAYS = 2  # content words of a clause that says something
_ASIDE = re.compile(r"\s*(?:as|thanks?)\b", re.IGNORECASE)
_BETWEEN = frozenset("to for with it them everything anything this that these those back over up out".split())
_BACK = 5  # words before a verb among which its subject is looked for
_AHEAD = 12  # words after it among which the person is that it is done for

# A first word that may be somebody: no mark after it, and not one that only says how it is said.
_OPENING = re.compile(r"[^\w'’]*+(?!(?:sorry|apologies|\w+ly)\b)[\w'’]+\s+\w", re.IGNORECASE)
# These negate nothing.
_IDLE = re.compile(r"\b(?:do not|don't|dont|not) hesitate\b|\bwhy (?:don't|not)\b", re.IGNORECASE)
# Of what is to come, 'never' says more than 'not'; of what is past ('never got it') people say it for 'not'.
_NEVER = re.compile(
    r"(?:\b(?:will|shall|can|going to|gonna)|['’]ll|\b(?:i|we|you|they)ll) never\b"
    r"|\bnever (?:be|gonna|going to|will|can)\b",
    re.IGNORECASE,
)  # fmt: skip
_EVER = re.compile(r"\b(?:n?ever|at no (?:time|point)|no longer|(?:any ?|no )more|again)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs: stems whose polarity is turned, verbs that somebody else does, a question made or unmade."""

    polarity: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    question: bool = False

    def __bool__(self) -> bool:
        return bool(self.polarity or self.actors or self.question)


def changes(text: str, rewrite: str) -> Changes:
    """What the rewrite says otherwise than the text."""
    return Changes(polarity(text, rewrite), actors(text, rewrite), question(text, rewrite))


def polarity(text: str, rewrite: str) -> tuple[str, ...]:
    """The stems of the text that are negated on one side only, or that the rewrite replaces by their opposites; 'never'
    where the rewrite says that of what is to come and the text does not."""
    was, now = _negated(text), _negated(rewrite)
    turned = {
        word
        for word in (was.keys() & now.keys()) - _WEAK
        if was[word] != now[word]
        and is_content(word)
        and not any(old & new for old, new in zip(was[word], now[word], strict=True))
    }
    for word, (negated, _) in was.items():
        if word not in now:
            others = (other for other in OPPOSITE.get(word, ()) if other in now and other not in was)
            turned |= {word for other in others if negated & now[other][0]}
    if "never" in words(rewrite) and _NEVER.search(rewrite) and not _EVER.search(text):
        turned.add("never")
    if not turned and _sentences(text) == _sentences(rewrite) == 1 and _without_substance(was, now):
        turned = {"not"} if _negates(text) != _negates(rewrite) else turned
    return tuple(sorted(turned))


def actors(text: str, rewrite: str) -> tuple[str, ...]:
    """The stems of verbs that have another subject, or another person right after them, in the rewrite."""
    was, now = _roles(text), _roles(rewrite)
    return tuple(
        sorted(
            word
            for word in (was.keys() & now.keys()) - _WEAK
            if any(
                a and b and not a & b and not _is_pronoun_for(a, b) for a, b in zip(was[word], now[word], strict=True)
            )
        )
    )


def question(text: str, rewrite: str) -> bool:
    """Whether one of them asks and the other neither asks nor requests; 'could you' is a request."""
    was, now = asks(text), asks(rewrite)
    return (now and not (was or requests(text))) or (was and not (now or requests(rewrite)))


def statements(text: str) -> list[list[str]]:
    """The content words of each sentence and of each clause that says what somebody does, or what is.

    What has fewer than two says little; 'as far as I know' and thanks are none.
    """
    found = []
    for part in (*split(text), *_clauses(text)):
        said = words(part)
        content = [word for word in said if is_content(word)]
        if len(content) >= _SAYS and not _ASIDE.match(part) and not _STATES.isdisjoint(said):
            found.append(content)
    return found


def _negated(text: str) -> _Negated:
    """For each content stem, whether it stands under a negation, not under one, or both.

    Twice: where a negation reaches the next content word, and where it reaches all that follow in its clause.
    """
    if not any(map(_is_negation, words(text))):
        return dict.fromkeys((stem(word) for word in words(text) if _part(word) == "negated"), _NOT_NEGATED)
    found: _Negated = {}
    for clause in _clauses(text):
        left, in_clause = 0, False
        for word in words(clause):
            part = _part(word)
            if part == "negation":
                left, in_clause = _REACH, True
            elif part == "end":
                left, in_clause = 0, False
            elif part == "negated":
                near, loosely = found.get(stem(word), (frozenset(), frozenset()))
                found[stem(word)] = near | {left > 0}, loosely | {in_clause}
                left -= is_content(word)
    return found


@by_word
def _part(word: str) -> str | None:
    """What a word is to a negation: one itself, what ends its reach, or what can be negated."""
    if _is_negation(word):
        return "negation"
    if stem(word) in _ENDS_IT:
        return "end"
    return "negated" if word != "able" and (is_content(word) or stem(word) in OPPOSITE) else None


def _clauses(text: str) -> Iterator[str]:
    for sentence in split(text):
        yield from _CLAUSE.split(_IDLE.sub(" ", sentence))


@by_word
def _is_negation(word: str) -> bool:
    return word in _NEGATIONS or word.endswith("n't")


def _negates(text: str) -> bool:
    return any(map(_is_negation, words(text))) and any(map(_is_negation, words(_IDLE.sub(" ", text))))


def _without_substance(was: _Negated, now: _Negated) -> bool:
    """Whether a negation of either has nothing after it that it could be seen to negate."""
    return not any(True in near for side in (was, now) for near, _ in side.values())


def _sentences(text: str) -> int:
    return len(split(text))


def _roles(text: str) -> dict[str, tuple[set[str], set[str]]]:
    """For each content stem, who stands before it as its subject, and which person soon after it."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    for sentence in split(text):
        said = words(sentence)
        capitals = {word.lower() for word in re.findall(r"(?<=[a-z,;] )[A-Z][a-z]+", sentence)}
        opening = bool(_OPENING.match(sentence))
        for place, word in enumerate(said):
            if not is_content(word) or word in capitals:
                continue
            subject = _subject(said, place, capitals, opening)
            person = _object(said, place)
            subjects, objects = found.setdefault(stem(word), (set(), set()))
            if subject:
                subjects.add(subject)
            if person:
                objects.add(person)
    return found


def _subject(said: list[str], place: int, capitals: set[str], opening: bool) -> str | None:
    """The nearest person before a word: a pronoun, a name, or what opens the sentence before an auxiliary.

    `opening`: whether the first word can be that; in 'sorry, can't come' it is not.
    """
    for before in range(place - 1, max(-1, place - 1 - _BACK), -1):
        word = said[before]
        if word in _SUBJECTS:
            return _SUBJECTS[word]
        followed = before + 1 < place and said[before + 1] in _AUXILIARIES
        if followed and (word in capitals or (before == 0 and opening and is_content(word))):
            return word
        if is_content(word):
            return None
    return None


def _object(said: list[str], place: int) -> str | None:
    """The person to whom or for whom it is done, right after a verb or after what is done: 'send it directly to me'."""
    for word in said[place + 1 : place + 1 + _AHEAD]:
        if word in _OBJECTS and word != "them":
            return _OBJECTS[word]
        if word not in _BETWEEN and not word.endswith("ly"):
            return None
    return None


def _is_pronoun_for(some: set[str], others: set[str]) -> bool:
    """Whether one side has a name where the other says he, she or they."""
    named = {frozenset(some), frozenset(others)}
    people = set(_SUBJECTS.values())
    return any(side & _THIRD for side in named) and any(not side & people for side in named)
