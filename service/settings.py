"""The service's settings: environment variables NIC_VOICE_*, checked all at once at the start.

In: the environment, and what the command line overrides. Out: one frozen Settings.
"""

import difflib
import logging
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from service.errors import SettingsError

log = logging.getLogger(__name__)

PREFIX = "NIC_VOICE_"
# Read by others than the service: the cache of converted models (voice/base_model.py), the command line's address.
ELSEWHERE = frozenset({"NIC_VOICE_CACHE", "NIC_VOICE_URL"})


def _log_level(name: str) -> str:
    if name.upper() not in logging.getLevelNamesMapping():
        raise ValueError("not one of DEBUG, INFO, WARNING, ERROR, CRITICAL")
    return name.upper()


def _origins(listed: Any) -> Any:
    return tuple(listed.replace(",", " ").split()) if isinstance(listed, str) else listed


def _http_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("not an http:// or https:// address")
    return url.rstrip("/")


class Settings(BaseSettings):
    """What the service is told from outside."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True, env_ignore_empty=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on; everything but loopback can be reached by others")
    port: int = Field(8650, ge=1, le=65535, description="Port to listen on")
    voices: Path = Field(Path("voices"), description="Folder that holds the voice folders")
    model: str | None = Field(None, description="Base model; by default the one that the first voice was trained on")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="Numbers to compute with; auto is bfloat16 on a GPU, float32 on a CPU"
    )
    max_model_len: int = Field(2048, ge=64, description="Tokens of a prompt and its answer together")
    max_loras: int = Field(4, ge=1, description="Voices that are computed in one batch")
    max_lora_rank: int = Field(16, ge=1, le=512, description="Largest adapter rank; raised to that of the voices")
    max_output_tokens: int = Field(512, ge=1, description="Length of an answer when the request does not limit it")
    temperature: float = Field(
        0.3, ge=0, le=2, description="When the request gives none; low, because a rewrite must keep what is said"
    )
    max_body_bytes: int = Field(1 << 20, ge=1024, description="Largest request body")
    max_input_tokens: int = Field(8192, ge=1, description="Longest text to rewrite or conversation to answer")
    max_choices: int = Field(4, ge=1, le=128, description="Largest `n` of a request")

    keys: SecretStr | None = Field(None, description="Keys as `name:sha256hex`, separated by spaces or commas")
    keys_file: Path | None = Field(
        None, description="File with a key `name:sha256hex` a line (`nic-voice key NAME` prints one); read again when "
        "it changes and on SIGHUP"
    )  # fmt: skip
    allow_without_keys: bool = Field(
        False, description="Listen on other addresses than loopback although no key is set"
    )
    open_health: bool = Field(True, description="/health and /ready need no key")
    open_metrics: bool = Field(True, description="/metrics needs no key")
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_origins)] = Field(
        (), description="Web origins whose pages may call, such as https://aria.example; by default none"
    )
    requests_per_minute: int = Field(0, ge=0, description="Chat completions of one key in a minute; 0 is no limit")
    requests_per_key: int = Field(0, ge=0, description="Chat completions of one key at the same time; 0 is no limit")
    max_in_flight: int = Field(64, ge=1, description="Chat completions that are worked on at the same time")
    max_queue: int = Field(256, ge=0, description="Chat completions that may wait for their turn")
    deadline_s: float = Field(115, gt=0, description="Longest time for a request, its answer's delivery included")
    drain_s: int = Field(20, ge=0, description="Time for requests to finish when the server is told to stop")

    upstream_url: Annotated[str, AfterValidator(_http_url)] | None = Field(
        None, description="Base URL, usually ending in /v1, of the OpenAI-compatible server that writes drafts"
    )
    upstream_key: SecretStr | None = Field(None, description="Its bearer key")
    upstream_key_file: Path | None = Field(None, description="File that holds its bearer key")
    upstream_connect_s: float = Field(5, gt=0, description="Longest time to connect to it")
    upstream_stall_s: float = Field(60, gt=0, description="Longest time without a word from it")

    log_level: Annotated[str, AfterValidator(_log_level)] = Field("INFO", description="Level of the service's own log")


def load_settings(**given: Any) -> Settings:
    """Settings of the environment, overridden by `given`; SettingsError lists everything that is wrong."""
    problems = _unknown_variables()
    settings = None
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems += [f"{_name(item['loc'], given)}: {item['msg']}" for item in error.errors()]
    if problems or settings is None:
        raise SettingsError("The settings are not valid:\n" + "\n".join(f"  {problem}" for problem in problems))
    return settings


def log_effective(settings: Settings) -> None:
    """Log what is in force; a setting of type SecretStr masks itself."""
    log.info("settings: %s", ", ".join(f"{name}={value}" for name, value in settings.model_dump().items()))


def _unknown_variables() -> list[str]:
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields} | ELSEWHERE
    problems = []
    for variable in sorted(os.environ):
        if variable.upper().startswith(PREFIX) and variable.upper() not in known:
            closest = difflib.get_close_matches(variable.upper(), sorted(known), n=1, cutoff=0)
            problems.append(f"{variable}: there is no such setting. Did you mean {closest[0]}?")
    return problems


def _name(place: tuple[int | str, ...], given: dict[str, Any]) -> str:
    field = str(place[0]) if place else "settings"
    return f"--{field}" if field in given else f"{PREFIX}{field.upper()}"
