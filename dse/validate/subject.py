"""From a row of measurements to what the physics needs: chip, unit, model, scenario, stack."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from dse.chip import Chip, ComputeUnit
from dse.cost import Stack
from dse.dtype import DType
from dse.technology import DramType, Silicon
from dse.validate.complete import complete
from dse.validate.heads import HeadRule
from dse.validate.kernel_rows import product, product_reason
from dse.validate.measurement import ENERGY, Measurement
from dse.validate.names import Names
from dse.validate.request import request
from dse.validate.scope import Scope
from dse.workload import Model, Network, Scenario

__all__ = ["Library", "Subject", "Unpredictable", "subject"]

_LANGUAGE = ("decode_tok_s", "prefill_tok_s", "ttft_s", *ENERGY)
# Segments of the chip files that a class of measurements may be likened to, nearest first.
_SEGMENTS = {
    "phone": ("phone",),
    "laptop": ("laptop",),
    "laptop_dgpu": ("desktop",),
    "desktop_gpu": ("desktop",),
    "desktop_soc": ("desktop", "laptop"),
    "dc_gpu": ("datacentre",),
    "dc_accel": ("datacentre",),
    "edge": ("edge", "phone"),
}


@dataclass(frozen=True)
class Library:
    """What rows are resolved against.

    Parameters
    ----------
    chips : mapping of str to Chip
        Chips of the library.
    models : mapping of str to Model or Network
        Models and networks of the zoo that the rows name.
    names : Names
        Published names.
    heads : tuple of HeadRule
        Formats that keep the LM head wider.
    scopes : tuple of Scope
        What measurements of energy include.
    stacks : mapping of str to Stack
        Stacks of the library.
    silicon : Silicon
        Constants of the reference node.
    drams : mapping of str to DramType
        DRAM types.
    """

    chips: Mapping[str, Chip]
    models: Mapping[str, Model | Network]
    names: Names
    heads: tuple[HeadRule, ...]
    scopes: tuple[Scope, ...]
    stacks: Mapping[str, Stack]
    silicon: Silicon
    drams: Mapping[str, DramType] = field(default_factory=dict)

    @cached_property
    def by_kind(self) -> Mapping[str, tuple[tuple[Chip, ComputeUnit], ...]]:
        """Every unit of every chip, by its kind."""
        pairs = [(chip, unit) for chip in self.chips.values() for unit in chip.units]
        kinds = ("gpu", "npu", "cpu")
        return {kind: tuple(pair for pair in pairs if pair[1].kind == kind) for kind in kinds}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a row measured.

    Parameters
    ----------
    row : Measurement
        The row.
    chip : Chip
        With the bandwidth that the row states.
    chip_key : str
        The silicon: rows with one key are left out together.
    unit : ComputeUnit
        What runs the model.
    model, scenario : Model or Network, Scenario
        What is run.
    stack : str
        Name of the software stack.
    has_narrow_sums : bool
        As that stack's file states.
    """

    row: Measurement
    chip: Chip
    chip_key: str
    unit: ComputeUnit
    model: Model | Network
    scenario: Scenario
    stack: str
    has_narrow_sums: bool = False


@dataclass(frozen=True, slots=True)
class Unpredictable:
    """A row that is listed and not predicted.

    Parameters
    ----------
    row : Measurement
        The row.
    reason : str
        The rule that excludes it.
    """

    row: Measurement
    reason: str


def subject(row: Measurement, library: Library) -> Subject | Unpredictable:
    """Find what a row measured.

    A chip that the library describes is taken with the row's own bandwidth, for a memory is a
    matter of the board. Any other chip is likened to the library's unit of the same kind and
    segment whose bandwidth is nearest, scaled to the row's bandwidth and peak rate.

    Parameters
    ----------
    row : Measurement
        One row.
    library : Library
        Chips, models and names.

    Returns
    -------
    Subject or Unpredictable
        The latter with the rule that excludes the row.
    """
    # The memory of a chip that the library describes is in its file.
    drams = None if row.chip in library.names.chips else library.drams
    row = complete(row, library.names.formats, drams)
    is_product = row.metric == "gemm_tflops"
    reason = product_reason(row) if is_product else _reason(row, library)
    if reason:
        return Unpredictable(row, reason)
    key = library.names.chips.get(row.chip, row.chip)
    found = _on_chip(row, library.chips.get(key), library)
    if found is None:
        return Unpredictable(row, "no chip file, and no bandwidth in the row")
    chip, unit = found
    name = row.engine.lower()
    if name not in library.stacks:
        name = library.names.stack(row.engine, _kind(row), row.chip, row.words)
    stack = library.stacks.get(name)
    return Subject(
        row=row,
        chip=chip,
        chip_key=key,
        unit=unit,
        model=product(row) if is_product else library.models[library.names.models[row.model]],
        scenario=request(row, library.heads),
        stack=name,
        has_narrow_sums=stack is not None and stack.has_narrow_sums,
    )


def _reason(row: Measurement, library: Library) -> str:
    """Rule that keeps a row from being predicted, or nothing."""
    is_described = row.chip in library.names.chips
    needs_prompt = row.metric in ("prefill_tok_s", "ttft_s")
    has_peak = row.peak_ops_per_s is not None or is_described
    rules = (
        (row.metric not in (*_LANGUAGE, "image_s"), f"{row.metric}: not a metric known here"),
        (row.model not in library.names.models, "model not in the zoo"),
        (_is_mismatched(row, library), f"{row.metric}: not what this kind of model yields"),
        (not _has_batch(row), "batch varies (continuous batching, saturation)"),
        (row.weight_bits is None, "weight bits unknown"),
        (needs_prompt and not row.prompt_tokens, "prompt length unknown"),
        (needs_prompt and not has_peak, "compute peak unknown"),
    )
    return next((reason for is_met, reason in rules if is_met), "")


def _has_batch(row: Measurement) -> bool:
    """Whether the batch is known: a whole number, or for energy the mean of a steady state."""
    if row.sequences is None:
        return False
    return row.metric in ENERGY or row.sequences.is_integer()


def _is_mismatched(row: Measurement, library: Library) -> bool:
    """Whether a row times an image of a language model, or a text of a diffusion model."""
    model = library.models.get(library.names.models.get(row.model, ""))
    return model is not None and isinstance(model, Network) != (row.metric == "image_s")


def _kind(row: Measurement) -> str:
    """Unit that a row's work mostly runs on; a mixed one is likened to the accelerator."""
    return "npu" if row.unit == "mixed" else row.unit


def _on_chip(
    row: Measurement, chip: Chip | None, library: Library
) -> tuple[Chip, ComputeUnit] | None:
    kind = _kind(row)
    unit = next((unit for unit in chip.units if unit.kind == kind), None) if chip else None
    if chip is not None and unit is not None:
        return _with_bandwidth(chip, row.peak_bytes_per_s), unit
    bandwidth = row.peak_bytes_per_s or (_bandwidth(chip) if chip else None)
    if bandwidth is None:
        return None
    model, unit = _nearest(row, kind, bandwidth, library)
    own = replace(chip, units=()) if chip else model
    # The rate that a row of a described chip states is that of another unit.
    peak = None if chip else _dense_peak(row)
    unit = _scaled(unit, bandwidth / _bandwidth(model), peak)
    return _with_bandwidth(replace(own, units=(unit,)), bandwidth), unit


def _bandwidth(chip: Chip) -> float:
    dram = chip.dram
    return dram.bus_width_bits / 8.0 * dram.data_rate_per_s * dram.type.payload_fraction


def _with_bandwidth(chip: Chip, bandwidth: float | None) -> Chip:
    """Set the data rate so that the peak bandwidth is the row's."""
    if bandwidth is None:
        return chip
    factor = bandwidth / _bandwidth(chip)
    rate = chip.dram.data_rate_per_s * factor
    return replace(chip, dram=replace(chip.dram, data_rate_per_s=rate))


def _nearest(
    row: Measurement, kind: str, bandwidth: float, library: Library
) -> tuple[Chip, ComputeUnit]:
    """Described unit of the same kind, same segment if there is one, and nearest bandwidth."""
    segments = _SEGMENTS.get(row.chip_class, ())
    vendor = row.chip.split()[0].lower()

    def distance(pair: tuple[Chip, ComputeUnit]) -> tuple[int, int, float]:
        chip = pair[0]
        place = segments.index(chip.segment) if chip.segment in segments else len(segments)
        is_foreign = not chip.title.lower().startswith(vendor)
        return int(is_foreign), place, abs(math.log(_bandwidth(chip) / bandwidth))

    return min(library.by_kind[kind], key=distance)


def _dense_peak(row: Measurement) -> tuple[float, DType] | None:
    """Dense peak rate of a row and its type: half of a rate that counts on sparsity."""
    if row.peak_ops_per_s is None:
        return None
    text = row.peak_precision.upper()
    rate = row.peak_ops_per_s / (2.0 if "SPARSE" in text else 1.0)
    word = text.split()[0] if text else "INT8"
    return rate, DType[word] if word in DType.__members__ else DType.INT8


def _scaled(unit: ComputeUnit, factor: float, peak: tuple[float, DType] | None) -> ComputeUnit:
    """Give a unit more or fewer cores: by its peak rate where known, else by the bandwidth.

    What whole cores leave over, the clock makes up for; a type that the unit lacks is taken to
    run as much faster than FP16 as it is narrower.
    """
    if peak is not None:
        matrix, (rate, dtype) = unit.matrix, peak
        cells = matrix.rows * matrix.cols * matrix.depth * unit.count * unit.clock_hz
        ratios = [r.ratio for r in matrix.rates if r.weights is dtype]
        halves = [r.ratio * 16.0 / dtype.bits for r in matrix.rates if r.weights is DType.FP16]
        factor = rate / (2.0 * cells * max(ratios or halves or [1.0]))
    count = max(1.0, round(unit.count * factor))
    pace = unit.count * factor / count
    return replace(
        unit,
        count=count,
        clock_hz=unit.clock_hz * pace,
        max_clock_hz=unit.max_clock_hz * pace,
        max_dram_bytes_per_s=unit.max_dram_bytes_per_s * factor,
    )
