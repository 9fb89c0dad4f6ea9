from __future__ import annotations

from pathlib import Path

import pytest

from dse.errors import SpecError
from dse.validate import Library, Measurement, Subject, subject
from dse.validate.heads import head_format, read_heads


def precision_of(row: Measurement, library: Library) -> tuple[str, str]:
    found = subject(row, library)
    assert isinstance(found, Subject)
    precision = found.scenario.precision
    return precision.weights.name, precision.head.name


def test_checkpoints_that_leave_the_head_alone(
    rows: tuple[Measurement, ...], library: Library
) -> None:
    awq = next(r for r in rows if r.weight_format == "AWQ-INT4" and "SGLang" in r.engine)
    gguf = next(r for r in rows if r.weight_format == "Q4_0" and r.engine == "llama.cpp Metal")
    openvino = next(r for r in rows if r.weight_format == "INT4" and "OpenVINO" in r.engine)
    assert precision_of(awq, library) == ("int4:4.25", "fp16")
    assert precision_of(gguf, library) == ("int4:4.5", "int4:4.5")
    assert precision_of(openvino, library)[1] == "int8"


def test_words_decide_where_the_format_alone_does_not(library: Library) -> None:
    engine, stored = "TensorRT Edge-LLM 0.9.0", "NVFP4"
    assert head_format(library.heads, engine, stored, "lm_head precision not stated") is None
    likely = head_format(library.heads, engine, stored, "lm_head likely FP16")
    assert likely is not None
    assert likely.name == "fp16"


def test_a_rule_that_cannot_be_read_is_located(tmp_path: Path) -> None:
    file = tmp_path / "heads.csv"
    file.write_text("engine,weight_format,words,head,source\n(,a,,fp16,none\n", encoding="utf-8")
    with pytest.raises(SpecError, match=r"heads\.csv:2"):
        read_heads(file)
