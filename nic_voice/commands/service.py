"""A voice at work: serve, llama-server, rewrite, and quickstart, which does everything once."""

import os
import sys
from pathlib import Path

import click

from nic_voice.commands import path
from voice.base_model import OUTTYPES


@click.command()
@click.option("--model", help="Base model to serve; else NIC_VOICE_MODEL, else that of the first voice.")
@click.option("--voices", type=path(file_okay=False), help="Folder with voices; else NIC_VOICE_VOICES, else voices.")
@click.option("--host", help="Address to listen on; else NIC_VOICE_HOST, else 127.0.0.1.")
@click.option("--port", type=int, help="Port to listen on; else NIC_VOICE_PORT, else 8650.")
def serve(model: str | None, voices: Path | None, host: str | None, port: int | None) -> None:
    """Serve voices over an OpenAI-compatible HTTP API. Other settings are environment variables NIC_VOICE_*."""
    from service.run import serve as run
    from service.settings import load_settings

    given = {"model": model, "voices": voices, "host": host, "port": port}
    run(load_settings(**{name: value for name, value in given.items() if value is not None}))


@click.command("llama-server", context_settings={"ignore_unknown_options": True})
@click.option("--voices", type=path(file_okay=False), help="Folder with voices; else NIC_VOICE_VOICES, else voices.")
@click.option(
    "--outtype", type=click.Choice(OUTTYPES), help="Which GGUF of the base model; else the smallest there is."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8651, show_default=True, help="Port to listen on.")
@click.argument("more", nargs=-1, type=click.UNPROCESSED)
def llama_server(voices: Path | None, outtype: str | None, host: str, port: int, more: tuple[str, ...]) -> None:
    """Become llama-server with the base model and all exported voices; MORE are arguments of its own."""
    from nic_voice.llama import command

    folder = voices or Path(os.environ.get("NIC_VOICE_VOICES") or "voices")
    program, *arguments = command(folder, outtype, host, port, more)
    os.execvp(program, [program, *arguments])


@click.command()
@click.argument("text", required=False)
@click.option("--voice", default=None, help="The voice's name; not needed when only one is served.")
@click.option("--url", envvar="NIC_VOICE_URL", default="http://127.0.0.1:8650", help="Where `nic-voice serve` runs.")
@click.option("--temperature", default=None, type=float, help="0 always gives the same words.")
@click.option("--strength", default=None, type=float, help="0 to 1.5 in steps of 0.25: how much of the voice; else 1.")
def rewrite(text: str | None, voice: str | None, url: str, temperature: float | None, strength: float | None) -> None:
    """Rewrite TEXT, or what comes on standard input, in a voice; a terminal shows the changed words in colour."""
    from nic_voice.client import rewrite as run
    from nic_voice.terminal import word_diff

    draft = text if text is not None else sys.stdin.buffer.read().decode("utf-8", "replace").rstrip("\n")
    if not draft.strip():
        raise click.UsageError("there is nothing to rewrite: give a text, or pipe one in")
    rewritten = run(url, draft, voice=voice, temperature=temperature, strength=strength)
    if sys.stdout.isatty():
        from rich.console import Console

        Console(highlight=False).print(word_diff(draft, rewritten), soft_wrap=True)
    else:
        click.echo(rewritten)


@click.command()
@click.option("--folder", default="demo", type=path(file_okay=False), help="Folder for the made-up data and the voice.")
def quickstart(folder: Path) -> None:
    """Do everything once: make up an owner, extract, train, serve, rewrite three drafts, and go on serving."""
    from nic_voice.quickstart import run

    run(folder)


@click.command()
@click.argument("name")
def key(name: str) -> None:
    """Make a bearer key for NAME: the key on standard error, its line for NIC_VOICE_KEYS_FILE on standard output."""
    from service.keys import make_key

    made, line = make_key(name)
    click.echo(f"The key, which is kept nowhere: {made}", err=True)
    click.echo(line)


COMMANDS = (serve, llama_server, key, rewrite, quickstart)
