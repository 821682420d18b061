"""What assistants say before and after what they have to say: 'I hope this message finds you well.'

In: a sentence. Out: whether it is nothing else. None of these holds a fact, a name, a question or a wish of its own.
"""

import re
from collections.abc import Iterable

from voice.sentences import split

_MORE = r"(?:any|further|additional|any (?:further|other|additional|more))"
_ATTENTION = r"your (?:time|patience|understanding|attention(?: to this(?: matter)?)?|message|email|e-mail)"
_HOPES = (
    r"I (?:really |sincerely |truly )?(?:hope|trust)(?: that)? "
    r"(?:this (?:message|email|e-mail|note|letter) finds you (?:well|in good \w+)|you are (?:doing )?(?:well|great)|"
    r"all is well(?: with you)?|everything is going well|this (?:helps|is helpful|makes sense|information is helpful)|"
    r"you(?:r| are having a| had a) (?:\w+ ){0,3}(?:day|week|weekend|morning)(?: is going well)?)"
)
_OFFERS = (
    r"(?:please )?(?:let me know|(?:do not|don't) hesitate to (?:reach out|contact me|ask|let me know)|"
    r"feel free to (?:reach out|contact me|ask))(?: to me)?(?: at any time)?"
    rf"(?: (?:if|should) (?:(?:you have|any(?:one|body) has) {_MORE} (?:questions|concerns)(?: or concerns)?|"
    rf"(?:you need|there is) (?:anything else|{_MORE} \w+)(?: (?:that )?(?:you need|I can (?:do|help with)))?))"
    r"|I am (?:always )?happy to (?:help|assist)(?: (?:further|in any way I can))?"
)
_THANKS = (
    rf"(?:I )?(?:thank you|thanks)(?: (?:so|very) much)? for (?:{_ATTENTION}|reaching out(?: to me)?|"
    r"getting back to me|taking the time)"
    rf"|I (?:really |truly |greatly )?appreciate (?:{_ATTENTION}|you (?:reaching out|getting in touch))"
    r"|I look forward to (?:(?:hearing from|(?:speaking|talking) (?:to|with)) you|your (?:reply|response))"
    r"(?: soon| later| at your earliest convenience)?"
)
_PLEASANTRY = re.compile(rf"(?:{_HOPES}|{_OFFERS}|{_THANKS})[.!]?", re.IGNORECASE)
_RARELY = 0.005  # share of somebody's sentences below which he does not write such things


def is_pleasantry(sentence: str) -> bool:
    """Whether a sentence says nothing but a courtesy."""
    return _PLEASANTRY.fullmatch(sentence.strip().replace("’", "'")) is not None


def writes_pleasantries(texts: Iterable[str]) -> bool:
    """Whether somebody whose texts these are writes such sentences himself."""
    found = [is_pleasantry(sentence) for text in texts for sentence in split(text)]
    return sum(found) > _RARELY * len(found)
