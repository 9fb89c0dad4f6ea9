"""Rows of a measurements file that time one matrix product: ``gemm_tflops``."""

from __future__ import annotations

import re

from dse.chip import Chip
from dse.cost.kernel_board import board
from dse.cost.kernel_time import gemm
from dse.dtype import DType, Format, parse_format
from dse.errors import UnitError
from dse.technology import Silicon
from dse.validate.measurement import Measurement
from dse.workload import Precision

__all__ = ["gemm_dims", "predict_tflops"]

_SHAPE = re.compile(r"GEM([MV]) (\d+)x(\d+)(?:x(\d+))?( \(MxKxN\))?")
_PAIR = re.compile(r"w(\d+)a(\d+)", re.IGNORECASE)


def gemm_dims(text: str) -> tuple[float, float, float] | None:
    """Sizes m, k, n of the product (m x k)(k x n) that a row's model names; None if it names none.

    ``GEMM 64x12288x512 (MxKxN)`` says its order; ``GEMM 4096x14336x256`` is a weight matrix of
    n x k and m tokens, and ``GEMV 2560x6912`` one of n x k and a single token.

    Examples
    --------
    >>> gemm_dims("GEMV 2560x6912")
    (1.0, 6912.0, 2560.0)
    """
    match = _SHAPE.fullmatch(text)
    if match is None or (match[1] == "M") != (match[4] is not None):
        return None
    first, second = float(match[2]), float(match[3])
    if match[1] == "V":
        return 1.0, second, first
    third = float(match[4])
    return (first, second, third) if match[5] else (third, second, first)


def predict_tflops(
    row: Measurement, chip: Chip, silicon: Silicon, unit: str | None = None
) -> float | str:
    """Rate of the row's product, 1e12 op/s, or the reason why there is none.

    Parameters
    ----------
    row : Measurement
        A ``gemm_tflops`` row.
    chip : Chip
        What ran it.
    silicon : Silicon
        Constants of the reference node.
    unit : str, optional
        Unit that ran it; the row's own by default.

    Raises
    ------
    KeyError
        If the chip has no such unit.
    """
    dims = gemm_dims(row.model)
    if dims is None:
        return "the size of the product is not stated"
    formats = _formats(row.weight_format)
    if formats is None:
        return f'the number format "{row.weight_format}" is not known'
    weights, activations = formats
    precision = Precision(weights, weights, weights, activations, weights)
    m, k, n = dims
    cost = gemm(dims, board(chip, precision, silicon, unit or row.unit))
    return 2.0 * m * k * n / cost.seconds / 1e12


def _formats(text: str) -> tuple[Format, Format] | None:
    """Formats of weights and activations: ``FP16`` for both, or bits as in ``W4A16``."""
    pair = _PAIR.fullmatch(text)
    try:
        if pair is None:
            same = parse_format(text)
            return same, same
        wide = "fp16" if int(pair[2]) == DType.FP16.bits else f"int{pair[2]}"
        return parse_format(f"int{pair[1]}"), parse_format(wide)
    except UnitError:
        return None
