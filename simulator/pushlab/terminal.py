"""What every command prints with, and how a misspelt one is met."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING, TextIO, cast

import click

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["NearGroup", "Trimmed", "make_console"]


class NearGroup(click.Group):
    """A group that names the nearest command when there is none of that name."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was meant."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            known = self.list_commands(ctx)
            near = get_close_matches(name, known, 1)
            instead = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise click.UsageError(f"there is no command {name!r}; {instead}", ctx)
        return super().resolve_command(ctx, args)


def make_console(out: TextIO | None = None) -> Console:
    """Return a console for *out* (standard output): plain, no padding, where it is no terminal."""
    from rich.console import Console

    class Terminal(Console):
        """A console that leaves it to the command what a reader's leaving means."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    out = sys.stdout if out is None else out
    file = out if out.isatty() else cast("TextIO", Trimmed(out))
    return Terminal(file=file, highlight=False, emoji=False, markup=False)


class Trimmed:
    """A file whose lines end where their text ends: the sides of tables are of no use in it."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.encoding = file.encoding

    def write(self, text: str) -> int:
        """Write whole lines."""
        self._file.write("\n".join(line.rstrip(" ") for line in text.split("\n")))
        return len(text)

    def flush(self) -> None:
        """Pass on what was written."""
        self._file.flush()

    def isatty(self) -> bool:
        """Say that this is no terminal."""
        return False
