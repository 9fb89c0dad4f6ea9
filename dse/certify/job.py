"""What a design must serve: one model under one mix of requests."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.cost import ChipBatch, batch_columns, mean_columns
from dse.workload import Mix, Model, Workload

__all__ = ["Job"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Job:
    """One model under one mix of requests.

    Parameters
    ----------
    model, mix : Model, Mix
        The model, and what it is asked.
    works : tuple of Workload
        Operator tables by scenario.
    formats : tuple of int
        By scenario, the number of its formats among those of the space.
    """

    model: Model
    mix: Mix
    works: tuple[Workload, ...]
    formats: tuple[int, ...]

    def tokens(self, power: str) -> float:
        """Tokens whose energies add up to that of the power's stretch of time.

        A decode step yields a token per sequence, and a mix so many in the mean of its steps; the
        energy of a prefill is that of the request.
        """
        if power != "decode_power_w":
            return 1.0
        steps = zip(self.mix.weights, self.mix.decode_steps, strict=True)
        tokens = zip(self.mix.weights, self.mix.decode_tokens, strict=True)
        return sum(w * count for w, count in tokens) / sum(w * count for w, count in steps)

    def columns(self, batches: Sequence[ChipBatch], names: Collection[str]) -> dict[str, Array]:
        """Metrics of the mix on coefficients by formats; times and what is a mean over them."""
        by_case = [
            batch_columns(batches[number], _without_other(work, names), names)
            for number, work in zip(self.formats, self.works, strict=True)
        ]
        return mean_columns(by_case, self.mix, names)


def _without_other(work: Workload, names: Collection[str]) -> Workload:
    """Workload of the phase alone that is asked for: the other costs time to work out."""
    if "ttft_s" not in names:
        return dataclasses.replace(work, prefill=())
    if "tpot_s" not in names:
        return dataclasses.replace(work, decode=())
    return work
