"""The subcommands, one module for those of each part."""

from pathlib import Path
from typing import Any

import click


def path(**how: Any) -> click.Path:
    """A command-line parameter that is a pathlib.Path."""
    return click.Path(path_type=Path, **how)
