"""Bytes that no schedule of a product can do without, given the capacity on the near side."""

from __future__ import annotations

import numpy as np

from dse.cost.batch import Array
from dse.cost.matrix import ACCUMULATOR_BYTES
from dse.cost.traffic import Widths
from dse.workload import Kind, Op, Operand, Precision, mean

__all__ = ["gemm_bound_bytes", "phase_io_bytes"]


def gemm_bound_bytes(
    dims: tuple[float, float, float], capacity_bytes: Array, widths: Widths
) -> Array:
    """Least bytes that any schedule of (m x k)(k x n) reads and writes on the far side.

    With w_l and w_r bytes per element of the operands, results of w_l bytes, sums of w_s = 4
    bytes, and a near side of S bytes,

        compulsory   w_l m k + w_r k n + w_l m n                                              (1)
        I/O          2 m n k sqrt(w_l w_r w_s / S) - 2 S - max(w_s - w_l, 0) m n              (2)

    and the bound is the larger. In elements of one width (2) is 2 m n k / sqrt(S) - 2 S: at most
    sqrt(a b c) products come from a, b and c elements of the operands and the results, and between
    two moments with 2 S bytes of traffic at most 3 S bytes are there to come from. Results leave
    in w_l bytes instead of w_s, hence the last term.

    Parameters
    ----------
    dims : tuple of float
        m, k, n; elements.
    capacity_bytes : Array
        Near-side memory, B, (n,).
    widths : Widths
        Bytes per element.

    Returns
    -------
    Array
        B, (n,); never grows with capacity.

    References
    ----------
    Smith, Lowery, Langou, van de Geijn, "A tight I/O lower bound for matrix multiplication",
    arXiv 1702.02017, 2019; Kwasniewski et al., "Red-blue pebbling revisited", SC'19.
    """
    m, k, n = dims
    left, right, sums = widths.left, widths.right, ACCUMULATOR_BYTES
    compulsory = left * (m * k + m * n) + right * (k * n)
    io = 2.0 * m * n * k * np.sqrt(left * right * sums / capacity_bytes)
    io = io - 2.0 * capacity_bytes - np.maximum(sums - left, 0.0) * (m * n)
    return np.asarray(np.maximum(compulsory, io))


def phase_io_bytes(
    table: tuple[Op, ...], precision: Precision, capacity_bytes: Array, compulsory: float
) -> Array:
    """Least bytes of a phase whose kernels run one after another, however each is tiled.

    max(compulsory, sum over products of the I/O term of `gemm_bound_bytes`). As much of a kernel's
    inputs and results as the whole near side holds is taken as handed on, and no result as
    written, so this is below any schedule of the products one by one. Attention and elementwise
    kernels ask only for what is compulsory.

    Where a chain of two products may run as one, what is between them need not be read, and its
    elements may be made, used and forgotten between two moments of 2 S bytes of traffic: u bytes
    of the input and the first weights make at most u^2 / (4 w_l w_r k^2) of them whole. With 3 S
    bytes in all, those of them that stay counted, both products together then have at most

        max over u of u / 2 sqrt(3 S - u + u^2 w_s / (4 w_l w_r k^2))
            <= S sqrt(S) sqrt(1 + 81 S w_s / (16 w_l w_r k^2))                                (1)

    in place of the S sqrt(S) of a single one, with k the depth of the first; the I/O terms of both
    are divided by the last root. QKV and the output projection are two such products: an output of
    attention needs a query on the near side, in whose place it comes.

    Parameters
    ----------
    table : tuple of Op
        Operators of the phase.
    precision : Precision
        Formats of one scenario.
    capacity_bytes : Array
        Near-side memory, B, (n,).
    compulsory : float
        Bytes of the phase with a near side that holds everything, B.
    """
    stored = {
        Operand.WEIGHTS: precision.weights,
        Operand.HEAD: precision.head,
        Operand.KV: precision.kv,
    }
    width = np.asarray(precision.activations.bytes_per_element)
    total, chain, eased = np.zeros(1), "", np.ones(1)
    for op in table:
        follows = op.chain != "" and op.chain == chain
        chain = op.chain
        if op.kind is not Kind.GEMM:
            continue
        m, k, n = (mean(d) for d in (op.m, op.k, op.n))
        border = (op.input_elements + op.extra_elements + op.output_elements) * width
        away = 1.0 - np.minimum(1.0, capacity_bytes / border)
        right = np.asarray(stored[op.operand].bytes_per_element)
        left = width * away / op.overlap
        io = 2.0 * m * n * k * np.sqrt(left * right * ACCUMULATOR_BYTES / capacity_bytes)
        if chain and not follows:
            eased = _eased(k, capacity_bytes, left, right)
        io = io / eased if chain else io
        io = io - 2.0 * capacity_bytes - ACCUMULATOR_BYTES * m * n
        once = right * (k * n) + (0.0 if follows else left * (m * k))
        total = total + op.repeat * op.count * np.maximum(once, io)
    return np.asarray(np.maximum(total, compulsory))


def _eased(depth: float, capacity_bytes: Array, left: Array, right: Array) -> Array:
    """How many times more products the same traffic may serve in a chain, equation (1)."""
    with np.errstate(divide="ignore"):  # an input that is all there bounds nothing
        made = capacity_bytes * ACCUMULATOR_BYTES / (left * right * depth**2)
    return np.asarray(np.sqrt(1.0 + 81.0 / 16.0 * made))
