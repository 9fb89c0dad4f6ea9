from __future__ import annotations

from pathlib import Path

import pytest

from dse.errors import SpecError
from dse.spec import list_specs
from dse.validate import Library
from dse.validate.names import read_names


@pytest.mark.parametrize(
    ("engine", "unit", "chip", "stack"),
    [
        ("llama.cpp Metal", "gpu", "Apple M4", "llama.cpp-metal"),
        ("Ollama/llama.cpp", "gpu", "Apple M5 Pro", "llama.cpp-metal"),
        ("Ollama/llama.cpp", "gpu", "NVIDIA RTX 4090", "llama.cpp-cuda"),
        ("llama.cpp", "gpu", "Jetson AGX Orin 64GB", "llama.cpp-cuda"),
        ("Ollama/llama.cpp", "cpu", "NVIDIA RTX 4090", "llama.cpp-cpu"),
        ("llama.cpp CPU (8 threads)", "cpu", "Apple M2 Ultra", "llama.cpp-cpu"),
        ("T-MAC CPU (4 threads)", "cpu", "Apple M2 Ultra", "t-mac"),
        ("TensorRT Edge-LLM 0.9.0", "gpu", "Jetson AGX Thor", "tensorrt-edge-llm"),
        ("TensorRT-LLM", "gpu", "NVIDIA H100 SXM", "tensorrt-llm"),
        ("LiteRT-LM", "cpu", "Snapdragon 8 Elite", "litert-cpu"),
        ("OpenVINO GenAI", "npu", "Intel Core Ultra 7 258V", "openvino-npu"),
        ("never heard of it", "npu", "Some chip", "generic-npu"),
    ],
)
def test_engines(library: Library, engine: str, unit: str, chip: str, stack: str) -> None:
    assert library.names.stack(engine, unit, chip) == stack


def test_every_name_leads_into_the_library(library: Library) -> None:
    assert set(library.names.models.values()) <= set(list_specs("model"))
    assert set(library.names.chips.values()) <= set(list_specs("chip"))


def test_a_broken_pattern_is_a_located_fault(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("kind,text,unit,chip,name\nengine,(a,,,b\n", encoding="utf-8")
    with pytest.raises(SpecError, match=r"names.csv:2:1"):
        read_names(path)
