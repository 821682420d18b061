"""The rules neutraliser: a person's own sentence -> the same in an assistant's register.

In: a sentence as its owner typed it, its register and a seed. Out: spelled out, capitalised, punctuated, without
emoji and dashes, and for some sentences (by seed) with a phrase that assistants like. Facts are never touched: the
number of an address, an amount or a time stands in the output as it stood in the input.
"""

import hashlib
import random
import re
from collections.abc import Iterator

from voice.sentences import spans
from voice.triplet import Register

SHORTHAND = {
    "u": "you", "ur": "your", "r": "are", "yall": "you all", "y'all": "you all", "thx": "thank you",
    "thanx": "thank you", "ty": "thank you", "tysm": "thank you very much", "pls": "please", "plz": "please",
    "idk": "I do not know", "dunno": "do not know", "idc": "I do not care", "imo": "in my opinion",
    "imho": "in my opinion", "tbh": "to be honest", "btw": "by the way", "fyi": "for your information",
    "asap": "as soon as possible", "afaik": "as far as I know", "iirc": "if I remember correctly",
    "omw": "I am on my way", "brb": "I will be right back", "ttyl": "talk to you later", "np": "no problem",
    "nvm": "never mind", "rn": "right now", "bc": "because", "cuz": "because", "coz": "because",
    "gonna": "going to", "wanna": "want to", "gotta": "have to", "kinda": "kind of", "sorta": "sort of",
    "lemme": "let me", "gimme": "give me", "outta": "out of", "lotta": "lot of", "tho": "though", "thru": "through",
    "tmrw": "tomorrow", "tmr": "tomorrow", "tmw": "tomorrow", "tonite": "tonight", "nite": "night", "prob": "probably",
    "probs": "probably", "obv": "obviously", "ppl": "people", "msg": "message", "w/": "with",
    "w/o": "without", "abt": "about", "yr": "year", "yrs": "years", "bday": "birthday", "fav": "favorite",
    "info": "information", "yep": "yes", "yup": "yes", "yeah": "yes", "yea": "yes",
    "nope": "no", "nah": "no", "k": "okay", "ok": "okay", "kk": "okay", "wtf": "what on earth", "omg": "oh my goodness",
    "'em": "them", "alot": "a lot", "congrats": "congratulations",
}  # fmt: skip
# Typed without the apostrophe; only those that are no other word.
CONTRACTIONS = {
    "im": "I am", "ive": "I have", "dont": "do not", "doesnt": "does not", "didnt": "did not", "cant": "cannot",
    "wont": "will not", "isnt": "is not", "arent": "are not", "wasnt": "was not", "werent": "were not",
    "havent": "have not", "hasnt": "has not", "hadnt": "had not", "couldnt": "could not", "wouldnt": "would not",
    "shouldnt": "should not", "thats": "that is", "whats": "what is", "theres": "there is", "heres": "here is",
    "youre": "you are", "youve": "you have", "youll": "you will", "theyre": "they are", "theyve": "they have",
    "weve": "we have", "hes": "he is", "shes": "she is", "aint": "is not", "can't": "cannot",
    "won't": "will not", "shan't": "shall not", "ain't": "is not", "let's": "let us", "i'm": "I am",
    "youd": "you would", "theyd": "they would", "itd": "it would", "itll": "it will", "thatll": "that will",
    "wouldve": "would have", "couldve": "could have", "shouldve": "should have", "mustve": "must have",
}  # fmt: skip
ENDINGS = {"n't": " not", "'re": " are", "'ve": " have", "'ll": " will", "'m": " am", "'d": " would"}
# 's is a possessive except after these.
IS_AFTER = frozenset("it that what there here he she who where how when this everything something nothing".split())
TYPOS = {
    "teh": "the", "hte": "the", "taht": "that", "adn": "and", "nad": "and", "jsut": "just", "waht": "what",
    "wiht": "with", "thier": "their", "recieve": "receive", "definately": "definitely", "definitly": "definitely",
    "wierd": "weird",
    "seperate": "separate", "tommorow": "tomorrow", "tomorow": "tomorrow", "untill": "until", "becuase": "because",
    "beacuse": "because", "freind": "friend", "realy": "really", "probaly": "probably", "acutally": "actually",
    "knwo": "know", "konw": "know", "thign": "thing", "somethign": "something", "goign": "going", "oging": "going",
    "abotu": "about", "yuo": "you", "liek": "like", "ahve": "have", "haev": "have", "soo": "so", "noo": "no",
    "yess": "yes", "heyy": "hey", "okk": "okay", "whyy": "why",
}  # fmt: skip
# A text of three words or more that has none of these is taken for another language, and its words are left alone.
ENGLISH = frozenset(
    "a about all am an and any are as at back be been but by can come could day did do for from get go going good got "
    "had has have he her here him his how i if in is it its just know let like me more much my need new no not now of "
    "off on one or our out over said see she should so some still than that the their them then there they think this "
    "time to today tomorrow too up us was way we well were what when where who why will with would yes you your "
    "u ur r cant didnt thats ill ive idk lol yeah ok gonna wanna gotta pls thx "
    "i'm don't it's can't that's i'll i've didn't".split()
)
NAMES_OF_TIME = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february april june july august september "
    "october november december christmas easter english american".split()
)
FILLERS = frozenset(
    "lol lmao lmfao rofl haha hahaha hahahaha hehe heh jk smh ugh umm um uh hmm hm meh yo dude bro fr".split()
)

QUESTION_FRAMES = ("Could you please tell me: {}", "I would like to ask: {}", "I was wondering: {}")
STATEMENT_FRAMES = (
    "I wanted to let you know that {}",
    "Please note that {}",
    "I would like to mention that {}",
    "It is worth noting that {}",
    "As a quick update, {}",
    "To be clear, {}",
)
TAILS = {
    "?": ("Thank you in advance.", "I would appreciate your reply."),
    ".": ("Please let me know if you have any questions.", "I hope this helps.", "Thank you for your understanding."),
}
FRAMED_SHARE = 0.25
TAIL_SHARE = {"email": 0.10, "work_email": 0.10, "chat": 0.05, "speech": 0.03, "post": 0.03}

_KEEP = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\S+|[#@]\w+|\[[A-Z]+_?\d*\]")
# Whole words only: not the k of 5k, the r of r&b, the U of U.S.
_WORD = re.compile(r"(?<![\w.&/-])(?:w/o?(?=\s)|'em\b|[A-Za-z]+(?:['’][A-Za-z]+)*(?![\w&/-]|\.\w))")
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\ue000-\uf8ff]+"
    r"|(?<!\S)[:;=]['-]?[()DPp/|](?!\S)"
)
_PARTICIPLE = re.compile(
    r"\s+(?:(?:not|never|just|already|always) )?(?:been|gone|got|had|done|taken|made|seen|[a-z]{2,}ed)\b"
)
_BEFORE_MINUS = re.compile(r"\d\s?(?:am|pm|a\.m\.|p\.m\.|k|m|%)?$", re.IGNORECASE)
_AFTER_MINUS = re.compile(r"[$£€¥~]?\.?\d")
_DASH = re.compile(r"\s*(?:—|–|―)\s*|\s+-{1,3}\s+|(?<=\w)--+(?=\w)|\s*--+\s*")
_STRETCHED = re.compile(r"([a-z])\1{2,}")


def neutralise(text: str, register: Register, seed: str) -> str:
    """The sentence or message as an assistant would put it; the same seed gives the same words. Never empty."""
    chance = random.Random(hashlib.sha256(f"{seed}\0{text}".encode()).digest())
    lines = [_sentence(line, chance, register) for line in text.splitlines()]
    neutral = "\n".join(line for line in lines if line).strip()
    return neutral or " ".join(text.split()) or text


def _sentence(text: str, chance: random.Random, register: Register) -> str:
    text = _EMOJI.sub(" ", text)
    if text.isupper() and " " in text.strip():
        text = text.lower()
    kept: list[str] = []

    def hide(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\ue000{len(kept) - 1}\ue001"

    text = _dashes(_KEEP.sub(hide, text), chance)
    text = _STRETCHED.sub(lambda match: match.group(1) * 2, text)
    if len(words := text.lower().split()) < 3 or not ENGLISH.isdisjoint(words):
        text = _WORD.sub(_spell_out, text)
    text = _drop_fillers(text)
    text = _punctuate(text)
    text = _frame(text, chance, register)
    return re.sub("\ue000(\\d+)\ue001", lambda match: kept[int(match.group(1))], text)


def _dashes(text: str, chance: random.Random) -> str:
    text = _DASH.sub(lambda dash: dash.group() if _is_minus(dash) else "\ue002", text).strip("\ue002 ")
    return re.sub("\ue002+", lambda _: chance.choice((", ", ", ", ". ", "; ")), text)


def _is_minus(dash: re.Match[str]) -> bool:
    """Whether it stands between two numbers: a difference or a range, not a pause."""
    before, after = dash.string[: dash.start()].rstrip()[-8:], dash.string[dash.end() :].lstrip()
    return bool(_BEFORE_MINUS.search(before) and _AFTER_MINUS.match(after))


def _spell_out(match: re.Match[str]) -> str:
    typed = match.group()
    word = typed.replace("’", "'").lower()
    if word == "i":
        return "I"
    if word in CONTRACTIONS or word in SHORTHAND or word in TYPOS:
        if len(typed) == 1 and typed.isupper() and match.string[match.end() : match.end() + 1] == ".":
            return typed  # an initial
        plain = CONTRACTIONS.get(word) or SHORTHAND.get(word) or TYPOS[word]
    elif word.endswith(("'s", "'d")) and _PARTICIPLE.match(match.string, match.end()):
        return typed  # has, had
    elif word.endswith("'s") and word[:-2] in IS_AFTER:
        plain = f"{word[:-2]} is"
    elif (ending := next((end for end in ENDINGS if word.endswith(end)), None)) is not None:
        plain = word.removesuffix(ending) + ENDINGS[ending]
    elif word in NAMES_OF_TIME:
        return word.capitalize()
    else:
        return typed
    return plain[0].upper() + plain[1:] if typed[0].isupper() else plain


def _drop_fillers(text: str) -> str:
    words = text.split()
    kept = [word for word in words if word.strip(".,!?…").lower() not in FILLERS]
    return " ".join(kept or words)


def _punctuate(text: str) -> str:
    text = re.sub(r"\s+([,.;:!?])(?!\d)", r"\1", " ".join(text.split())).strip(" ,;")
    text = re.sub(r"\.{2,}|…", ".", text)
    text = re.sub(r"[!?]*\?[!?]*", "?", text)
    text = re.sub(r"!+", ".", text)
    text = re.sub(r"([,;])[,;.]+|\.[,;]", lambda match: match.group(1) or ".", text)
    if not text:
        return text
    if text[-1] not in ".?!:\ue001" and not text.endswith(('."', ".)", ".”")):
        text += "."
    return "".join(_capitalised(text[start:end]) for start, end in _with_gaps(text))


def _with_gaps(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each sentence together with the white space before it."""
    end = 0
    for _, stop in spans(text):
        yield end, stop
        end = stop


def _capitalised(sentence: str) -> str:
    return re.sub(r"^(\s*[\"“(]?)([a-z])", lambda match: match.group(1) + match.group(2).upper(), sentence)


def _frame(text: str, chance: random.Random, register: Register) -> str:
    framed, tailed = chance.random() < FRAMED_SHARE, chance.random() < TAIL_SHARE[register]
    if len(text.split()) < 3 or not text[0].isalpha():
        return text
    mark = text[-1]
    if framed and mark == "?":
        text = chance.choice(QUESTION_FRAMES).format(text)
    elif framed and mark == ".":
        first = text.split()[0]
        stays = first == "I" or first.startswith("I'") or not first[1:].islower()
        text = chance.choice(STATEMENT_FRAMES).format(text if stays else text[0].lower() + text[1:])
    if tailed and mark in TAILS:
        text = f"{text} {chance.choice(TAILS[mark])}"
    return text
