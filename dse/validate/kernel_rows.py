"""Rows of a measurements file that time one matrix product: ``gemm_tflops``."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from dse.chip import Chip
from dse.cost.kernel_board import board
from dse.cost.kernel_time import gemm
from dse.dtype import DType, Format, parse_format
from dse.errors import Fault, SpecError, UnitError
from dse.technology import Silicon
from dse.validate.measurement import Measurement
from dse.workload import Linear, Network, Precision, Stage

__all__ = ["gemm_dims", "predict_tflops", "product", "product_reason", "read_calls"]

_SIZE = r"([1-9]\d{0,8})"
_SHAPE = re.compile(rf"GEM([MV]) {_SIZE}x{_SIZE}(?:x{_SIZE})?( \(MxKxN\))?")
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


def product(row: Measurement) -> Network:
    """The row's product, as a network of one layer."""
    m, k, n = _dims(row)
    layer = Linear(rows=int(m), inputs=int(k), outputs=int(n), has_bias=False)
    return Network(row.model, row.model, (Stage("product", (layer,)),))


def product_reason(row: Measurement) -> str:
    """Rule that keeps a row from being predicted, or nothing."""
    if gemm_dims(row.model) is None:
        return "the size of the product is not stated"
    if _formats(row.weight_format) is None:
        return "the number format of the product is not known"
    return ""


@lru_cache(maxsize=4)
def read_calls(path: Path) -> Mapping[str, float]:
    """Read what one call costs the host by engine, in lower case, s.

    Parameters
    ----------
    path : Path
        CSV with the columns engine, seconds, source and confidence.

    Raises
    ------
    SpecError
        If a number cannot be read.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        try:
            return {row["engine"]: float(row["seconds"]) for row in reader}
        except (KeyError, ValueError) as error:
            fault = Fault(
                str(path), reader.line_num, 1, "seconds", f"must be a number: {error}", "calls"
            )
            raise SpecError((fault,)) from None


def predict_tflops(
    row: Measurement,
    chip: Chip,
    silicon: Silicon,
    unit: str | None = None,
    call_s: float | None = None,
) -> float:
    """Rate of the row's product, 1e12 op/s.

    Parameters
    ----------
    row : Measurement
        A ``gemm_tflops`` row for which `product_reason` has nothing to say.
    chip : Chip
        What ran it.
    silicon : Silicon
        Constants of the reference node.
    unit : str, optional
        Unit that ran it; the row's own by default.
    call_s : float, optional
        What one call costs the host, s; the launch in a queue of kernels by default.

    Raises
    ------
    KeyError
        If the chip has no such unit.
    """
    dims, formats = _dims(row), _formats(row.weight_format)
    assert formats is not None  # noqa: S101 -- see the parameter
    weights, activations = formats
    precision = Precision(weights, weights, weights, activations, weights)
    m, k, n = dims
    cost = gemm(dims, board(chip, precision, silicon, unit or row.unit))
    launch_s = cost.launch_s if call_s is None else call_s
    return 2.0 * m * k * n / (cost.seconds - cost.launch_s + launch_s) / 1e12


def _dims(row: Measurement) -> tuple[float, float, float]:
    dims = gemm_dims(row.model)
    assert dims is not None  # noqa: S101 -- asked of rows that state them
    return dims


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
