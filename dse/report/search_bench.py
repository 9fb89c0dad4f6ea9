"""Searches against exact fronts: as a table, as JSON, as a picture and as a page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from dse.report.accuracy import markdown
from dse.report.machine import load_text, machine_text
from dse.report.quantity import significant
from dse.report.schema_parts import COUNT, NUMBER, REAL, TEXT, Schema, many, record
from dse.report.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dse.search.bench import Run, SearchBench, Truth

__all__ = [
    "SAMPLER_TITLES",
    "search_bench_document",
    "search_bench_schema",
    "search_bench_tables",
    "search_page",
]

OURS = "dse"
SAMPLER_TITLES = {
    OURS: "dse search",
    "random": "random",
    "qmc": "QMC",
    "nsga2": "NSGA-II",
    "nsga3": "NSGA-III",
    "tpe": "TPE",
}

_INTRODUCTION = """\
# Searches against the truth

This page is written by `dse bench search --docs docs/search.md`; do not edit it.

The spaces below are cut from `phone_10b` so that all of their designs can be evaluated: their
Pareto fronts are known exactly, and what a search reaches can be said as a share of the truth.

- **Ratio**: hypervolume of the front that was reached over that of the exact front, in a box from
  the best value of each objective on the exact front to a tenth of the front's range beyond the
  worst. Designs that miss a target add nothing.
- **Evaluations**: of `dse search`, every design that is evaluated counts, in all of its stages; of
  the other samplers every distinct design told counts, and a repetition costs nothing. Designs of
  one batch count one by one, in their order.
- **`dse search`** runs with `--scouts 1536`, and is cut off at the budget. By itself it sends no
  scouts: an even sample of 65,536 designs takes less time than a few of them.
- **The other samplers** are Optuna's: random, Sobol (QMC), NSGA-II and NSGA-III with a population
  of 50, TPE with its defaults in batches of 20. They are told the targets as constraints, and have
  neither a sweep before nor a local search after. A repetition costs them nothing; once a sampler
  has proposed three designs for each evaluation of the budget (TPE: one), a random new design
  stands in for each repetition, as in `dse search`, so that all evaluate as many distinct designs.
- **TPE** takes by far the longest for a proposal. It ends where `dse search` reached the goal with
  the same seed, and its ratio is that of this moment; where `dse search` did not, nothing is
  decided, and TPE ends early.
- A sampler that does not reach the goal **is beaten** on a seed where `dse search` did within the
  evaluations that the sampler had. Where it had fewer, for the space held no more, nothing is
  decided, and it counts as not beaten.
- Seconds are those of this machine, with all that a run does but measuring its hypervolume.
"""


def search_bench_document(result: SearchBench) -> dict[str, Any]:
    """``dse.bench-search/1``.

    Parameters
    ----------
    result : SearchBench
        All runs.
    """
    from dse.search.bench import GOAL

    return {
        "schema": "dse.bench-search/1",
        "goal": GOAL,
        "budget": result.budget,
        "cores": result.cores,
        "load_before": None if math.isnan(result.load) else result.load,
        "spaces": [
            {
                "space": truth.space.name,
                "designs_in_space": truth.space.size,
                "feasible": truth.feasible,
                "front": truth.points,
                "objectives": list(truth.space.objectives),
                "seeds_won": result.wins_over_all(truth.space.name),
                "samplers": [
                    _sampler_object(result, truth.space.name, name) for name in SAMPLER_TITLES
                ],
            }
            for truth in result.truths
        ],
    }


def _sampler_object(result: SearchBench, space: str, name: str) -> dict[str, Any]:
    return {
        "sampler": name,
        "seeds_beaten": None if name == OURS else result.wins(space, name),
        "runs": [
            {
                "seed": run.seed,
                "reached": run.reached(),
                "reached_s": _seconds(run),
                "evaluations": run.evaluations.tolist(),
                "seconds": run.seconds.tolist(),
                "ratios": run.ratios.tolist(),
            }
            for run in result.of(space, name)
        ],
    }


def search_bench_schema() -> Schema:
    """Shape of `search_bench_document`."""
    maybe: Schema = {"type": ["integer", "null"], "minimum": 0}
    run = record(
        {
            "seed": COUNT,
            "reached": maybe | {"description": "Evaluations to the goal; null if never."},
            "reached_s": NUMBER,
            "evaluations": many(COUNT),
            "seconds": many(REAL),
            "ratios": many(REAL),
        }
    )
    sampler = record({"sampler": TEXT, "seeds_beaten": maybe, "runs": many(run)})
    counts = dict.fromkeys(("designs_in_space", "feasible", "front", "seeds_won"), COUNT)
    space = {"space": TEXT, **counts, "objectives": many(TEXT), "samplers": many(sampler)}
    head = {"goal": REAL, "budget": COUNT, "cores": COUNT, "load_before": NUMBER}
    return record({**head, "spaces": many(record(space))})


def search_bench_tables(result: SearchBench) -> list[Table]:
    """One table per space, a row per sampler."""
    return [_table(result, truth) for truth in result.truths]


def _table(result: SearchBench, truth: Truth) -> Table:
    space = truth.space.name
    seeds = len(result.of(space, OURS))
    columns = (
        Column("Sampler"),
        Column("Ratio at the end", is_number=True),
        Column("Evaluations", is_number=True),
        Column("Reached", is_number=True),
        Column("Evaluations to 99.9 %", is_number=True),
        Column("Seconds to 99.9 %", is_number=True),
        Column("Beaten", is_number=True),
    )
    rows = tuple(_row(result, space, name, seeds) for name in SAMPLER_TITLES)
    notes = (
        f"{truth.space.size:,} designs on {len(truth.space.axes)} axes, {truth.feasible:,} meet "
        f"the targets, the exact front has {truth.points} points; objectives "
        f"{', '.join(truth.space.objectives)}. Medians over {seeds} seeds, and over those that "
        f"reached 99.9 % where a column is of these. dse search reached it with fewer evaluations "
        f"than every other sampler on {result.wins_over_all(space)} of {seeds} seeds.",
    )
    return Table(columns, rows, title=f"{space}", notes=notes)


def _row(result: SearchBench, space: str, name: str, seeds: int) -> tuple[str, ...]:
    runs = result.of(space, name)
    there = [run for run in runs if run.reached() is not None]
    ends = [float(run.ratios[-1]) for run in runs]
    beaten = "" if name == OURS else f"{result.wins(space, name)} of {seeds}"
    return (
        SAMPLER_TITLES[name],
        f"{np.median(ends):.4f}",
        _median([int(run.evaluations[-1]) for run in runs]),
        f"{len(there)} of {seeds}",
        _median([run.reached() or 0 for run in there]),
        significant(float(np.median([_seconds(run) or 0.0 for run in there])), 2) if there else "",
        beaten,
    )


def _median(values: Sequence[int]) -> str:
    return f"{np.median(values):,.0f}" if len(values) else ""


def _seconds(run: Run) -> float | None:
    """Seconds to the goal, None if it was not reached."""
    reached = run.reached()
    if reached is None:
        return None
    return float(run.seconds[np.flatnonzero(run.evaluations == reached)[0]])


def search_page(result: SearchBench, picture: str) -> str:
    """Write the whole page.

    Parameters
    ----------
    result : SearchBench
        All runs.
    picture : str
        Name of the picture beside the page.
    """
    return "\n".join(
        [
            _INTRODUCTION,
            f"![Ratio against evaluations and seconds]({picture})\n",
            "Lines are medians over the seeds, bands run from the lowest to the highest.\n",
            *(markdown(table) for table in search_bench_tables(result)),
            f"Budget {result.budget:,} evaluations. Taken on {machine_text()}, {result.cores} "
            f"cores{load_text(result.load)}: where the load is not far below the number of cores, "
            "the seconds are those of a busy machine. Evaluations and ratios do not depend on it."
            "\n",
        ]
    )
