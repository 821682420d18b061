"""Who answers a request: a voice, or the bare base model.

In: the names that a request carries. Out: a Target, or the RequestError that says which name is wrong.
"""

from dataclasses import dataclass

from service.errors import CallLoop, InvalidRequest, NotFound, quotable
from service.voices import Voice, Voices


@dataclass(frozen=True, slots=True)
class Names:
    """What a request says about who should answer; empty texts count as absent."""

    voice: str | None = None
    model: str | None = None
    header: str | None = None
    query: str | None = None
    hop: bool = False


def choose(names: Names, voices: Voices, base: str) -> Voice | None:
    """The voice that rewrites, or None when the base model answers by itself."""
    model = names.model or None
    asked = [name for name in (names.voice, names.header, names.query) if name]
    if model and voices.canonical(model):
        asked.append(model)
        model = None
    if len({voices.canonical(name) or name for name in asked}) > 1:
        raise InvalidRequest("The request names two different voices. Name one.", param="voice", code="two_voices")
    if asked:
        voice = voices.find(asked[0])
        if model and model != base:
            raise _needs_upstream(names, model)
        return voice
    if model == base:
        return None
    if model:
        known = ", ".join([*voices.names, base])
        message = f"There is no model{quotable(model)}. Known: {known}."
        raise NotFound(message, param="model", code="model_not_found")
    return _only(voices)


def _only(voices: Voices) -> Voice:
    if len(voices.names) > 1:
        known = ", ".join(voices.names)
        raise InvalidRequest(f"Several voices are served: {known}. Name one as `voice`.", param="voice")
    return voices.find(voices.names[0])


def _needs_upstream(names: Names, model: str) -> InvalidRequest | CallLoop:
    if names.hop:
        return CallLoop("This request came from nic-voice and would have to be sent on again.", param="model")
    message = f"Model{quotable(model)} would have to answer first, and no upstream is configured. Leave `model` out."
    return InvalidRequest(message, param="model", code="no_upstream")
