"""From coefficients and operator tables to metrics: a loop over operators, never over chips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dse.chip import Chip
from dse.cost.batch import Array, ChipBatch
from dse.cost.capacity import StoredWidths, memory_use
from dse.cost.derive import derive
from dse.cost.metric import BOUNDS, METRICS
from dse.cost.roofline import OpCost, op_cost, seconds_per_mac
from dse.technology import Silicon
from dse.workload import Model, Op, Operand, Scenario, Storage, Workload, unroll

__all__ = ["OperatorRow", "PhaseCost", "Results", "evaluate", "evaluate_batch", "explain"]


@dataclass(frozen=True, slots=True)
class Results:
    """Metrics of n designs.

    Parameters
    ----------
    columns : mapping of str to Array
        One array of shape (n,) per entry of `METRICS`, by its name.
    """

    columns: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        """Metric `name` of every design, shape (n,)."""
        return self.columns[name]

    def row(self, index: int = 0) -> dict[str, float]:
        """Metrics of one design as plain floats."""
        return {name: float(values[index]) for name, values in self.columns.items()}


@dataclass(frozen=True, slots=True)
class PhaseCost:
    """Sum over one phase's operators, arrays of shape (n,).

    Parameters
    ----------
    seconds, dynamic_j, dram_bytes : Array
        Time, s; dynamic energy, J; bytes to and from DRAM, B.
    bound_s : tuple of Array
        Time of the operators that wait for each resource, in the order of `BOUNDS`, s.
    """

    seconds: Array
    dynamic_j: Array
    dram_bytes: Array
    bound_s: tuple[Array, ...]


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """One operator of one phase on one chip, all its launches together.

    Parameters
    ----------
    phase, name : str
        ``prefill`` or ``decode``, and the operator's name.
    launches : float
        How often it runs in the phase (once per step for decode).
    seconds, energy_j : float
        Time and energy of all launches, static energy included; s, J.
    ops : float
        Matrix operations, two per multiply-accumulate.
    sram_bytes, cache_bytes, dram_bytes : float
        Bytes across each boundary, B.
    busy_s : tuple of float
        Busy time of each resource in the order of `BOUNDS`, s.
    bound : int
        Index into `BOUNDS` of what it waits for.
    utilisation : float
        Time at the unit's peak rate for the operator's types over its time.
    """

    phase: str
    name: str
    launches: float
    seconds: float
    energy_j: float
    ops: float
    sram_bytes: float
    cache_bytes: float
    dram_bytes: float
    busy_s: tuple[float, ...]
    bound: int
    utilisation: float


def evaluate(
    chip: Chip,
    model: Model,
    scenario: Scenario,
    silicon: Silicon,
    unit: str | None = None,
) -> Results:
    """All metrics of a model on a chip, or on n chips at once.

    Parameters
    ----------
    chip : Chip
        Numeric leaves are floats or arrays of shape (n,); one chip is a batch of one.
    model : Model
        Architecture.
    scenario : Scenario
        Lengths, batch and formats; the leaves of its formats may be arrays of shape (n,).
    silicon : Silicon
        Constants of the reference node.
    unit : str, optional
        Unit that runs the model; the chip's first by default.

    Returns
    -------
    Results
        One array of shape (n,) per metric.

    Raises
    ------
    KeyError
        If the chip has no such unit.
    """
    batch = derive(chip, scenario.precision, silicon, unit)
    return evaluate_batch(batch, unroll(model, scenario))


def evaluate_batch(chips: ChipBatch, work: Workload) -> Results:
    """All metrics of a workload on a batch of coefficients: the kernel.

        TTFT = sum over prefill operators of launches x t                                     (1)
        TPOT = the same over one mean decode step                                             (2)
        E = sum of dynamic energies + P_static t                                              (3)

    Parameters
    ----------
    chips : ChipBatch
        Coefficients of n designs.
    work : Workload
        Operator tables.

    Returns
    -------
    Results
        One array of shape (n,) per metric.
    """
    prefill = _phase(work.prefill, chips)
    decode = _phase(work.decode, chips)
    columns = {
        **_times(prefill, decode, work),
        **_energies(prefill, decode, chips, work),
        **_memory(chips, work.storage),
        **_silicon_columns(chips),
        **_shares(prefill, decode, chips, work),
    }
    n = np.broadcast_shapes(*(np.shape(values) for values in columns.values()))
    return Results(
        {m.name: np.ascontiguousarray(np.broadcast_to(columns[m.name], n)) for m in METRICS}
    )


def _phase(table: tuple[Op, ...], chips: ChipBatch) -> PhaseCost:
    seconds: Array = chips.step_s
    dynamic: Array = np.zeros(1)
    dram: Array = np.zeros(1)
    waits: list[Array] = [np.zeros(1)] * len(BOUNDS)
    waits[BOUNDS.index("dispatch")] = chips.step_s
    for op in table:
        cost = op_cost(op, chips)
        launches = op.repeat * cost.seconds
        seconds = seconds + launches
        dynamic = dynamic + op.repeat * _dynamic_j(cost)
        dram = dram + op.repeat * cost.dram_bytes
        waits = [
            total + launches * (part >= cost.longest_s)
            for total, part in zip(waits, cost.busy_s, strict=True)
        ]
    return PhaseCost(seconds, dynamic, dram, tuple(waits))


def _dynamic_j(cost: OpCost) -> Array:
    return cost.compute_j + cost.sram_j + cost.cache_j + cost.dram_j


def _times(prefill: PhaseCost, decode: PhaseCost, work: Workload) -> dict[str, Array]:
    return {
        "ttft_s": prefill.seconds,
        "tpot_s": decode.seconds,
        "prefill_tok_s": work.batch_size * work.prompt_tokens / prefill.seconds,
        "decode_tok_s": work.batch_size / decode.seconds,
        "e2e_latency_s": prefill.seconds + work.decode_steps * decode.seconds,
    }


def _energies(
    prefill: PhaseCost, decode: PhaseCost, chips: ChipBatch, work: Workload
) -> dict[str, Array]:
    first = prefill.dynamic_j + chips.static_w * prefill.seconds
    step = decode.dynamic_j + chips.static_w * decode.seconds
    return {
        "prefill_energy_j": first,
        "energy_per_token_j": step / work.batch_size,
        "e2e_energy_j": first + work.decode_steps * step,
        "prefill_power_w": first / prefill.seconds,
        "decode_power_w": step / decode.seconds,
    }


def _memory(chips: ChipBatch, storage: Storage) -> dict[str, Array]:
    weights, head, kv = (chips.operands[o].bytes_per_element for o in Operand)
    widths = StoredWidths(weights, head, chips.embedding_bytes, kv, chips.activation_bytes)
    use = memory_use(storage, widths)
    total = np.asarray(use.total + chips.reserved_bytes)
    free = chips.dram_capacity_bytes - total
    return {
        "weight_bytes": np.asarray(use.weights),
        "kv_cache_bytes": np.asarray(use.kv_cache),
        "memory_bytes": total,
        "memory_free_bytes": free,
        "fits": (free >= 0.0).astype(np.float64),
    }


def _silicon_columns(chips: ChipBatch) -> dict[str, Array]:
    return {
        "npu_area_mm2": chips.npu_area_mm2,
        "area_mm2": chips.area_mm2,
        "edge_fraction": chips.edge_fraction,
        "buildable": chips.buildable,
        "cost_usd": chips.cost_usd,
        "peak_ops_per_s": chips.peak_ops_per_s,
        "dram_bandwidth_bytes_per_s": chips.peak_dram_bytes_per_s,
    }


def _shares(
    prefill: PhaseCost, decode: PhaseCost, chips: ChipBatch, work: Workload
) -> dict[str, Array]:
    ideal = sum(op.repeat * op.macs * seconds_per_mac(op, chips) for op in work.prefill)
    return {
        "prefill_utilisation": ideal / prefill.seconds,
        "decode_dram_utilisation": decode.dram_bytes
        / (chips.peak_dram_bytes_per_s * decode.seconds),
        "prefill_dram_bytes": prefill.dram_bytes,
        "decode_dram_bytes": decode.dram_bytes,
        "prefill_bound": _longest(prefill.bound_s),
        "decode_bound": _longest(decode.bound_s),
    }


def _longest(parts: tuple[Array, ...]) -> Array:
    """Index into `BOUNDS` of the largest of its parts, the first of equals."""
    best, index = parts[0], np.zeros(1)
    for i, seconds in enumerate(parts[1:], start=1):
        index = np.where(seconds > best, float(i), index)
        best = np.maximum(best, seconds)
    return index


def explain(
    chip: Chip,
    model: Model,
    scenario: Scenario,
    silicon: Silicon,
    unit: str | None = None,
) -> tuple[OperatorRow, ...]:
    """The operators behind `evaluate`, for one chip: same functions, nothing summed.

    Parameters
    ----------
    chip, model, scenario, silicon, unit
        As for `evaluate`, with one chip.

    Returns
    -------
    tuple of OperatorRow
        Prefill rows, then the rows of one mean decode step; they add up to the metrics.
    """
    batch = derive(chip, scenario.precision, silicon, unit)
    work = unroll(model, scenario)
    phases = (("prefill", work.prefill), ("decode", work.decode))
    rows = [_row(phase, op, batch) for phase, table in phases for op in table]
    if _one(batch.step_s) > 0.0:
        rows += [_step_row(phase, batch) for phase, _ in phases]
    return tuple(rows)


def _step_row(phase: str, chips: ChipBatch) -> OperatorRow:
    """The fixed cost of a phase, as a row, so that the rows add up."""
    seconds = _one(chips.step_s)
    energy = seconds * _one(chips.static_w)
    busy = (0.0, 0.0, 0.0, 0.0, 0.0, seconds)
    last = BOUNDS.index("dispatch")
    return OperatorRow(phase, "step", 1.0, seconds, energy, 0.0, 0.0, 0.0, 0.0, busy, last, 0.0)


def _row(phase: str, op: Op, chips: ChipBatch) -> OperatorRow:
    cost = op_cost(op, chips)
    seconds = _one(cost.seconds)
    busy = tuple(_one(part) for part in cost.busy_s)
    return OperatorRow(
        phase=phase,
        name=op.name,
        launches=op.repeat,
        seconds=op.repeat * seconds,
        energy_j=op.repeat * (_one(_dynamic_j(cost)) + _one(chips.static_w) * seconds),
        ops=2.0 * op.repeat * op.macs,
        sram_bytes=op.repeat * _one(cost.sram_bytes),
        cache_bytes=op.repeat * _one(cost.cache_bytes),
        dram_bytes=op.repeat * _one(cost.dram_bytes),
        busy_s=tuple(op.repeat * part for part in busy),
        bound=int(np.argmax(busy)),
        utilisation=op.macs * _one(seconds_per_mac(op, chips)) / seconds,
    )


def _one(values: Array) -> float:
    return float(np.ravel(values)[0])
