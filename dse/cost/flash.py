"""What does not fit the DRAM: the share that stays there, and the rest, read from flash."""

from __future__ import annotations

import numpy as np

from dse.cost.batch import Array, ChipBatch
from dse.cost.capacity import MemoryUse, StoredWidths, memory_use
from dse.workload import Op, Operand, Storage

__all__ = ["flash_read", "resident_share", "stored_use", "streamable_bytes"]


def stored_use(chips: ChipBatch, storage: Storage) -> MemoryUse:
    """Bytes that a workload keeps on n chips, wherever they are."""
    weights, head, kv = (chips.operands[o].bytes_per_element for o in Operand)
    widths = StoredWidths(weights, head, chips.embedding_bytes, kv, chips.activation_bytes)
    return memory_use(storage, widths)


def streamable_bytes(chips: ChipBatch, storage: Storage) -> Array:
    """Bytes that the scenario allows to stay on flash; 0 on a chip that has none, (n,)."""
    width = chips.operands[storage.streamed].bytes_per_element
    return np.asarray(storage.streamed_elements * width * chips.has_flash)


def resident_share(chips: ChipBatch, storage: Storage) -> Array:
    """Share of what may stay on flash that finds room in the DRAM beside all else, 0 to 1.

        r = min(1, max(0, (C_DRAM - system - all else) / S))                                  (1)

    of S streamable bytes; 1 where nothing streams, or where the chip has no flash to read.

    Parameters
    ----------
    chips : ChipBatch
        n designs.
    storage : Storage
        What must be kept, and what of it may stay on flash.

    References
    ----------
    Alizadeh et al., "LLM in a flash", arXiv 2312.11514, section 3.
    """
    streamable = streamable_bytes(chips, storage)
    rest = stored_use(chips, storage).total - streamable + chips.reserved_bytes
    room = np.maximum(chips.dram_capacity_bytes - rest, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share: Array = np.where(streamable > room, room / streamable, 1.0)
    return share


def flash_read(op: Op, chips: ChipBatch) -> tuple[Array, Array]:
    """Bytes and seconds that one launch takes from flash, (n,) each; none where nothing streams.

    With the r most wanted of the operand resident, a read misses them with

        1 - h = 1 - r^(1 - s)                                                                 (1)

    the hit rate under a popularity that falls as rank^-s (s = 0: all alike, h = r). Small reads
    all over the device run at the bandwidth for such reads, large ones at the sequential one.

    Parameters
    ----------
    op : Op
        One row of the operator table.
    chips : ChipBatch
        n designs.

    References
    ----------
    (1) Breslau et al., "Web caching and Zipf-like distributions", IEEE INFOCOM 1999, section 4;
    resident experts: Eliseev, Mazur, arXiv 2312.17238; hot neurons: Song et al., "PowerInfer",
    arXiv 2312.12456, and Xue et al., "PowerInfer-2", arXiv 2406.06282.
    """
    if op.stream is None:
        return np.zeros(1), np.zeros(1)
    hits = resident_share(chips, op.stream.storage) ** (1.0 - op.stream.skew)
    width = chips.operands[op.operand].bytes_per_element
    moved = op.operand_elements * width * (1.0 - hits)
    is_random = op.stream.is_scattered
    rate = chips.flash_random_s_per_byte if is_random else chips.flash_s_per_byte
    return moved, moved * rate
