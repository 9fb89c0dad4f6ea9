"""From a row of measurements to what the physics needs: chip, unit, model, scenario, stack."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from dse.chip import Chip, ComputeUnit
from dse.cost import Stack
from dse.dtype import DType, Format
from dse.technology import Silicon
from dse.validate.measurement import Measurement
from dse.validate.names import Names
from dse.workload import Model, Precision, Scenario

__all__ = ["Library", "Subject", "Unpredictable", "subject"]

_LANGUAGE = ("decode_tok_s", "prefill_tok_s", "ttft_s", "energy_j_per_token", "power_w")
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
# Stored bits up to which a type is the nearest, group scales of about half a bit included.
_INTEGERS = (
    (2.6, DType.INT2),
    (3.6, DType.INT3),
    (5.2, DType.INT4),
    (5.9, DType.INT5),
    (7.0, DType.INT6),
    (10.0, DType.INT8),
)


@dataclass(frozen=True)
class Library:
    """What rows are resolved against.

    Parameters
    ----------
    chips : mapping of str to Chip
        Chips of the library.
    models : mapping of str to Model
        Models of the zoo that the rows name.
    names : Names
        Published names.
    stacks : mapping of str to Stack
        Stacks of the library.
    silicon : Silicon
        Constants of the reference node.
    """

    chips: Mapping[str, Chip]
    models: Mapping[str, Model]
    names: Names
    stacks: Mapping[str, Stack]
    silicon: Silicon

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
    model, scenario : Model, Scenario
        What is run.
    stack : str
        Name of the software stack.
    """

    row: Measurement
    chip: Chip
    chip_key: str
    unit: ComputeUnit
    model: Model
    scenario: Scenario
    stack: str


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
    reason = _reason(row, library)
    if reason:
        return Unpredictable(row, reason)
    key = library.names.chips.get(row.chip, row.chip)
    found = _on_chip(row, library.chips.get(key), library)
    if found is None:
        return Unpredictable(row, "no chip file, and no bandwidth in the row")
    chip, unit = found
    return Subject(
        row=row,
        chip=chip,
        chip_key=key,
        unit=unit,
        model=library.models[library.names.models[row.model]],
        scenario=_scenario(row),
        stack=library.names.stack(row.engine, _kind(row), row.chip),
    )


def _reason(row: Measurement, library: Library) -> str:
    """Rule that keeps a row from being predicted, or nothing."""
    is_described = row.chip in library.names.chips
    needs_prompt = row.metric in ("prefill_tok_s", "ttft_s")
    has_peak = row.peak_ops_per_s is not None or is_described
    rules = (
        (row.metric not in _LANGUAGE, f"{row.metric}: not a language model"),
        (row.model not in library.names.models, "model not in the zoo"),
        (not row.batch.isdigit(), "batch varies (continuous batching, saturation)"),
        (row.weight_bits is None, "weight bits unknown"),
        (needs_prompt and not row.prompt_tokens, "prompt length unknown"),
        (needs_prompt and not has_peak, "compute peak unknown"),
    )
    return next((reason for is_met, reason in rules if is_met), "")


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
    """Give a unit more or fewer cores: by its peak rate where known, else by the bandwidth."""
    if peak is not None:
        matrix, (rate, dtype) = unit.matrix, peak
        cells = matrix.rows * matrix.cols * matrix.depth * unit.count * unit.clock_hz
        ratio = max((r.ratio for r in matrix.rates if r.weights is dtype), default=1.0)
        factor = rate / (2.0 * cells * ratio)
    limit = unit.max_dram_bytes_per_s * factor
    return replace(unit, count=max(1.0, round(unit.count * factor)), max_dram_bytes_per_s=limit)


def _scenario(row: Measurement) -> Scenario:
    """Lengths and formats; a prefill yields the first token, each decode step one more."""
    steps = int(row.gen_tokens or 1) if row.metric not in ("prefill_tok_s", "ttft_s") else 1
    return Scenario(
        name=row.id,
        prompt_tokens=max(1, int(row.prompt_tokens or 1)),
        output_tokens=steps + 1,
        batch_size=max(1, int(row.batch)),
        precision=_precision(row),
    )


def _precision(row: Measurement) -> Precision:
    weights = _stored(row.weight_bits or 16.0, row.weight_format)
    code = DType.BF16 if weights.code == DType.BF16 else DType.FP16
    activations = Format(code.name.lower(), int(code), 16.0)
    if row.activation_bits is not None and row.activation_bits <= 8.0:
        code = DType.FP8 if weights.code in (DType.FP8, DType.FP4) else DType.INT8
        activations = Format(code.name.lower(), int(code), 8.0)
    kv = _stored(row.kv_bits or 16.0, "")
    return Precision(weights, weights, weights, activations, kv)


def _stored(bits: float, text: str) -> Format:
    """Format of given effective bits: the nearest type, or the float that its name says."""
    name = text.upper()
    if "FP8" in name:
        code = DType.FP8
    elif "FP4" in name:
        code = DType.FP4
    elif bits > 10.0:
        code = DType.BF16 if "BF16" in name else DType.FP16
    else:
        code = next(dtype for most, dtype in _INTEGERS if bits <= most)
    return Format(f"{code.name.lower()}:{bits:g}", int(code), bits)
