"""Designs per second of this machine: as a table, as JSON, and as a page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dse.report.accuracy import markdown
from dse.report.machine import load_text, machine_text
from dse.report.quantity import format_unit, significant
from dse.report.tables import Column, Table

if TYPE_CHECKING:
    from dse.sweep import BenchResult

__all__ = ["bench_document", "bench_table", "performance_page"]

_INTRODUCTION = """\
# How fast designs are evaluated

This page is written by `dse bench --docs docs/performance.md`; do not edit it. Run `dse bench` for
the figures of your own machine.

A **design** is one chip of a space with one model and one scenario: all operators of a prefill and
of a decode step, their DRAM and cache traffic under the best tiling, energy, power, area, cost,
memory, and whether the chip can be built. Of each design the metrics of the space's objectives and
targets are evaluated; the rest is worked out for the designs of the front alone.

- **Random designs** have each axis drawn at random, independently, and are evaluated a batch at a
  time, as in a sampled sweep. What depends on few axes (cycles on the shape of the array, bytes on
  capacities and formats) is looked up in a table of their combinations.
- **Grid** is `dse sweep --grid`: each term over the axes that it depends on and no others, the
  exact front with its ties, the counts of every target, and nothing else kept.
- **Memory** is the floor of the same machine: how many designs' metrics, as 64-bit numbers, all
  cores together copy from memory to memory in the same time. The ratio says how far from it the
  evaluation is: it depends less on the machine than designs per second do.

Each figure is the best of three stretches, since other work on a machine only ever slows it. The
load that is told is the number of processes that wanted a core just before: where it is not far
below the number of cores, the figures are those of a busy machine.
"""

_PEERS = (
    # name, designs per second, what one design is there
    ("LLM-Viewer", "16,000", "one call, a bare roofline without tiling, energy or area"),
    ("llm-analysis", "4,700", "one call, peak rates with efficiencies, no energy or area"),
    ("GenZ", "15", "one call, a roofline per operator"),
    ("ZigZag", "0.4 to 0.02", "one call, which searches the mapping of every layer"),
    ("AccelForge", "0.02", "one call, which searches the mapping of every layer"),
)
_PEERS_NOTE = (
    "Read from notes of a survey of these tools in 2026, each called as its users call it, one "
    "design at a time in one process; not repeated by this command [C]. The tools answer "
    "different questions: a search of the mapping costs more than a closed form, and can find "
    "more. The table is about how many designs a user can afford to look at."
)


def bench_document(result: BenchResult) -> dict[str, Any]:
    """``dse.bench/1``.

    Parameters
    ----------
    result : BenchResult
        What was measured.
    """
    rss = result.peak_rss_bytes
    return {
        "schema": "dse.bench/1",
        "random_designs_per_s": result.random_per_s,
        "grid_designs_per_s": result.grid_per_s,
        "memory_floor_designs_per_s": result.floor_per_s,
        "random_over_floor": result.random_per_s / result.floor_per_s,
        "grid_over_floor": result.grid_per_s / result.floor_per_s,
        "peak_rss_bytes": None if math.isnan(rss) else rss,
        "cores": result.cores,
        "load_before": None if math.isnan(result.load) else result.load,
        "copied_bytes_per_s": result.copied_bytes_per_s,
        "spaces": [
            {
                "space": rate.space,
                "model": rate.model,
                "designs_in_space": rate.designs,
                "metrics": list(rate.metrics),
                "random_designs_per_s": rate.random_per_s,
                "grid_designs_per_s": rate.grid_per_s,
                "memory_floor_designs_per_s": rate.floor_per_s,
            }
            for rate in result.rates
        ],
    }


def bench_table(result: BenchResult) -> Table:
    """One row per space and way to evaluate it, each beside the floor."""
    rows = []
    for rate in result.rates:
        what = f"{rate.space}, {rate.model}"
        rows += [
            _row(what, "random designs", rate.random_per_s, rate.floor_per_s),
            _row(what, "grid with its front", rate.grid_per_s, rate.floor_per_s),
            _row(what, "memory", rate.floor_per_s, rate.floor_per_s),
        ]
    copied = format_unit(result.copied_bytes_per_s, "B")
    held = format_unit(result.peak_rss_bytes, "B")
    load = load_text(result.load, "; ")
    notes = (f"{result.cores} cores, which copy {copied} a second; at most {held} held{load}",)
    columns = (
        Column("Space and model"),
        Column("What"),
        Column("Designs/s", is_number=True),
        Column("Over memory", is_number=True),
    )
    return Table(columns, tuple(rows), title="Designs per second", notes=notes, lead=2)


def _row(space: str, what: str, rate: float, floor: float) -> tuple[str, ...]:
    return space, what, f"{significant(rate / 1e6, 3)} M", significant(rate / floor, 3)


def performance_page(result: BenchResult) -> str:
    """Write the whole page.

    Parameters
    ----------
    result : BenchResult
        What was measured.
    """
    peers = Table(
        (Column("Tool"), Column("Designs/s", is_number=True), Column("One design is")),
        _PEERS,
        title="Other tools",
        notes=(_PEERS_NOTE,),
    )
    metrics = ", ".join(f"`{name}`" for name in result.rates[0].metrics)
    return "\n".join(
        [
            _INTRODUCTION,
            markdown(bench_table(result)),
            f"Taken on {machine_text()}. Metrics of every design: {metrics}.\n",
            markdown(peers),
        ]
    )
