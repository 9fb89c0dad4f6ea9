"""Predicts a whole file of kernels, each on the chip that its row names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dse.spec import list_specs, load_chip, load_technology, root
from dse.validate.kernels import Kernel, KernelPrediction, predict_kernels
from dse.validate.names import read_names

__all__ = ["KernelValidation", "validate_kernels"]


@dataclass(frozen=True, slots=True)
class KernelValidation:
    """What came of a file of kernels.

    Parameters
    ----------
    kernels : tuple of Kernel
        Those predicted, in the file's order.
    predicted : KernelPrediction
        Their predictions.
    unpredictable : mapping of str to int
        Rows not predicted, counted by the reason.
    """

    kernels: tuple[Kernel, ...]
    predicted: KernelPrediction
    unpredictable: Mapping[str, int]


def validate_kernels(kernels: Sequence[Kernel]) -> KernelValidation:
    """Predict kernels from the chip files that the library has of their chips.

    Parameters
    ----------
    kernels : sequence of Kernel
        Rows, of any chips; a chip is named as in the library or as in publications.
    """
    names = read_names(root() / "hw_configs/measurements/names.csv")
    known = set(list_specs("chip"))
    silicon = load_technology().silicon
    keys = [names.chips.get(kernel.chip, kernel.chip) for kernel in kernels]
    values = np.full((len(kernels), 3), np.nan)
    reasons: dict[str, int] = {}
    for key in dict.fromkeys(keys):
        rows = [i for i, each in enumerate(keys) if each == key]
        if key not in known:
            reasons[f'no chip file for "{key}"'] = len(rows)
            continue
        chip = load_chip(key)
        if all(unit.kind != "gpu" for unit in chip.units):
            reasons[f"{key} has no GPU"] = len(rows)
            continue
        done = predict_kernels([kernels[i] for i in rows], chip, silicon)
        values[rows] = np.column_stack([done.seconds, done.gpu_j, done.mem_j])
    kept = np.isfinite(values[:, 0])
    return KernelValidation(
        kernels=tuple(kernel for kernel, is_kept in zip(kernels, kept, strict=True) if is_kept),
        predicted=KernelPrediction(*values[kept].T),
        unpredictable=reasons,
    )
