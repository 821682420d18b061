"""A rewrite over HTTP, as the command line asks for it.

In: the service's address and a text. Out: the text in the voice, or one sentence that says what is wrong.
"""

import os

import httpx

from voice.errors import UserError

TIMEOUT_S = 120.0


class ServiceError(UserError):
    """The service is not there, or refused the request."""


def authorization() -> dict[str, str]:
    """The header with the key in NIC_VOICE_KEY, if there is one."""
    key = os.environ.get("NIC_VOICE_KEY")
    return {"Authorization": f"Bearer {key}"} if key else {}


def rewrite(
    url: str, text: str, *, voice: str | None = None, temperature: float | None = None, strength: float | None = None
) -> str:
    """The text as the voice would put it; `voice` may be None when only one is served."""
    asked = {"voice": voice, "temperature": temperature, "strength": strength}
    body = {**asked, "messages": [{"role": "user", "content": text}]}
    address = f"{url.rstrip('/').removesuffix('/v1')}/v1/chat/completions"
    try:
        sent = {key: value for key, value in body.items() if value is not None}
        answer = httpx.post(address, json=sent, headers=authorization(), timeout=TIMEOUT_S)
        content = answer.json()
    except (httpx.ConnectError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise ServiceError(f"No service answers at {url}. Start it with `nic-voice serve`, or give --url.") from error
    except httpx.HTTPError as error:
        raise ServiceError(f"The service at {url} did not answer: {type(error).__name__}. Is it alive?") from error
    except ValueError as error:
        raise ServiceError(f"{url} answered {answer.status_code}, but not with JSON. Is nic-voice there?") from error
    if answer.status_code != 200:
        error_body = content.get("error") if isinstance(content, dict) else None
        message = error_body.get("message") if isinstance(error_body, dict) else None
        raise ServiceError(f"{message or 'the service refused'} (HTTP {answer.status_code})")
    rewritten: str = content["choices"][0]["message"]["content"]
    return rewritten
