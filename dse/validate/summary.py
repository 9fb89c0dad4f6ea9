"""Errors of many rows in a few numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from dse.validate.subject import Subject

__all__ = ["PHASES", "Outcome", "Summary", "grouped", "phase_of", "summarise"]

# Which headline a metric counts towards.
PHASES = {
    "decode_tok_s": "decode",
    "prefill_tok_s": "prefill",
    "ttft_s": "prefill",
    "energy_j_per_token": "energy",
    "power_w": "energy",
    "image_s": "image",
    "gemm_tflops": "gemm",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One predicted row.

    Parameters
    ----------
    subject : Subject
        What was measured.
    predicted, measured : float
        Value of the row's metric, in its own unit.
    scope : str
        What a row of energy includes: ``wall``, ``phone``, ``card``...; empty for other rows.
    """

    subject: Subject
    predicted: float
    measured: float
    scope: str = ""

    @property
    def error(self) -> float:
        """Predicted over measured, less one."""
        return self.predicted / self.measured - 1.0


@dataclass(frozen=True, slots=True)
class Summary:
    """Errors of a group of rows.

    Parameters
    ----------
    n, chips : int
        Rows, and distinct chips among them.
    median_abs_error, p90_abs_error : float
        Median and 90th percentile of the absolute error.
    bias : float
        Median of the signed error: above 0 predicts too much.
    """

    n: int
    chips: int
    median_abs_error: float
    p90_abs_error: float
    bias: float


def phase_of(outcome: Outcome) -> str:
    """Headline that an outcome counts towards: decode, prefill, energy or image."""
    return PHASES[outcome.subject.row.metric]


def summarise(outcomes: Iterable[Outcome]) -> Summary:
    """Sum up a group of at least one row."""
    rows = list(outcomes)
    errors = np.array([row.error for row in rows])
    size = np.abs(errors)
    return Summary(
        n=len(rows),
        chips=len({row.subject.chip_key for row in rows}),
        median_abs_error=float(np.median(size)),
        p90_abs_error=float(np.percentile(size, 90.0)),
        bias=float(np.median(errors)),
    )


def grouped(
    outcomes: Iterable[Outcome], key: Callable[[Outcome], str]
) -> Mapping[str, Mapping[str, Summary]]:
    """Sum up each group, and in it each phase that it has rows of.

    Parameters
    ----------
    outcomes : iterable of Outcome
        Predicted rows.
    key : callable
        Name of an outcome's group.

    Returns
    -------
    mapping of str to mapping of str to Summary
        By group, in the order of the names, then by phase.
    """
    rows: dict[str, dict[str, list[Outcome]]] = {}
    for outcome in outcomes:
        rows.setdefault(key(outcome), {}).setdefault(phase_of(outcome), []).append(outcome)
    order = tuple(dict.fromkeys(PHASES.values()))
    return {
        name: {phase: summarise(rows[name][phase]) for phase in order if phase in rows[name]}
        for name in sorted(rows)
    }
