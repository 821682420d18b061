"""Contractions and shorthand, spelled out by what stands beside them.

In: an English text. Out: the same with 'do not' for "don't", 'you' for 'u', typos mended. Case counts: a capitalised
word inside a sentence may be a name and is left alone. So do neighbours: 'vitamin k', '500 bc' and "don't you" are not
what a table makes of them. A form that could mean two things stays as it is.
"""

import itertools
import re
import tomllib
from importlib import resources

from extraction.neutral.spelling import corrected, unstretched

_TABLES = tomllib.loads((resources.files("extraction.neutral") / "shorthand.toml").read_text("utf-8"))
SHORTHAND: dict[str, str] = _TABLES["words"]
CONTRACTIONS: dict[str, str] = _TABLES["contractions"]
TYPOS: dict[str, str] = _TABLES["typos"]

_APOSTROPHE = re.compile(r"(?<=[A-Za-z])[`´‘’ʼ](?=[A-Za-z])")
# Whole words only: not the k of 5k, the r of r&b, the U of U.S.
WORD = re.compile(
    r"(?<![\w.&/@#'’-])(?:w/o?(?=\s)|b/c\b|'(?:em|cause|til|bout)\b|[bglBGL]\d[rgRG]?\b|2[a-z]{2,}\b"
    r"|[A-Za-z]+(?:'[A-Za-z]+)*(?:(?<=in)')?(?![\w&/#-]|\.\w|'\w))"
)
_SUBJECTS = frozenset(
    "i you u ya we they he she it that this there y'all yall ya'll everybody everyone anybody".split()
)
_ARE = frozenset("we you they u".split())
_BEFORE_INVERSION = frozenset("why how when where what who and but so or well then because like cause".split())
_ASKS_BEFORE = frozenset("why how when where what who".split())
_OPENS_A_QUESTION = frozenset("isn't aren't doesn't hasn't".split())
_NOT = {"can't": "cannot", "won't": "will not", "shan't": "shall not"} | {
    f"{aux}n't": f"{aux} not"
    for aux in "do does did is are was were have has had could would should must need might".split()
}
_ENDINGS = {"re": "are", "ve": "have", "ll": "will", "m": "am"}
# 's is a possessive except after these.
_IS_AFTER = frozenset(
    "it that what there here he she who where how when why this everything something nothing everyone somebody".split()
)
_HAS_BEFORE = frozenset("been got had become taken given seen eaten written grown known fallen forgotten".split())
_HAD_BEFORE = frozenset("better been gone done taken seen given gotten forgotten known written eaten".split())
_BASE_VERBS = frozenset(
    "be do get go call see let have come send take try make bring check tell ask text meet need know find look give "
    "keep just probably never also always definitely still stop talk put pick wait think work write".split()
)
_ITS_BEFORE = frozenset(
    "a the not so been going just all too very really good great fine okay ok cold hot raining snowing my your our his "
    "her true like about time in on at only still already pretty kind easy hard funny nice bad weird".split()
)
_NUMBER_BEFORE = re.compile(r"\d\s?$")
_NUMBER_AFTER = re.compile(r"\s*\d")


def spell_out(text: str) -> str:
    """The text with its contractions and shorthand spelled out and its sure typos mended."""
    text = _APOSTROPHE.sub("'", text)
    words = [_Word(text, match) for match in WORD.finditer(text)]
    for before, after in itertools.pairwise(words):
        if text[before.end : after.start].isspace():
            before.next, after.previous = after.word, before.word
    written: list[str] = []
    end = 0
    for word in words:
        written += [text[end : word.start], _plain(word)]
        end = word.end
    return "".join([*written, text[end:]])


class _Word:
    """A word in its text. `previous` and `next` are the lower-case words beside it, '' where a mark stands between."""

    def __init__(self, text: str, match: re.Match[str]) -> None:
        self.text, self.start, self.end = text, match.start(), match.end()
        self.typed, self.word = match.group(), unstretched(match.group().lower())
        before = text[: self.start].rstrip(" \t\"'“(")
        self.opens = not before or before[-1] in ".!?\n:…"
        self.previous = self.next = ""

    @property
    def clause_start(self) -> bool:
        return self.opens or not self.previous or self.previous in _BEFORE_INVERSION

    @property
    def closes(self) -> bool:
        return not self.next and not self.text[self.end :].lstrip(" \t").startswith(tuple("0123456789"))


def _plain(word: _Word) -> str:
    """What to write for a word."""
    if word.word == "i":
        return "I"
    if _may_be_name(word):
        return word.typed
    form = CONTRACTIONS.get(word.word) or _by_neighbours(word) or word.word
    if "'" in form and (expanded := _negated(word, form) or _ended(word, form)) is not None:
        return _cased(expanded, word)
    if form != word.word:
        return _cased(form, word)
    if (plain := SHORTHAND.get(word.word) or TYPOS.get(word.word)) is not None and not _is_noun(word):
        return _cased(plain, word)
    if word.typed.islower() and "'" not in word.word:
        return corrected(word.word)
    return f"{word.typed[:-1]}g" if re.fullmatch(r"[a-z]{2,}in'", word.typed) else word.typed


def _may_be_name(word: _Word) -> bool:
    """Capitalised, and not because a sentence begins; I'm and I'll are written so anyway."""
    if not word.typed[:1].isupper() or word.word.startswith("i'"):
        return False
    return not word.opens or (word.typed.isupper() and len(word.typed) > 1) or word.word in ("im", "k", "u", "r")


def _cased(plain: str, word: _Word) -> str:
    return plain[0].upper() + plain[1:] if word.typed[0].isupper() else plain


def _is_noun(word: _Word) -> bool:
    """Shorthand that is something else here: 500 bc, the til."""
    return bool(_NUMBER_BEFORE.search(word.text[: word.start])) and word.word in ("bc", "til", "sth")


def _negated(word: _Word, form: str) -> str | None:
    """'do not' for "don't"; None for other forms, and in questions, where it stays: "why don't you"."""
    base = form.removesuffix("'ve")
    have = " have" if base != form else ""
    base = CONTRACTIONS.get(base, base)
    if base == "ain't":
        subject = word.previous
        be = "am" if subject == "i" else "are" if subject in _ARE or subject == "they" else ""
        return f"{be or 'is'} not" if be or subject in _SUBJECTS else None
    if base not in _NOT or (base == "don't" and word.opens):  # a request, or a sentence without its subject
        return None
    follows = word.next
    if follows in _SUBJECTS and (word.clause_start or _is_tag(word)):
        return None
    opens_a_question = word.opens and (_asks(word) or base in _OPENS_A_QUESTION)
    if follows and (opens_a_question or word.previous in _ASKS_BEFORE):
        return None  # isn't Ana coming, why doesn't Ana come
    return _NOT[base] + have


def _is_tag(word: _Word) -> bool:
    return re.match(r"\s+\w+\s*\?", word.text[word.end :]) is not None


def _asks(word: _Word) -> bool:
    """Whether the sentence that the word opens ends in a question mark."""
    return re.match(r"[^.!?\n]*\?", word.text[word.end :]) is not None


def _ended(word: _Word, form: str) -> str | None:
    """'I will' for "i'll", "'d" and "'s" by what follows; None where it is not sure."""
    stem, _, rest = form.partition("'")
    subject = "I" if stem == "i" else stem
    if form in ("y'all", "ya'll"):
        return "you all"
    if form == "let's":
        return "let us"
    if rest in ("ll've", "d've"):
        return f"{subject} {'will' if rest[0] == 'l' else 'would'} have"
    if rest in _ENDINGS:
        return f"{subject} {_ENDINGS[rest]}" if rest != "m" or stem == "i" else None
    if rest == "d" and (stem in _SUBJECTS or stem in _IS_AFTER):
        return _with_d(word, subject)
    if rest == "s" and stem in _IS_AFTER:
        return _with_s(word, subject)
    return None


def _with_d(word: _Word, subject: str) -> str | None:
    follows = _after_adverbs(word)
    if subject in ("where", "how", "why", "what", "who") and word.next in _SUBJECTS:
        return f"{subject} did"
    if follows in _HAD_BEFORE:
        return f"{subject} had"
    return f"{subject} would" if follows and not follows.endswith("ed") else None


def _with_s(word: _Word, subject: str) -> str | None:
    follows = _after_adverbs(word)
    if follows in _HAS_BEFORE:
        return f"{subject} has"
    if (follows.endswith("ed") and len(follows) > 3) or (
        subject == "there" and _NUMBER_AFTER.match(word.text, word.end)
    ):
        return None  # 'he's finished' is 'has', 'he's tired' is 'is'
    return f"{subject} is"


def _after_adverbs(word: _Word) -> str:
    """The next word that is no adverb, '' at the end of the clause."""
    match = re.match(
        r"(?:\s+(?:not|never|just|already|always|also|still|only|even|ever|finally|really|probably|[a-z]+ly))*\s+([a-z']+)",
        word.text[word.end :].lower(),
    )
    return match.group(1) if match else ""


def _by_neighbours(word: _Word) -> str | None:  # a table whose columns are conditions
    """What a form stands for here; None where its neighbours do not say."""
    name, previous, follows = word.word, word.previous, word.next
    if name in _ALONE and (word.opens or not previous) and (word.closes or follows in _AFTER_ALONE):
        return _ALONE[name]
    match name:
        case "u" if previous not in ("vitamin", "letter", "type", "the", "a", "an"):
            return "you"
        case "r" if previous in _SUBJECTS | _BEFORE_INVERSION or follows in _SUBJECTS:
            return "are"
        case "c" if follows in ("u", "ya", "you") and (word.opens or previous in ("will", "to", "can", "wanna")):
            return "see"
        case "b" if previous in ("will", "to", "can", "should", "would", "might", "must", "gonna", "i'll", "it'll"):
            return "be"
        case "ur":
            return "you are" if follows in _AFTER_YOU_ARE or follows.endswith("ing") else "your"
        case "ya" if previous in _BEFORE_YA:
            return "you"
        case "yall" | "y'all" | "ya'll":
            return "you all"
        case "bc" | "bcs" | "cos" if not _NUMBER_BEFORE.search(word.text[: word.start]):
            return "because"
        case "rn" if previous not in ("a", "an", "the", "as", "is", "my", "our", "her"):
            return "right now"
        case "atm" if previous not in ("a", "an", "the", "my", "at", "nearest"):
            return "at the moment"
        case "prob" if previous not in ("a", "the", "no", "this", "that", "any", "big", "my", "your", "our", "another"):
            return "probably"
        case "gotta":
            return "got to" if previous.endswith("ve") or previous in ("have", "has", "had") else "have to"
        case "dunno":
            return "do not know" if previous else "I do not know"
        case "min" | "mins" | "hr" | "hrs" if count := re.search(r"(\d+)\s?$", word.text[: word.start]):
            return ("minute" if name[0] == "m" else "hour") + ("" if count.group(1) == "1" else "s")
        case "ill" if word.clause_start and follows in _BASE_VERBS:
            return "i'll"
        case "id" if word.clause_start and follows in ("like", "love", "rather", "be", "say", "go", "have", "never"):
            return "i'd"
        case "its" if follows in _ITS_BEFORE and (word.clause_start or previous in ("think", "if", "that", "guess")):
            return "it's"
        case "lets" if word.clause_start and follows in _BASE_VERBS:
            return "let's"
    return None


# Only where they stand alone, or open a sentence before one of these.
_ALONE = {
    "k": "okay", "ty": "thank you", "tx": "thank you", "np": "no problem", "gn": "good night", "ya": "yes",
    "sup": "what is up", "yw": "you are welcome",
}  # fmt: skip
_AFTER_ALONE = frozenset(
    "i i'll i'm ill im see sounds thanks thx cool will let lets let's good great got but and so then just talk no yes "
    "that that's thats perfect well love bye u you we for".split()
)
_AFTER_YOU_ARE = frozenset(
    "a an the so not very too right wrong welcome late crazy amazing awesome funny the kidding lucky gonna beautiful "
    "sweet cute nuts insane correct invited fine okay ok in on at".split()
)
_BEFORE_YA = frozenset(
    "see love thank miss get tell call hear catch got for to of with are do did can will would give ask text".split()
)
