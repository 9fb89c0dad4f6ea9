"""Single kernels: the reader, the physics of blocks and waves, and the accuracy on an Orin."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.chip import Chip, KernelLibrary
from dse.cost.kernel_board import Board, board
from dse.cost.kernel_time import Attention, attention, gemm, normalisation
from dse.dtype import parse_format
from dse.errors import SpecError
from dse.spec import load_chip, load_technology, root
from dse.technology import Silicon
from dse.validate.kernel_rows import gemm_dims, predict_tflops, product_reason
from dse.validate.kernel_run import validate_kernels
from dse.validate.kernels import (
    Kernel,
    is_held_out,
    is_kernels,
    kernel_errors,
    kernel_summary,
    predict_kernels,
    read_kernels,
)
from dse.validate.measurement import Measurement
from dse.workload import Precision

SHIPPED = root() / "hw_configs/measurements/kernels.csv"
HEADER = (
    "chip,kind,m,n,k,precision,seq_q,seq_kv,heads_q,heads_kv,head_dim,causal,time_ms,"
    "power_gpu_w,power_mem_w"
)
SIZES = st.integers(1, 8192)


@pytest.fixture(scope="module")
def silicon() -> Silicon:
    return load_technology().silicon


@pytest.fixture(scope="module")
def orin() -> Chip:
    return load_chip("jetson-agx-orin-64gb")


@pytest.fixture(scope="module")
def kernels() -> tuple[Kernel, ...]:
    return read_kernels(SHIPPED)


def on(chip: Chip, silicon: Silicon, text: str = "fp16", unit: str = "gpu") -> Board:
    same = parse_format(text)
    return board(chip, Precision(same, same, same, same, same), silicon, unit)


def with_library(chip: Chip, **changes: float) -> Chip:
    unit = chip.unit("gpu")
    library = dataclasses.replace(unit.kernels, **changes)
    return dataclasses.replace(chip, units=(dataclasses.replace(unit, kernels=library),))


def write(path: Path, *lines: str) -> Path:
    file = path / "kernels.csv"
    file.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return file


# --- accuracy ---------------------------------------------------------------------------------


def test_shipped_kernels_are_predicted_from_the_other_half(
    kernels: tuple[Kernel, ...], orin: Chip, silicon: Silicon
) -> None:
    found = kernel_summary(kernels, predict_kernels(kernels, orin, silicon))
    summary, kinds = found["summary"], found["by_kind"]
    assert len(kernels) == 824
    assert summary["time"]["n"] == 384
    assert summary["energy"]["n"] == 380
    assert summary["time"]["median_abs_error"] == pytest.approx(0.017, abs=0.003)
    assert summary["energy"]["median_abs_error"] == pytest.approx(0.032, abs=0.005)
    assert summary["time"]["p90_abs_error"] < 0.10
    assert summary["energy"]["p90_abs_error"] < 0.13
    for name in ("attention fp16", "gemm fp16", "gemm int8", "layernorm fp16"):
        assert kinds[name]["time"]["median_abs_error"] < 0.105, name
        assert kinds[name]["energy"]["median_abs_error"] < 0.12, name
    # The logs hold no INT4 times, only power.
    assert kinds["gemm int4"]["time"] == {
        "n": 0,
        "median_abs_error": None,
        "p90_abs_error": None,
        "bias": None,
    }


def test_held_out_half_is_drawn_by_shape(kernels: tuple[Kernel, ...]) -> None:
    sides: dict[tuple[float, float], set[bool]] = {}
    for kernel in kernels:
        if kernel.kind == "gemm":
            sides.setdefault((kernel.n, kernel.k), set()).add(is_held_out(kernel))
    assert all(len(side) == 1 for side in sides.values())
    assert 0.4 < np.mean([is_held_out(kernel) for kernel in kernels]) < 0.6


def test_a100_follows_from_its_own_file(silicon: Silicon) -> None:
    rows = [row for row in _gemm_rows() if row.chip == "NVIDIA A100"]
    errors = [_tflops(row, "nvidia-a100-80gb", silicon) / row.value - 1.0 for row in rows]
    assert len(rows) == 20
    assert np.median(np.abs(errors)) < 0.10


def _gemm_rows() -> list[Measurement]:
    from dse.validate.measurement import read_measurements

    shipped = read_measurements(root() / "hw_configs/measurements/measured.csv")
    return [row for row in shipped if row.metric == "gemm_tflops"]


def _tflops(row: Measurement, name: str, silicon: Silicon) -> float:
    found = predict_tflops(row, load_chip(name), silicon)
    assert isinstance(found, float)
    return found


# --- physics ----------------------------------------------------------------------------------


def reference_seconds(m: int, k: int, n: int, width: float, rate: float) -> float:
    """The model of `gemm` in plain loops, with the Orin's numbers typed here."""
    cores, clock, fill = 16, 1.3e9, 800e9 * 0.76 / 16 / 1.3e9
    rate *= 1024 * 0.99
    best = math.inf
    sides = (64, 128, 256)
    for rows in sides:
        for cols in sides:
            if (rows, cols) == (256, 256):
                continue
            for split in (1, 2, 3, 4, 6, 8, 16):
                depth = math.ceil(k / split)
                if split > 1 and depth < 256:
                    continue
                real = min(rows, m), min(cols, n)
                step = max(rows * cols / rate, sum(real) * width / fill)
                block = step * depth + 26.5 * real[0] * real[1] / 128
                blocks = math.ceil(m / rows) * math.ceil(n / cols) * split
                busy = math.ceil(blocks / cores) * block / clock
                busy += 8.0 * m * n * split / (800e9 * 0.76) if split > 1 else 0.0
                # Small enough here that each operand is read once.
                moved = (m * k + k * n + m * n) * width / (204.8e9 * 0.893)
                best = min(best, max(busy, moved) + 0.17 * min(busy, moved))
    return 6.0e-6 + best


@pytest.mark.parametrize(
    ("text", "width", "rate"), [("fp16", 2.0, 1.0), ("int8", 1.0, 2.0), ("int4", 0.5, 4.0)]
)
@pytest.mark.parametrize(
    "dims", [(1, 256, 256), (64, 512, 1024), (300, 512, 700), (1024, 1024, 640), (17, 4096, 130)]
)
def test_gemm_equals_a_plain_reference(
    orin: Chip,
    silicon: Silicon,
    dims: tuple[int, int, int],
    text: str,
    width: float,
    rate: float,
) -> None:
    found = gemm(dims, on(orin, silicon, text)).seconds
    assert found == pytest.approx(reference_seconds(*dims, width, rate), rel=1e-9)


def test_one_block_more_than_the_cores_costs_a_wave(orin: Chip, silicon: Silicon) -> None:
    endless = with_library(orin, exposed=0.0, epilogue_ops=0.0, launch_s=0.0)
    here = on(endless, silicon)
    full, spilt = (gemm((m, 8192.0, 4096.0), here).seconds for m in (1024.0, 1025.0))
    wasted = gemm((1088.0, 8192.0, 4096.0), here).seconds
    assert spilt > 1.03 * full
    assert spilt == pytest.approx(wasted, rel=0.02)


@given(m=SIZES, k=SIZES, n=SIZES)
@settings(max_examples=60, deadline=None)
def test_gemm_is_never_faster_than_its_roofs(m: int, k: int, n: int) -> None:
    chip, silicon = load_chip("jetson-agx-orin-64gb"), load_technology().silicon
    here = on(chip, silicon)
    cost = gemm((m, k, n), here)
    peak = 16 * 1024 * 1.3e9
    assert cost.seconds >= cost.launch_s + m * k * n / peak
    assert cost.seconds >= cost.launch_s + 2.0 * (m * k + k * n + m * n) / 204.8e9
    faster = dataclasses.replace(here, dram_bytes_per_s=2.0 * here.dram_bytes_per_s)
    assert gemm((m, k, n), faster).seconds <= cost.seconds
    assert gemm((m, k, n), dataclasses.replace(here, launch_s=0.0)).seconds < cost.seconds


@given(
    queries=st.integers(1, 2048),
    heads=st.integers(1, 32),
    extra=st.sampled_from([0, 1, 700]),
)
@settings(max_examples=40, deadline=None)
def test_a_causal_mask_saves_less_than_half(queries: int, heads: int, extra: int) -> None:
    here = on(load_chip("jetson-agx-orin-64gb"), load_technology().silicon)
    shape = Attention(queries, queries + extra, heads, 1, 128, causal=False)
    whole = attention(shape, here)
    masked = attention(dataclasses.replace(shape, causal=True), here)
    assert masked.macs <= whole.macs
    assert masked.scores >= 0.5 * queries * queries * heads
    longer = dataclasses.replace(shape, keys=shape.keys + 64)
    assert attention(longer, here).dram_bytes > whole.dram_bytes


def test_attention_by_hand(orin: Chip, silicon: Silicon) -> None:
    # 16 heads x 8 blocks of 128 queries on 16 cores: 8 waves over 1024 keys.
    cost = attention(Attention(1024, 1024, 16, 16, 64, causal=False), on(orin, silicon))
    step = 128 * 64 * 2 / (1024 * 0.99) + 128 * (8 + 4.5) / 128
    busy = 8 * 1024 * step / 1.3e9
    moved = 4 * 1024 * 16 * 64 * 2 / (204.8e9 * 0.893)
    assert cost.seconds == pytest.approx(19.6e-6 + busy + 0.17 * moved, rel=1e-9)
    assert cost.scores == 16 * 1024 * 1024


def test_normalisation_by_hand(orin: Chip, silicon: Silicon) -> None:
    cost = normalisation(100.0, 4096.0, on(orin, silicon))
    busy = 7 * 4096 * 106 / 128 / 1.3e9
    moved = 2 * 100 * 4096 * 2 / (204.8e9 * 0.893)
    assert cost.seconds == pytest.approx(6e-6 + busy + 0.17 * moved, rel=1e-9)


def test_energy_is_power_of_rails_and_events(orin: Chip, silicon: Silicon) -> None:
    kernel = Kernel("Orin", "gemm", "fp16", m=512.0, n=1024.0, k=1024.0)
    found = predict_kernels([kernel], orin, silicon)
    cost = gemm((512.0, 1024.0, 1024.0), on(orin, silicon))
    running = cost.seconds - 6e-6
    gpu = 10.2 * 6e-6 + 23.7 * running + 0.64e-12 * cost.macs + 27.7e-12 * cost.cache_bytes
    mem = 0.98 * 6e-6 + 2.51 * running + 8 * 3.91e-12 * cost.dram_bytes
    assert found.gpu_j == pytest.approx([gpu])
    assert found.mem_j == pytest.approx([mem])


def test_chip_without_rails_takes_the_technology(silicon: Silicon) -> None:
    chip = load_chip("nvidia-a100-80gb")
    assert chip.power.rails is None
    kernel = Kernel("A100", "gemm", "fp16", m=4096.0, n=4096.0, k=4096.0)
    found = predict_kernels([kernel], chip, silicon)
    watts = (found.gpu_j + found.mem_j) / found.seconds
    assert 100.0 < watts[0] < 500.0


def test_defaults_are_written_once(orin: Chip) -> None:
    spec = load_chip("nvidia-h100-sxm").unit("gpu").kernels
    assert spec == KernelLibrary()
    measured = orin.unit("gpu").kernels
    same = ("matrix_efficiency", "cache_efficiency", "exposed", "epilogue_ops", "score_ops")
    assert [getattr(spec, name) for name in same] == [getattr(measured, name) for name in same]


# --- files ------------------------------------------------------------------------------------


def test_header_tells_kernels_from_measurements() -> None:
    with SHIPPED.open(encoding="utf-8") as file:
        assert is_kernels(file.readline().split(","))
    with (SHIPPED.parent / "measured.csv").open(encoding="utf-8") as file:
        assert not is_kernels(file.readline().split(","))


def test_reader_reads_units(tmp_path: Path) -> None:
    file = write(
        tmp_path, "X,gemm,64,128,256,int8,,,,,,,0.5,30,", "X,layernorm,4,8,,fp16,,,,,,,,,"
    )
    product, norm = read_kernels(file)
    assert (product.m, product.n, product.k) == (64.0, 128.0, 256.0)
    assert (product.seconds, product.gpu_w, product.mem_w) == (0.5e-3, 30.0, None)
    assert (norm.kind, norm.seconds, norm.line) == ("layernorm", None, 3)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("X,conv,1,1,1,fp16,,,,,,,1,,", "2:2: kind: must be one of gemm, attention, layernorm"),
        ("X,gemm,0,1,1,fp16,,,,,,,1,,", "2:3: m: must be a finite number > 0"),
        ("X,gemm,,1,1,fp16,,,,,,,1,,", "2:3: m: must be a whole number >= 1 in a gemm row"),
        ("X,gemm,1.5,1,1,fp16,,,,,,,1,,", "2:3: m: must be a whole number >= 1 in a gemm row"),
        ("X,gemm,1,1e300,1,fp16,,,,,,,1,,", "2:4: n: must be a whole number >= 1 in a gemm row"),
        ("X,gemm,1,1,1,fp17,,,,,,,1,,", "2:6: precision: must be a number format"),
        ("X,gemm,1,1,1,fp16,,,,,,,nan,,", "2:13: time_ms: must be a finite number > 0"),
        ("X,gemm,1,1,1,fp16,,,,,,,1,-3,", "2:14: power_gpu_w: must be a finite number > 0"),
        ("X,attention,,,,fp16,8,8,,1,64,1,1,,", "2:9: heads_q: must be a whole number >= 1"),
    ],
)
def test_faults_are_located(tmp_path: Path, line: str, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        read_kernels(write(tmp_path, line))
    assert any(fault in str(each) for each in caught.value.faults)


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        read_kernels(write(tmp_path, "X,conv,,,,fp17,,,,,,,x,,", "X,gemm,1,1,1,fp16,,,,,,,-1,,"))
    assert [each.line for each in caught.value.faults] == [2, 2, 2, 3]


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b"\0\n"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.csv"
    file.write_bytes(content)
    with pytest.raises(SpecError):
        read_kernels(file)
    with pytest.raises(SpecError):
        read_kernels(tmp_path / "none.csv")


def test_unmeasured_quantities_have_no_error(orin: Chip, silicon: Silicon) -> None:
    kernel = Kernel("Orin", "gemm", "fp16", m=64.0, n=64.0, k=64.0, seconds=1e-5, gpu_w=20.0)
    bare = dataclasses.replace(kernel, seconds=None, gpu_w=None)
    pair = (kernel, bare)
    predicted = predict_kernels(pair, orin, silicon)
    errors = kernel_errors(pair, predicted)
    assert errors["time"][0] == pytest.approx(predicted.seconds[0] / 1e-5 - 1.0)
    # The memory rail was not measured: only the compute rail is compared.
    assert errors["energy"][0] == pytest.approx(predicted.gpu_j[0] / (20.0 * 1e-5) - 1.0)
    assert all(math.isnan(values[1]) for values in errors.values())


@pytest.mark.parametrize(
    ("text", "dims"),
    [
        ("GEMM 64x12288x512 (MxKxN)", (64.0, 12288.0, 512.0)),
        ("GEMM 4096x14336x256", (256.0, 14336.0, 4096.0)),
        ("GEMV 2560x6912", (1.0, 6912.0, 2560.0)),
        ("GEMV 2560x6912x3", None),
        ("GEMM 2560x6912", None),
        ("GEMM 0x0x0", None),
        ("Llama lm_head GEMV (FP16)", None),
    ],
)
def test_rows_name_their_product(text: str, dims: tuple[float, float, float] | None) -> None:
    assert gemm_dims(text) == dims


def test_rows_that_cannot_be_predicted_say_why() -> None:
    row = next(row for row in _gemm_rows() if row.chip == "NVIDIA A100 40GB")
    assert product_reason(row) == ""
    vague = dataclasses.replace(row, model="Llama lm_head GEMV (FP16)")
    assert product_reason(vague) == "the size of the product is not stated"
    odd = dataclasses.replace(row, weight_format="W9A9")
    assert product_reason(odd) == "the number format of the product is not known"


def test_kernels_without_a_chip_are_counted() -> None:
    rows = [
        Kernel("Jetson AGX Orin 64GB", "gemm", "fp16", m=64.0, n=64.0, k=64.0, line=2),
        Kernel("No Such Board", "gemm", "fp16", m=64.0, n=64.0, k=64.0, line=3),
        Kernel("hailo-10h", "layernorm", "fp16", m=64.0, n=64.0, line=4),
        Kernel("nvidia-a100-80gb", "layernorm", "fp16", m=64.0, n=64.0, line=5),
    ]
    found = validate_kernels(rows)
    assert [kernel.line for kernel in found.kernels] == [2, 5]
    assert np.all(found.predicted.seconds > 0.0)
    assert dict(found.unpredictable) == {
        'no chip file for "No Such Board"': 1,
        "hailo-10h has no GPU": 1,
    }


def test_a_file_of_strangers_has_an_empty_summary() -> None:
    found = validate_kernels([Kernel("No Such Board", "gemm", "fp16", m=1.0, n=1.0, k=1.0)])
    summary = kernel_summary(found.kernels, found.predicted)
    assert summary["summary"]["time"]["n"] == 0
    assert summary["by_kind"] == {}
