"""The kernels of what enters beside each layer."""

from __future__ import annotations

from collections.abc import Iterator

from dse.workload.kernels import ACTIVATION_OPS, Pass, gemm, vector
from dse.workload.ops import Op
from dse.workload.side import SideInput

__all__ = ["side_kernels"]


def side_kernels(p: Pass, side: SideInput) -> Iterator[Op]:
    """Entry projection once, gate and projection per layer, and the extra residuals."""
    hidden, layers = p.model.hidden_size, p.model.num_layers
    vectors = side.vectors(hidden, layers) / layers
    yield gemm(p, "side_entry", 1, (hidden, layers * side.width))
    yield gemm(
        p,
        "side_gate",
        layers,
        (hidden, side.width),
        extra_elements=float(p.rows * side.width),
        lane_ops=float(p.rows * side.width * ACTIVATION_OPS),
        exp_count=float(p.rows * side.width),
    )
    yield gemm(
        p,
        "side_proj",
        layers,
        (side.width, hidden),
        extra_elements=float(p.rows * hidden),
        lane_ops=float(p.rows * hidden * (p.norm_ops + 1)),
        parameter_elements=vectors,
    )
    if side.laurel_rank:
        yield gemm(p, "laurel_down", layers, (hidden, side.laurel_rank))
        yield gemm(p, "laurel_up", layers, (side.laurel_rank, hidden))
    if side.altup_inputs > 1:
        streams = side.altup_inputs
        elements = float(p.rows * hidden * streams)
        # Predict: a mix of all streams for each; correct: one FMA each.
        yield vector(p, "altup", elements, streams + 1.0)
        yield gemm(
            p,
            "altup_proj",
            2,
            (hidden, hidden),
            count=streams - 1,
            output_elements=float(p.rows * hidden * (streams - 1)),
        )
