"""A software stack: what a runtime loses against the hardware, in a handful of parameters."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from dse.cost.batch import ChipBatch

__all__ = ["NEUTRAL", "Stack", "apply_stack"]


@dataclass(frozen=True, slots=True)
class Stack:
    """What one software stack reaches on any chip that it runs on.

    Parameters
    ----------
    name : str
        Name in ``hw_configs/stacks``.
    dram_efficiency : float
        What its matrix-vector kernels stream over what the chip's memory controller gives a
        plain streaming kernel, > 0; beyond 1 never past the peak.
    matrix_efficiency : float
        Share of the peak matrix rate that its matrix products reach, edges not counted, 0 to 1.
    lane_efficiency : float
        Share of the peak lane rate that its elementwise and unpacking code reaches, 0 to 1.
    dispatches_per_op : float
        Launches and synchronisations that it spends where the operator table has one kernel,
        each as long as the chip's own dispatch.
    prompt_s : float
        Fixed cost of a prefill: tokenising, setting up the graph and the cache, s.
    step_s : float
        Fixed cost of one decode step: sampling, host code, s.
    convert_ops : float
        Lane operations to unpack one stored weight.
    score_bytes : float
        DRAM traffic per attention score of kernels that are not fused, B: 0 where scores stay on
        the chip; about 14 where 32-bit scores are written, read and written by the softmax in
        32 or 16 bits, and read again.
    has_narrow_sums : bool
        Whether its products keep sums no wider than their operands, which some engines reward
        with a higher rate.
    """

    name: str
    dram_efficiency: float
    matrix_efficiency: float
    lane_efficiency: float
    dispatches_per_op: float
    prompt_s: float
    step_s: float
    convert_ops: float
    score_bytes: float
    has_narrow_sums: bool = False


# Reaches every peak and costs nothing: what remains is the chip's own.
NEUTRAL = Stack(
    name="neutral",
    dram_efficiency=1.0,
    matrix_efficiency=1.0,
    lane_efficiency=1.0,
    dispatches_per_op=0.0,
    prompt_s=0.0,
    step_s=0.0,
    convert_ops=0.0,
    score_bytes=0.0,
)


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
    streamed = chips.dram_streamed_s_per_byte / stack.dram_efficiency
    streamed = np.maximum(streamed, 1.0 / chips.peak_dram_bytes_per_s)
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
        dispatch_s=chips.dispatch_s * stack.dispatches_per_op,
        prompt_s=0.0 * chips.dispatch_s + stack.prompt_s,
        step_s=0.0 * chips.dispatch_s + stack.step_s,
        score_bytes=0.0 * chips.dispatch_s + stack.score_bytes,
        operands=operands,
    )
