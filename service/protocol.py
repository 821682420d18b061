"""The body of /v1/chat/completions, OpenAI's plus `voice` and `register`.

In: the JSON of a request. Out: a ChatRequest, and from it what is to be answered. Fields that nobody here knows are
accepted; known ones that would change the answer and are not supported are refused by name.
"""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from service.engines import Sampling
from service.errors import InvalidRequest, Unsupported
from service.rewriting.care import Care, Rank
from service.settings import Settings
from voice.judges.verdict import Level

ESCAPED_HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # of a character, in JSON; a whole one has two of them
MOST_STOPS, LONGEST_STOP = 16, 256  # strings that end an answer; characters of each


class _Open(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, frozen=True)


class TextPart(_Open):
    """One part of a message; only text can be answered."""

    type: str
    text: str = ""


class Message(_Open):
    """One turn of the conversation."""

    role: str
    content: str | list[TextPart] | None = None

    def plain(self) -> str:
        """The text of the turn; Unsupported when a part is not text."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        for part in self.content:
            if part.type != "text":
                raise Unsupported("Only text can be rewritten; leave out the other parts.", param="messages")
        return "\n".join(part.text for part in self.content)


class StreamOptions(_Open):
    """What a stream carries besides the text."""

    include_usage: bool = False


class ChatRequest(_Open):
    """The body of a request."""

    model_config = ConfigDict(extra="allow")

    messages: list[Message] = Field(min_length=1, description="A voice rewrites the last user message")
    model: str | None = Field(None, description="A voice, or the base model")
    voice: str | None = Field(None, description="A voice; `model` may then name the model that writes the draft")
    register_: str | None = Field(None, alias="register", description="One of the voice's registers, such as chat")
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1, description="Bounds the whole answer")
    max_completion_tokens: int | None = Field(None, ge=1, description="The newer name of max_tokens")
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    seed: int | None = None
    stop: str | list[str] | None = Field(None, description=f"At most {MOST_STOPS} strings that end the answer")
    n: int | None = Field(None, ge=1, le=8, description="How many answers; a voice's differ as far as they may go out")
    candidates: int | None = Field(
        None, ge=1, le=8, description="Rewrites of a segment that are drawn at first, to choose from; guard off: 1"
    )
    strength: float | None = Field(
        None, ge=0, le=1.5, multiple_of=0.25, description="How much of the voice: 0 the base model, 1 as it was trained"
    )
    guard: Level | None = Field(None, description="What the guard looks at, where the service lets a request say so")

    @field_validator("max_tokens", "max_completion_tokens", mode="before")
    @classmethod
    def _without_limit(cls, value: Any) -> Any:
        """-1 is what llama.cpp's clients send for no limit."""
        return None if value == -1 else value

    @field_validator("stop")
    @classmethod
    def _few_stops(cls, value: str | list[str] | None) -> str | list[str] | None:
        stops = [value] if isinstance(value, str) else value or []
        if len(stops) > MOST_STOPS or any(len(stop) > LONGEST_STOP for stop in stops):
            raise ValueError(f"at most {MOST_STOPS} strings of {LONGEST_STOP} characters end an answer")
        return value

    @property
    def output_limit(self) -> int | None:
        """The smaller of the two limits that were given."""
        return min((limit for limit in (self.max_tokens, self.max_completion_tokens) if limit), default=None)

    @property
    def includes_usage(self) -> bool:
        """Whether a stream is to end with the number of tokens."""
        return bool(self.stream_options and self.stream_options.include_usage)

    def care(self, settings: Settings) -> Care:
        """How much is done for a good rewrite; Unsupported when the request may not choose its guard."""
        if self.guard not in (None, settings.guard) and not settings.guard_per_request:
            raise Unsupported(
                f"The guard of this service is '{settings.guard}' and cannot be chosen by a request. Leave it out.",
                param="guard",
            )
        return Care(
            self.guard or settings.guard,
            self.candidates or settings.candidates,
            settings.rewrite_seconds,
            settings.same,
            Rank(settings.rank_order, settings.rank_same, settings.rank_style),
        )

    def sampling(self, settings: Settings) -> Sampling:
        """How to choose the tokens of an answer; empty stop strings are left out."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        temperature = settings.temperature if self.temperature is None else self.temperature
        return Sampling(
            max_tokens=settings.max_output_tokens,
            temperature=temperature if self.top_p != 0 else 0.0,  # the likeliest token is all that is left
            top_p=self.top_p or 1.0,
            seed=self.seed,
            stop=tuple(text for text in stop if text),
        )

    def limited(self, sampling: Sampling, answer: int) -> Sampling:
        """The same for the base model's answer of that number, which nothing else limits."""
        seed = None if sampling.seed is None else sampling.seed + answer
        return replace(sampling, max_tokens=self.output_limit or sampling.max_tokens, seed=seed)


# Fields that would change the answer, and their values that ask for what an answer is anyway.
UNSUPPORTED: dict[str, tuple[Any, ...]] = {
    "tools": ([],),
    "functions": ([],),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "audio": (),
    "logprobs": (False,),
    "logit_bias": ({},),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
}


# Of these, what another model is asked for, whose text a voice then rewrites.
UPSTREAMS_OWN = ("tools", "functions", "logit_bias", "presence_penalty", "frequency_penalty")


def refuse_unsupported(request: ChatRequest, but: Collection[str] = ()) -> None:
    """Raise Unsupported when a field, `but` these, asks for what is not done here."""
    given = request.model_extra or {}
    for field, harmless in UNSUPPORTED.items():
        value = given.get(field)
        if value is not None and value not in harmless and field not in but:
            raise Unsupported(f"'{field}' with this value is not supported here. Leave it out.", param=field)


def refuse_halves(raw: bytes) -> None:
    """Raise InvalidRequest for a body with half of a character in it, which JSON can escape and nobody can write."""
    if not ESCAPED_HALF.search(raw):
        return
    try:
        json.dumps(json.loads(raw), ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        raise InvalidRequest("The body holds half of a character (a lone surrogate). Send whole ones.") from None


def last_user_text(request: ChatRequest) -> str:
    """What a voice rewrites."""
    for message in reversed(request.messages):
        if message.role == "user":
            text = message.plain()
            if not text.strip():
                raise InvalidRequest("The last user message is empty. Send the text to rewrite.", param="messages")
            return text
    raise InvalidRequest("There is no message with role 'user'. Send the text to rewrite as one.", param="messages")


def conversation(request: ChatRequest) -> list[tuple[str, str]]:
    """The (role, text) turns that the bare model answers."""
    last_user_text(request)
    roles = {"developer": "system", "system": "system", "user": "user", "assistant": "assistant"}
    for message in request.messages:
        if message.role not in roles:
            raise Unsupported(f"Only these roles can be answered: {', '.join(roles)}.", param="messages")
    return [(roles[message.role], message.plain()) for message in request.messages]


def model_card(name: str, created: int, owned_by: str, root: str, aliases: Iterable[str] = ()) -> dict[str, Any]:
    """One entry of /v1/models."""
    return {"id": name, "object": "model", "created": created, "owned_by": owned_by, "root": root,
            "parent": None if root == name else root, "aliases": list(aliases)}  # fmt: skip
