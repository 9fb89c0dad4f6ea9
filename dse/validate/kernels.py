"""Single kernels: reads a file of them, predicts time and energy, sums up the errors."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dse.chip import Chip
from dse.cost.kernel_board import Board, KernelCost, board
from dse.cost.kernel_energy import rail_joules
from dse.cost.kernel_time import Attention, attention, gemm, normalisation
from dse.dtype import DType, parse_format
from dse.technology import Silicon
from dse.validate.kernel_file import Kernel, is_kernels, read_kernels
from dse.workload import Precision

__all__ = [
    "Kernel",
    "KernelPrediction",
    "is_held_out",
    "is_kernels",
    "kernel_errors",
    "kernel_summary",
    "predict_kernels",
    "read_kernels",
]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KernelPrediction:
    """Predictions for n kernels; arrays of shape (n,).

    Parameters
    ----------
    seconds : Array
        Time, s.
    gpu_j, mem_j : Array
        Energy on the compute and the memory rail, J.
    """

    seconds: Array
    gpu_j: Array
    mem_j: Array


def predict_kernels(
    kernels: Sequence[Kernel], chip: Chip, silicon: Silicon, unit: str | None = "gpu"
) -> KernelPrediction:
    """Predict kernels of one chip.

    Parameters
    ----------
    kernels : sequence of Kernel
        All of this chip.
    chip : Chip
        One chip.
    silicon : Silicon
        Constants of the reference node.
    unit : str, optional
        Unit that runs them; None for the chip's first.

    Raises
    ------
    KeyError
        If the chip has no such unit.
    """
    boards: dict[str, Board] = {}
    rows = np.empty((len(kernels), 3))
    for row, kernel in zip(rows, kernels, strict=True):
        if kernel.precision not in boards:
            same = parse_format(kernel.precision)
            formats = Precision(same, same, same, same, same)
            boards[kernel.precision] = board(chip, formats, silicon, unit)
        on = boards[kernel.precision]
        cost = _cost(kernel, on)
        dtype = DType(parse_format(kernel.precision).code)
        row[:] = (cost.seconds, *rail_joules(cost, dtype, chip, on))
    return KernelPrediction(*rows.T)


def _cost(kernel: Kernel, on: Board) -> KernelCost:
    if kernel.kind == "gemm":
        return gemm((kernel.m, kernel.k, kernel.n), on)
    if kernel.kind == "layernorm":
        return normalisation(kernel.m, kernel.n, on)
    shape = Attention(
        queries=kernel.queries,
        keys=kernel.keys,
        heads=kernel.heads,
        kv_heads=kernel.kv_heads,
        head_dim=kernel.head_dim,
        causal=kernel.causal,
    )
    return attention(shape, on)


def is_held_out(kernel: Kernel) -> bool:
    """Whether a kernel is in the half of the shapes that no constant was estimated from.

    The half is drawn by a checksum of what the shape keeps when its rows vary, so that all lengths
    and precisions of one weight matrix fall on the same side.
    """
    shape: tuple[float, ...]
    if kernel.kind == "gemm":
        shape = (kernel.n, kernel.k)
    elif kernel.kind == "layernorm":
        shape = (kernel.m, kernel.n)
    else:
        shape = (kernel.queries, kernel.keys, kernel.heads, kernel.head_dim)
    text = " ".join([kernel.kind, *(f"{size:.0f}" for size in shape)])
    return bool(zlib.crc32(text.encode()) & 1)


def kernel_errors(kernels: Sequence[Kernel], predicted: KernelPrediction) -> Mapping[str, Array]:
    """Predicted over measured less one, by quantity; NaN where it was not measured.

    ``time``; ``energy``, of both rails where both were measured; ``power`` of the compute rail.

    Parameters
    ----------
    kernels : sequence of Kernel
        n kernels.
    predicted : KernelPrediction
        Their predictions.
    """
    seconds = _measured(kernel.seconds for kernel in kernels)
    gpu_w = _measured(kernel.gpu_w for kernel in kernels)
    mem_w = _measured(kernel.mem_w for kernel in kernels)
    has_mem = np.isfinite(mem_w)
    joules = (gpu_w + np.where(has_mem, mem_w, 0.0)) * seconds
    return {
        "time": predicted.seconds / seconds - 1.0,
        "energy": (predicted.gpu_j + np.where(has_mem, predicted.mem_j, 0.0)) / joules - 1.0,
        "power": predicted.gpu_j / predicted.seconds / gpu_w - 1.0,
    }


def _measured(values: Iterable[float | None]) -> Array:
    return np.array([math.nan if value is None else value for value in values])


def kernel_summary(kernels: Sequence[Kernel], predicted: KernelPrediction) -> dict[str, Any]:
    """Errors in a few numbers, ready for JSON.

    ``summary`` and ``by_kind`` count only kernels of the held-out half of shapes; ``fitted`` is
    the other half, for comparison. Where nothing was measured n is 0 and the rest None.

    Parameters
    ----------
    kernels : sequence of Kernel
        n kernels.
    predicted : KernelPrediction
        Their predictions.
    """
    errors = kernel_errors(kernels, predicted)
    held = np.array([is_held_out(kernel) for kernel in kernels], dtype=bool)
    groups = np.array([f"{kernel.kind} {kernel.precision}" for kernel in kernels])
    return {
        "summary": _sums(errors, held),
        "by_kind": {
            str(name): _sums(errors, held & (groups == name)) for name in np.unique(groups)
        },
        "fitted": _sums(errors, ~held),
    }


def _sums(errors: Mapping[str, Array], chosen: npt.NDArray[np.bool_]) -> dict[str, Any]:
    return {name: _sum_up(values[chosen]) for name, values in errors.items()}


def _sum_up(errors: Array) -> dict[str, float | int | None]:
    known = errors[np.isfinite(errors)]
    if not known.size:
        return {"n": 0, "median_abs_error": None, "p90_abs_error": None, "bias": None}
    size = np.abs(known)
    return {
        "n": int(known.size),
        "median_abs_error": float(np.median(size)),
        "p90_abs_error": float(np.percentile(size, 90.0)),
        "bias": float(np.median(known)),
    }
