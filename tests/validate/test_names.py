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


@pytest.mark.parametrize(
    ("engine", "unit", "chip", "words", "stack"),
    [
        ("llama.cpp Metal", "gpu", "Apple M1", "README; May 2024 build", "llama.cpp-metal-2024"),
        ("llama.cpp CUDA", "gpu", "NVIDIA RTX 4090", "May 2024 build", "llama.cpp-cuda-2024"),
        ("llama.cpp", "gpu", "Jetson AGX Orin 64GB", "Jan 2024", "llama.cpp-cuda-2024"),
        ("llama.cpp CUDA", "gpu", "NVIDIA RTX 4090", "README (2026)", "llama.cpp-cuda"),
        (
            "Ollama/llama.cpp",
            "gpu",
            "AMD RX 7600",
            "eGPU on Raspberry Pi 5",
            "llama.cpp-vulkan-pi",
        ),
        ("Ollama/llama.cpp", "cpu", "Raspberry Pi 5", "system: Pi 5 - 8GB", "llama.cpp-cpu"),
        ("SGLang 0.4.6", "gpu", "NVIDIA H20 96GB", "", "sglang"),
        ("vLLM XPU", "gpu", "Intel Core Ultra 7 258V", "", "vllm-xpu"),
        ("TinyChat", "gpu", "NVIDIA RTX 4090", "", "tinychat"),
        ("HF transformers", "gpu", "NVIDIA RTX 4090", "", "hf-transformers"),
        ("MLC-LLM", "gpu", "Snapdragon 8 Gen 3", "", "mlc-opencl"),
        ("MLC", "gpu", "Jetson AGX Orin 64GB", "", "mlc-cuda"),
    ],
)
def test_a_build_that_the_row_calls_different_is_a_stack_of_its_own(
    library: Library, engine: str, unit: str, chip: str, words: str, stack: str
) -> None:
    assert library.names.stack(engine, unit, chip, words) == stack


def test_every_name_leads_into_the_library(library: Library) -> None:
    # A part of a network is named after it: `network:part`.
    models = {name.partition(":")[0] for name in library.names.models.values()}
    assert models <= {*list_specs("model"), *list_specs("network")}
    assert set(library.names.chips.values()) <= set(list_specs("chip"))


def test_a_broken_pattern_is_a_located_fault(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("kind,text,unit,chip,name\nengine,(a,,,b\n", encoding="utf-8")
    with pytest.raises(SpecError, match=r"names.csv:2:1"):
        read_names(path)
