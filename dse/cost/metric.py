"""The metrics that an evaluation yields: name, unit, sense and meaning, written once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = [
    "BOUNDS",
    "IMAGE_METRICS",
    "METRICS",
    "QUALITY_METRICS",
    "TEXT_METRICS",
    "Mean",
    "Metric",
    "metric",
]

# What an operator can wait for; a `*_bound` metric is an index into this tuple.
BOUNDS = ("matrix", "vector", "sram", "cache", "dram", "dispatch", "flash")


class Mean(Enum):
    """What a metric of a mix of requests is the mean over.

    Each is an arithmetic mean, so that quotients stay quotients of totals: a rate, weighed by the
    time that it lasts, is all tokens over all seconds, and a power all joules over all seconds.
    """

    NONE = "none: the worst request counts, for a chip must hold each"
    REQUEST = "requests"
    STEP = "decode steps"
    OUTPUT = "output tokens after the first"
    PREFILL = "time in prefills"
    DECODE = "time in decodes"


@dataclass(frozen=True, slots=True)
class Metric:
    """One column of a result table.

    Parameters
    ----------
    name : str
        Column name; the SI unit is its last word.
    unit : str
        Unit for people, empty for pure numbers.
    sense : int
        -1 where less is better, +1 where more is better, 0 where neither.
    meaning : str
        One sentence.
    mean : Mean
        How it is combined over a mix of requests. A metric without a sense is that of the request
        which takes the largest part of what the mean would be over.
    """

    name: str
    unit: str
    sense: int
    meaning: str
    mean: Mean = Mean.NONE


METRICS: tuple[Metric, ...] = (
    Metric(
        "ttft_s", "s", -1, "Time to first token: the prefill of the whole prompt.", Mean.REQUEST
    ),
    Metric(
        "tpot_s",
        "s",
        -1,
        "Time per output token after the first, mean over the output.",
        Mean.STEP,
    ),
    Metric(
        "prefill_tok_s",
        "token/s",
        1,
        "Prompt tokens per second, over the whole batch.",
        Mean.PREFILL,
    ),
    Metric(
        "decode_tok_s",
        "token/s",
        1,
        "Output tokens per second, over the whole batch.",
        Mean.DECODE,
    ),
    Metric("e2e_latency_s", "s", -1, "Time from request to last token.", Mean.REQUEST),
    Metric("prefill_energy_j", "J", -1, "Energy of the prefill.", Mean.REQUEST),
    Metric(
        "energy_per_token_j",
        "J",
        -1,
        "Energy per output token, mean over the decode.",
        Mean.OUTPUT,
    ),
    Metric("e2e_energy_j", "J", -1, "Energy of the whole request.", Mean.REQUEST),
    Metric("prefill_power_w", "W", -1, "Mean power during the prefill.", Mean.PREFILL),
    Metric("decode_power_w", "W", -1, "Mean power during the decode.", Mean.DECODE),
    Metric("weight_bytes", "B", -1, "Weights, embedding and head as stored."),
    Metric("kv_cache_bytes", "B", -1, "Keys and values at the end of the output."),
    Metric("memory_bytes", "B", -1, "Peak DRAM need, system and all, but what flash may hold."),
    Metric("memory_free_bytes", "B", 1, "DRAM capacity less the peak use; negative: no fit."),
    Metric("fits", "", 1, "1 where the peak use fits the DRAM, else 0."),
    Metric("npu_area_mm2", "mm2", -1, "Area of the unit that runs the model, SRAM included."),
    Metric("area_mm2", "mm2", -1, "Die area: published where known, else the sum of parts."),
    Metric("edge_fraction", "", -1, "Die edge that the DRAM PHY takes, over the perimeter."),
    Metric("buildable", "", 1, "1 where the clock and the DRAM width and rate are on offer."),
    Metric("cost_usd", "USD", -1, "Die, package and DRAM."),
    Metric("peak_ops_per_s", "op/s", 1, "Peak rate of the unit for these formats; MAC = 2 ops."),
    Metric("dram_bandwidth_bytes_per_s", "B/s", 1, "Peak DRAM payload bandwidth."),
    Metric(
        "prefill_utilisation",
        "",
        1,
        "Time of the matrix work at its peak rates over TTFT.",
        Mean.PREFILL,
    ),
    Metric(
        "decode_dram_utilisation",
        "",
        1,
        "DRAM bytes over peak bandwidth x time, decode.",
        Mean.DECODE,
    ),
    Metric("prefill_dram_bytes", "B", -1, "DRAM bytes moved by the prefill.", Mean.REQUEST),
    Metric("decode_dram_bytes", "B", -1, "DRAM bytes moved per decode step.", Mean.STEP),
    Metric(
        "prefill_bound",
        "",
        0,
        "What most of the prefill time waits for (index into BOUNDS).",
        Mean.PREFILL,
    ),
    Metric(
        "decode_bound",
        "",
        0,
        "What most of the decode time waits for (index into BOUNDS).",
        Mean.DECODE,
    ),
)

# What a language model has beside them where somebody measured its quality; NaN where the
# measurements do not reach.
QUALITY_METRICS: tuple[Metric, ...] = (
    Metric("perplexity_ratio", "", -1, "Perplexity in these formats over that in 16 bits."),
)
TEXT_METRICS: tuple[Metric, ...] = (*METRICS, *QUALITY_METRICS)

# What a network of layers has instead of the metrics of texts; the others it shares.
_OF_IMAGES = (
    Metric("image_s", "s", -1, "Time per image, all steps of all stages; of a batch, its share."),
    Metric("image_energy_j", "J", -1, "Energy per image."),
    Metric("image_power_w", "W", -1, "Mean power while images are made."),
    Metric("image_utilisation", "", 1, "Time of the matrix work at its peak rates over the time."),
    Metric("image_dram_bytes", "B", -1, "DRAM bytes moved per image."),
    Metric("image_bound", "", 0, "What most of the time waits for (index into BOUNDS)."),
)
_SHARED = (
    *("weight_bytes", "memory_bytes", "memory_free_bytes", "fits"),
    *("npu_area_mm2", "area_mm2", "edge_fraction", "buildable", "cost_usd"),
    *("peak_ops_per_s", "dram_bandwidth_bytes_per_s"),
)
IMAGE_METRICS: tuple[Metric, ...] = (
    *_OF_IMAGES,
    *(entry for entry in METRICS if entry.name in _SHARED),
)

_BY_NAME = {entry.name: entry for entry in (*TEXT_METRICS, *IMAGE_METRICS)}


def metric(name: str) -> Metric:
    """Look a metric up by name.

    Raises
    ------
    KeyError
        If there is none.
    """
    return _BY_NAME[name]
