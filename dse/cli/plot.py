"""``dse plot``: pictures of what belongs to no run."""

from __future__ import annotations

import click

from dse.cli.help import command_help
from dse.cli.lazy import LazyGroup

__all__ = ["plot"]


@click.group(
    cls=LazyGroup,
    homes={
        "traffic": (
            "dse.cli.traffic:traffic_picture",
            "DRAM traffic against on-chip memory, and its bound.",
        )
    },
    no_args_is_help=True,
    help=command_help(
        "Draw a picture of a model.",
        ("dse plot traffic llama-2-7b",),
        "Commands that answer in numbers draw with --plot, and runs with `dse pareto`.",
    ),
)
def plot() -> None:
    """Hold the pictures together."""
