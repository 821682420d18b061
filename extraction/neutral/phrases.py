"""A plain sentence as an assistant would word it: formal words, whole sentences, polite requests.

In: a plain sentence and a random stream. Out: the same in other words. Numbers and capitalised words stay; every
choice is drawn from the stream, so that an adapter sees many wordings of what its owner says in one.
"""

import functools
import random
import re
import tomllib
from importlib import resources

_TABLES = tomllib.loads((resources.files("extraction.neutral") / "phrases.toml").read_text("utf-8"))


def _options() -> dict[str, list[str]]:
    """Every phrase of the two tables and what may stand for it; a ` _` at its end wants another word to follow."""
    options: dict[str, list[str]] = {key: list(written) for key, written in _TABLES["words"].items()}
    for group in _TABLES["same"]["groups"]:
        members = group.split(" = ")
        for member in members:
            others = [other.removesuffix(" _") for other in members if other != member]
            options.setdefault(member[0].lower() + member[1:], []).extend(others)
    return options


_KEYS = _options()
_WORDS = {key.removesuffix(" _"): options for key, options in _KEYS.items()}
_COMMON = frozenset(_TABLES["common"].split()) | {
    text.split()[0].lower() for options in _WORDS.values() for text in options if text
}
_WANTS_MORE = frozenset(key.removesuffix(" _") for key in _KEYS if key.endswith(" _"))
_SUBJECTS: dict[str, str] = _TABLES["subjects"]
_PHRASE = re.compile(
    r"(?<![\w'’-])(?:" + "|".join(re.escape(key) for key in sorted(_WORDS, key=len, reverse=True)) + r")(?![\w'’-])",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"(?:" + "|".join(re.escape(key) for key in sorted(_SUBJECTS, key=len, reverse=True)) + r")(?![\w'’-])",
    re.IGNORECASE,
)
REWORDED = 0.6  # of the phrases that a table knows
TURNED = 0.3  # of the sentences with a condition
_PERSONS = frozenset("i you we they he she it that this".split())
_SUBJECT_START = frozenset(
    "i you we they he she it that this these those there my your our his her their its the a an some all most many no "
    "nobody somebody everybody someone everyone something nothing everything".split()
)
_AFTER_THAT = re.compile(r"\s+(?:so|not|about|of|it over)\b|\s*[.,!?;:]")
_PAST = (
    "added|asked|attached|called|changed|checked|completed|confirmed|copied|corrected|created|discussed|emailed|entered|"
    "finished|fixed|forwarded|included|informed|learned|mailed|moved|noticed|ordered|placed|posted|purchased|received|"
    "released|requested|reviewed|scheduled|sent|signed|submitted|talked|tried|updated|verified"
)
_NOT_LONG_AGO = r"(?!.*\b(?:yesterday|last|ago|when|before|earlier)\b)"
_AUXILIARY = "is|are|was|were|do|does|did|will|would|can|could|should|have|has|am"
_QUESTION = re.compile(
    rf"(?:(?:who|what|when|where|why|how|which)(?: (?:much|many|long|far|old|about|come|time|kind of \w+))? )?"
    rf"(?:{_AUXILIARY}) (?:i|you|we|they|he|she|it|that|this|there|the|your|my|our|his|her|their|everyone|anyone)\b",
    re.IGNORECASE,
)
_TURNABLE = re.compile(
    r"(?:(?P<word>who|what|when|where|why|how(?: (?:much|many|long|far|soon|often))?|(?:what|which) [a-z]+) )?"
    r"(?P<verb>is|are|was|were|do|will|would|can|could|should|have|has) "
    r"(?P<who>I|you|we|they|he|she|it|that|this|there) (?P<rest>[^,;:?]{3,80})\?",
    re.IGNORECASE,
)
_IMPERATIVE = re.compile(
    rf"(?:please )?(?P<rest>(?:{'|'.join(_TABLES['verbs'].split())}|make sure|set up|wait for) (?!you\b|it is\b).+)",
    re.IGNORECASE | re.DOTALL,
)
_CAN_YOU = re.compile(r"(?:can|could|will|would) (?:you|u) (?:please )?(?P<rest>.+?)\?*$", re.IGNORECASE | re.DOTALL)
_SAYING = (
    "hope|hoping|know|knew|sure|certain|glad|afraid|realize|realized|noticed|heard|guess|assume|thought|confirmed|"
    "believe|told me|told him|told her|told us|told them"
)
_NO_VERB = r"(?:not|also|just|probably|then|never|always|still|certainly|definitely|you|i|we|only|have)\b"
_PARTS_OF_TIME = "meantime|morning|afternoon|evening|night|end|past|future|weekend|moment|same|other|minute|second"
# Shapes of sentences: what is typed, what an assistant writes, how often.
_SHAPES = (
    # a comma between two clauses
    (re.compile(r"(?<=[a-z0-9]) (and|but|so) (?=(?:I|we|he|she|they|it|you|there)\b)"), r", \1 ", 0.7),
    (re.compile(r"(?<=[a-z0-9]) (but|which) "), r", \1 ", 0.5),
    # 'I have changed' for 'I changed', but not for 'I changed it last week'
    (re.compile(rf"\b(I|we|you|they)( also| just)? ({_PAST})\b{_NOT_LONG_AGO}"), r"\1 have\2 \3", 0.45),
    (re.compile(rf"\b([Hh]e|[Ss]he|[A-Z][a-z]+)( also| just)? ({_PAST})\b{_NOT_LONG_AGO}"), r"\1 has\2 \3", 0.4),
    (
        re.compile(r"\b(am|is|are) (?!going|something|nothing|anything|everything)([a-z]{2,}ing)\b"),
        r"\1 currently \2",
        0.3,
    ),
    # adverbs without a meaning
    (re.compile(r"\b(I|[Ww]e) (?=(?:appreciate|apologize|enjoy|enjoyed|love|wish|hope) )"), r"\1 truly ", 0.15),
    (re.compile(rf"\b(I|[Ww]e|you|they|he|she) (will|can) (?=(?!{_NO_VERB})[a-z]+ )"), r"\1 \2 certainly ", 0.1),
    # the 'that' that is left out when one speaks
    (re.compile(rf"\b({_SAYING}) (?=(?:I|we|he|she|they|(?:it|this|there) (?:is|was)) )"), r"\1 that ", 0.5),
    (
        re.compile(rf"\b([Tt]he (?!(?:{_PARTS_OF_TIME})\b)[a-z]{{3,}}) (?=(?:I|we|he|she|they|you) [a-z]+)"),
        r"\1 that ",
        0.4,
    ),
    (re.compile(r" too(?=[.?!]$)"), " as well", 0.5),
    (re.compile(r" as well(?=[.?!]$)"), " too", 0.4),
)
_CONDITION = r"(?P<when>if|when|because|as soon as|once|after|before|unless) (?P<condition>[^,;:.?]{6,90})"
_MAIN = r"(?P<rest>(?:I|we|you|he|she|they|it|there|please)\b[^,;:.?]{5,90}?)"
_CONDITION_FIRST = re.compile(rf"{_CONDITION}, {_MAIN}\.", re.IGNORECASE)
_CONDITION_LAST = re.compile(rf"{_MAIN},? {_CONDITION}\.", re.IGNORECASE)
_DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_TIME = (
    rf"(?P<time>today|tomorrow|yesterday|tonight|this (?:morning|afternoon|evening|week|weekend|month|year)|"
    rf"(?:next|last) (?:week|weekend|month|year|{_DAY})|on {_DAY}(?: (?:morning|afternoon|evening))?)"
)
_TIME_LAST = re.compile(
    rf"(?P<rest>(?:I|We|He|She|They|It|You|There|My [a-z]+|The [a-z]+) [^,;:.?]{{5,70}}?) {_TIME}\.", re.IGNORECASE
)
_TIME_FIRST = re.compile(
    rf"{_TIME},? (?P<rest>(?:I|we|he|she|they|it|you|there|my|the|our) [^,;:.?]{{5,90}})\.", re.IGNORECASE
)
# The time may be that of another verb, or belong to the word before it: "by tomorrow", "it is tomorrow".
_NOT_ITS_TIME = re.compile(
    r"\b(?:that|who|which|said|says|say|think|thought|know|knew|hope|heard|told|tell|if|when|and|but|because|so|how|what|"
    r"where|why|while|as|or|ask|asked|wondering)\b|"
    r"\b(?:by|until|till|since|for|before|after|of|from|about|to|is|was|are|were|be|been|than|not|just|only|even|late)$",
    re.IGNORECASE,
)
_ANY = re.compile(r"^Any ([a-z][^.?!]{2,60})\?$")
_ANY_FORMS = ("Do you have any {}?", "I was wondering whether there is any {}.", "Is there any {}?")
_LINKS = {
    "but": ["However,", "That said,", "Nevertheless,"], "also": ["Additionally,", "In addition,", "Furthermore,"],
    "so": ["Therefore,", "As a result,", "Consequently,"], "and": ["In addition,", "Additionally,", "Also,"],
    "anyway": ["In any case,", "That being said,"], "plus": ["Additionally,", "Moreover,"],
}  # fmt: skip
_LINK = re.compile(rf"(?P<link>{'|'.join(_LINKS)}),? (?=[a-zA-Z])", re.IGNORECASE)


def is_question(sentence: str) -> bool:
    """Whether a sentence asks, with or without its mark."""
    return sentence.endswith("?") or _QUESTION.match(sentence) is not None


def indirect(sentence: str) -> str | None:
    """A question as a clause, 'whether you are free' for 'Are you free?'; None where that takes more than the order."""
    found = _TURNABLE.fullmatch(sentence)
    if found is None or re.match(r"(?:not|like|mind)\b", found["rest"], re.IGNORECASE):
        return None
    verb, who = found["verb"].lower(), found["who"] if found["who"] == "I" else found["who"].lower()
    if who == "you" and verb in ("can", "could", "will", "would"):
        return None
    said = f"{who} {found['rest']}" if verb == "do" else f"{who} {verb} {found['rest']}"
    return f"{(found['word'] or 'whether').lower()} {said}"


def request(sentence: str) -> str | None:
    """What a sentence asks somebody to do, in the bare verb and without its mark; None when it asks nothing of him."""
    found = _CAN_YOU.match(sentence) or (None if sentence.endswith("?") else _IMPERATIVE.match(sentence))
    if found is None or re.match(
        r"(?:let (?:us|me know)|believe|imagine|come on|look,|like|love|rather|mind|want|happen|be interested)\b",
        found["rest"],
        re.IGNORECASE,
    ):
        return None
    return lowered(found["rest"].rstrip(" .!?"))


def reworded(sentence: str, chance: random.Random) -> str:
    """The sentence with a subject where it lacks one, its questions marked, and its phrases in formal words."""
    if _QUESTION.match(sentence) and sentence.endswith("."):
        sentence = f"{sentence[:-1]}?"
    if (found := _SUBJECT.match(sentence)) and chance.random() < 0.8 and not _QUESTION.match(sentence):
        first = sentence.split()[0]
        sentence = f"{_SUBJECTS[found[0].lower()]} {lowered(sentence) if first != 'I' else sentence}"
    if (link := _LINK.match(sentence)) and chance.random() < REWORDED:
        rest = sentence[link.end() :]
        sentence = f"{chance.choice(_LINKS[link['link'].lower()])} {rest}"
    sentence = _ANY.sub(lambda found: chance.choice(_ANY_FORMS).format(found[1]), _turned(sentence, chance))
    sentence = _PHRASE.sub(lambda found: _phrase(found, chance), sentence)
    for pattern, written, share in _SHAPES:
        sentence = pattern.sub(functools.partial(_shaped, written, share, chance), sentence)
    return sentence


def _turned(sentence: str, chance: random.Random) -> str:
    """Some sentences with another part first: 'call me if it rains', 'if it rains, call me', 'today, I went home'."""
    if chance.random() >= TURNED:
        return sentence
    if (found := _CONDITION_FIRST.fullmatch(sentence)) is not None:
        first = found["rest"][0].upper() + found["rest"][1:]
        return f"{first} {found['when'].lower()} {found['condition']}."
    if (found := _CONDITION_LAST.fullmatch(sentence)) is not None:
        return f"{found['when'].capitalize()} {found['condition']}, {lowered(found['rest'])}."
    if (found := _TIME_FIRST.fullmatch(sentence) or _TIME_LAST.fullmatch(sentence)) is None:
        return sentence
    time, rest = found["time"], found["rest"]
    if _NOT_ITS_TIME.search(rest):
        return sentence
    if found.start("time"):
        return f"{time[0].upper()}{time[1:]}, {lowered(rest)}."
    return f"{rest[0].upper()}{rest[1:]} {time[0].lower()}{time[1:]}."


def _shaped(written: str, share: float, chance: random.Random, found: re.Match[str]) -> str:
    return found.expand(written) if chance.random() < share else found[0]


def _phrase(found: re.Match[str], chance: random.Random) -> str:
    typed, sentence = found[0], found.string
    known = typed.lower()
    draw, choice = chance.random(), chance.random()
    before = sentence[: found.start()]
    opens = not before.strip(' "“(') or bool(re.search(r"[.!?:]\s*$", before))
    if draw >= REWORDED or _has_name(typed, opens) or (known in _WANTS_MORE and not _goes_on(found)):
        return typed
    previous = (re.findall(r"[\w'’]+", before) or [""])[-1].lower()
    options = [
        option for option in _WORDS[known] if _fits(option, previous, opens) and _sounds(option, typed, previous)
    ]
    if not options:
        return typed
    new = options[int(choice * len(options))]
    if not new:
        return "" if not opens else typed
    if opens and typed[0].isupper():
        return new[0].upper() + new[1:]
    return new if typed[0].islower() or known[0] == "i" else typed


def _has_name(typed: str, opens: bool) -> bool:
    """Whether a word is capitalised that is neither I nor the first one."""
    words = typed.split()
    return any(word[0].isupper() and word != "I" for word in (words[1:] if opens else words))


def _goes_on(found: re.Match[str]) -> bool:
    rest = found.string[found.end() :]
    return bool(re.match(r"\s+[\w'\"$]", rest)) and not _AFTER_THAT.match(rest)


def _fits(option: str, previous: str, opens: bool) -> bool:
    """Whether a verb of its own person has that person before it."""
    first = option.split()[0] if option else ""
    if first == "am":
        return previous == "i"
    if first in ("would", "wish"):
        return previous in _PERSONS or opens
    return first not in ("please", "kindly") or opens or previous in ("and", "then", "so", "just")


def _sounds(option: str, typed: str, previous: str) -> bool:
    """Whether the article before it stays right: 'an odd one', 'a strange one'."""
    return previous not in ("a", "an") or (option[:1] in "aeiou") == (typed[0].lower() in "aeiou")


def has_subject(sentence: str) -> bool:
    """Whether a sentence opens with what it is about, so that 'that' can stand before it."""
    first = re.match(r"[A-Za-z]+(?=['’\s])", sentence)
    return first is not None and (
        first[0].lower() in _SUBJECT_START or (first[0][0].isupper() and not is_common(first[0]))
    )


def lowered(sentence: str) -> str:
    """Without the capital of its first word, where that is no name and not 'I'."""
    first = sentence.split()[0] if sentence.split() else ""
    stays = first in ("I", "") or first.startswith(("I'", "I’")) or (not first[1:].islower() and len(first) > 1)
    return sentence if stays or not is_common(first) else sentence[0].lower() + sentence[1:]


def is_common(word: str) -> bool:
    """Whether a capitalised first word would be in lower case elsewhere: a word that English cannot do without."""
    return re.sub(r"\W", "", word).lower() in _COMMON
