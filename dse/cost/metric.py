"""The metrics that an evaluation yields: name, unit, sense and meaning, written once."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BOUNDS",
    "IMAGE_METRICS",
    "METRICS",
    "QUALITY_METRICS",
    "TEXT_METRICS",
    "Metric",
    "metric",
]

# What an operator can wait for; a `*_bound` metric is an index into this tuple.
BOUNDS = ("matrix", "vector", "sram", "cache", "dram", "dispatch", "flash")


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
    """

    name: str
    unit: str
    sense: int
    meaning: str


METRICS: tuple[Metric, ...] = (
    Metric("ttft_s", "s", -1, "Time to first token: the prefill of the whole prompt."),
    Metric("tpot_s", "s", -1, "Time per output token after the first, mean over the output."),
    Metric("prefill_tok_s", "token/s", 1, "Prompt tokens per second, over the whole batch."),
    Metric("decode_tok_s", "token/s", 1, "Output tokens per second, over the whole batch."),
    Metric("e2e_latency_s", "s", -1, "Time from request to last token."),
    Metric("prefill_energy_j", "J", -1, "Energy of the prefill."),
    Metric("energy_per_token_j", "J", -1, "Energy per output token, mean over the decode."),
    Metric("e2e_energy_j", "J", -1, "Energy of the whole request."),
    Metric("prefill_power_w", "W", -1, "Mean power during the prefill."),
    Metric("decode_power_w", "W", -1, "Mean power during the decode."),
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
    Metric("prefill_utilisation", "", 1, "Time of the matrix work at its peak rates over TTFT."),
    Metric("decode_dram_utilisation", "", 1, "DRAM bytes over peak bandwidth x time, decode."),
    Metric("prefill_dram_bytes", "B", -1, "DRAM bytes moved by the prefill."),
    Metric("decode_dram_bytes", "B", -1, "DRAM bytes moved per decode step."),
    Metric("prefill_bound", "", 0, "What most of the prefill time waits for (index into BOUNDS)."),
    Metric("decode_bound", "", 0, "What most of the decode time waits for (index into BOUNDS)."),
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
