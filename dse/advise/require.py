"""Inverse sizing: what any chip needs to meet a latency and power target, in closed form.

Every figure is a floor that follows from the operator table alone: no utilisation, no efficiency,
no overlap is assumed, so a chip below any of them misses the target whatever its design.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from dse.advise.floors import (
    decode_bytes,
    ideal_seconds,
    least_sram_bytes,
    matrix_j,
    prefill_bytes,
)
from dse.chip import Chip
from dse.cost import ChipBatch, derive
from dse.cost.batch import Array
from dse.cost.capacity import StoredWidths, memory_use
from dse.spec import Technology
from dse.technology import Silicon
from dse.workload import Model, Scenario, Workload, matrix_ops, unroll

__all__ = ["ChipCheck", "Interface", "Requirement", "check_chips", "require"]


@dataclass(frozen=True, slots=True)
class Interface:
    """What one DRAM type would need.

    Parameters
    ----------
    dram : str
        Key of the DRAM type.
    bus_bits_per_s : float
        Raw bus rate, width x data rate, that its payload share and efficiency turn into the
        least bandwidth; bit/s.
    bus_width_bits : float
        The same as whole channels at the type's fastest grade, bit.
    energy_per_token_j : float
        DRAM and matrix energy of one output token on the best node, J.
    within_power : bool or None
        Whether that floor leaves the power target reachable; None without one.
    """

    dram: str
    bus_bits_per_s: float
    bus_width_bits: float
    energy_per_token_j: float
    within_power: bool | None


@dataclass(frozen=True, slots=True)
class Requirement:
    """Least resources of any chip that meets the targets.

    Parameters
    ----------
    ttft_s, tpot_s : float
        The targets, s.
    bandwidth_bytes_per_s : float
        Sustained DRAM bandwidth, B/s; set by `bandwidth_by` (``decode`` or ``prefill``).
    ops_per_s : float
        Matrix operations per second, two per multiply-accumulate; set by `ops_by`.
    sram_bytes : float
        On-chip memory below which the prefill cannot keep to that bandwidth, B; a chip with more
        bandwidth needs less.
    capacity_bytes : float
        DRAM for weights, KV cache and activations, B, without the system's share.
    energy_per_token_j : float
        Least energy of one output token over all DRAM types and nodes of the library, J.
    power_w : float
        That energy over the time per token, W.
    decode_bytes, prefill_bytes : float
        Bytes that one decode step, and the prefill, must move at least, B.
    interfaces : tuple of Interface
        Per DRAM type, least energy first.
    """

    ttft_s: float
    tpot_s: float
    bandwidth_bytes_per_s: float
    bandwidth_by: str
    ops_per_s: float
    ops_by: str
    sram_bytes: float
    capacity_bytes: float
    energy_per_token_j: float
    power_w: float
    decode_bytes: float
    prefill_bytes: float
    interfaces: tuple[Interface, ...]


@dataclass(frozen=True, slots=True)
class ChipCheck:
    """One real chip against a requirement; each ratio is have / need.

    Parameters
    ----------
    name, title, segment : str
        The chip.
    bandwidth, ops, sram, capacity : float
        Have over need; below 1 the chip cannot meet the target. Bandwidth counts the DRAM's own
        efficiency, operations the chip's peak rate for each pair of types; on-chip memory is
        local SRAM and shared cache together.
    """

    name: str
    title: str
    segment: str
    bandwidth: float
    ops: float
    sram: float
    capacity: float

    @property
    def has_all(self) -> bool:
        """Whether no floor rules the chip out."""
        return min(self.bandwidth, self.ops, self.sram, self.capacity) >= 1.0


def require(
    model: Model,
    scenario: Scenario,
    *,
    ttft_s: float,
    tpot_s: float,
    power_w: float | None,
    technology: Technology,
) -> Requirement:
    """Floors for a model, a scenario and its targets.

        B >= max(decode bytes / TPOT, prefill bytes / TTFT)                                   (1)
        P >= max(prefill ops / TTFT, decode ops / TPOT)                                       (2)
        S >= least S with sum of max(compulsory, w (2 m n k / sqrt(S) - 2 S)) <= B TTFT        (3)
        E >= decode bytes x 8 e_dram + macs e_mac, leakage and all on-chip movement left out  (4)

    Parameters
    ----------
    model, scenario : Model, Scenario
        What runs.
    ttft_s, tpot_s : float
        Targets, s, > 0.
    power_w : float or None
        Decode power target, W.
    technology : Technology
        Nodes and DRAM types for (4).

    Returns
    -------
    Requirement
        Floors, SI units.

    Raises
    ------
    ValueError
        If a target is not positive.

    References
    ----------
    (3) Smith, Lowery, Langou, van de Geijn, arXiv 1702.02017, 2019.
    """
    for name, value in (("ttft", ttft_s), ("tpot", tpot_s), ("power", power_w or 1.0)):
        if not value > 0.0:
            raise ValueError(f"{name} must be > 0, but got {value}")
    work = unroll(model, scenario)
    precision = scenario.precision
    decode, prefill = decode_bytes(work, precision), prefill_bytes(work, precision)
    bandwidth, bandwidth_by = max((decode / tpot_s, "decode"), (prefill / ttft_s, "prefill"))
    rate, ops_by = max(
        (matrix_ops(work.prefill) / ttft_s, "prefill"),
        (matrix_ops(work.decode) / tpot_s, "decode"),
    )
    batch = scenario.batch_size
    budget = None if power_w is None else power_w * tpot_s / batch
    mac_j = matrix_j(work.decode, precision, technology) / batch
    interfaces = _interfaces(bandwidth, decode / batch, mac_j, technology, budget)
    least = interfaces[0].energy_per_token_j
    widths = StoredWidths(
        precision.weights.bytes_per_element,
        precision.head.bytes_per_element,
        precision.embedding.bytes_per_element,
        precision.kv.bytes_per_element,
        precision.activations.bytes_per_element,
    )
    return Requirement(
        ttft_s=ttft_s,
        tpot_s=tpot_s,
        bandwidth_bytes_per_s=bandwidth,
        bandwidth_by=bandwidth_by,
        ops_per_s=rate,
        ops_by=ops_by,
        sram_bytes=least_sram_bytes(work.prefill, precision, bandwidth * ttft_s),
        capacity_bytes=float(memory_use(work.storage, widths).total),
        energy_per_token_j=least,
        power_w=least * batch / tpot_s,
        decode_bytes=decode,
        prefill_bytes=prefill,
        interfaces=interfaces,
    )


def check_chips(
    requirement: Requirement,
    chips: Iterable[Chip],
    model: Model,
    scenario: Scenario,
    silicon: Silicon,
) -> tuple[ChipCheck, ...]:
    """Real chips against a requirement, those that have all of it first, then by bandwidth.

    Parameters
    ----------
    requirement : Requirement
        From `require`.
    chips : iterable of Chip
        Chips; each is judged by its default unit, and its on-chip memory by (3) at its own
        bandwidth.
    model, scenario : Model, Scenario
        What runs, as for `require`.
    silicon : Silicon
        Constants of the reference node.

    Returns
    -------
    tuple of ChipCheck
        One per chip.
    """
    work, precision = unroll(model, scenario), scenario.precision
    rows = []
    for chip in chips:
        batch = derive(chip, precision, silicon)
        budget = requirement.ttft_s / float(batch.dram_s_per_byte[0])
        sram = least_sram_bytes(work.prefill, precision, budget)
        rows.append(_check(requirement, chip, batch, work, sram))
    return tuple(sorted(rows, key=lambda r: (not r.has_all, -r.bandwidth, r.name)))


def _check(
    need: Requirement, chip: Chip, batch: ChipBatch, work: Workload, sram_bytes: float
) -> ChipCheck:
    def ratio(have: Array, floor: float) -> float:
        return float(have[0]) / floor if floor > 0.0 else math.inf

    return ChipCheck(
        name=chip.name,
        title=chip.title,
        segment=chip.segment,
        bandwidth=ratio(1.0 / batch.dram_s_per_byte, need.bandwidth_bytes_per_s),
        ops=min(
            need.ttft_s / ideal_seconds(work.prefill, batch),
            need.tpot_s / ideal_seconds(work.decode, batch),
        ),
        sram=ratio(batch.sram_bytes + batch.cache_bytes, sram_bytes),
        capacity=ratio(batch.dram_capacity_bytes - batch.reserved_bytes, need.capacity_bytes),
    )


def _interfaces(
    bandwidth: float,
    bytes_per_token: float,
    mac_j: float,
    technology: Technology,
    budget_j: float | None,
) -> tuple[Interface, ...]:
    rows = []
    for name, dram in technology.drams.items():
        energy = bytes_per_token * 8.0 * dram.energy_j_per_bit + mac_j
        raw = bandwidth * 8.0 / (dram.payload_fraction * dram.efficiency)
        within = None if budget_j is None else energy <= budget_j
        channels = math.ceil(raw / (dram.max_data_rate_per_s * dram.channel_bits))
        width = max(1, channels) * dram.channel_bits
        rows.append(Interface(name, raw, width, energy, within))
    return tuple(sorted(rows, key=lambda row: (row.energy_per_token_j, row.dram)))
