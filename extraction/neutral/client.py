"""One question to a big model over HTTP: timeouts, retries with growing pauses, and nothing private in an error.

In: an Endpoint, a system text and a user text. Out: the model's text and the tokens it cost. Redirects are not
followed: they could lead to a host that nobody allowed.

    async with ChatClient(endpoint) as client:
        reply = await client.ask("You rewrite.", "[...]", max_tokens=800)
"""

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx

from extraction.neutral.endpoint import Endpoint, EndpointError
from voice.tls import tls_context

TIMEOUT = httpx.Timeout(180.0, connect=10.0)
WHOLE_S = 300.0  # of one attempt: a byte now and then would satisfy the other timeouts for ever
ATTEMPTS = 6
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
LONGEST_WAIT_S = 600.0  # a Retry-After beyond it ends the run: it can go on later where it stopped
TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
# The request itself was refused: another batch may pass (a content filter, a context too long).
REFUSED = frozenset({400, 413, 422})
_CODE = re.compile(r"[A-Za-z][A-Za-z_.-]{0,59}")


class RequestRefusedError(EndpointError):
    """The endpoint refused this one request; others may pass."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's answer; tokens are None when the endpoint does not say."""

    text: str
    tokens_in: int | None
    tokens_out: int | None


class ChatClient:
    """Asks one endpoint; may be used by several tasks at once."""

    def __init__(
        self, endpoint: Endpoint, *, first_pause_s: float = FIRST_PAUSE_S, timeout: httpx.Timeout = TIMEOUT,
        whole_s: float = WHOLE_S, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        """`sleep` is told how many seconds to pause between two attempts."""
        self._endpoint = endpoint
        self._whole_s = whole_s
        self._first_pause_s = first_pause_s
        self._sleep = sleep
        self._chance = random.Random()
        headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
        # A proxy of the environment must not see what is meant for a near host.
        self._http = httpx.AsyncClient(
            timeout=timeout, headers=headers, follow_redirects=False, trust_env=not endpoint.near, verify=tls_context()
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def ask(self, system: str, user: str, *, max_tokens: int) -> Reply:
        """The model's answer. RequestRefusedError: this request; EndpointError: the endpoint is of no use now."""
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        body = {"model": self._endpoint.model, "messages": messages, "max_tokens": max_tokens}
        trouble = ""
        for attempt in range(ATTEMPTS):
            asked_to_wait: float | None = None
            try:
                async with asyncio.timeout(self._whole_s):
                    answer = await self._http.post(self._endpoint.url, json=body)
            except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
                trouble = type(error).__name__
            else:
                if answer.status_code == 200:
                    return _reply(answer)
                self._refuse(answer)
                trouble, asked_to_wait = f"HTTP {answer.status_code}", _retry_after_s(answer)
            if attempt + 1 < ATTEMPTS:
                await self._pause(attempt, asked_to_wait)
        raise EndpointError(
            f"{self._endpoint.host} did not answer in {ATTEMPTS} attempts (the last: {trouble}). "
            f"What it answered before is kept: run the same command again to go on."
        )

    def _refuse(self, answer: httpx.Response) -> None:
        """Raise for a status that another attempt would not change. The body is not shown: it may echo the text."""
        host, status, why = self._endpoint.host, answer.status_code, _codes(answer)
        if status in TRY_AGAIN:
            return
        if status in REFUSED:
            raise RequestRefusedError(f"{host} refused the request (HTTP {status}{why})")
        advice = {
            401: "Check FORGE_API_KEY.",
            402: "The account has nothing left.",
            403: "Check FORGE_API_KEY and what it may do.",
            404: f"Check --neutral-url, and that it has the model {self._endpoint.model!r}.",
        }.get(status, "Redirects are not followed; give the final address." if 300 <= status < 400 else "")
        raise EndpointError(f"{host} refused (HTTP {status}{why}). {advice}".rstrip())

    async def _pause(self, attempt: int, asked_to_wait_s: float | None) -> None:
        pause_s = min(LONGEST_PAUSE_S, self._first_pause_s * 2**attempt) * self._chance.uniform(0.5, 1.0)
        if asked_to_wait_s is not None:
            if asked_to_wait_s > LONGEST_WAIT_S:
                raise EndpointError(
                    f"{self._endpoint.host} asks to wait {asked_to_wait_s:.0f} s. What it answered before is kept: "
                    f"run the same command again after that."
                )
            pause_s = max(pause_s, asked_to_wait_s)
        await self._sleep(pause_s)


def _reply(answer: httpx.Response) -> Reply:
    """The text and tokens of an answer; an answer of another shape has an empty text."""
    try:
        body: Any = answer.json()
    except ValueError:
        return Reply("", None, None)
    try:
        text = body["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        text = ""
    usage = body.get("usage") if isinstance(body, dict) else None
    counts = usage if isinstance(usage, dict) else {}
    numbers = [counts.get(name) for name in ("prompt_tokens", "completion_tokens")]
    tokens_in, tokens_out = (number if isinstance(number, int) and number >= 0 else None for number in numbers)
    return Reply(text if isinstance(text, str) else "", tokens_in, tokens_out)


def _codes(answer: httpx.Response) -> str:
    """The error's type, code and parameter, where they are plain names; its message may hold private text."""
    try:
        error = answer.json()["error"]
        values = [error.get(name) for name in ("type", "code", "param")]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    plain = [value for value in values if isinstance(value, str) and _CODE.fullmatch(value)]
    return "".join(f", {value}" for value in plain)


def _retry_after_s(answer: httpx.Response) -> float | None:
    """Retry-After in seconds, given as seconds or as a date; None when there is none or it cannot be read."""
    value = answer.headers.get("retry-after", "")
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
