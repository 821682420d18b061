"""The big model that answers before a voice rewrites: any OpenAI-compatible server, asked over HTTP.

In: the caller's body. Out: the text of its answer, whole or in parts as it is written; untouched what else comes (tool
calls, reasoning); and a Draft. What goes wrong is UpstreamFailed or UpstreamTimeout, never with what it said.
"""

import json
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import Any

import httpx

from service.errors import RequestError, UpstreamFailed, UpstreamTimeout
from service.protocol import ESCAPED_HALF
from service.settings import Settings
from voice.tls import tls_context

HOP = "X-Nic-Voice-Hop"
# What is sent on: what OpenAI documents, but for what is answered here, and what other servers know of sampling and of
# thinking. Nothing else: gateways take addresses and keys from bodies.
SENT_ON = frozenset(
    "messages model tools tool_choice parallel_tool_calls functions function_call response_format "
    "max_tokens max_completion_tokens temperature top_p seed stop "
    "presence_penalty frequency_penalty logit_bias user metadata store service_tier safety_identifier prompt_cache_key "
    "reasoning_effort verbosity prediction web_search_options modalities "
    "top_k min_p typical_p repetition_penalty repeat_penalty reasoning thinking think chat_template_kwargs "
    "keep_alive".split()
)
CONNECT_S = 5.0
MOST_LINE_BYTES = 1 << 20
TIMEOUTS = (408, 504, 524)
ADVICE = {
    401: " Check NIC_VOICE_UPSTREAM_KEY.",
    403: " Check NIC_VOICE_UPSTREAM_KEY.",
    404: " Check `model` and NIC_VOICE_UPSTREAM_URL.",
    429: " It has too much to do.",
    508: " It would have called here again.",
}
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")

Passed = dict[str, Any]  # fields of a message that are not its text


class Draft:
    """What is known of an upstream's answer besides its text, as far as it has come."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.usage: dict[str, int] | None = None
        self.finish_reason: str | None = None

    def read(self, content: Any, field: str) -> tuple[str, Passed]:
        """Text and other fields of one object of the answer; `field` is delta or message."""
        if not isinstance(content, dict) or content.get("error"):
            raise UpstreamFailed("The model that writes the draft failed.")
        usage = content.get("usage")
        if isinstance(usage, dict):
            self.usage = {name: usage[name] for name in _COUNTS if isinstance(usage.get(name), int)}
        choices = content.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return "", {}
        if isinstance(choice.get("finish_reason"), str):
            self.finish_reason = choice["finish_reason"]
        said = choice.get(field)
        if not isinstance(said, dict):
            return "", {}
        text = said.get("content")
        passed = {name: value for name, value in said.items() if name not in ("role", "content") and value}
        return text if isinstance(text, str) else "", passed


class Upstream:
    """The server at `url`, which is NIC_VOICE_UPSTREAM_URL, over pooled connections."""

    def __init__(
        self, url: str, settings: Settings, observe: Callable[[str, float], None] = lambda _, __: None
    ) -> None:
        """`observe` is told what came of each draft ("ok", an error's code, "gone") and after how many seconds."""
        self._observe = observe
        self._most_chars = settings.max_body_bytes
        self._stall_s, self._deadline_s = settings.upstream_stall_seconds, settings.deadline_seconds
        self._url = f"{url.rstrip('/')}/chat/completions"
        key = settings.upstream_key
        self._client = httpx.AsyncClient(
            headers={HOP: "1", **({"Authorization": f"Bearer {key.get_secret_value()}"} if key else {})},
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            verify=tls_context(),
        )

    async def stop(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def whole(self, body: dict[str, Any], draft: Draft) -> tuple[str, Passed]:
        """The text of an answer, and what else came with it."""
        sent = _sent_on(body)
        timeout = httpx.Timeout(self._deadline_s, connect=CONNECT_S)
        with self._timed(), _translated(self._deadline_s):
            async with self._client.stream("POST", self._url, json=sent, timeout=timeout) as answer:
                _require_success(answer)
                raw = bytearray()
                async for part in answer.aiter_bytes():
                    raw += part
                    if len(raw) > 8 * self._most_chars:  # JSON takes up to six bytes for a character
                        raise UpstreamFailed("The model that writes the draft did not come to an end.")
            text, passed = draft.read(_json(bytes(raw)), "message")
            if not text and not passed:
                raise _said_nothing()
        return text, passed

    async def parts(self, body: dict[str, Any], draft: Draft) -> AsyncGenerator[str | Passed]:
        """The text of an answer in parts, and what else comes, as it comes."""
        sent = _sent_on(body) | {"stream": True, "stream_options": {"include_usage": True}}
        timeout, chars = httpx.Timeout(self._stall_s, connect=CONNECT_S), 0
        with self._timed(), _translated(self._stall_s):
            async with self._client.stream("POST", self._url, json=sent, timeout=timeout) as answer:
                _require_success(answer)
                async with aclosing(_events(answer)) as events:
                    async for event in events:
                        text, passed = draft.read(_json(event), "delta")
                        chars += len(text) + len(passed)
                        if chars > self._most_chars:
                            raise UpstreamFailed("The model that writes the draft did not come to an end.")
                        if passed:
                            yield passed
                        if text:
                            yield text
            if draft.finish_reason is None:
                raise UpstreamFailed("The model that writes the draft broke off in the middle.")
            if not chars:
                raise _said_nothing()

    @contextmanager
    def _timed(self) -> Iterator[None]:
        started, outcome = time.perf_counter(), "gone"
        try:
            yield
            outcome = "ok"
        except RequestError as error:
            outcome = error.code
            raise
        finally:
            self._observe(outcome, time.perf_counter() - started)


def _sent_on(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name in SENT_ON}


async def _events(answer: httpx.Response) -> AsyncGenerator[bytes]:
    """The data of each event, until [DONE] or the end."""
    rest = b""
    async for part in answer.aiter_bytes():
        *lines, rest = (rest + part).split(b"\n")
        if len(rest) > MOST_LINE_BYTES:
            raise _garbage()
        for line in lines:
            if line.startswith(b"data:"):
                data = line[5:].strip()
                if data == b"[DONE]":
                    return
                yield data
    if rest.startswith(b"data:") and rest[5:].strip() != b"[DONE]":
        yield rest[5:].strip()


@contextmanager
def _translated(seconds: float) -> Iterator[None]:
    """httpx's errors as ours."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise UpstreamTimeout(
            f"The model that writes the draft could not be reached, or said nothing for {seconds:g} s."
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        what = "cannot be reached" if isinstance(error, httpx.ConnectError) else "broke off"
        raise UpstreamFailed(f"The model that writes the draft {what} ({type(error).__name__}).") from error


def _require_success(answer: httpx.Response) -> None:
    if answer.status_code != 200:
        kind: type[RequestError] = UpstreamTimeout if answer.status_code in TIMEOUTS else UpstreamFailed
        advice = ADVICE.get(answer.status_code, "")
        raise kind(f"The model that writes the draft answered with HTTP {answer.status_code}.{advice}")


def _json(raw: bytes) -> Any:
    """What JSON says, without halves of characters: it may hold them, and nothing else."""
    try:
        found = json.loads(raw)
        if ESCAPED_HALF.search(raw):
            whole = json.dumps(found, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            found = json.loads(whole)
    except (ValueError, RecursionError):
        raise _garbage() from None  # it would hold the text
    return found


def _garbage() -> UpstreamFailed:
    return UpstreamFailed("The model that writes the draft did not answer in OpenAI's format.")


def _said_nothing() -> UpstreamFailed:
    return UpstreamFailed("The model that writes the draft answered without any text.")
