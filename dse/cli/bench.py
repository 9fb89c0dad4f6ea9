"""``dse bench``: how many designs per second this machine evaluates."""

from __future__ import annotations

from pathlib import Path

import click

from dse.cli.help import command_help
from dse.cli.options import NumberRange, SpecName, json_option
from dse.cli.output import print_json, print_tables, say

__all__ = ["bench"]

_MODELS = ("llama-2-7b", "solar-10.7b")


@click.command(
    help=command_help(
        "Measure how many designs per second this machine evaluates, and the floor of its memory.",
        (
            "dse bench",
            "dse bench --seconds 0.5 --json",
            "dse bench --space phone_10b --model llama-3.2-3b",
            "dse bench --docs out/performance.md",
        ),
        "Random designs, and a grid with its exact front, of one space on each model; beside them "
        "how many designs' results the memory copies in the same time.",
    )
)
@click.option(
    "--space",
    type=SpecName("space"),
    default="phone_10b",
    show_default=True,
    help="Space whose designs are evaluated.",
)
@click.option(
    "--model",
    "models",
    type=SpecName("model"),
    multiple=True,
    help="Model; may be repeated.  [default: llama-2-7b and solar-10.7b]",
)
@click.option(
    "--seconds",
    type=NumberRange(0.01, 600.0),
    default=2.0,
    show_default=True,
    help="Length of one of the three stretches of every figure.",
)
@click.option("--docs", type=click.Path(path_type=Path), help="Write the page of speed there.")
@json_option
def bench(
    space: str, models: tuple[str, ...], seconds: float, docs: Path | None, as_json: bool
) -> None:
    """Load, measure, and show."""
    import dataclasses

    from dse.report.performance import bench_document, bench_table, performance_page
    from dse.spec import load_model, load_space, load_technology
    from dse.sweep import run_bench

    loaded, silicon = load_space(space), load_technology().silicon
    each = [
        dataclasses.replace(loaded, models=(load_model(model),)) for model in models or _MODELS
    ]
    result = run_bench(each, silicon, seconds)
    if docs is not None:
        docs.parent.mkdir(parents=True, exist_ok=True)
        docs.write_text(performance_page(result), encoding="utf-8")
        say(f"wrote {docs}")
    if as_json:
        print_json(bench_document(result))
        return
    print_tables(bench_table(result))
