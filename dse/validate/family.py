"""What a runtime is taken for before any measurement of it: one stack per kind of unit."""

from __future__ import annotations

from collections.abc import Mapping

from dse.cost import Stack

__all__ = ["FAMILIES"]


def _family(
    name: str, dram: float, matrix: float, dispatches: float, prompt_s: float, step_s: float
) -> Stack:
    return Stack(
        name=name,
        dram_efficiency=dram,
        matrix_efficiency=matrix,
        lane_efficiency=0.6,
        dispatches_per_op=dispatches,
        prompt_s=prompt_s,
        step_s=step_s,
        convert_ops=1.5,
        score_bytes=1.0,
    )


# Competent runtimes before any measurement, orders of magnitude only: a kernel or two per
# operator with as many synchronisations, half of the matrix engine, an unpacking of a mask, a
# shift or a fused scale, attention that is mostly fused.
FAMILIES: Mapping[str, Stack] = {
    "gpu": _family("generic-gpu", 0.95, 0.5, 3.0, 2e-3, 5e-4),
    "npu": _family("generic-npu", 0.9, 0.4, 3.0, 1e-2, 1e-3),
    "cpu": _family("generic-cpu", 0.9, 0.4, 3.0, 2e-3, 5e-4),
}
