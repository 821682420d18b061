"""The big model: any OpenAI-compatible server that answers the conversation before a voice rewrites the answer.

In: the caller's body. Out: a Draft, whose segments can be rewritten while the rest is still being written. What goes
wrong is UpstreamFailed or UpstreamTimeout; their messages never hold what the upstream said.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx

from service import growing
from service.errors import RequestError, SettingsError, UpstreamFailed, UpstreamTimeout
from service.metrics import Metrics
from service.segments import Segment, split
from service.settings import Settings
from service.sse import LineTooLong, data_lines
from voice.triplet import Unit

HOP = "X-Nic-Voice-Hop"
OURS = ("voice", "register", "strength", "candidates", "n", "stream", "stream_options")  # not sent on
TIMEOUTS = (408, 504, 524)
ADVICE = {
    401: " Check NIC_VOICE_UPSTREAM_KEY.",
    403: " Check NIC_VOICE_UPSTREAM_KEY.",
    404: " Check `model` and NIC_VOICE_UPSTREAM_URL.",
    429: " It has too much to do.",
    508: " It would have called here again.",
}


class Upstream:
    """The server that writes drafts, over pooled connections."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._metrics = metrics
        self._most_chars = settings.max_body_bytes
        self._stall_s = settings.upstream_stall_s
        self._url = f"{settings.upstream_url}/chat/completions" if settings.upstream_url else None
        key = _key(settings)
        self._client = httpx.AsyncClient(
            headers={HOP: "1", **({"Authorization": f"Bearer {key}"} if key else {})},
            timeout=httpx.Timeout(settings.upstream_stall_s, connect=settings.upstream_connect_s),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
        )

    @property
    def configured(self) -> bool:
        """Whether there is an upstream at all."""
        return self._url is not None

    async def stop(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def draft(self, body: bytes, shared: bool) -> "Draft":
        """The draft for a request that was found good; `shared` when it is rewritten more than once."""
        sent = {name: value for name, value in json.loads(body).items() if name not in OURS}
        return Draft(self, sent, shared)

    async def write(self, sent: dict[str, Any], draft: "Draft") -> AsyncGenerator[str]:
        """The draft in parts as they come; what is known of it besides is put into `draft`."""
        began, outcome = time.perf_counter(), "client_gone"
        try:
            async with aclosing(self._parts(sent, draft)) as parts:
                async for part in parts:
                    yield part
            outcome = "ok"
        except httpx.TimeoutException as error:
            outcome = UpstreamTimeout.code
            raise UpstreamTimeout(
                f"The model that writes the draft could not be reached, or said nothing for {self._stall_s:g} s."
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            outcome = UpstreamFailed.code
            what = "cannot be reached" if isinstance(error, httpx.ConnectError) else "broke off"
            raise UpstreamFailed(f"The model that writes the draft {what} ({type(error).__name__}).") from error
        except RequestError as error:
            outcome = error.code
            raise
        finally:
            self._metrics.upstream_seconds.labels(outcome).observe(time.perf_counter() - began)

    async def _parts(self, sent: dict[str, Any], draft: "Draft") -> AsyncGenerator[str]:
        content = json.dumps({**sent, "stream": True, "stream_options": {"include_usage": True}}).encode()
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        chars = 0
        async with self._client.stream("POST", self._url or "", content=content, headers=headers) as answer:
            if answer.status_code != 200:
                raise _refused(answer.status_code)
            streams = "event-stream" in answer.headers.get("content-type", "")
            source = _streamed(answer, draft) if streams else _whole(answer, draft, self._most_chars)
            async with aclosing(source):
                async for part in source:
                    chars += len(part)
                    if chars > self._most_chars:
                        raise UpstreamFailed("The model that writes the draft did not come to an end.")
                    yield part
        if not chars:
            raise UpstreamFailed("The model that writes the draft answered without any text.")


class Draft:
    """What the upstream writes for one request."""

    def __init__(self, upstream: Upstream, sent: dict[str, Any], shared: bool) -> None:
        self._upstream, self._sent, self._shared = upstream, sent, shared
        self._lock, self._text = asyncio.Lock(), ""
        self.model: str = sent["model"]
        self.usage: dict[str, int] | None = None
        self.finish_reason: str | None = None

    @property
    def report(self) -> dict[str, Any]:
        """What an answer says of its draft."""
        return {"model": self.model, "usage": self.usage}

    async def segments(self, unit: Unit) -> AsyncGenerator[Segment]:
        """The segments of the draft, as they come."""
        if self._shared:
            for segment in split(await self._whole(), unit):
                yield segment
            return
        async with (
            aclosing(self._upstream.write(self._sent, self)) as parts,
            aclosing(growing.segments(parts, unit)) as found,
        ):
            async for segment in found:
                yield segment

    async def _whole(self) -> str:
        async with self._lock:
            if not self._text:
                self._text = "".join([part async for part in self._upstream.write(self._sent, self)])
            return self._text

    def read(self, content: Any, field: str) -> str:
        """The text in one object of the upstream's answer; `field` is delta or message."""
        if not isinstance(content, dict) or content.get("error"):
            raise UpstreamFailed("The model that writes the draft failed.")
        usage = content.get("usage")
        if isinstance(usage, dict):
            names = ("prompt_tokens", "completion_tokens", "total_tokens")
            self.usage = {name: usage[name] for name in names if isinstance(usage.get(name), int)}
        choices = content.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else {}
        said = choice.get(field) if isinstance(choice, dict) else None
        if isinstance(choice, dict) and isinstance(choice.get("finish_reason"), str):
            self.finish_reason = choice["finish_reason"]
        text = said.get("content") if isinstance(said, dict) else None
        return text if isinstance(text, str) else ""


async def _streamed(answer: httpx.Response, draft: Draft) -> AsyncGenerator[str]:
    try:
        async with aclosing(data_lines(answer.aiter_bytes())) as lines:
            async for line in lines:
                if line == b"[DONE]":
                    return
                if text := draft.read(_json(line), "delta"):
                    yield text
    except LineTooLong as error:
        raise _garbage() from error
    if draft.finish_reason is None:
        raise UpstreamFailed("The model that writes the draft broke off in the middle.")


async def _whole(answer: httpx.Response, draft: Draft, most_bytes: int) -> AsyncGenerator[str]:
    body = bytearray()
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > 8 * most_bytes:  # JSON takes up to six bytes for a character
            raise UpstreamFailed("The model that writes the draft did not come to an end.")
    yield draft.read(_json(bytes(body)), "message")


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _garbage() from None  # it would hold the text


def _garbage() -> UpstreamFailed:
    return UpstreamFailed("The model that writes the draft did not answer in OpenAI's format.")


def _refused(status: int) -> RequestError:
    kind = UpstreamTimeout if status in TIMEOUTS else UpstreamFailed
    return kind(f"The model that writes the draft answered with HTTP {status}.{ADVICE.get(status, '')}")


def _key(settings: Settings) -> str | None:
    if settings.upstream_key_file is None:
        return settings.upstream_key.get_secret_value() if settings.upstream_key else None
    try:
        return settings.upstream_key_file.read_text("utf-8").strip() or None
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(f"NIC_VOICE_UPSTREAM_KEY_FILE cannot be read: {reason}.") from None
