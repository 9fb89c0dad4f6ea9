"""Bytes that a workload keeps in memory."""

from __future__ import annotations

from dataclasses import dataclass

from dse.cost.batch import Array
from dse.dtype import DType
from dse.workload import Storage

__all__ = ["PARAMETER_BYTES", "MemoryUse", "StoredWidths", "memory_use"]

PARAMETER_BYTES = DType.FP16.bits / 8.0  # norms and biases stay in 16 bits


@dataclass(frozen=True, slots=True)
class StoredWidths:
    """Bytes per stored element of each class; floats or arrays of shape (n,)."""

    weights: Array | float
    head: Array | float
    embedding: Array | float
    kv: Array | float
    activations: Array | float


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Bytes per part; floats or arrays of shape (n,).

    Parameters
    ----------
    weights : Array or float
        Matrices, LM head, embedding, norms and biases as stored, B.
    kv_cache : Array or float
        Keys and values at the end of the output, B.
    activations : Array or float
        Largest working set of one kernel, B.
    """

    weights: Array | float
    kv_cache: Array | float
    activations: Array | float

    @property
    def total(self) -> Array | float:
        """Sum of the parts, B."""
        return self.weights + self.kv_cache + self.activations


def memory_use(storage: Storage, widths: StoredWidths) -> MemoryUse:
    """Memory of a workload: elements of each class times their stored width."""
    weights = (
        storage.weight_elements * widths.weights
        + storage.head_elements * widths.head
        + storage.embedding_elements * widths.embedding
        + storage.parameter_elements * PARAMETER_BYTES
    )
    return MemoryUse(
        weights=weights,
        kv_cache=storage.kv_elements * widths.kv,
        activations=storage.activation_elements * widths.activations,
    )
