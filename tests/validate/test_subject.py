from __future__ import annotations

from dataclasses import replace

import pytest

from dse.cost import evaluate
from dse.dtype import DType
from dse.validate import Library, Measurement, Subject, Unpredictable, subject


@pytest.fixture
def row(rows: tuple[Measurement, ...]) -> Measurement:
    return next(
        r
        for r in rows
        if r.is_clean and r.engine == "llama.cpp Metal" and r.metric == "decode_tok_s"
    )


def found(row: Measurement, library: Library) -> Subject:
    result = subject(row, library)
    assert isinstance(result, Subject)
    return result


def reason(row: Measurement, library: Library) -> str:
    result = subject(row, library)
    assert isinstance(result, Unpredictable)
    return result.reason


def bandwidth(each: Subject, library: Library) -> float:
    done = evaluate(each.chip, each.model, each.scenario, library.silicon, each.unit.name)
    return done.row()["dram_bandwidth_bytes_per_s"]


def test_a_described_chip_has_the_bandwidth_of_the_row(row: Measurement, library: Library) -> None:
    each = found(replace(row, peak_bytes_per_s=50e9), library)
    assert bandwidth(each, library) == pytest.approx(50e9)
    assert each.unit.kind == "gpu"


def test_an_unknown_chip_is_scaled_from_its_row(row: Measurement, library: Library) -> None:
    unknown = replace(
        row,
        chip="Apple M99",
        peak_bytes_per_s=2e12,
        peak_ops_per_s=100e12,
        peak_precision="FP16 dense",
    )
    each = found(unknown, library)
    matrix, unit = each.unit.matrix, each.unit
    ratio = next(r.ratio for r in matrix.rates if r.weights is DType.FP16)
    peak = 2 * unit.count * unit.clock_hz * matrix.rows * matrix.cols * matrix.depth * ratio
    assert peak == pytest.approx(100e12)
    assert bandwidth(each, library) == pytest.approx(2e12)
    sparse = found(replace(unknown, peak_precision="FP16 sparse"), library)
    half = sparse.unit.count * sparse.unit.clock_hz
    assert half == pytest.approx(unit.count * unit.clock_hz / 2)
    assert each.chip_key == "Apple M99"


def test_the_rate_of_a_type_that_the_likened_unit_lacks_follows_its_width(
    row: Measurement, library: Library
) -> None:
    unknown = replace(row, chip="Apple M99", peak_bytes_per_s=2e12, peak_ops_per_s=100e12)
    half = found(replace(unknown, peak_precision="FP16"), library).unit
    assert all(rate.weights is not DType.FP4 for rate in half.matrix.rates)
    narrow = found(replace(unknown, peak_precision="FP4"), library).unit
    rates = (each.count * each.clock_hz for each in (half, narrow))
    assert next(rates) == pytest.approx(4.0 * next(rates))


def test_effective_bits_are_kept_and_the_type_is_the_nearest(
    row: Measurement, library: Library
) -> None:
    for bits, text, code in (
        (4.85, "Q4_K_M", DType.INT4),
        (8.5, "Q8_0", DType.INT8),
        (3.0, "EXL2 3.0bpw", DType.INT3),
        (4.5, "NVFP4", DType.FP4),
        (16.0, "bf16", DType.BF16),
    ):
        formats = found(
            replace(row, weight_bits=bits, weight_format=text), library
        ).scenario.precision
        assert (formats.weights.bits, formats.weights.code) == (bits, code)
        assert formats.head == formats.weights


def test_an_unknown_chip_has_the_bandwidth_of_its_bus(row: Measurement, library: Library) -> None:
    bus = replace(
        row,
        chip="Unknown chip",
        peak_bytes_per_s=None,
        memory_type="LPDDR5-6400",
        bus_bits=64.0,
    )
    assert bandwidth(found(bus, library), library) == pytest.approx(51.2e9)


def test_what_cannot_be_predicted_says_why(row: Measurement, library: Library) -> None:
    assert "zoo" in reason(replace(row, model="None-1B"), library)
    assert "batch" in reason(replace(row, batch="max"), library)
    assert "batch" in reason(replace(row, batch="31.9"), library)
    unnamed = replace(row, weight_bits=None, weight_format="a mixture")
    assert "bits" in reason(unnamed, library)
    assert "image_s" in reason(replace(row, metric="image_s"), library)
    assert "prompt" in reason(replace(row, metric="ttft_s", prompt_tokens=None), library)
    lost = replace(row, chip="Unknown chip", peak_bytes_per_s=None, bus_bits=None)
    assert "bandwidth" in reason(lost, library)
    assert "peak" in reason(
        replace(lost, peak_ops_per_s=None, metric="prefill_tok_s", prompt_tokens=512.0), library
    )
