"""The command `nic-voice`. Each subcommand imports its part when it runs, so that `--help` is quick.

Exit codes: 0 done, 1 it could not be done (the message says what to do), 2 wrong usage.
"""

import logging
import sys
from typing import Any

import click

from nic_voice.commands import evaluation, extraction, judging, neutral, service, training, voices
from voice.errors import UserError


class Cli(click.Group):
    """Turns a UserError into its message and exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as error:
            click.secho(f"Error: {error}", fg="red", err=True)
            sys.exit(error.exit_code)


@click.group(cls=Cli, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(package_name="nic-voice")
@click.option("--log-level", default="WARNING", help="DEBUG, INFO, WARNING or ERROR.")
def main(log_level: str) -> None:
    """A draft goes in, the same message comes out as its owner would have typed it."""
    if log_level.upper() not in logging.getLevelNamesMapping():
        raise click.BadParameter(f"{log_level!r} is not a log level", param_hint="--log-level")
    logging.basicConfig(level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")


for part in (extraction, neutral, training, service, evaluation, judging, voices):
    for command in part.COMMANDS:
        main.add_command(command)
