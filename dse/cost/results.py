"""`Results`: metrics of n designs; and those metrics that do not depend on what is timed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dse.cost.batch import Array, ChipBatch
from dse.cost.flash import stored_use, streamable_bytes
from dse.workload import Storage

__all__ = ["Results", "memory_columns", "silicon_columns"]


@dataclass(frozen=True, slots=True)
class Results:
    """Metrics of n designs.

    Parameters
    ----------
    columns : mapping of str to Array
        One array of shape (n,) per entry of `METRICS`, by its name.
    """

    columns: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        """Metric `name` of every design, shape (n,)."""
        return self.columns[name]

    def row(self, index: int = 0) -> dict[str, float]:
        """Metrics of one design as plain floats."""
        return {name: float(values[index]) for name, values in self.columns.items()}


def memory_columns(chips: ChipBatch, storage: Storage) -> dict[str, Array]:
    """Metrics of what must sit in memory, and whether it does.

    What a scenario lets stay on flash is not counted: it takes the room that is left. So more DRAM
    is never worse.
    """
    use = stored_use(chips, storage)
    total = np.asarray(use.total + chips.reserved_bytes)
    if storage.streamed_elements:
        total = total - streamable_bytes(chips, storage)
    free = chips.dram_capacity_bytes - total
    return {
        "weight_bytes": np.asarray(use.weights),
        "kv_cache_bytes": np.asarray(use.kv_cache),
        "memory_bytes": total,
        "memory_free_bytes": free,
        "fits": (free >= 0.0).astype(np.float64),
    }


def silicon_columns(chips: ChipBatch) -> dict[str, Array]:
    """Metrics of the chip alone."""
    return {
        "npu_area_mm2": chips.npu_area_mm2,
        "area_mm2": chips.area_mm2,
        "edge_fraction": chips.edge_fraction,
        "buildable": chips.buildable,
        "cost_usd": chips.cost_usd,
        "peak_ops_per_s": chips.peak_ops_per_s,
        "dram_bandwidth_bytes_per_s": chips.peak_dram_bytes_per_s,
    }
