from __future__ import annotations

from dataclasses import replace

import pytest

from dse.validate import Library
from dse.validate.formats import effective_bits
from dse.validate.measurement import Measurement, read_measurements
from dse.validate.rules import RULES, set_aside
from dse.validate.run import shipped_measurements


@pytest.fixture(scope="module")
def row() -> Measurement:
    plain = read_measurements(shipped_measurements())[0]
    return replace(plain, engine="llama.cpp", source="a scoreboard", notes="stock clocks")


@pytest.mark.parametrize(
    ("engine", "notes"),
    [
        ("PowerInfer-2", ""),
        ("naive NPU offload", ""),
        ("+shadow outlier", ""),
        ("llama.cpp", "S24; GPU clock floored to 231 MHz"),
        ("llama.cpp", "8GB machine, memory pressure suspected"),
        ("llama.cpp", "before PR; spec from memory"),
        ("llama.cpp", "initial port, unoptimised"),
        ("vLLM", "end-to-end tps incl. prefill"),
        ("vLLM", "quantization not stated per row"),
        ("ExecuTorch", '"over 40" (lower bound)'),
        ("MLC", "anomalous MLC prefill"),
    ],
)
def test_words_set_a_row_aside(row: Measurement, engine: str, notes: str) -> None:
    assert set_aside(replace(row, engine=engine, notes=notes))


@pytest.mark.parametrize(
    ("engine", "notes"),
    [
        ("llama.cpp", "stock clocks"),
        ("+out-of-order (full llm.npu)", ""),
        ("llama.cpp", "after PR"),
        ("llama.cpp CUDA", "May 2024 build (before CUDA-graph gains)"),
        ("TensorRT", "lm_head likely FP16, so fraction is a lower bound"),
        ("gpt-fast", "A100 power-capped 330 W"),
    ],
)
def test_other_words_do_not(row: Measurement, engine: str, notes: str) -> None:
    assert set_aside(replace(row, engine=engine, notes=notes)) == ""


def test_no_rule_looks_at_the_value(row: Measurement) -> None:
    assert set_aside(replace(row, value=1e9)) == set_aside(replace(row, value=1e-9)) == ""


def test_the_rules_set_few_of_the_shipped_rows_aside() -> None:
    clean = [row for row in read_measurements(shipped_measurements()) if row.is_clean]
    reasons = [set_aside(row) for row in clean]
    assert {rule.reason for rule in RULES} == {reason for reason in reasons if reason}
    assert sum(map(bool, reasons)) < 0.06 * len(clean)


@pytest.mark.parametrize(
    ("text", "bits"),
    [("Q4_0", 4.5), ("Q4_0 (assumed)", 4.5), ("q8_0", 8.5), ("F16", 16.0), ("", None)],
)
def test_a_format_says_its_bits(library: Library, text: str, bits: float | None) -> None:
    assert effective_bits(text, library.names.formats) == bits


def test_a_mixture_without_a_stated_size_stays_unknown(library: Library) -> None:
    assert effective_bits("UD-Q4_K_XL (MoE)", library.names.formats) is None
