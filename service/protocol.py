"""Bodies of /v1/chat/completions, OpenAI's plus `voice` and `register`.

In: JSON of a request -> ChatRequest. Out: plain dicts of answers and stream chunks. Fields that nobody here knows are
accepted; known ones that would change the answer and are not supported are refused by name.
"""

import time
import uuid
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from service.errors import InvalidRequest, Unsupported, invalid_fields

_EXAMPLE: dict[str, JsonValue] = {
    "voice": "nic",
    "messages": [{"role": "user", "content": "Thank you, I will see you at 8."}],
}


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

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    messages: list[Message] = Field(min_length=1, description="A voice rewrites the last user message")
    model: str | None = Field(None, description="A voice, or the base model")
    voice: str | None = Field(None, description="A voice; takes precedence over what `model` would choose")
    register_: str | None = Field(None, alias="register", description="One of the voice's registers, such as chat")
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1, description="Bounds the whole answer")
    max_completion_tokens: int | None = Field(None, ge=1, description="The newer name of max_tokens")
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    seed: int | None = None
    stop: str | list[str] | None = None
    n: int | None = Field(None, ge=1)

    # Known so that they can be refused when they would change the answer; see _neutral.
    tools: Any = None
    functions: Any = None
    response_format: Any = None
    modalities: Any = None
    audio: Any = None
    logprobs: Any = None
    logit_bias: Any = None
    presence_penalty: Any = None
    frequency_penalty: Any = None
    strength: Any = None
    candidates: Any = None

    @property
    def output_limit(self) -> int | None:
        """The smaller of the two limits that were given."""
        return min((limit for limit in (self.max_tokens, self.max_completion_tokens) if limit), default=None)

    @property
    def stops(self) -> tuple[str, ...]:
        """The stop strings, empty ones left out."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(text for text in stop if text)


# Values of the fields above that ask for what an answer is anyway; any other value is refused.
_neutral: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "tools": ([],),
    "functions": ([],),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "audio": (),
    "logprobs": (False,),
    "logit_bias": ({},),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "strength": (1,),
    "candidates": (1,),
}


def parse(body: bytes) -> ChatRequest:
    """The request in a body; InvalidRequest names what is wrong with it."""
    try:
        request = ChatRequest.model_validate_json(body)
    except ValidationError as error:
        raise invalid_fields([dict(item) for item in error.errors(include_input=False, include_url=False)]) from None
    for field, values in _neutral.items():
        value = getattr(request, field)
        if value is not None and value not in values:
            raise Unsupported(f"'{field}' with this value is not supported here. Leave it out.", param=field)
    return request


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


class Answer:
    """One answer on its way out: all its chunks share an id, a time and a model."""

    def __init__(self, model: str) -> None:
        self.head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": model}

    def whole(
        self, text: str, finish_reason: str, usage: dict[str, int], voice: dict[str, Any] | None
    ) -> dict[str, Any]:
        """The body of an answer that is not streamed."""
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
        body = {**self.head, "object": "chat.completion", "choices": [choice], "usage": usage}
        return body if voice is None else {**body, "voice": voice}

    def chunk(self, delta: dict[str, str], finish_reason: str | None = None, **extra: Any) -> dict[str, Any]:
        """One event of a stream."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {**self.head, "object": "chat.completion.chunk", "choices": [choice], **extra}

    def usage_chunk(self, usage: dict[str, int], **extra: Any) -> dict[str, Any]:
        """The last event of a stream whose caller asked for usage."""
        return {**self.head, "object": "chat.completion.chunk", "choices": [], "usage": usage, **extra}


def usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    """OpenAI's usage object."""
    total = prompt_tokens + completion_tokens
    return {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens, "total_tokens": total}


def model_card(name: str, created: int, owned_by: str, root: str, aliases: Iterable[str] = ()) -> dict[str, Any]:
    """One entry of /v1/models."""
    return {"id": name, "object": "model", "created": created, "owned_by": owned_by, "root": root,
            "parent": None if root == name else root, "aliases": list(aliases)}  # fmt: skip
