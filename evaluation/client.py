"""The service that is judged, over HTTP, many texts at once.

In: the service's address, a voice's name, texts. Out: the rewrites in the order of the texts.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from evaluation.cases import Case
from voice.errors import UserError
from voice.tls import tls_context

AT_ONCE = 4  # with more a service draws fewer candidates, and of a small one a request may wait until its time is over
TIMEOUT_S = 600.0
_EXAMPLES = 3
_ASK = (
    "Rewrite the user's message in the style of its sender, keeping what it says. Answer with the rewritten message "
    "only. This is how the sender writes:\n\n{}"
)

Progress = Callable[[int, int], None]


class ServiceError(UserError):
    """The service is not there, or refused a text; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Service:
    """A running service, and how many texts it gets at once."""

    url: str
    key: str | None = None
    at_once: int = AT_ONCE

    def rewrite(self, voice: str, cases: Sequence[Case], show: Progress, asked: Mapping[str, float]) -> list[str]:
        """Each case's neutral text in the voice, with its register, at temperature 0 unless `asked` says another."""
        known = set(self.voice(voice).get("registers", []))
        bodies = [
            {"voice": voice, "temperature": 0, "messages": [{"role": "user", "content": case.neutral}], **asked}
            | ({"register": case.register} if case.register in known else {})
            for case in cases
        ]
        return asyncio.run(self._answers(bodies, show))

    def base(self, cases: Sequence[Case], show: Progress) -> list[str]:
        """What the base model without any voice makes of each text, shown three others that the owner wrote."""
        model = self._get("/v1/models")["data"][-1]["root"]
        bodies = []
        for place, case in enumerate(cases):
            shown = [cases[(place + 1 + step) % len(cases)].own for step in range(_EXAMPLES)]
            messages = [
                {"role": "system", "content": _ASK.format("\n\n".join(shown))},
                {"role": "user", "content": case.neutral},
            ]
            most = 24 + 2 * len(case.neutral.split())
            bodies.append({"model": model, "temperature": 0, "max_tokens": most, "messages": messages})
        return asyncio.run(self._answers(bodies, show))

    def voice(self, name: str) -> dict[str, Any]:
        """What the service says of a voice."""
        return self._get(f"/v1/voices/{name}")

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def _get(self, path: str) -> dict[str, Any]:
        try:
            answer = httpx.get(f"{self.url}{path}", headers=self._headers, timeout=TIMEOUT_S, verify=tls_context())
            return _content(answer, self.url)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from error

    async def _answers(self, bodies: Sequence[dict[str, Any]], show: Progress) -> list[str]:
        places, done = asyncio.Semaphore(self.at_once), 0
        limits = httpx.Limits(max_connections=self.at_once)
        async with httpx.AsyncClient(
            base_url=self.url, headers=self._headers, timeout=TIMEOUT_S, limits=limits, verify=tls_context()
        ) as client:

            async def one(body: dict[str, Any]) -> str:
                nonlocal done
                async with places:
                    content = _content(await client.post("/v1/chat/completions", json=body), self.url)
                done += 1
                show(done, len(bodies))
                text: str = content["choices"][0]["message"]["content"]
                return text

            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(one(body)) for body in bodies]
            except* httpx.HTTPError as errors:
                raise self._unreachable(errors.exceptions[0]) from errors
            except* ServiceError as errors:
                first = errors.exceptions[0]
                raise ServiceError(str(first)) from errors
        return [task.result() for task in tasks]

    def _unreachable(self, error: BaseException) -> ServiceError:
        return ServiceError(
            f"The service at {self.url} does not answer ({type(error).__name__}). Start it with `nic-voice serve`, or "
            f"leave --url out and one is started."
        )


def _content(answer: httpx.Response, url: str) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError as error:
        raise ServiceError(
            f"{url} answers with HTTP {answer.status_code}, but not with JSON. Is nic-voice there?"
        ) from error
    if answer.status_code != 200 or not isinstance(content, dict):
        error_body = content.get("error") if isinstance(content, dict) else None
        message = error_body.get("message") if isinstance(error_body, dict) else None
        raise ServiceError(f"{message or 'The service refused'} (HTTP {answer.status_code})")
    return content
