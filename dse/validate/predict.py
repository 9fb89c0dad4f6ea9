"""Predicts rows: the kernel once per row, and its time as a function of the stack alone.

A fit asks for the same rows under hundreds of stacks. What the kernel computes splits into parts
that no stack changes (bytes, cycles, lane operations: `Features`) and the few lines that combine
them (`seconds`), which are the kernel's own for every stack: a test holds them equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.cost import ChipBatch, Stack, apply_stack, derive
from dse.cost.matrix import matrix_cycles
from dse.cost.roofline import op_cost
from dse.technology import Silicon
from dse.validate.subject import Subject
from dse.workload import Kind, Op, unroll

__all__ = ["NEUTRAL", "Features", "features", "predicted", "seconds"]

Array = npt.NDArray[np.float64]

# Reaches every peak and costs nothing: what remains is the chip's own.
NEUTRAL = Stack(
    name="neutral",
    dram_efficiency=1.0,
    matrix_efficiency=1.0,
    lane_efficiency=1.0,
    kernel_s=0.0,
    kernels_per_op=1.0,
    step_s=0.0,
    convert_ops=0.0,
)
_COLUMNS = (
    "repeat",
    "matrix_s",
    "lane_s",
    "convert_s",
    "mac_lane_s",
    "near_s",
    "dram_bytes",
    "latency_s",
    "dynamic_j",
)


@dataclass(frozen=True, slots=True)
class Features:
    """Parts of n rows' times that no stack changes.

    Parameters
    ----------
    repeat, matrix_s, lane_s, convert_s, mac_lane_s, near_s, dram_bytes, latency_s, dynamic_j
        Per operator, shape (n, operators): launches; seconds at the peak rates for the matrix
        work, the elementwise work, one lane operation per converted weight, and the matrix work
        on the lanes (infinite where there is none); seconds at SRAM and cache; bytes; exposed
        latency; dynamic energy, J. Rows with fewer operators are padded with no launches.
    peak_s_per_byte, limit_s_per_byte, static_w : Array
        Per row, shape (n, 1): inverse of the peak bandwidth and of what the chip itself can
        draw, s/B; static power, W.
    """

    repeat: Array
    matrix_s: Array
    lane_s: Array
    convert_s: Array
    mac_lane_s: Array
    near_s: Array
    dram_bytes: Array
    latency_s: Array
    dynamic_j: Array
    peak_s_per_byte: Array
    limit_s_per_byte: Array
    static_w: Array

    def take(self, rows: npt.NDArray[np.intp]) -> Features:
        """Features of some rows."""
        return Features(*(getattr(self, name)[rows] for name in self.__slots__))


def features(subjects: Sequence[Subject], silicon: Silicon) -> Features:
    """Evaluate each distinct request once.

    Parameters
    ----------
    subjects : sequence of Subject
        n rows, at least one.
    silicon : Silicon
        Constants of the reference node.
    """
    known: dict[object, tuple[Array, tuple[float, float, float]]] = {}
    keys = [_key(each) for each in subjects]
    for key, each in zip(keys, subjects, strict=True):
        if key not in known:
            known[key] = _request(each, silicon)
    widest = max(table.shape[1] for table, _ in known.values())
    padded = {
        key: np.pad(table, ((0, 0), (0, widest - table.shape[1])))
        for key, (table, _) in known.items()
    }
    tables = np.stack([padded[key] for key in keys], axis=1)
    rows = np.array([known[key][1] for key in keys])
    return Features(*tables, *(rows[:, [i]] for i in range(rows.shape[1])))


def is_prefill(subject: Subject) -> bool:
    """Whether a row times the prompt; every other row times the decode."""
    return subject.row.metric in ("prefill_tok_s", "ttft_s")


def _key(subject: Subject) -> object:
    request, chip = subject.scenario, subject.chip
    lengths = (request.prompt_tokens, request.output_tokens, request.batch_size)
    bandwidth = chip.dram.data_rate_per_s * chip.dram.bus_width_bits
    what = (chip.name, subject.chip_key, subject.unit, bandwidth, subject.model.name)
    return (*what, request.precision, lengths, is_prefill(subject))


def _request(subject: Subject, silicon: Silicon) -> tuple[Array, tuple[float, float, float]]:
    precision = subject.scenario.precision
    plain = derive(subject.chip, precision, silicon, subject.unit.name)
    chips = apply_stack(plain, NEUTRAL)
    work = unroll(subject.model, subject.scenario)
    table = work.prefill if is_prefill(subject) else work.decode
    rows = np.array([_operator(op, chips, plain) for op in table]).T
    limit, static = _one(plain.dram_limit_s_per_byte), _one(plain.static_w)
    return rows, (1.0 / _one(plain.peak_dram_bytes_per_s), limit, static)


def _operator(op: Op, chips: ChipBatch, plain: ChipBatch) -> tuple[float, ...]:
    """Features of one operator in the order of `_COLUMNS`."""
    cost = op_cost(op, chips)
    operand = plain.operands[op.operand]
    is_vector = op.kind is Kind.VECTOR
    # No matrix time in the cost of a product: the lanes were faster, under this stack.
    matrix_s = _one(cost.matrix_s)
    if matrix_s == 0.0 and not is_vector:
        matrix_s = _matrix_seconds(op, chips)
    lane_s = _one(plain.lane_s)
    is_converted = _one(operand.convert_ops) > 0.0
    dynamic = cost.compute_j + cost.sram_j + cost.cache_j + cost.dram_j
    return (
        op.repeat,
        matrix_s,
        (op.lane_ops + op.exp_count * _one(chips.exp_ops)) * lane_s,
        op.operand_elements * lane_s if is_converted else 0.0,
        np.inf if is_vector else op.macs * lane_s,
        max(_one(cost.sram_s), _one(cost.cache_s)),
        _one(cost.dram_bytes),
        _one(chips.latency_s),
        _one(dynamic),
    )


def _matrix_seconds(op: Op, chips: ChipBatch) -> float:
    cycles = chips.operands[op.operand].cycles_per_mac
    total = matrix_cycles(chips, (op.m, op.k, op.n), op.count, cycles)
    if op.kind is Kind.ATTENTION:
        total = total + matrix_cycles(chips, (op.m, op.n, op.v), op.count, cycles)
    return _one(total * chips.cycle_s)


def _one(values: npt.ArrayLike) -> float:
    return float(np.ravel(np.asarray(values))[0])


def seconds(parts: Features, stack: Stack) -> Array:
    """Time of n rows under a stack, s: equations (1) of `dse.cost.roofline`, summed.

    Parameters
    ----------
    parts : Features
        n rows.
    stack : Stack
        Parameters; floats, or arrays of shape (m, 1, 1) for m stacks.

    Returns
    -------
    Array
        (n,), or (m, n) for m stacks.
    """
    streamed = parts.peak_s_per_byte / stack.dram_efficiency
    dram_s = parts.dram_bytes * np.maximum(streamed, parts.limit_s_per_byte)
    vector_s = (parts.lane_s + parts.convert_s * stack.convert_ops) / stack.lane_efficiency
    matrix_s = parts.matrix_s / stack.matrix_efficiency
    engines = np.maximum(matrix_s, vector_s)
    # A product runs on the lanes where that is faster; inf marks what is no product.
    engines = np.minimum(engines, vector_s + parts.mac_lane_s / stack.lane_efficiency)
    busy = np.maximum(np.maximum(engines, parts.near_s), dram_s)
    launch = stack.kernel_s * stack.kernels_per_op + parts.latency_s
    step = np.asarray(stack.step_s)
    total: Array = np.sum(parts.repeat * (busy + launch), axis=-1)
    return np.asarray(total + (step[..., 0] if step.ndim else step))


def predicted(subject: Subject, time_s: float, dynamic_j: float, static_w: float) -> float:
    """Value of the row's own metric.

    Parameters
    ----------
    subject : Subject
        The row.
    time_s : float
        Time of its prefill or of one decode step, s.
    dynamic_j, static_w : float
        Dynamic energy of the same, J, and static power, W.
    """
    batch, prompt = subject.scenario.batch_size, subject.scenario.prompt_tokens
    energy = dynamic_j + static_w * time_s
    return {
        "decode_tok_s": batch / time_s,
        "prefill_tok_s": batch * prompt / time_s,
        "ttft_s": time_s,
        "energy_j_per_token": energy / batch,
        "power_w": energy / time_s,
    }[subject.row.metric]
