"""Validated specs to the frozen dataclasses of the core."""

from __future__ import annotations

from dataclasses import replace

from dse.chip import (
    Area,
    Cache,
    Chip,
    ComputeUnit,
    Dataflow,
    Dram,
    KernelLibrary,
    LocalSram,
    MatrixEngine,
    Power,
    Rails,
    Rate,
    Storage,
    VectorEngine,
)
from dse.cost import Stack
from dse.dtype import DType
from dse.spec.build_technology import Technology
from dse.spec.schema import ChipSpec, ScenarioSpec, StackSpec
from dse.spec.schema.chip import DramSpec, MatrixSpec, PowerSpec, StorageSpec, UnitSpec
from dse.spec.schema.kernels import KernelsSpec
from dse.technology import DramType
from dse.workload import Model, Precision, Scenario

__all__ = ["to_chip", "to_scenario", "to_stack"]


def to_chip(spec: ChipSpec, technology: Technology) -> Chip:
    """Build the chip; its node and DRAM type must exist."""
    cache, storage = spec.cache, spec.storage
    node = technology.nodes[spec.node]
    other = spec.area.other / technology.silicon.other_area_factor(node)
    return Chip(
        name=spec.name,
        title=spec.title,
        segment=spec.segment,
        year=spec.year,
        node=node,
        units=tuple(_unit(name, unit) for name, unit in spec.units.items()),
        # No cache is one that holds nothing and delays nothing.
        cache=Cache(cache.capacity, cache.bandwidth) if cache else Cache(0.0, float("inf")),
        dram=_dram(spec.dram, technology.drams[spec.dram.type]),
        storage=_storage(storage) if storage else None,
        power=_power(spec.power),
        area=Area(other, spec.area.die),
        system_reserved_bytes=spec.system_reserved,
        is_template=spec.is_template,
        sync_s=spec.sync,
    )


def _storage(spec: StorageSpec) -> Storage:
    return Storage(spec.read_bandwidth, spec.energy, spec.random_read_bandwidth)


def _power(spec: PowerSpec) -> Power:
    rails = spec.rails
    if rails is None:
        return Power(spec.idle, spec.sustained, spec.peak)
    measured = Rails(
        idle_w=rails.idle,
        active_w=rails.active,
        mac_j={DType[name.upper()]: value for name, value in rails.mac.items()},
        cache_j_per_byte=rails.cache,
        score_j=rails.score,
        memory_idle_w=rails.memory_idle,
        memory_active_w=rails.memory_active,
        memory_j_per_byte=8.0 * rails.memory,
    )
    return Power(spec.idle, spec.sustained, spec.peak, measured)


def _kernels(spec: KernelsSpec) -> KernelLibrary:
    return KernelLibrary(
        launch_s=spec.launch,
        fused_launch_s=spec.fused_launch,
        matrix_efficiency=spec.matrix_efficiency,
        cache_efficiency=spec.cache_efficiency,
        dram_efficiency=spec.dram_efficiency,
        exposed=spec.exposed,
        epilogue_ops=spec.epilogue_ops,
        score_ops=spec.score_ops,
        norm_ops=spec.norm_ops,
    )


def _unit(name: str, spec: UnitSpec) -> ComputeUnit:
    return ComputeUnit(
        name=name,
        kind=spec.kind,
        count=float(spec.count),
        clock_hz=spec.clock,
        matrix=_matrix(spec.matrix),
        vector=VectorEngine(
            float(spec.vector.lanes), spec.vector.exp_ops, spec.vector.convert_ops
        ),
        sram=LocalSram(spec.sram.capacity, spec.sram.bandwidth),
        dispatch_s=spec.dispatch,
        max_dram_bytes_per_s=spec.max_dram_bandwidth,
        max_clock_hz=spec.max_clock,
        kernels=_kernels(spec.kernels),
    )


def _matrix(spec: MatrixSpec) -> MatrixEngine:
    rates = (
        Rate(
            DType[rate.weights.upper()],
            DType[rate.activations.upper()],
            rate.rate,
            rate.narrow_rate,
        )
        for rate in spec.rates
    )
    return MatrixEngine(
        dataflow=Dataflow(spec.dataflow),
        rows=float(spec.rows),
        cols=float(spec.cols),
        depth=float(spec.depth),
        rates=tuple(rates),
        double_buffered=spec.double_buffered,
        block_rows=float(spec.block_rows),
        block_cols=float(spec.block_cols),
    )


def _dram(spec: DramSpec, kind: DramType) -> Dram:
    if spec.efficiency is not None:
        kind = replace(kind, efficiency=spec.efficiency)
    if spec.energy is not None:
        kind = replace(kind, energy_j_per_bit=spec.energy)
    return Dram(kind, spec.bus_width, spec.data_rate, spec.capacity, spec.max_outstanding)


def to_scenario(spec: ScenarioSpec, draft: Model | None = None) -> Scenario:
    """Build the scenario; the head follows the weights and the embedding follows the head.

    `draft` is the model that the spec names as such.
    """
    head = spec.head or spec.weights
    embedding = spec.embedding or head
    return Scenario(
        name=spec.name,
        prompt_tokens=spec.prompt_tokens,
        output_tokens=spec.output_tokens,
        batch_size=spec.batch_size,
        precision=Precision(
            spec.weights, head, embedding, spec.activations, spec.kv, spec.quantisation
        ),
        fusion=spec.fusion,
        steps=spec.steps,
        guidance=spec.guidance,
        cached_prompt_tokens=spec.cached_prompt_tokens,
        prefill_chunk_tokens=spec.prefill_chunk_tokens,
        beams=spec.beams,
        draft=draft,
        draft_tokens=spec.draft_tokens,
        acceptance=spec.acceptance,
        offload=spec.offload,
        load_ahead=spec.load_ahead,
        active_fraction=spec.active_fraction,
        popularity_skew=spec.popularity_skew,
    )


def to_stack(spec: StackSpec) -> Stack:
    """Build the software stack."""
    return Stack(
        name=spec.name,
        dram_efficiency=spec.dram_efficiency,
        matrix_efficiency=spec.matrix_efficiency,
        lane_efficiency=spec.lane_efficiency,
        dispatches_per_op=spec.dispatches_per_op,
        score_bytes=spec.score_bytes,
        has_narrow_sums=spec.sums == "narrow",
        prompt_s=spec.prompt,
        step_s=spec.step,
        convert_ops=spec.convert_ops,
    )
