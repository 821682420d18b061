"""What the commands draw on a terminal: progress bars and word diffs."""

import difflib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

console = Console(stderr=True)


@contextmanager
def rows_bar() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each source: call it with (source, rows done, rows in all)."""
    with _bar(MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        tasks: dict[str, TaskID] = {}

        def show(source: str, done: int, total: int) -> None:
            if source not in tasks:
                tasks[source] = bar.add_task(source, total=total)
            bar.update(tasks[source], completed=done, total=total)

        yield show


@contextmanager
def share_bar(name: str) -> Iterator[Callable[[float, str], None]]:
    """A bar for work of one piece: call it with (share done in 0..1, what to print beside it).

    Where there is no terminal it prints a plain line a minute instead.
    """
    with _bar(TextColumn("{task.fields[beside]}")) as bar:
        task = bar.add_task(name, total=1.0, beside="")
        next_line_s = 0.0

        def show(share: float, beside: str) -> None:
            nonlocal next_line_s
            bar.update(task, completed=share, beside=beside)
            elapsed_s = bar.tasks[task].elapsed or 0.0
            if not console.is_terminal and elapsed_s >= next_line_s:
                next_line_s += 60
                console.print(f"{name} {share:.0%}  {beside}", highlight=False)

        yield show


def word_diff(before: str, after: str) -> Text:
    """`after`, with the words that `before` lacks in green and the words that went in struck-out red."""
    old, new = (re.findall(r"\s+|[^\s]+", text) for text in (before, after))
    diff = Text()
    for kind, old_start, old_end, new_start, new_end in difflib.SequenceMatcher(None, old, new, False).get_opcodes():
        if kind != "equal":
            diff.append("".join(old[old_start:old_end]), style="red strike")
        diff.append("".join(new[new_start:new_end]), style="" if kind == "equal" else "green")
    return diff


def _bar(*columns: ProgressColumn) -> Progress:
    return Progress(
        TextColumn("{task.description:<14}"), BarColumn(), *columns, console=console, disable=not console.is_terminal
    )
