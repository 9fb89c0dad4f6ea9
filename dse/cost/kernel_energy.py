"""Energy of one kernel on a board's compute and memory rails."""

from __future__ import annotations

import numpy as np

from dse.chip import Chip, Rails
from dse.cost.kernel_board import Board, KernelCost
from dse.dtype import DType
from dse.workload import Operand

__all__ = ["rail_joules"]


def rail_joules(cost: KernelCost, dtype: DType, chip: Chip, on: Board) -> tuple[float, float]:
    """Energy on the compute rail and on the memory rail.

    P = P_idle l / t + P_active (1 - l / t) + sum over events of energy x events / t           (1)

    with l the launch within the time t. Events of the compute rail are multiply-accumulates, bytes
    from the cache and attention scores; of the memory rail, bytes. A chip without measured rails
    takes the technology's energies, and its static and active power, on the compute rail.

    Parameters
    ----------
    cost : KernelCost
        What the kernel takes.
    dtype : DType
        Type of its multiply-accumulates.
    chip : Chip
        One chip.
    on : Board
        The same chip and its library.

    Returns
    -------
    tuple of float
        Compute and memory, J.
    """
    batch = on.chips
    mac_j = float(batch.operands[Operand.WEIGHTS].mac_j[0])
    rails = chip.power.rails
    if rails is None:
        rails = Rails(
            idle_w=float(np.ravel(batch.static_w)[0]),
            active_w=float(np.ravel(batch.static_w + batch.active_w)[0]),
            mac_j={},
            cache_j_per_byte=float(np.ravel(batch.cache_j)[0]),
            score_j=float(np.ravel(batch.exp_ops * batch.lane_j)[0]),
            memory_idle_w=0.0,
            memory_active_w=0.0,
            memory_j_per_byte=float(np.ravel(batch.dram_j)[0]),
        )
    running = cost.seconds - cost.launch_s
    compute = rails.idle_w * cost.launch_s + rails.active_w * running
    compute += rails.mac_j.get(dtype, mac_j) * cost.macs + rails.score_j * cost.scores
    compute += rails.cache_j_per_byte * cost.cache_bytes
    memory = rails.memory_idle_w * cost.launch_s + rails.memory_active_w * running
    return compute, memory + rails.memory_j_per_byte * cost.dram_bytes
