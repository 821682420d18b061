"""What the OpenAPI document says of the answers: status codes, codes of errors, and examples of both ways.

In: the errors of service/errors.py. Out: examples of requests, `responses` for the routes, and a document without more.
"""

from typing import Any

from fastapi import FastAPI

from service import errors
from service.errors import RequestError

_HEAD = {"id": "chatcmpl-4fd2", "created": 1790000000, "model": "nic"}
_USAGE = {"prompt_tokens": 31, "completion_tokens": 9, "total_tokens": 40}
_DRAFT = {"role": "user", "content": "Thank you, I will see you at 8."}
_REPORT = {
    "name": "nic",
    "adapter": "20261101T120000Z-1f2e3d4c",
    "strength": 1.0,
    "segments": [{"index": 0, "verdict": "kept", "same": 0.93, "kinds": []}],
    "extra_tokens": 0,
}

REQUESTS: dict[str, Any] = {
    "rewrite": {"summary": "A draft in a voice", "value": {"voice": "nic", "messages": [_DRAFT]}},
    "stream": {
        "summary": "The same, as it comes; usage in the last chunk",
        "value": {
            "model": "nic", "messages": [_DRAFT], "stream": True, "stream_options": {"include_usage": True},
            "max_tokens": 200,
        },
    },
    "half as strong": {
        "summary": "Half of the voice, in its register for mails, the best of two",
        "value": {"voice": "nic", "register": "email", "strength": 0.5, "candidates": 2, "messages": [_DRAFT]},
    },
    "draft first": {
        "summary": "Another model answers, the voice rewrites it; needs NIC_VOICE_UPSTREAM_URL",
        "value": {
            "voice": "nic",
            "model": "claude-opus",
            "messages": [
                {"role": "system", "content": "Answer Anna's mail."},
                {"role": "user", "content": "Can you come at 8?"},
            ],
        },
    },
}  # fmt: skip

ANSWER: dict[str, Any] = {
    **_HEAD,
    "object": "chat.completion",
    "choices": [{
        "index": 0, "message": {"role": "assistant", "content": "thx — see you at 8", "refusal": None},
        "logprobs": None, "finish_reason": "stop",
    }],
    "usage": _USAGE,
    "voice": _REPORT,
}  # fmt: skip

_EVENTS = (
    'data: {"id": "chatcmpl-4fd2", …, "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, …}]}\n\n'
    'data: {"id": "chatcmpl-4fd2", …, "choices": [{"index": 0, "delta": {"content": "thx — see you at 8"}, …}]}\n\n'
    'data: {"id": "chatcmpl-4fd2", …, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "voice": …}\n\n'
    "data: [DONE]\n\n"
)

_ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {
                    "type": "string",
                    "description": "What is wrong and what to do; never quotes the text",
                },
                "type": {"type": "string"},
                "param": {"type": ["string", "null"], "description": "The field that is to blame"},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
_EXAMPLES: tuple[RequestError, ...] = (
    errors.InvalidRequest("There is no message with role 'user'. Send the text to rewrite as one.", param="messages"),
    errors.Unsupported("'tools' with this value is not supported here. Leave it out.", param="tools"),
    errors.PromptTooLong("The text takes 9000 tokens with its frame; the context here is 2048.", param="messages"),
    errors.Unauthorized("A key is needed, as `Authorization: Bearer KEY`, and none that is known was sent."),
    errors.NotFound("There is no voice 'eva'. Known: nic.", param="voice", code="voice_not_found"),
    errors.VoiceRefused("Voice 'eva' is there but refused: its adapter does not fit the base model.", param="voice"),
    errors.BodyTooLarge("The body has more than 1048576 bytes. Send a shorter text."),
    errors.BodyCompressed(" (gzip)"),
    errors.TooManyRequests("This key may ask 60 times a minute. Wait 3 s.", 3),
    errors.EngineUnavailable("The model is still being loaded. Ask again in a moment."),
    errors.Overloaded("256 requests are waiting already. Ask again in a moment."),
    errors.UpstreamFailed("The upstream answered with status 500."),
    errors.UpstreamTimeout("The upstream said nothing for 60 s."),
    errors.DeadlineExceeded("The answer took longer than 115 s. Send less, or try again later."),
    errors.CallLoop("This request came from nic-voice itself. Let it go to another model."),
)


def failing(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses` for errors with these statuses; all there are if none is given."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in statuses or sorted({error.status for error in _EXAMPLES}):
        same = [error for error in _EXAMPLES if error.status == status]
        examples = {error.code: {"value": error.envelope()} for error in same}
        content = {"application/json": {"schema": _ERROR_SCHEMA, "examples": examples}}
        found[status] = {"description": ", ".join(examples), "content": content}
        if any(error.retry_after_s for error in same):
            found[status]["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds"}}
    return found


def describe(app: FastAPI) -> None:
    """Take from the document what the framework says and the service never does: errors of fields are 400 here."""
    whole = app.openapi

    def openapi() -> dict[str, Any]:
        document = whole()
        for path in document["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


# Where a voice may be named beside the body; read by hand, because FastAPI takes its time for parameters.
ELSEWHERE = [
    {"name": "x-voice", "in": "header", "schema": {"type": "string"},
     "description": "A voice, when the body names none"},
    {"name": "voice", "in": "query", "schema": {"type": "string"},
     "description": "A voice, when neither body nor header names one"},
]  # fmt: skip

CHAT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "OpenAI's chat.completion with `voice`, what became of each piece; or the chunks of it",
        "content": {
            "application/json": {"example": ANSWER},
            "text/event-stream": {"schema": {"type": "string"}, "example": _EVENTS},
        },
    },
    **failing(),
}
