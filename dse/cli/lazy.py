"""A click group whose commands are imported when they are called."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """A group that knows its commands by name and one line of help, and imports one at a time.

    Parameters
    ----------
    homes : mapping of str to (str, str)
        For each command, ``module:attribute`` and the line that the group's help shows, so that
        the help page needs no import.
    """

    def __init__(
        self, *args: Any, homes: Mapping[str, tuple[str, str]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.homes = dict(homes or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order in which a user meets them, not in the alphabet's."""
        return [*self.homes, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command, or None if there is none of that name."""
        if cmd_name not in self.homes:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self.homes[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that `args` start with, or say which was probably meant."""
        names = self.list_commands(ctx)
        if args and args[0] not in names and not args[0].startswith("-"):
            close = get_close_matches(args[0], names, n=1)
            known = f": it is one of {', '.join(names)}"
            hint = f'; did you mean "{close[0]}"?' if close else known
            raise click.UsageError(f'no such command "{args[0]}"{hint}', ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        rows = [(name, line) for name, (_, line) in self.homes.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
