"""Texts that a program wrote in the owner's name, and marks that one left at the end of his.

In: a text and its platform, the name of a source. Out: the reason to drop it, or the text without the marks. What the
programs write stands in machine.toml.
"""

import functools
import re
import tomllib
from importlib import resources
from typing import Any

from extraction.reason import Reason

_EMOJI = r"[\u203c-\u2bff\u3030\u303d\U0001f000-\U0001faff][\ufe0f\u20e3\u200d\U0001f3fb-\U0001f3ff]*"
_NAME = r"(?![a-z])[^\W\d_][\w.'’-]*"
_PARTS = {
    # A name, but no pronoun; or an account's name.
    "WHO": rf"(?:(?!(?:I|We|He|She|They|It|Who|This|That|If|My|The)\b){_NAME}"
    rf"(?: (?:{_NAME}|van|von|de|der|da|di|la|bin|al|el)){{0,3}}|[a-z]\w*[._\d][\w.]*)",
    "QUOTE": r"[“\"„«'‘]\s*.*?[”\"“»'’…]",
    "EMOJI": _EMOJI,
    "APO": r"[’']",
    "THING": r"(?:image|photo|picture|movie|video|attachment|audio message|voice message|sticker|message|link|contact|"
    r"location|GIF|file|reel|story|post|memoji|animoji|drawing|poll|note|comment)",
}
_PART = re.compile("|".join(_PARTS))
_GROUPS = tomllib.loads((resources.files("extraction.clean") / "machine.toml").read_text("utf-8"))["group"]
_REASONS: dict[str, Reason] = {reason.value: reason for reason in Reason}
_UNSEEN = re.compile(r"[\u2000-\u200f\ufe0f\u2060]")


def machine_text(text: str, platform: str) -> Reason | None:
    """Why a text is a program's; None for a person's."""
    seen = " ".join(_UNSEEN.sub(" ", text).split())
    for reason, pattern in _texts(platform):
        if pattern.fullmatch(seen):
            return reason
    return None


def strip_marks(text: str, platform: str) -> str:
    """The text without what programs append to it: '(edited)', 'Sent from my iPhone'."""
    stripped = _ends(platform).sub("", text)
    return stripped if stripped.strip() else text


@functools.cache
def _texts(platform: str) -> list[tuple[Reason, re.Pattern[str]]]:
    by_reason: dict[Reason, list[str]] = {}
    for group in _of(platform):
        by_reason.setdefault(_REASONS[group["reason"]], []).extend(map(_pattern, group.get("texts", ())))
    return [(reason, _compiled(rf"(?:{'|'.join(found)})\s*[.!]?")) for reason, found in by_reason.items() if found]


@functools.cache
def _ends(platform: str) -> re.Pattern[str]:
    ends = [_pattern(end) for group in _of(platform) for end in group.get("ends", ())]
    return _compiled(rf"(?<=\S)\s+(?:{'|'.join(ends)})\s*\Z")


def _of(platform: str) -> list[dict[str, Any]]:
    return [group for group in _GROUPS if platform in group.get("platforms", [platform])]


def _pattern(written: str) -> str:
    return _PART.sub(lambda part: _PARTS[part.group()], written)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)
