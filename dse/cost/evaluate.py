"""From coefficients and operator tables to metrics: a loop over operators, never over chips."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache

import numpy as np

from dse.chip import Chip
from dse.cost.batch import Array, ChipBatch
from dse.cost.counts import Counts
from dse.cost.image import evaluate_pipeline, explain_pipeline
from dse.cost.metric import METRICS
from dse.cost.phase import (
    OperatorRow,
    PhaseCost,
    energy_j,
    longest,
    one,
    operator_rows,
    step_row,
)
from dse.cost.quality import with_quality
from dse.cost.results import Results, memory_columns, silicon_columns
from dse.cost.schedule import cost_of_phase, team_rows
from dse.cost.stack import Stack
from dse.cost.team import Team, as_batch, derive_machine, ideal_s
from dse.technology import Silicon
from dse.workload import Model, Network, Scenario, Workload, unroll, unroll_network

__all__ = [
    "OperatorRow",
    "PhaseCost",
    "Results",
    "batch_columns",
    "evaluate",
    "evaluate_batch",
    "evaluate_columns",
    "explain",
    "model_columns",
]

# How each metric is made, once it is asked for.
Recipes = dict[str, Callable[[], Array]]

_NAMES = tuple(entry.name for entry in METRICS)
_BOUND_NAMES = frozenset({"prefill_bound", "decode_bound"})


def evaluate(
    chip: Chip,
    model: Model | Network,
    scenario: Scenario,
    silicon: Silicon,
    unit: str | None = None,
    stack: Stack | None = None,
) -> Results:
    """All metrics of a model on a chip, or on n chips at once.

    Parameters
    ----------
    chip : Chip
        Numeric leaves are floats or arrays of shape (n,); one chip is a batch of one.
    model : Model or Network
        Architecture; a network of layers has the metrics of `IMAGE_METRICS` in place of those
        of texts.
    scenario : Scenario
        Lengths, batch and formats; the leaves of its formats may be arrays of shape (n,).
    silicon : Silicon
        Constants of the reference node.
    unit : str, optional
        Unit that runs the model, or several together: ``heterogeneous`` for all of them,
        ``npu+gpu`` for some; the chip's first by default.
    stack : Stack, optional
        Software that runs it; the chip's own defaults for a competent one otherwise.

    Returns
    -------
    Results
        One array of shape (n,) per metric; with those of `QUALITY_METRICS` where the model's
        quality was looked up.

    Raises
    ------
    KeyError
        If the chip has no such unit.
    """
    asked = model.asked(scenario) if isinstance(model, Network) else scenario
    chips = derive_machine(chip, asked.precision, silicon, unit, stack)
    if isinstance(model, Network):
        return evaluate_pipeline(chips, unroll_network(model, scenario))
    results = evaluate_batch(chips, unroll(model, scenario))
    return with_quality(results, model, scenario.precision)


def evaluate_columns(
    subject: tuple[Chip, Model, Scenario],
    silicon: Silicon,
    unit: str | None,
    names: Collection[str],
    counts: Counts | None = None,
) -> dict[str, Array]:
    """Some metrics of a model on many chips, each as small as what it depends on.

    Parameters
    ----------
    subject : tuple
        Chip, model and scenario as for `evaluate`, with leaves of any shapes that broadcast
        together.
    silicon, unit
        As for `evaluate`.
    names : collection of str
        Metrics asked for, of `TEXT_METRICS`.
    counts : Counts, optional
        What `count_work` says of them, where it is known already.

    Returns
    -------
    dict of str to ndarray
        By name; NaN for a quality that was not looked up.
    """
    chip, model, scenario = subject
    chips = derive_machine(chip, scenario.precision, silicon, unit)
    return model_columns(chips, model, scenario, names, counts)


def model_columns(
    chips: ChipBatch | Team,
    model: Model,
    scenario: Scenario,
    names: Collection[str],
    counts: Counts | None = None,
) -> dict[str, Array]:
    """What `evaluate_columns` says, of coefficients that were derived already."""
    kernel = [name for name in names if name != "perplexity_ratio"]
    columns = batch_columns(chips, unroll(model, scenario), kernel, counts)
    if len(kernel) < len(names):
        known = model.quality
        ratio = np.full(1, np.nan) if known is None else known.perplexity_ratio(scenario.precision)
        columns["perplexity_ratio"] = np.atleast_1d(ratio)
    return columns


def evaluate_batch(chips: ChipBatch | Team, work: Workload) -> Results:
    """All metrics of a workload on a batch of coefficients: the kernel.

        TTFT = sum over prefill operators of launches x t                                     (1)
        TPOT = the same over one mean decode step                                             (2)
        E = sum of dynamic energies + P_static t + P_active t_running                         (3)

    Parameters
    ----------
    chips : ChipBatch or Team
        Coefficients of n designs, for one unit or several together.
    work : Workload
        Operator tables.

    Returns
    -------
    Results
        One array of shape (n,) per metric.
    """
    columns = batch_columns(chips, work)
    n = np.broadcast_shapes(*(np.shape(values) for values in columns.values()))
    return Results(
        {m.name: np.ascontiguousarray(np.broadcast_to(columns[m.name], n)) for m in METRICS}
    )


def batch_columns(
    chips: ChipBatch | Team,
    work: Workload,
    names: Collection[str] = _NAMES,
    counts: Counts | None = None,
) -> dict[str, Array]:
    """Some metrics of a workload, each as small as what it depends on.

    Coefficients may have any shapes that broadcast together: every operation runs over the axes
    that its operands vary along, and no others.

    Parameters
    ----------
    chips, work
        As for `evaluate_batch`.
    names : collection of str
        Metrics asked for, of `METRICS`.
    counts : Counts, optional
        What `count_work` says of them, where it is known already.

    Returns
    -------
    dict of str to ndarray
        By name; shapes that broadcast together.
    """
    machine, chips = chips, as_batch(chips)
    has_bounds = not _BOUND_NAMES.isdisjoint(names)
    first, each = counts or (None, None)
    prefill = cost_of_phase(
        work.prefill, machine, chips.prompt_s, has_bounds=has_bounds, works=first
    )
    fixed_s = work.passes * chips.step_s
    decode = cost_of_phase(work.decode, machine, fixed_s, has_bounds=has_bounds, works=each)
    recipes: Recipes = {
        **_times(prefill, decode, work),
        **_energies(prefill, decode, chips, work),
        **_shares(prefill, decode, chips),
        "prefill_utilisation": lambda: ideal_s(work.prefill, machine) / prefill.seconds,
    }
    known = {**memory_columns(chips, work.storage), **silicon_columns(chips)}
    return {name: known[name] if name in known else recipes[name]() for name in names}


def _times(prefill: PhaseCost, decode: PhaseCost, work: Workload) -> Recipes:
    return {
        "ttft_s": lambda: prefill.seconds,
        "tpot_s": lambda: decode.seconds,
        "prefill_tok_s": lambda: work.batch_size * work.prompt_tokens / prefill.seconds,
        "decode_tok_s": lambda: work.batch_size / decode.seconds,
        "e2e_latency_s": lambda: prefill.seconds + work.decode_steps * decode.seconds,
    }


def _energies(prefill: PhaseCost, decode: PhaseCost, chips: ChipBatch, work: Workload) -> Recipes:
    @cache
    def first() -> Array:
        return energy_j(prefill.dynamic_j, prefill.seconds, prefill.running_s, chips)

    @cache
    def step() -> Array:
        return energy_j(decode.dynamic_j, decode.seconds, decode.running_s, chips)

    return {
        "prefill_energy_j": first,
        "energy_per_token_j": lambda: step() / work.batch_size,
        "e2e_energy_j": lambda: first() + work.decode_steps * step(),
        "prefill_power_w": lambda: first() / prefill.seconds,
        "decode_power_w": lambda: step() / decode.seconds,
    }


def _shares(prefill: PhaseCost, decode: PhaseCost, chips: ChipBatch) -> Recipes:
    peak = chips.peak_dram_bytes_per_s
    return {
        "decode_dram_utilisation": lambda: decode.dram_bytes / (peak * decode.seconds),
        "prefill_dram_bytes": lambda: prefill.dram_bytes,
        "decode_dram_bytes": lambda: decode.dram_bytes,
        "prefill_bound": lambda: longest(prefill.bound_s),
        "decode_bound": lambda: longest(decode.bound_s),
    }


def explain(
    chip: Chip,
    model: Model | Network,
    scenario: Scenario,
    silicon: Silicon,
    unit: str | None = None,
    stack: Stack | None = None,
) -> tuple[OperatorRow, ...]:
    """The operators behind `evaluate`, for one chip: same functions, nothing summed.

    Parameters
    ----------
    chip, model, scenario, silicon, unit, stack
        As for `evaluate`, with one chip.

    Returns
    -------
    tuple of OperatorRow
        Prefill rows, then the rows of one mean decode step, or those of all runs of each stage;
        they add up to the metrics.
    """
    asked = model.asked(scenario) if isinstance(model, Network) else scenario
    chips = derive_machine(chip, asked.precision, silicon, unit, stack)
    if isinstance(model, Network):
        return explain_pipeline(chips, unroll_network(model, scenario))
    work, batch = unroll(model, scenario), as_batch(chips)
    fixed = {"prefill": batch.prompt_s, "decode": work.passes * batch.step_s}
    if isinstance(chips, Team):
        first = team_rows("prefill", work.prefill, chips, fixed["prefill"])
        return (*first, *team_rows("decode", work.decode, chips, fixed["decode"]))
    phases = (("prefill", work.prefill), ("decode", work.decode))
    rows = [row for phase, table in phases for row in operator_rows(phase, table, batch)]
    rows += [step_row(phase, batch, s) for phase, s in fixed.items() if one(s) > 0.0]
    return tuple(rows)
