"""From a row of measurements to what was asked of the model: lengths, batch and formats."""

from __future__ import annotations

import re

from dse.dtype import DType, Format
from dse.validate.heads import HeadRule, head_format
from dse.validate.measurement import Measurement
from dse.workload import Precision, Scenario

__all__ = ["request"]

_STEPS = re.compile(r"\b([1-9]\d{0,5}) steps\b")
# Stored bits up to which a type is the nearest, group scales of about half a bit included.
_INTEGERS = (
    (2.6, DType.INT2),
    (3.6, DType.INT3),
    (5.2, DType.INT4),
    (5.9, DType.INT5),
    (7.0, DType.INT6),
    (10.0, DType.INT8),
)


def request(row: Measurement, heads: tuple[HeadRule, ...]) -> Scenario:
    """Lengths and formats; a prefill yields the first token, each decode step one more.

    An image takes the steps that the row states in words, else its network's own.

    Parameters
    ----------
    row : Measurement
        One row whose weight bits are known.
    heads : tuple of HeadRule
        Formats that keep the LM head wider.
    """
    stated = _STEPS.search(f"{row.model}; {row.notes}")
    steps = int(row.gen_tokens or 1) if row.metric not in ("prefill_tok_s", "ttft_s") else 1
    return Scenario(
        name=row.id,
        prompt_tokens=max(1, int(row.prompt_tokens or 1)),
        output_tokens=steps + 1,
        batch_size=round(row.sequences or 1.0),
        precision=_precision(row, heads),
        steps=int(stated[1]) if stated and row.metric == "image_s" else None,
    )


def _precision(row: Measurement, heads: tuple[HeadRule, ...]) -> Precision:
    weights = _stored(row.weight_bits or 16.0, row.weight_format)
    code = DType.BF16 if weights.code == DType.BF16 else DType.FP16
    activations = Format(code.name.lower(), int(code), 16.0)
    if row.activation_bits is not None and row.activation_bits <= 8.0:
        code = DType.FP8 if weights.code in (DType.FP8, DType.FP4) else DType.INT8
        activations = Format(code.name.lower(), int(code), 8.0)
    kv = _stored(row.kv_bits or 16.0, "")
    head = head_format(heads, row.engine, row.weight_format, row.words)
    return Precision(weights, head or weights, weights, activations, kv)


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
