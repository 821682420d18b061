"""Who answers a request: a voice that rewrites, another model before it, or the bare base model.

In: the names that a request carries. Out: a Target, or the RequestError that says which name is wrong.
"""

from dataclasses import dataclass, replace
from typing import Any

from service.errors import CallLoop, InvalidRequest, NotFound, quotable
from service.upstream import Draft, Upstream
from service.voices import Voice, Voices
from voice.triplet import Register


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A voice rewrites the last user message."""

    voice: Voice
    register: Register

    @property
    def model(self) -> str:
        """What the answer names as its model."""
        return self.voice.name

    @property
    def label(self) -> str:
        """What metrics and logs call it."""
        return self.voice.name

    def report(self, segments: list[dict[str, Any]], extra_tokens: int) -> dict[str, Any]:
        """What the answer says of the voice and of each segment, as fields to add to it."""
        return {"voice": {
            "name": self.voice.name, "adapter": self.voice.adapter.version, "strength": self.voice.adapter.strength,
            "segments": segments, "extra_tokens": extra_tokens,
        }}  # fmt: skip

    def finished(self, reason: str) -> str:
        """Why the answer is over."""
        return reason


@dataclass(frozen=True, slots=True)
class Bare:
    """The base model answers the conversation, without an adapter."""

    model: str
    label: str = "base"

    def report(self, segments: list[dict[str, Any]], extra_tokens: int) -> dict[str, Any]:
        """Nothing: no voice took part."""
        return {}

    def finished(self, reason: str) -> str:
        """Why the answer is over."""
        return reason


@dataclass(frozen=True, slots=True)
class Drafted:
    """Another model answers the conversation, and a voice rewrites its answer."""

    rewrite: Rewrite
    draft: Draft
    upstream: Upstream

    @property
    def model(self) -> str:
        """What the answer names as its model."""
        return self.rewrite.model

    @property
    def label(self) -> str:
        """What metrics and logs call it."""
        return self.rewrite.label

    def report(self, segments: list[dict[str, Any]], extra_tokens: int) -> dict[str, Any]:
        """What the answer says of the voice, of each segment, and of the draft."""
        report = self.rewrite.report(segments, extra_tokens)
        return {"voice": report["voice"] | {"draft": {"model": self.draft.model, "usage": self.draft.usage}}}

    def finished(self, reason: str) -> str:
        """Why the answer is over: as the draft says, unless the rewrite was cut."""
        return reason if reason != "stop" else self.draft.finish_reason or reason


Target = Rewrite | Bare | Drafted
THIS_SERVICE = "nic-voice"  # as a model: whatever voice is named otherwise, or the default one


@dataclass(frozen=True, slots=True)
class Names:
    """What a request says about who should answer; empty texts count as absent."""

    voice: str | None = None
    model: str | None = None
    header: str | None = None
    query: str | None = None
    register: str | None = None
    hop: bool = False
    upstream: Upstream | None = None  # whose models could answer first
    strength: float = 1.0

    def first_known(self, voices: Voices) -> str | None:
        """The first voice that is named and there, for metrics and logs of requests that are refused."""
        named = (voices.canonical(name) for name in (self.voice, self.model, self.header, self.query) if name)
        return next(filter(None, named), None)


def choose(names: Names, voices: Voices, base: str, default: str | None = None) -> Target:
    """Who answers; the voice `default` where none is named."""
    model = None if names.model == THIS_SERVICE and not voices.canonical(THIS_SERVICE) else names.model or None
    asked = [name for name in (names.voice, names.header, names.query) if name]
    if model and voices.canonical(model):
        asked.append(model)
        model = None
    if len({voices.canonical(name) or name for name in asked}) > 1:
        raise InvalidRequest("The request names two different voices. Name one.", param="voice", code="two_voices")
    if asked:
        voice = voices.find(asked[0])
        if model and model != base:
            if names.hop or names.upstream is None:
                raise _needs_upstream(names, model)
            return Drafted(_rewrite(voice, names), Draft(model), names.upstream)
        return _rewrite(voice, names)
    if model == base:
        return Bare(base)
    if model:
        known = ", ".join([*voices.names, base])
        message = f"There is no model{quotable(model)}. Known: {known}."
        raise NotFound(message, param="model", code="model_not_found")
    return _rewrite(voices.find(default) if default else _only(voices), names)


def _rewrite(voice: Voice, names: Names) -> Rewrite:
    for known in voice.manifest.registers:
        if known == (names.register or voice.manifest.default_register):
            return Rewrite(replace(voice, adapter=replace(voice.adapter, strength=names.strength)), known)
    known_ones = ", ".join(voice.manifest.registers)
    message = f"Voice '{voice.name}' was not trained in this register. Known: {known_ones}."
    raise InvalidRequest(message, param="register")


def _only(voices: Voices) -> Voice:
    if len(voices.names) > 1:
        known = ", ".join(voices.names)
        raise InvalidRequest(
            f"Several voices are served: {known}. Name one as `voice`, or set NIC_VOICE_DEFAULT.", param="voice"
        )
    return voices.find(voices.names[0])


def _needs_upstream(names: Names, model: str) -> InvalidRequest | CallLoop:
    if names.hop:
        return CallLoop("This request came from nic-voice and would have to be sent on again.", param="model")
    message = f"Model{quotable(model)} would have to answer first, and no upstream is configured. Leave `model` out."
    return InvalidRequest(message, param="model", code="no_upstream")
