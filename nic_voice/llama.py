"""llama-server with the base model and all exported voices: the command line that `nic-voice llama-server` becomes.

In: the folder of voices, of which `nic-voice export` has written some as GGUF. Out: the arguments of llama-server, or
that program, running.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nic_voice.serving import free_port, nic_voice, running
from service.voices import first_base, folders
from voice.base_model import gguf_place, resolve
from voice.errors import UserError

ADAPTER = "adapter.gguf"


def llama_server() -> str | None:
    """The program llama-server, if it is here."""
    return os.environ.get("NIC_VOICE_LLAMA_SERVER") or shutil.which("llama-server")


def required_llama_server() -> str:
    """The program llama-server; UserError when it is not here."""
    if (program := llama_server()) is None:
        raise UserError(
            "There is no llama-server on the PATH, and NIC_VOICE_LLAMA_SERVER names none. Install llama.cpp; "
            "docs/llamacpp.md says how."
        )
    return program


def command(voices: Path, outtype: str | None, host: str, port: int, more: Sequence[str] = ()) -> list[str]:
    """The program and its arguments; `outtype` None takes the base model's smallest GGUF that is there.

    Adapters are named by the path of their version, links resolved, so that the service can tell which one it is.
    """
    program = required_llama_server()
    base = resolve(first_base(voices))
    there = [place for place in (gguf_place(base, kind) for kind in ([outtype] if outtype else _SMALLEST_FIRST))
             if place.is_file()]  # fmt: skip
    adapters = [path.resolve() for folder in folders(voices) if (path := folder / ADAPTER).is_file()]
    if not there or not adapters:
        kind = f" --outtype {outtype}" if outtype else ""
        missing = "the base model" if not there else "a voice"
        raise UserError(f"Nothing has written {missing} as GGUF yet: `nic-voice export {voices}/NAME --gguf{kind}`.")
    worn = ",".join(map(str, adapters))
    return [program, "--model", str(there[0]), "--lora", worn, "--lora-init-without-apply", "--host", host,
            "--port", str(port), *more]  # fmt: skip


@contextmanager
def served(voices: Path, outtype: str | None = None, *more: str, port: int | None = None) -> Iterator[str]:
    """The address of a llama-server with all of them, which ends with the block; `more` are arguments of its own."""
    port = port or free_port()
    outtypes = ["--outtype", outtype] if outtype else []
    url = f"http://127.0.0.1:{port}"
    command = nic_voice("llama-server", "--voices", str(voices), *outtypes, "--port", str(port), "--log-disable", *more)
    with running(command, f"{url}/health", name="nic-voice llama-server"):
        yield url


_SMALLEST_FIRST = ("q8_0", "f16", "bf16", "f32")
