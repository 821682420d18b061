"""Where HTTP meets the rest: errors become answers, every body is JSON of a bounded size, and what clients are known to
do with addresses is borne with.

In: an application. Out: OpenAI's envelope for each RequestError, for what FastAPI raises by itself (404, 405, a body
that is no request), and for a body that is too large or compressed.
"""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import BodyCompressed, BodyTooLarge, RequestError, invalid_fields, quotable

DISCARDED_BYTES = 64 << 20

_HTTP = {
    400: ("invalid_value", "The body cannot be read. Send JSON in UTF-8."),
    404: ("not_found", "There is nothing at this address. GET /openapi.json lists what there is."),
    405: ("method_not_allowed", "This address does not know this method. GET /openapi.json lists what there is."),
}


def respond(error: RequestError) -> JSONResponse:
    """The HTTP answer for an error."""
    again = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s else {}
    return JSONResponse(error.envelope(), status_code=error.status, headers={**error.headers, **again})


def add_handlers(app: FastAPI) -> None:
    """Answer every error of the application in OpenAI's envelope."""

    @app.exception_handler(RequestError)
    async def _known(_: Request, error: RequestError) -> JSONResponse:
        return respond(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return respond(invalid_fields(error.errors()))

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        code, message = _HTTP.get(error.status_code, ("http_error", str(error.detail)))
        body = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
        return JSONResponse({"error": body}, status_code=error.status_code, headers=error.headers)


class Addresses:
    """ASGI middleware: a slash at the end changes nothing, and HEAD gets what GET gets, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        method, path = "GET" if head else scope["method"], scope["path"].rstrip("/") or "/"

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": method, "path": path}, receive, without_body if head else send)


class JsonBody:
    """ASGI middleware: the body of a POST is read whole, up to a size, and is JSON whatever its Content-Type says.

    Many clients look for no answer before all is sent, so what is too much is read and thrown away, up to a point.
    """

    def __init__(self, app: ASGIApp, most_bytes: int, only: str) -> None:
        """`only` is the address whose bodies are read."""
        self._app = app
        self._most_bytes, self._only = most_bytes, only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != self._only:
            await self._app(scope, receive, send)
            return
        encoding = dict(scope["headers"]).get(b"content-encoding", b"identity").decode("latin-1")
        if encoding != "identity":
            await respond(BodyCompressed(quotable(encoding)))(scope, receive, send)
            return
        body, read_bytes, more = bytearray(), 0, True
        while more and read_bytes <= self._most_bytes + DISCARDED_BYTES:
            message = await receive()
            if message["type"] == "http.disconnect":
                return  # the log says that the client is gone
            read_bytes += len(message.get("body", b""))
            if read_bytes <= self._most_bytes:
                body += message.get("body", b"")
            more = message.get("more_body", False)
        if read_bytes > self._most_bytes:
            too_large = BodyTooLarge(
                f"The body is larger than {self._most_bytes} bytes. Send less, or raise NIC_VOICE_MAX_BODY_BYTES."
            )
            await respond(too_large)(scope, receive, send)
            return
        headers = [pair for pair in scope["headers"] if pair[0] != b"content-type"]
        scope["headers"] = [*headers, (b"content-type", b"application/json")]
        await self._app(scope, _again(bytes(body), receive), send)


def _again(body: bytes, receive: Receive) -> Receive:
    """What gives the body that was read once more, then whatever comes after it."""
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return unread.pop() if unread else await receive()

    return receive_again
