"""Predicts rows: the kernel once per row, and its time as a function of the stack alone.

A fit asks for the same rows under hundreds of stacks. What the kernel computes splits into parts
that no stack changes (bytes, cycles, lane operations: `Features`) and the few lines that combine
them (`seconds`), which are the kernel's own for every stack: a test holds them equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dse.cost import NEUTRAL, ChipBatch, Stack, derive
from dse.cost.matrix import matrix_cycles
from dse.cost.roofline import busiest_s, engine_seconds, op_cost
from dse.cost.work import OpWork, table_work
from dse.technology import Silicon
from dse.validate.subject import Subject
from dse.workload import Kind, Model, Op, unroll

__all__ = ["Features", "features", "predicted", "seconds"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Features:
    """Parts of n rows' times that no stack changes.

    Parameters
    ----------
    repeat, matrix_s, lane_s, convert_s, mac_lane_s, near_s, dram_bytes, scores, latency_s
        Per operator, shape (n, operators): launches; seconds at the peak rates for the matrix
        work, the elementwise work, one lane operation per converted weight, and the matrix work
        on the lanes (infinite where there is none); seconds at SRAM and cache; bytes; attention
        scores; exposed latency. Rows with fewer operators are padded with no launches.
    streamed_s_per_byte, floor_s_per_byte : Array
        Per row, shape (n, 1): inverse of the bandwidth of a streaming kernel, and of what no
        software exceeds: the peak, or what the unit can draw; s/B.
    dispatch_s : Array
        Per row, (n, 1): the chip's own dispatch, s.
    is_prefill : Array
        Per row, (n, 1): 1 where the row times the prompt, 0 where a decode step.
    """

    repeat: Array
    matrix_s: Array
    lane_s: Array
    convert_s: Array
    mac_lane_s: Array
    near_s: Array
    dram_bytes: Array
    scores: Array
    latency_s: Array
    streamed_s_per_byte: Array
    floor_s_per_byte: Array
    dispatch_s: Array
    is_prefill: Array

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
    known: dict[object, tuple[Array, tuple[float, ...]]] = {}
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
    return (*what, subject.has_narrow_sums, request.precision, lengths, is_prefill(subject))


def _request(subject: Subject, silicon: Silicon) -> tuple[Array, tuple[float, ...]]:
    precision = subject.scenario.precision
    plain = derive(subject.chip, precision, silicon, subject.unit.name)
    neutral = replace(NEUTRAL, has_narrow_sums=subject.has_narrow_sums)
    chips = derive(subject.chip, precision, silicon, subject.unit.name, neutral)
    assert isinstance(subject.model, Model)  # noqa: S101 -- images go through the kernel
    work = unroll(subject.model, subject.scenario)
    table = work.prefill if is_prefill(subject) else work.decode
    works = zip(table, table_work(table, chips), strict=True)
    rows = np.array([_operator(op, chips, plain, work) for op, work in works]).T
    floor = max(_one(1.0 / plain.peak_dram_bytes_per_s), _one(plain.dram_limit_s_per_byte))
    streamed, dispatch = _one(plain.dram_streamed_s_per_byte), _one(plain.dispatch_s)
    return rows, (streamed, floor, dispatch, float(is_prefill(subject)))


def _operator(op: Op, chips: ChipBatch, plain: ChipBatch, work: OpWork) -> tuple[float, ...]:
    """Features of one operator, in the order of the fields of `Features`."""
    cost = op_cost(op, chips, work)
    operand = plain.operands[op.operand]
    is_vector = op.kind is Kind.VECTOR
    # No matrix time in the cost of a product: the lanes were faster, under this stack.
    matrix_s = _one(cost.matrix_s)
    if matrix_s == 0.0 and not is_vector:
        matrix_s = _matrix_seconds(op, chips)
    lane_s = _one(plain.lane_s)
    is_converted = _one(operand.convert_ops) > 0.0
    return (
        op.repeat,
        matrix_s,
        (op.lane_ops + op.exp_count * _one(chips.exp_ops)) * lane_s,
        op.operand_elements * lane_s if is_converted else 0.0,
        np.inf if is_vector else op.macs * lane_s,
        max(_one(cost.sram_s), _one(cost.cache_s)),
        _one(cost.dram_bytes),
        op.scores,
        _one(chips.latency_s),
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
    streamed = parts.streamed_s_per_byte / stack.dram_efficiency
    dram_s_per_byte = np.maximum(streamed, parts.floor_s_per_byte)
    dram_s = parts.dram_bytes * dram_s_per_byte
    spill_s = parts.scores * stack.score_bytes * dram_s_per_byte
    lanes_s = (parts.lane_s + parts.convert_s * stack.convert_ops) / stack.lane_efficiency
    lane_mac_s = parts.mac_lane_s / stack.lane_efficiency
    engines = engine_seconds(parts.matrix_s / stack.matrix_efficiency, lanes_s, lane_mac_s)
    busy = busiest_s((*engines, parts.near_s, dram_s))
    launch = parts.dispatch_s * stack.dispatches_per_op + parts.latency_s
    fixed = parts.is_prefill * stack.prompt_s + (1.0 - parts.is_prefill) * stack.step_s
    total: Array = np.sum(parts.repeat * (busy + spill_s + launch), axis=-1)
    return np.asarray(total + fixed[..., 0])


def predicted(subject: Subject, time_s: float) -> float:
    """Value of the row's own metric.

    Parameters
    ----------
    subject : Subject
        The row.
    time_s : float
        Time of its prefill or of one decode step, s.
    """
    batch, prompt = subject.scenario.batch_size, subject.scenario.prompt_tokens
    return {
        "decode_tok_s": batch / time_s,
        "prefill_tok_s": batch * prompt / time_s,
        "ttft_s": time_s,
    }[subject.row.metric]
