"""Predicted against measured, one kernel at a time: tables and the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dse.report.tables import Column, Table
from dse.validate.kernels import is_held_out, kernel_errors, kernel_summary

if TYPE_CHECKING:
    from dse.validate.kernel_run import KernelValidation
    from dse.validate.kernels import Kernel

__all__ = ["kernel_document", "kernel_tables"]

_WORST = 12
_NUMBERS = (
    Column("rows", True),
    Column("median |error|", True),
    Column("90th percentile", True),
    Column("bias", True),
)


def kernel_tables(result: KernelValidation) -> tuple[Table, ...]:
    """Headline, errors by kind and precision, worst kernels, and what was not predicted."""
    found = kernel_summary(result.kernels, result.predicted)
    headline = Table(
        columns=(Column("shapes"), Column("quantity"), *_NUMBERS),
        rows=_rows({"held out": found["summary"], "fitted": found["fitted"]}),
        title="Kernels, predicted against measured",
        notes=(
            "error = predicted / measured - 1; no constant was estimated from shapes held out;",
            "energy is that of both rails, power that of the compute rail",
        ),
        lead=2,
    )
    kinds = Table(
        columns=(Column("kind"), Column("quantity"), *_NUMBERS),
        rows=_rows(found["by_kind"]),
        title="By kind and precision, held out",
        lead=2,
    )
    excluded = Table(
        (Column("rule", may_fold=True), Column("rows", True)),
        tuple((rule, str(count)) for rule, count in result.unpredictable.items()),
        title="Not predicted",
    )
    return headline, kinds, _worst(result), *((excluded,) if excluded.rows else ())


def _rows(groups: Mapping[str, Mapping[str, Any]]) -> tuple[tuple[str, ...], ...]:
    """One row per group and quantity that was measured."""
    return tuple(
        (
            group,
            quantity,
            str(each["n"]),
            f"{each['median_abs_error']:.1%}",
            f"{each['p90_abs_error']:.1%}",
            f"{each['bias']:+.1%}",
        )
        for group, quantities in groups.items()
        for quantity, each in quantities.items()
        if each["n"]
    )


def _worst(result: KernelValidation) -> Table:
    """Kernels whose predicted time is furthest from the measured one, by their ratio."""
    errors = kernel_errors(result.kernels, result.predicted)["time"]
    order = np.argsort(-np.abs(np.log1p(np.nan_to_num(errors))), kind="stable")[:_WORST]
    return Table(
        columns=(
            Column("line", True),
            Column("chip", may_fold=True),
            Column("kernel", may_fold=True),
            Column("measured", True),
            Column("predicted", True),
            Column("error", True),
        ),
        rows=tuple(
            (
                str(kernel.line),
                kernel.chip,
                _text(kernel),
                f"{kernel.seconds * 1e6:.4g} us",
                f"{result.predicted.seconds[i] * 1e6:.4g} us",
                f"{errors[i]:+.0%}",
            )
            for i in order
            if (kernel := result.kernels[i]).seconds is not None
        ),
        title="Worst kernels",
    )


def _text(kernel: Kernel) -> str:
    """A kernel in words: ``gemm 64 x 4096 x 1024 fp16``, sizes as m x k x n."""
    if kernel.kind == "gemm":
        shape = f"{kernel.m:.0f} x {kernel.k:.0f} x {kernel.n:.0f}"
    elif kernel.kind == "layernorm":
        shape = f"{kernel.m:.0f} x {kernel.n:.0f}"
    else:
        mask = " causal" if kernel.causal else ""
        shape = (
            f"{kernel.queries:.0f} on {kernel.keys:.0f}, {kernel.heads:.0f} heads of "
            f"{kernel.head_dim:.0f}{mask}"
        )
    return f"{kernel.kind} {shape} {kernel.precision}"


def kernel_document(result: KernelValidation) -> dict[str, Any]:
    """``dse.kernels/1``: the summary, the errors by kind, and every row; None where unmeasured."""
    errors = kernel_errors(result.kernels, result.predicted)
    predicted = result.predicted
    rows = [
        {
            "line": kernel.line,
            "chip": kernel.chip,
            "kernel": _text(kernel),
            "held_out": is_held_out(kernel),
            "predicted_s": float(predicted.seconds[i]),
            "measured_s": kernel.seconds,
            "predicted_gpu_j": float(predicted.gpu_j[i]),
            "predicted_mem_j": float(predicted.mem_j[i]),
            **{
                f"{name}_error": float(values[i]) if np.isfinite(values[i]) else None
                for name, values in errors.items()
            },
        }
        for i, kernel in enumerate(result.kernels)
    ]
    return {
        "schema": "dse.kernels/1",
        **kernel_summary(result.kernels, result.predicted),
        "unpredictable": dict(result.unpredictable),
        "rows": rows,
    }
