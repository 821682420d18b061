"""The service's settings: environment variables NIC_VOICE_*, checked all at once at the start.

In: the environment, credentials of systemd (files nic_voice_* in $CREDENTIALS_DIRECTORY), and what the command line
overrides. Out: one frozen Settings.
"""

import difflib
import logging
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.errors import SettingsError
from voice.judges.verdict import Level

log = logging.getLogger(__name__)

PREFIX = "NIC_VOICE_"
# Read by others than the service: (default, what it is) by name.
ELSEWHERE = {
    "NIC_VOICE_CACHE": ("~/.cache/nic-voice", "Folder for converted base models"),
    "NIC_VOICE_KEY": ("", "The key that `nic-voice rewrite` and `evaluate --url` send, where the service wants one"),
    "NIC_VOICE_LLAMA_SERVER": ("", "The program llama-server, for `nic-voice export`; else the one on the PATH"),
    "NIC_VOICE_URL": ("http://127.0.0.1:8650", "Where `nic-voice rewrite` sends its text"),
}


def _log_level(name: str) -> str:
    if name.upper() not in logging.getLevelNamesMapping():
        raise ValueError("not one of DEBUG, INFO, WARNING, ERROR, CRITICAL")
    return name.upper()


class Settings(BaseSettings):
    """What the service is told from outside."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True, env_ignore_empty=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on; everything but loopback can be reached by others")
    port: int = Field(8650, ge=1, le=65535, description="Port to listen on")
    voices: Path = Field(Path("voices"), description="Folder that holds the voice folders")
    default: str | None = Field(None, description="Voice of a request that names none; else the only one there is")
    model: str | None = Field(None, description="Base model; by default the one that the first voice was trained on")
    engine: Literal["vllm", "remote"] = Field(
        "vllm", description="What computes: vllm in this process, or remote, model servers that run by themselves"
    )
    engine_urls: str = Field(
        "http://127.0.0.1:8651",
        description="remote: where llama-server or vLLM's own server listens; with commas several that are alike",
    )
    engine_key: SecretStr | None = Field(None, description="remote: the key that the model servers want, if any")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="Numbers to compute with; auto is bfloat16 on a GPU, float32 on a CPU"
    )
    max_model_len: int = Field(2048, ge=64, description="Tokens of a prompt and its answer together")
    max_engine_calls: int = Field(
        128,
        ge=1,
        description="Rewrites asked of the engine at once, for all requests; a quarter of them for one",
    )
    max_loras: int = Field(4, ge=1, description="Voices that are computed in one batch")
    max_lora_rank: int = Field(16, ge=1, le=512, description="Largest adapter rank; raised to that of the voices")
    grouped_lora: bool = Field(
        True, description="On a CPU: adapters by one matrix product a voice instead of vLLM's copy for every token"
    )
    max_output_tokens: int = Field(
        512, ge=1, description="Tokens of one rewritten segment, or of the base model's answer"
    )
    temperature: float = Field(
        0.0, ge=0, le=2, description="Of the first candidate, when the request gives none; 0 is the likeliest words"
    )
    guard: Level = Field(
        "full",
        description="What refuses a rewrite: facts, what nothing outweighs, such as a figure that is not the text's; "
        "full, also that it hardly says the same; off, nothing",
    )
    same: float | None = Field(
        None,
        ge=0,
        le=1,
        description="How likely a rewrite must say the same for the full guard; else .55",
    )
    guard_per_request: bool = Field(
        False, description="Whether a request may say `guard` for itself, to measure what the guard does"
    )
    candidates: int = Field(
        2,
        ge=1,
        le=8,
        description="Rewrites of a segment that are drawn at first, when the request says none and few are under way",
    )
    rank_order: float = Field(
        1.0, ge=0, description="What the order in which the way back puts candidates counts, in nats"
    )
    rank_same: float = Field(0.0, ge=0, description="What their likelihood to say the same counts, in nats")
    rank_style: float = Field(0.3, ge=0, description="What their likeness to the voice counts, by its verifier")
    rewrite_seconds: float = Field(
        60.0, gt=0, description="Seconds for one request; spent, what is not rewritten yet goes out as it came"
    )
    shipped: Path | None = Field(
        None, description="Folder for keyed hashes of what was shipped, for `extract --exclude-shipped`; none otherwise"
    )
    upstream_url: str | None = Field(
        None, pattern="^https?://", description="Base URL, ending in /v1, of the big model that answers before a voice"
    )
    upstream_key: SecretStr | None = Field(None, description="Its key, if it wants one")
    upstream_stall_seconds: float = Field(60.0, gt=0, description="Seconds that it may be silent in a stream")
    keys: SecretStr | None = Field(
        None, description="Keys as name:sha256, with spaces or commas between; `nic-voice key` makes one"
    )
    keys_file: Path | None = Field(None, description="File of such keys, one a line; changes are noticed")
    allow_without_keys: bool = Field(False, description="Whether others than this machine may call without a key")
    open_health: bool = Field(True, description="Whether /health and /ready need no key")
    open_metrics: bool = Field(True, description="Whether /metrics needs no key")
    requests_per_minute: int = Field(0, ge=0, description="Chat completions of one key in a minute; 0 is no limit")
    requests_per_key: int = Field(0, ge=0, description="Chat completions of one key at once; 0 is no limit")
    max_in_flight: int = Field(64, ge=1, description="Chat completions that are worked on at once")
    max_queue: int = Field(256, ge=0, description="Chat completions that may wait for their turn")
    deadline_seconds: float = Field(115.0, gt=0, description="Seconds for a request, with its waiting and its delivery")
    max_input_tokens: int = Field(8192, ge=1, description="Tokens of the longest text or conversation")
    cors_origins: str = Field("", description="Origins of pages in browsers that may call, with commas; * is all")
    max_body_bytes: int = Field(1 << 20, ge=1024, description="Bytes of the largest request body")
    log_level: Annotated[str, AfterValidator(_log_level)] = Field(
        "INFO", description="Level of the service's own log: one line a request, never its text"
    )

    @property
    def origins(self) -> list[str]:
        """The origins in `cors_origins`."""
        return [origin.strip().rstrip("/") for origin in self.cors_origins.split(",") if origin.strip()]

    @property
    def urls_of_engine(self) -> list[str]:
        """The addresses in `engine_urls`."""
        return [url.strip().rstrip("/") for url in self.engine_urls.split(",") if url.strip()]


def load_settings(**given: Any) -> Settings:
    """Settings from outside, overridden by `given`; SettingsError lists everything that is wrong."""
    problems = _unknown_variables()
    settings = None
    try:
        settings = Settings(**{"_secrets_dir": os.environ.get("CREDENTIALS_DIRECTORY"), **given})
    except ValidationError as error:
        problems += [f"{_name(item['loc'], given)}: {item['msg']}" for item in error.errors()]
    if problems or settings is None:
        raise SettingsError("The settings are not valid:\n" + "\n".join(f"  {problem}" for problem in problems))
    return settings


def log_effective(settings: Settings) -> None:
    """Log what is in force; a setting of type SecretStr masks itself."""
    log.info("settings: %s", ", ".join(f"{name}={value}" for name, value in settings.model_dump().items()))


def _unknown_variables() -> list[str]:
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields} | set(ELSEWHERE)
    problems = []
    for variable in sorted(os.environ):
        if variable.upper().startswith(PREFIX) and variable.upper() not in known:
            closest = difflib.get_close_matches(variable.upper(), sorted(known), n=1, cutoff=0)
            problems.append(f"{variable}: there is no such setting. Did you mean {closest[0]}?")
    return problems


def _name(place: tuple[int | str, ...], given: dict[str, Any]) -> str:
    field = str(place[0]) if place else "settings"
    return f"--{field}" if field in given else f"{PREFIX}{field.upper()}"
