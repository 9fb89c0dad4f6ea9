"""Help pages whose options stand in sections of their own."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["SectionedCommand", "SectionedOption"]


class SectionedOption(click.Option):
    """An option that the help page lists under a title.

    Parameters
    ----------
    section : str
        The title.
    """

    def __init__(self, *args: Any, section: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.section = section


class SectionedCommand(click.Command):
    """A command whose help page has a section per title, after the other options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                title = param.section if isinstance(param, SectionedOption) else "Options"
                sections.setdefault(title, []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)
