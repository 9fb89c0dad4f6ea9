"""A software stack: what a runtime loses against the hardware, in a handful of parameters."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from dse.cost.batch import ChipBatch

__all__ = ["Stack", "apply_stack"]


@dataclass(frozen=True, slots=True)
class Stack:
    """What one software stack reaches on any chip that it runs on.

    Parameters
    ----------
    name : str
        Name in ``hw_configs/stacks``.
    dram_efficiency : float
        Share of the peak DRAM bandwidth that its matrix-vector kernels stream, 0 to 1.
    matrix_efficiency : float
        Share of the peak matrix rate that its matrix products reach, edges not counted, 0 to 1.
    lane_efficiency : float
        Share of the peak lane rate that its elementwise and unpacking code reaches, 0 to 1.
    kernel_s : float
        Launch and synchronisation of one kernel, s.
    kernels_per_op : float
        Kernels that it launches where the operator table has one, >= 1.
    step_s : float
        Fixed cost of one prefill or one decode step: sampling, host code, s.
    convert_ops : float
        Lane operations to unpack one stored weight.
    """

    name: str
    dram_efficiency: float
    matrix_efficiency: float
    lane_efficiency: float
    kernel_s: float
    kernels_per_op: float
    step_s: float
    convert_ops: float


def apply_stack(chips: ChipBatch, stack: Stack) -> ChipBatch:
    """Coefficients of the same chips as the stack sees them.

    The stack's efficiencies replace the chip's defaults for a competent stack; a bandwidth that
    the chip itself limits (Little's law, a unit's own port) stays a limit.

    Parameters
    ----------
    chips : ChipBatch
        n designs without a stack.
    stack : Stack
        Parameters of one stack.
    """
    streamed = 1.0 / (chips.peak_dram_bytes_per_s * stack.dram_efficiency)
    streamed = np.maximum(streamed, chips.dram_limit_s_per_byte)
    operands = tuple(
        dataclasses.replace(
            operand,
            convert_ops=np.where(operand.convert_ops > 0.0, stack.convert_ops, 0.0),
            cycles_per_mac=operand.cycles_per_mac / stack.matrix_efficiency,
        )
        for operand in chips.operands
    )
    return dataclasses.replace(
        chips,
        dram_s_per_byte=streamed,
        lane_s=chips.lane_s / stack.lane_efficiency,
        dispatch_s=0.0 * chips.dispatch_s + stack.kernel_s * stack.kernels_per_op,
        step_s=0.0 * chips.dispatch_s + stack.step_s,
        operands=operands,
    )
