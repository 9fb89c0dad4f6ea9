"""Numbers as people read them: a metric's value with its unit, and the scale of an axis."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from dse.cost.metric import BOUNDS, metric
from dse.units import DIMENSIONS, UNLIMITED, dimension_of

__all__ = ["Scale", "axis_scale", "format_metric", "format_unit", "metric_title", "significant"]

# The units people use with each base unit of `Metric`, small to large; capacities are binary and
# rates decimal, as everywhere in dse.
_SHOWN: dict[str, tuple[str, ...]] = {
    "s": ("ns", "us", "ms", "s"),
    "J": ("nJ", "uJ", "mJ", "J"),
    "W": ("uW", "mW", "W"),
    "B": ("B", "KiB", "MiB", "GiB", "TiB"),
    "B/s": ("B/s", "kB/s", "MB/s", "GB/s", "TB/s"),
    "op": ("op", "kop", "Mop", "Gop", "Top"),
    "op/s": ("op/s", "MOPS", "GOPS", "TOPS"),
    "token/s": ("tok/s",),
    "mm2": ("mm2",),
    "USD": ("USD",),
}
_OPS = {"op": 1.0, "kop": 1e3, "Mop": 1e6, "Gop": 1e9, "Top": 1e12}
_FRACTIONS = (
    "edge_fraction",
    "prefill_utilisation",
    "decode_dram_utilisation",
    "image_utilisation",
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How an axis is written: its values are divided by `factor` and carry `unit`."""

    factor: float
    unit: str


def axis_scale(name: str, values: Iterable[float]) -> Scale:
    """Choose the prefix under which the middle of the values reads best.

    Parameters
    ----------
    name : str
        Metric.
    values : iterable of float
        What the axis will show, SI; infinities and NaN are passed over.

    Examples
    --------
    >>> axis_scale("tpot_s", [0.02, 0.3])
    Scale(factor=0.001, unit='ms')
    """
    return _scale("%" if name in _FRACTIONS else metric(name).unit, values)


def _scale(base: str, values: Iterable[float]) -> Scale:
    if base == "%":
        return Scale(0.01, "%")
    if not base:
        return Scale(1.0, "")
    sizes = sorted(abs(value) for value in values if math.isfinite(value) and value)
    middle = sizes[len(sizes) // 2] if sizes else 1.0
    steps = [Scale(_factor(base, unit), unit) for unit in _SHOWN[base]]
    # A value that rounds up to the next unit belongs there: 0.9999 s is 1 s.
    fitting = [step for step in steps if middle >= step.factor * 0.9995]
    return fitting[-1] if fitting else steps[0]


def _factor(base: str, unit: str) -> float:
    """Size of a unit, from the table that specs are read with."""
    if base == "op":  # a count of operations has no quantity in a spec
        return _OPS[unit]
    return DIMENSIONS[dimension_of(base)].units[unit].to_base("1", 0)


def format_unit(value: float, base: str, digits: int = 3) -> str:
    """Write a value given in a base unit (``s``, ``J``, ``B``, ``op`` ...; ``%`` for a ratio).

    Examples
    --------
    >>> format_unit(3.2e12, "op"), format_unit(0.25, "%"), format_unit(16 * 2**30, "B")
    ('3.20 Top', '25.0 %', '16.0 GiB')
    """
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return UNLIMITED if value > 0 else f"-{UNLIMITED}"
    if base == "%":
        return f"{100.0 * value:.1f} %"
    scale = _scale(base, (value,))
    return f"{significant(value / scale.factor, digits)} {scale.unit}".rstrip()


def format_metric(name: str, value: float, digits: int = 3) -> str:
    """Write one value of a metric for people, with `digits` significant digits.

    Examples
    --------
    >>> format_metric("tpot_s", 0.0781), format_metric("memory_bytes", 6 * 2**30)
    ('78.1 ms', '6.00 GiB')
    >>> format_metric("fits", 0.0), format_metric("decode_bound", 4.0)
    ('no', 'dram')
    """
    if math.isnan(value):
        return "-"
    if name in ("fits", "buildable"):
        return "yes" if value else "no"
    if name.endswith("_bound"):
        return BOUNDS[int(value)]
    if name == "perplexity_ratio":  # what matters is how far it is from one
        return f"{value:.{digits}f}"
    base = "%" if name in _FRACTIONS else metric(name).unit
    return format_unit(value, base, digits)


def significant(value: float, digits: int) -> str:
    """Write a number with `digits` significant digits, and never with an exponent below 1e9.

    Examples
    --------
    >>> significant(78.14, 3), significant(0.31249, 3), significant(12345.0, 3)
    ('78.1', '0.312', '12345')
    """
    if value == 0:
        return "0"
    # Round first: 9.996 to three digits is 10.0, one order of magnitude above where it began.
    magnitude = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    if not -6 <= magnitude < 9:
        return f"{value:.{digits - 1}e}"
    return f"{value:.{max(0, digits - 1 - magnitude)}f}"


_TITLES = {
    "ttft_s": "Time to first token",
    "tpot_s": "Time per output token",
    "prefill_tok_s": "Prefill rate",
    "decode_tok_s": "Decode rate",
    "e2e_latency_s": "Request latency",
    "prefill_energy_j": "Prefill energy",
    "energy_per_token_j": "Energy per token",
    "e2e_energy_j": "Request energy",
    "prefill_power_w": "Prefill power",
    "decode_power_w": "Decode power",
    "weight_bytes": "Weights",
    "kv_cache_bytes": "KV cache",
    "memory_bytes": "Memory use",
    "memory_free_bytes": "Memory left",
    "fits": "Fits",
    "buildable": "Can be built",
    "npu_area_mm2": "Unit area",
    "area_mm2": "Die area",
    "edge_fraction": "Die edge for DRAM",
    "cost_usd": "Cost",
    "peak_ops_per_s": "Peak rate",
    "dram_bandwidth_bytes_per_s": "DRAM bandwidth",
    "prefill_utilisation": "Prefill utilisation",
    "decode_dram_utilisation": "Decode DRAM utilisation",
    "prefill_dram_bytes": "Prefill DRAM traffic",
    "decode_dram_bytes": "DRAM traffic per step",
    "prefill_bound": "Prefill waits for",
    "decode_bound": "Decode waits for",
    "perplexity_ratio": "Perplexity over 16 bits",
    "image_s": "Time per image",
    "image_energy_j": "Energy per image",
    "image_power_w": "Power",
    "image_utilisation": "Utilisation",
    "image_dram_bytes": "DRAM traffic per image",
    "image_bound": "Waits for",
}


def metric_title(name: str) -> str:
    """Title of a metric for tables and axes; the name itself where it has none.

    Examples
    --------
    >>> metric_title("tpot_s")
    'Time per output token'
    """
    return _TITLES.get(name, name)
