"""How somebody types, whatever he says: small letters, marks, dashes, short forms, and how he opens and closes.

In: a text, and what training/hand.py counted in its owner's texts (hand.json in a voice folder). Out: the text as he
would have typed it. What he does in most cases is done in every case; no word that is exchanged says anything else.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from voice.atomic import write_text
from voice.errors import UserError
from voice.facts.masking import ANY_PLACEHOLDER
from voice.facts.named import is_uncommon
from voice.sentences import ABBREVIATIONS, spans
from voice.triplet import Register

FILE_NAME = "hand.json"
NAME, ME = "{name}", "{me}"  # in an opening whom he writes to, in a closing himself

_KEEP = re.compile(rf"{ANY_PLACEHOLDER}|`[^`\n]*`|[\w.+-]*[/\\@_][^\s]*")
_HIDDEN = re.compile("[\ue000-\uf8ff]")
_MOST_HIDDEN = 0xF8FF - 0xE000
_STRAIGHT = str.maketrans("‘’“”", "''\"\"")
_EMPHASIS = re.compile(r"(?<![\w*])(\*\*|__)(?=\S)([^*\n]+?)(?<=\S)\1(?![\w*])")
_DASH = re.compile(r"(?<=[^\s—–-]) ?— ?(?=[^\s—])|(?<=[^\s—–-]) (?:–|--?) (?=[^\s-])")
_SEMICOLON = re.compile(r"; (?=[\w\"'(])")
_TITLED = re.compile(r"(?<![\w\ue000-\uf8ff'’.&-])(?:[A-Z][a-zà-ÿ]+(?:['’][a-z]+)?|A)(?![\w\ue000-\uf8ff&]|['’]\w)")
_WE_TWO = re.compile(r"\b(?:we|us|you) $", re.IGNORECASE)
_I = re.compile(r"(?<![\w.])I(?![\w.&/-])")
_FULL_STOP = re.compile(r"(?<=[\w)\"'%])\.$")
_LAST_WORD = re.compile(r"([\w.]+)\.$")


# Where nothing else can be meant without the I: not "I call", which would be told to somebody else.
_BEGINS_WITH_I = re.compile(
    r"(?:^|(?<=[.!?] )|(?<=\n))I(?:(?P<short>['’](?:m|ve|ll)|['’]d(?= (?:like|rather|love|prefer|be)\b))| am|"
    r"(?= (?:will|would|can|could|cannot|can['’]t|have|had|was|think|guess|hope|need|did|saw|"
    r"went|left|got|made|sent|took|found|told|said|gave|came|wrote|bought|paid|met|heard|forgot|kept|lost|thought|"
    r"(?:(?:just|already|also|only|finally) )?[a-z]{3,}ed)\b)) (?P<next>[a-z])"
)
_SPELLED = {"ll": "will ", "d": "would "}


class HandError(UserError):
    """A hand.json that cannot be used; says which and what to do."""


class Hand(BaseModel):
    """The habits in one register. False and None stand for what is left as it is.

    `forms` is what he types for what, in lower case, `left_out` what he says nothing for; `opening` and `closing` are
    how a message begins and ends, with NAME and ME in them, "" where it has none of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    small_starts: bool = False
    small_i: bool = False
    small_names: bool = False
    no_i: bool = False  # sentences about himself begin with what he does
    open_ends: bool = False
    straight: bool = False
    plain: bool = False  # nothing in bold
    dash: str | None = None
    semicolon: str | None = None
    forms: dict[str, str] = {}
    left_out: list[str] = []
    opening: str | None = None
    closing: str | None = None
    me: str = ""  # how he signs

    def opened(self, greeting: str, whom: str) -> str:
        """How he opens a message to somebody, instead of this greeting."""
        if self.opening is None or (NAME in self.opening and not whom):
            return self.typed(greeting)
        return self.opening.replace(NAME, whom.lower() if self.small_names else whom)

    def closed(self, sign_off: str, who: str) -> str:
        """How he closes a message that somebody signs, instead of this sign-off; he is called as the text calls him."""
        if self.closing is None or (ME in self.closing and not who):
            return self.typed(sign_off)
        name = who.split()[0] if who else ""
        if self.me and name.casefold().startswith(self.me.casefold()):
            name = self.me
        return self.closing.replace(ME, name.lower() if self.me.islower() else name)

    def typed(self, text: str) -> str:
        """The text by these habits; placeholders, code, paths and addresses stay to the letter."""
        kept = _KEEP.findall(text)
        if len(kept) > _MOST_HIDDEN or _HIDDEN.search(text):
            return text
        hidden = map(chr, range(0xE000, 0xE000 + len(kept)))
        text = _KEEP.sub(lambda _: next(hidden), text)
        for change in (self._shortened, self._marked, self._formed, self._cased):
            text = change(text)
        return _HIDDEN.sub(lambda match: kept[ord(match.group()) - 0xE000], text)

    def _shortened(self, text: str) -> str:
        if self.left_out:
            text = _left_out(tuple(self.left_out)).sub(_without, text)
        return _BEGINS_WITH_I.sub(_without_i, text) if self.no_i else text

    def _marked(self, text: str) -> str:
        if self.plain:
            text = _EMPHASIS.sub(r"\2", text)
        if self.straight:
            text = text.translate(_STRAIGHT)
        if self.dash is not None:
            text = _DASH.sub(self.dash, text)
        if self.semicolon is not None:
            text = _SEMICOLON.sub(self.semicolon, text)
        last = _LAST_WORD.search(text)
        if self.open_ends and last and last[1].lower() not in ABBREVIATIONS:
            text = _FULL_STOP.sub("", text)
        return text

    def _formed(self, text: str) -> str:
        return _pattern(tuple(self.forms)).sub(self._form, text) if self.forms else text

    def _form(self, match: re.Match[str]) -> str:
        said = match.group()
        if said.lower() == "two" and _WE_TWO.search(match.string, 0, match.start()):
            return said
        form = self.forms[said.lower().replace("’", "'")]
        return form[0].upper() + form[1:] if said[0].isupper() and not said.startswith(("I ", "I'")) else form

    def _cased(self, text: str) -> str:
        if self.small_starts or self.small_names:
            starts = {
                start + len(text[start:end]) - len(text[start:end].lstrip("\"'“‘(*_")) for start, end in spans(text)
            }
            text = _TITLED.sub(lambda word: self._word(word.group(), word.start() in starts), text)
        return _I.sub("i", text) if self.small_i else text

    def _word(self, word: str, starts: bool) -> str:
        is_name = is_uncommon(word.lower()) if starts else word != "A"
        return word.lower() if (self.small_names if is_name else self.small_starts) else word


Hands = dict[Register, Hand]
_HANDS = TypeAdapter(Hands)


def save_hands(hands: Hands, folder: Path) -> None:
    """Write folder/hand.json, all of it or nothing."""
    write_text(folder / FILE_NAME, _HANDS.dump_json(hands, indent=1).decode() + "\n")


def load_hands(folder: Path) -> Hands:
    """Read folder/hand.json; HandError when it is damaged. A voice that was trained without one has no habits."""
    try:
        return _HANDS.validate_json((folder / FILE_NAME).read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as error:
        raise HandError(f"{folder / FILE_NAME} cannot be used. `nic-voice refresh` makes it again.") from error


def _without_i(match: re.Match[str]) -> str:
    """What follows the I, as the beginning of the sentence."""
    begins = _SPELLED.get((match["short"] or "")[1:], "") + match["next"]
    return begins[0].upper() + begins[1:]


@lru_cache(maxsize=64)
def _left_out(phrases: Sequence[str]) -> re.Pattern[str]:
    longest = sorted(phrases, key=len, reverse=True)
    written = "|".join(re.escape(phrase).replace("'", "['’]") for phrase in longest)
    return re.compile(rf"(?P<start>^|[.!?]\s+|\n)?(?<![\w'’-])(?:{written}) (?P<next>\w)", re.IGNORECASE)


def _without(match: re.Match[str]) -> str:
    """What stands around what is left out; the next word begins the sentence then."""
    start, following = match["start"], match["next"]
    return following if start is None else start + following.upper()


def _before_more(form: str) -> str:
    """What has to follow: nobody writes "as it's" for "as it is"."""
    return r"(?= [^\s—–-])" if form.rpartition(" ")[2] in ("am", "is", "are", "will", "would") else ""


@lru_cache(maxsize=64)
def _pattern(forms: Sequence[str]) -> re.Pattern[str]:
    longest = sorted(forms, key=len, reverse=True)
    written = "|".join(re.escape(form).replace("'", "['’]") + _before_more(form) for form in longest)
    return re.compile(rf"(?<![\w.,:/$€£'’&-])(?:{written})(?![\w%/'’&-]|[.,:]\d)", re.IGNORECASE)
