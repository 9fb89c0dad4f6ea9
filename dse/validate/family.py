"""What a runtime is taken for before any measurement of it: one stack per kind of unit."""

from __future__ import annotations

from collections.abc import Mapping

from dse.cost import Stack

__all__ = ["FAMILIES"]


def _family(name: str, dram: float, matrix: float, kernel_s: float, step_s: float) -> Stack:
    return Stack(
        name=name,
        dram_efficiency=dram,
        matrix_efficiency=matrix,
        lane_efficiency=0.5,
        kernel_s=kernel_s,
        kernels_per_op=1.0,
        step_s=step_s,
        convert_ops=2.0,
    )


# Where no stack of a kind was fitted yet: competent runtimes, orders of magnitude only.
FAMILIES: Mapping[str, Stack] = {
    "gpu": _family("generic-gpu", 0.75, 0.5, 5e-6, 5e-4),
    "npu": _family("generic-npu", 0.7, 0.4, 1e-5, 1e-3),
    "cpu": _family("generic-cpu", 0.7, 0.4, 5e-6, 5e-4),
}
