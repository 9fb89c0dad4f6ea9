"""How the figures of a claim are modelled: one function per kind of part."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from dse.claims.bench import EXACT, Bench, Case, best_ratio
from dse.claims.reading import Reading
from dse.cost import metric
from dse.dtype import DType, Format
from dse.spec.schema.claim import (
    AbsolutePart,
    FormatPart,
    ParametersPart,
    RatioPart,
    ReadingSpec,
)

__all__ = ["absolute", "formats", "parameters", "ratio"]


def ratio(part: RatioPart, bench: Bench) -> Iterator[Reading]:
    """How much better a metric is than in the baseline, in times."""
    for reading in part.readings:
        case = bench.case(part.case, reading.case)
        base = bench.case(part.case, reading.case, reading.over)
        here, there = bench.figures(case), bench.figures(base)
        same = (case.chip, case.unit) == (base.chip, base.unit)
        modelled, limit = best_ratio(part.metric, here, there, same)
        yield Reading(
            label=reading.label,
            modelled=modelled / part.scale,
            limit=limit / part.scale,
            bound=here.bound(part.metric),
            tolerance=bench.tolerance(part.metric),
            slack=bench.slack(part.metric),
            missing=reading.missing or _unresolved(part, modelled, bench),
        )


def _unresolved(part: RatioPart, modelled: float, bench: Bench) -> str:
    """Say so where the model cannot tell the claimed ratio from none at all."""
    tolerance, claimed = bench.tolerance(part.metric), part.claimed * part.scale
    if modelled >= claimed or claimed > 1.0 + tolerance:
        return ""
    error = f"{100.0 * tolerance:.0f} %"
    return f"the claimed difference is less than the model's error in such ratios, {error}"


def absolute(part: AbsolutePart, bench: Bench) -> Iterator[Reading]:
    """A metric, in the claim's unit; nothing runs where it does not fit the memory."""
    for reading in part.readings:
        case = bench.case(part.case, reading.case)
        figures = bench.figures(case)
        made = Reading(
            label=reading.label,
            modelled=figures.modelled[part.metric] / part.scale,
            limit=figures.best[part.metric] / part.scale,
            bound=figures.bound(part.metric),
            tolerance=bench.tolerance(part.metric, case),
            slack=bench.slack(part.metric),
            missing=reading.missing or "",
        )
        if not figures.modelled["fits"]:
            worst = 0.0 if metric(part.metric).sense > 0 else math.inf
            made = replace(made, limit=worst, bound="memory capacity")
        yield made


def parameters(part: ParametersPart, bench: Bench) -> Iterator[Reading]:
    """Parameters of the largest model that fits, all but the system's share scaled with it.

        N = N_case (C - C_system) / (weights + KV + activations)                              (1)

    and at most C / (bytes per parameter), with nothing else in the DRAM.
    """
    for reading in part.readings:
        yield _largest(part, reading, bench, bench.case(part.case, reading.case))


def _largest(part: ParametersPart, reading: ReadingSpec, bench: Bench, case: Case) -> Reading:
    row = bench.figures(case).modelled
    count = bench.text_model(case).parameters()
    capacity = row["memory_bytes"] + row["memory_free_bytes"]
    reserved = float(bench.chip(case).system_reserved_bytes)
    fits = count * (capacity - reserved) / (row["memory_bytes"] - reserved)
    return Reading(
        label=reading.label,
        modelled=fits / part.scale,
        limit=count * capacity / row["weight_bytes"] / part.scale,
        bound="memory capacity",
        slack=EXACT,
        missing=reading.missing or "",
        needs="the system leaves it more memory",
    )


def formats(part: FormatPart, bench: Bench) -> Iterator[Reading]:
    """What a format costs over another: exact in bits, as the technology file has it in energy."""
    words = {
        "storage": "storage",
        "mac_energy": "the energy of a multiply-accumulate",
        "bit_products": "the size of a multiplier",
    }
    for reading in part.readings:
        respect = reading.respect
        wide, narrow = (_cost(each, respect, bench) for each in (reading.wide, reading.narrow))
        is_energy = respect == "mac_energy"
        yield Reading(
            label=reading.label,
            modelled=wide / narrow / part.scale,
            limit=wide / narrow / part.scale,
            bound=words[respect],
            tolerance=bench.tolerance("energy_per_token_j") if is_energy else EXACT,
            slack=bench.slack("energy_per_token_j") if is_energy else EXACT,
            missing=reading.missing or "",
        )


def _cost(stored: Format, respect: str, bench: Bench) -> float:
    if respect == "storage":
        return stored.bits
    dtype = DType(stored.code)
    if respect == "mac_energy":
        return bench.silicon.mac_energy_j[dtype]
    return float(dtype.bits) ** 2
