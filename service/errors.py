"""What a request can fail with, each as OpenAI's envelope {"error": {"message", "type", "param", "code"}}.

    UserError                     (voice/errors.py: a sentence for a person, never with private text)
    ├── SettingsError             at start: environment variables
    ├── VoicesError               at start: no voice that can be served
    └── RequestError              HTTP
        ├── InvalidRequest        400 invalid_request_error       invalid_value, or a code of its own
        │   ├── Unsupported       400                             unsupported_parameter
        │   └── PromptTooLong     400                             context_length_exceeded
        ├── Unauthorized          401 authentication_error        invalid_api_key
        ├── NotFound              404 not_found_error             voice_not_found, model_not_found
        ├── VoiceRefused          409 conflict_error              voice_refused
        ├── BodyTooLarge          413 invalid_request_error       body_too_large
        ├── BodyCompressed        415 invalid_request_error       body_compressed
        ├── TooManyRequests       429 rate_limit_error            rate_limit_exceeded, with Retry-After
        ├── ClientGone            499 client_error                client_gone, seen in the log only
        ├── CallLoop              508 invalid_request_error       call_loop
        └── ServerError           500 server_error                internal_error
            ├── EngineFailed      500                             engine_failed
            ├── EngineUnavailable 503                             engine_unavailable, with Retry-After
            │   └── EngineAwaited 503                             a model server that may still come
            ├── Overloaded        503                             overloaded, with Retry-After
            ├── DeadlineExceeded  504                             deadline_exceeded
            ├── UpstreamFailed    502                             upstream_failed
            └── UpstreamTimeout   504                             upstream_timeout

The tree imports no web framework: service/http.py turns it, and what the framework raises by itself, into answers.
"""

import logging
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from voice.errors import UserError

log = logging.getLogger(__name__)


class SettingsError(UserError):
    """Environment variables that are wrong; names all of them at once."""


class VoicesError(UserError):
    """No voice at all that could be served."""


class RequestError(UserError):
    """A request that cannot be answered; `param` names the field that is to blame."""

    status = 500
    type = "server_error"
    code = "internal_error"
    retry_after_s: int | None = None
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        self.code = code or self.code

    def envelope(self) -> dict[str, Any]:
        """The body of the answer."""
        return {"error": {"message": str(self), "type": self.type, "param": self.param, "code": self.code}}


class InvalidRequest(RequestError):
    """The request itself is wrong."""

    status = 400
    type = "invalid_request_error"
    code = "invalid_value"


class Unsupported(InvalidRequest):
    """A field that would change the answer and is not supported."""

    code = "unsupported_parameter"


class PromptTooLong(InvalidRequest):
    """More tokens than the model's context holds."""

    code = "context_length_exceeded"


class Unauthorized(RequestError):
    """No key, or one that nobody has."""

    status = 401
    type = "authentication_error"
    code = "invalid_api_key"
    headers = MappingProxyType({"WWW-Authenticate": "Bearer"})


class NotFound(RequestError):
    """A voice or model that is not served."""

    status = 404
    type = "not_found_error"
    code = "not_found"


class VoiceRefused(RequestError):
    """A voice that is there but cannot be served."""

    status = 409
    type = "conflict_error"
    code = "voice_refused"


class BodyTooLarge(RequestError):
    """A body over the limit."""

    status = 413
    type = "invalid_request_error"
    code = "body_too_large"


class BodyCompressed(RequestError):
    """A body that would have to be unpacked first."""

    status = 415
    type = "invalid_request_error"
    code = "body_compressed"

    def __init__(self, encoding: str) -> None:
        super().__init__(f"The body is compressed{encoding}. Send it without Content-Encoding.")


class TooManyRequests(RequestError):
    """A key that asks more often, or more at once, than it may."""

    status = 429
    type = "rate_limit_error"
    code = "rate_limit_exceeded"

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ClientGone(RequestError):
    """The caller hung up before the answer was there."""

    status = 499
    type = "client_error"
    code = "client_gone"


class CallLoop(RequestError):
    """A request that already went through here and would have to be sent on again."""

    status = 508
    type = "invalid_request_error"
    code = "call_loop"


class ServerError(RequestError):
    """Not the caller's fault."""


class EngineFailed(ServerError):
    """The engine failed on this one request."""

    code = "engine_failed"


class EngineUnavailable(ServerError):
    """The engine is starting, or dead."""

    status = 503
    code = "engine_unavailable"
    retry_after_s = 5


class EngineAwaited(EngineUnavailable):
    """A model server that is not there yet, and may come."""


class Overloaded(ServerError):
    """More requests wait than may."""

    status = 503
    code = "overloaded"
    retry_after_s = 2


class DeadlineExceeded(ServerError):
    """An answer that was not done in time."""

    status = 504
    code = "deadline_exceeded"


class UpstreamFailed(ServerError):
    """The model that writes the draft cannot be reached, refused, or answered with nothing that can be read."""

    status = 502
    code = "upstream_failed"


class UpstreamTimeout(ServerError):
    """The model that writes the draft was silent for too long."""

    status = 504
    code = "upstream_timeout"


def quotable(name: str) -> str:
    """A name that a caller sent, for a message; left out unless it looks like one, for it might be private text."""
    return f" '{name}'" if re.fullmatch(r"[\w./:@+-]{1,100}", name) else ""


def invalid_fields(errors: Iterable[Mapping[str, Any]]) -> InvalidRequest:
    """Pydantic's errors as one InvalidRequest that names the fields and never shows what was sent in them."""
    problems: dict[str, str] = {}
    for error in errors:
        field = ".".join(str(part) for part in error["loc"] if part != "body")
        if error["type"] == "json_invalid":
            problems.setdefault("", "the body is not JSON")
        elif error["type"] == "missing" and not field:
            problems.setdefault("", "the body is empty")
        else:
            problems.setdefault(field, error["msg"])
    text = "; ".join(f"{field}: {problem}" if field else problem for field, problem in problems.items())
    return InvalidRequest(f"The request is not valid: {text}.", param=next(iter(problems), None) or None)


def unexpected(error: Exception, request_id: str) -> ServerError:
    """What the caller hears of an error that nobody expected; the log gets its kind and place, never its message."""
    log.error("%s unexpected %s at %s", request_id, type(error).__name__, place_of_error(error))
    return ServerError(f"The service failed on this request; its log says more under {request_id}.")


def place_of_error(error: Exception) -> str:
    """File and line where an error was raised: what the log may hold of one whose message may hold private text."""
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    return f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "unknown place"
