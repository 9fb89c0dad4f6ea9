"""The chip library: every file loads, meets the published peaks and cites its numbers."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from dse.chip import Chip, ComputeUnit
from dse.cost import evaluate
from dse.dtype import DType
from dse.spec import list_specs, load_chip, load_model, load_scenario, load_technology
from dse.spec.library import locate
from dse.spec.provenance import Provenance, provenance
from dse.spec.read import read_spec

CHIPS = sorted(list_specs("chip"))
SCENARIOS = sorted(list_specs("scenario"))
# Words with which a source owns up to being no source.
ADMISSIONS = ("inferred", "assumed", "recalled", "synthetic", "taken as", "scaled from")

# Published dense peaks: chip, unit, operand types, 1e12 op/s.
PEAKS = [
    ("snapdragon-8-gen-1", "npu", "int8", 27.0),
    ("snapdragon-8-gen-2", "npu", "int8", 26.0),
    ("snapdragon-8-gen-3", "npu", "int8", 34.0),
    ("snapdragon-8-elite", "npu", "int8", 45.0),
    ("snapdragon-8-elite-gen-5", "npu", "int8", 62.0),
    ("snapdragon-x-elite", "npu", "int8", 45.0),
    ("snapdragon-x-elite", "gpu", "fp32", 4.6),
    ("dimensity-9200", "npu", "int8", 20.0),
    ("dimensity-9300", "npu", "int8", 33.0),
    ("dimensity-9400", "npu", "int8", 50.0),
    ("dimensity-9500", "npu", "int8", 100.0),
    ("apple-a14", "npu", "int8", 11.0),
    ("apple-a15", "npu", "int8", 15.8),
    ("apple-a16", "npu", "int8", 17.0),
    ("apple-a17-pro", "npu", "int8", 35.0),
    ("apple-a18", "npu", "int8", 35.0),
    ("apple-a18-pro", "npu", "int8", 35.0),
    ("apple-a19", "npu", "int8", 35.0),
    ("apple-a19", "gpu", "fp16", 7.5),
    ("apple-a19-pro", "npu", "int8", 35.0),
    ("tensor-g3", "npu", "int8", 11.0),
    ("tensor-g4", "npu", "int8", 11.3),
    ("tensor-g5", "npu", "int8", 18.0),
    ("tensor-g5", "npu", "fp16", 9.0),
    ("exynos-2400", "npu", "int8", 41.6),
    ("exynos-2500", "npu", "int8", 59.0),
    ("apple-m1", "gpu", "fp16", 2.61),
    ("apple-m1", "npu", "fp16", 11.0),
    ("apple-m1-7core", "gpu", "fp16", 2.29),
    ("apple-m1-pro", "gpu", "fp16", 5.3),
    ("apple-m1-max", "gpu", "fp16", 10.6),
    ("apple-m1-max-24core", "gpu", "fp16", 7.8),
    ("apple-m1-ultra", "gpu", "fp16", 21.2),
    ("apple-m1-ultra", "npu", "fp16", 22.0),
    ("apple-m1-ultra-48core", "gpu", "fp16", 15.9),
    ("apple-m2", "gpu", "fp16", 3.58),
    ("apple-m2", "npu", "fp16", 15.8),
    ("apple-m2-8core", "gpu", "fp16", 2.84),
    ("apple-m2-pro", "gpu", "fp16", 5.7),
    ("apple-m2-max", "gpu", "fp16", 13.5),
    ("apple-m2-max-30core", "gpu", "fp16", 10.7),
    ("apple-m2-ultra", "gpu", "fp16", 27.2),
    ("apple-m3", "gpu", "fp16", 3.53),
    ("apple-m3", "npu", "fp16", 18.0),
    ("apple-m3-pro", "gpu", "fp16", 6.4),
    ("apple-m3-pro-14core", "gpu", "fp16", 4.97),
    ("apple-m3-max", "gpu", "fp16", 14.1),
    ("apple-m3-ultra-60core", "gpu", "fp16", 21.3),
    ("apple-m4", "gpu", "fp16", 4.3),
    ("apple-m4", "npu", "int8", 38.0),
    ("apple-m4-pro", "gpu", "fp16", 9.2),
    ("apple-m4-pro-16core", "gpu", "fp16", 7.4),
    ("apple-m4-max", "gpu", "fp16", 18.4),
    ("apple-m4-max-32core", "gpu", "fp16", 14.7),
    ("apple-m5", "npu", "int8", 38.0),
    ("intel-meteor-lake", "npu", "int8", 11.0),
    ("intel-lunar-lake", "npu", "int8", 48.0),
    ("intel-lunar-lake", "gpu", "int8", 67.0),
    ("amd-strix-point", "npu", "int8", 50.0),
    ("amd-strix-halo", "npu", "int8", 50.0),
    ("amd-strix-halo", "gpu", "fp16", 59.0),
    ("nvidia-gb10", "gpu", "fp4", 500.0),
    ("jetson-orin-nano-super", "gpu", "int8", 33.4),
    ("jetson-agx-thor", "gpu", "fp8", 517.0),
    ("jetson-agx-thor", "gpu", "fp4", 1035.0),
    ("rk3588", "npu", "int8", 6.0),
    ("hailo-10h", "npu", "int8", 20.0),
    ("hailo-10h", "npu", "int4", 40.0),
    ("tpu-v4i", "npu", "bf16", 138.0),
    ("tpu-v5e", "npu", "bf16", 197.0),
    ("tpu-v5e", "npu", "int8", 393.0),
    ("tpu-v6e", "npu", "bf16", 918.0),
    ("tpu-v6e", "npu", "int8", 1836.0),
    ("tpu-v7", "npu", "bf16", 2307.0),
    ("tpu-v7", "npu", "fp8", 4614.0),
    ("nvidia-a100-80gb", "gpu", "fp16", 312.0),
    ("nvidia-a100-80gb", "gpu", "int8", 624.0),
    ("nvidia-a100-80gb", "gpu", "int4", 1248.0),
    ("nvidia-h100-sxm", "gpu", "fp16", 989.5),
    ("nvidia-h100-sxm", "gpu", "fp8", 1979.0),
    ("nvidia-h200-sxm", "gpu", "fp16", 989.5),
    ("nvidia-h20", "gpu", "fp16", 148.0),
    ("nvidia-b200", "gpu", "fp16", 2250.0),
    ("nvidia-b200", "gpu", "fp4", 9000.0),
    ("nvidia-l40s", "gpu", "fp16", 362.0),
    ("amd-mi300x", "gpu", "fp16", 1307.0),
    ("amd-mi300x", "gpu", "int8", 2614.0),
    ("amd-mi210", "gpu", "fp16", 181.0),
    ("amd-mi250x-gcd", "gpu", "fp16", 191.5),
    ("nvidia-rtx-3070", "gpu", "fp16", 40.6),
    ("nvidia-rtx-3080", "gpu", "fp16", 59.5),
    ("nvidia-rtx-3080-ti", "gpu", "fp16", 68.2),
    ("nvidia-rtx-3090", "gpu", "fp16", 71.0),
    ("nvidia-rtx-4070", "gpu", "fp16", 58.3),
    ("nvidia-rtx-4070-ti-super", "gpu", "fp16", 88.2),
    ("nvidia-rtx-4080-super", "gpu", "fp16", 104.4),
    ("nvidia-rtx-4090", "gpu", "fp16", 165.2),
    ("nvidia-rtx-5060-ti", "gpu", "fp16", 47.4),
    ("nvidia-rtx-5070", "gpu", "fp16", 61.7),
    ("nvidia-rtx-5070-ti", "gpu", "fp16", 87.9),
    ("nvidia-rtx-5080", "gpu", "fp16", 112.6),
    ("nvidia-rtx-a5000", "gpu", "fp16", 111.1),
    ("nvidia-rtx-4000-ada", "gpu", "fp16", 106.9),
    ("nvidia-rtx-6000-ada", "gpu", "fp16", 364.0),
    ("nvidia-a400", "gpu", "fp16", 10.8),
    ("nvidia-rtx-a2000", "gpu", "fp16", 31.9),
    ("nvidia-rtx-pro-6000", "gpu", "fp16", 503.8),
    ("nvidia-rtx-pro-6000", "gpu", "fp4", 2015.0),
    ("nvidia-rtx-3500-ada-laptop", "gpu", "fp16", 92.0),
    ("nvidia-rtx-4070-laptop", "gpu", "fp16", 36.5),
    ("nvidia-gtx-1080-ti", "gpu", "fp32", 11.34),
    ("nvidia-gtx-1080-ti", "gpu", "int8", 45.4),
    ("amd-rx-580", "gpu", "fp32", 6.17),
    ("amd-rx-6500-xt", "gpu", "fp32", 5.77),
    ("amd-rx-6800-xt", "gpu", "fp32", 20.74),
    ("amd-rx-6900-xt", "gpu", "fp32", 23.04),
    ("amd-rx-7600", "gpu", "fp16", 43.5),
    ("amd-rx-7800-xt", "gpu", "fp16", 74.6),
    ("amd-pro-w7700", "gpu", "fp16", 56.6),
    ("amd-rx-9070", "gpu", "fp16", 145.0),
    ("amd-r9700", "gpu", "fp16", 191.0),
    ("intel-arc-a310", "gpu", "fp16", 24.6),
    ("intel-arc-pro-b50", "gpu", "int8", 170.0),
    ("apple-a13", "npu", "fp16", 6.0),
    ("aws-inferentia2-x12", "npu", "bf16", 12 * 190.0),
    ("aws-trainium1-x16", "npu", "bf16", 16 * 190.0),
]

# Published dense FP16 peaks with FP16 sums, where those are faster, 1e12 op/s.
NARROW_PEAKS = {
    "nvidia-rtx-3080": 119.0,
    "nvidia-rtx-3090": 142.0,
    "nvidia-rtx-4090": 330.3,
    "nvidia-rtx-5080": 225.1,
    "nvidia-rtx-5090": 419.0,
    "nvidia-rtx-a5000": 111.1,
    "nvidia-rtx-6000-ada": 364.0,
}

# Published DRAM bandwidths, 1e9 B/s.
BANDWIDTHS = {
    "aws-inferentia2-x12": 12 * 820.0,
    "aws-trainium1-x16": 16 * 820.0,
    "snapdragon-8-gen-1": 51.2,
    "snapdragon-8-gen-2": 67.2,
    "snapdragon-8-gen-3": 76.8,
    "snapdragon-8-elite": 84.8,
    "snapdragon-8-elite-gen-5": 84.8,
    "snapdragon-x-elite": 135.0,
    "dimensity-9200": 68.3,
    "dimensity-9300": 76.8,
    "dimensity-9400": 85.3,
    "dimensity-9500": 85.3,
    "apple-a14": 34.1,
    "apple-a15": 34.1,
    "apple-a16": 51.2,
    "apple-a17-pro": 51.2,
    "apple-a18": 60.0,
    "apple-a18-pro": 60.0,
    "apple-a19": 68.3,
    "apple-a19-pro": 76.8,
    "tensor-g3": 68.3,
    "tensor-g4": 68.3,
    "tensor-g5": 68.3,
    "exynos-2400": 68.3,
    "exynos-2500": 76.8,
    "kirin-9000": 44.0,
    "kirin-9000s": 44.0,
    "kirin-9010": 51.2,
    "kirin-9020": 60.0,
    "phone-soc-2026": 76.8,
    "apple-m1": 68.25,
    "apple-m1-pro": 204.8,
    "apple-m1-max": 409.6,
    "apple-m1-ultra": 819.2,
    "apple-m2": 102.4,
    "apple-m2-pro": 204.8,
    "apple-m2-max": 409.6,
    "apple-m2-ultra": 819.2,
    "apple-m3": 102.4,
    "apple-m3-pro": 153.6,
    "apple-m3-max": 409.6,
    "apple-m3-max-30core": 307.2,
    "apple-m3-ultra": 819.2,
    "apple-m4": 120.0,
    "apple-m4-pro": 273.0,
    "apple-m4-max": 546.0,
    "apple-m4-max-32core": 409.6,
    "apple-m5": 153.6,
    "apple-m5-pro": 307.2,
    "apple-m5-max": 614.4,
    "apple-m5-max-32core": 460.8,
    "intel-meteor-lake": 119.5,
    "intel-lunar-lake": 136.5,
    "amd-kraken-point": 128.0,
    "amd-strix-point": 128.0,
    "amd-strix-halo": 256.0,
    "nvidia-gb10": 273.0,
    "jetson-orin-nano-super": 102.4,
    "jetson-orin-nano-8gb": 68.3,
    "jetson-orin-nx-16gb": 102.4,
    "jetson-agx-orin-64gb": 204.8,
    "jetson-agx-orin-32gb": 204.8,
    "jetson-agx-thor": 273.0,
    "rk3588": 44.0,
    "hailo-10h": 17.1,
    "tpu-v4i": 614.0,
    "tpu-v5e": 819.0,
    "tpu-v6e": 1638.0,
    "tpu-v7": 7380.0,
    "nvidia-a100-80gb": 2039.0,
    "nvidia-a100-40gb": 1555.0,
    "nvidia-a100-80gb-pcie": 1935.0,
    "nvidia-h100-sxm": 3350.0,
    "nvidia-h200-sxm": 4800.0,
    "nvidia-h20": 4000.0,
    "nvidia-b200": 8000.0,
    "nvidia-l40s": 864.0,
    "amd-mi300x": 5300.0,
    "amd-mi210": 1638.0,
    "amd-mi250x-gcd": 1638.0,
    "amd-rx-7900-xtx": 960.0,
    "amd-rx-7900-xt": 800.0,
    "intel-arc-b580": 456.0,
    "nvidia-rtx-3070": 448.0,
    "nvidia-rtx-3080": 760.0,
    "nvidia-rtx-3080-ti": 912.0,
    "nvidia-rtx-3090": 936.0,
    "nvidia-rtx-4070": 504.0,
    "nvidia-rtx-4070-ti-super": 672.0,
    "nvidia-rtx-4080-super": 736.0,
    "nvidia-rtx-4090": 1008.0,
    "nvidia-rtx-5060-ti": 448.0,
    "nvidia-rtx-5070": 672.0,
    "nvidia-rtx-5070-ti": 896.0,
    "nvidia-rtx-5080": 960.0,
    "nvidia-rtx-5090": 1792.0,
    "nvidia-rtx-a5000": 768.0,
    "nvidia-rtx-4000-ada": 360.0,
    "nvidia-rtx-6000-ada": 960.0,
    "nvidia-a400": 96.0,
    "nvidia-rtx-a2000": 288.0,
    "nvidia-rtx-pro-6000": 1792.0,
    "nvidia-rtx-3500-ada-laptop": 432.0,
    "nvidia-rtx-4050-laptop": 192.0,
    "nvidia-rtx-4070-laptop": 256.0,
    "nvidia-gtx-1080-ti": 484.0,
    "amd-rx-580": 256.0,
    "amd-rx-6500-xt": 144.0,
    "amd-rx-6800-xt": 512.0,
    "amd-rx-6900-xt": 512.0,
    "amd-rx-7600": 288.0,
    "amd-rx-7800-xt": 624.0,
    "amd-pro-w7700": 576.0,
    "amd-rx-9070": 640.0,
    "amd-r9700": 640.0,
    "intel-arc-a310": 124.0,
    "intel-arc-pro-b50": 224.0,
    "apple-a13": 34.1,
    "raspberry-pi-400": 12.8,
}


@cache
def chip(name: str) -> Chip:
    """A chip of the library, read once."""
    return load_chip(name)


def numbers(name: str) -> tuple[Provenance, ...]:
    """Every number of a chip, those of its base included."""
    return tuple(provenance(read_spec(locate("chip", name)).tree))


def peak_ops_per_s(unit: ComputeUnit, dtype: DType) -> float:
    """2 x count x rows x cols x depth x rate x clock for equal operand types."""
    matrix = unit.matrix
    (rate,) = [r.ratio for r in matrix.rates if r.weights is r.activations is dtype]
    return 2 * unit.count * matrix.rows * matrix.cols * matrix.depth * rate * unit.clock_hz


@pytest.mark.parametrize("name", CHIPS)
def test_every_chip_loads_under_its_own_name(name: str) -> None:
    assert chip(name).name == name


@pytest.mark.parametrize(("name", "unit", "dtype", "tera"), PEAKS)
def test_peak_is_the_published_one(name: str, unit: str, dtype: str, tera: float) -> None:
    ops = peak_ops_per_s(chip(name).unit(unit), DType[dtype.upper()])
    assert ops == pytest.approx(tera * 1e12, rel=0.01)


@pytest.mark.parametrize("name", NARROW_PEAKS)
def test_only_geforce_cards_gain_from_narrow_sums(name: str) -> None:
    unit = chip(name).unit("gpu")
    narrow = replace(unit, matrix=unit.matrix.with_narrow_sums())
    ops = peak_ops_per_s(narrow, DType.FP16)
    assert ops == pytest.approx(NARROW_PEAKS[name] * 1e12, rel=0.01)
    assert peak_ops_per_s(narrow, DType.INT8) == peak_ops_per_s(unit, DType.INT8)


@pytest.mark.parametrize("name", BANDWIDTHS)
def test_bandwidth_is_the_published_one(name: str) -> None:
    dram = chip(name).dram
    peak = dram.bus_width_bits / 8 * dram.data_rate_per_s * dram.type.payload_fraction
    assert peak == pytest.approx(BANDWIDTHS[name] * 1e9, rel=0.01)


def test_only_gpu_variants_of_a_base_chip_lack_a_bandwidth_row() -> None:
    """A new chip must be entered in the table above."""
    rest = set(CHIPS) - set(BANDWIDTHS)
    assert {name for name in rest if not name.endswith("core")} == set()


@pytest.mark.parametrize("name", CHIPS)
def test_every_number_has_a_source_and_a_confidence(name: str) -> None:
    bare = [n.path for n in numbers(name) if not n.source or n.confidence not in ("A", "B", "C")]
    assert bare == []


@pytest.mark.parametrize("name", CHIPS)
def test_what_is_inferred_or_recalled_is_graded_c(name: str) -> None:
    proud = [n.path for n in numbers(name) if n.confidence != "C" and admits(n.source)]
    assert proud == []


def admits(source: str) -> bool:
    """Whether a source says that there is none."""
    return source.startswith(ADMISSIONS)


@pytest.mark.parametrize("name", CHIPS)
def test_memory_is_one_that_its_type_offers(name: str) -> None:
    """The bus is a whole number of channels, and no faster than the type's fastest grade."""
    spec = read_spec(locate("chip", name)).tree.value["dram"].value
    table = read_spec(locate("technology", "dram")).tree.value["types"].value
    kind = table[spec["type"].value].value
    grades = [float(item.value.split()[0]) for item in kind["data_rates"].value]
    assert chip(name).dram.data_rate_per_s <= 1.02e6 * max(grades)
    assert chip(name).dram.bus_width_bits % float(kind["channel_width"].value.split()[0]) == 0


@pytest.mark.parametrize("name", CHIPS)
def test_first_unit_is_the_one_that_runs_language_models(name: str) -> None:
    """Phones: the NPU; wherever else a GPU is described, that; boards without either, the CPU."""
    kinds = [unit.kind for unit in chip(name).units]
    order = ("npu", "gpu", "cpu") if chip(name).segment == "phone" else ("gpu", "npu", "cpu")
    expected = next(kind for kind in order if kind in kinds)
    if name == "snapdragon-x-elite":  # Windows runs them on the NPU
        expected = "npu"
    assert kinds[0] == expected


def test_exynos_2400_npu_area_is_near_the_published_12_mm2() -> None:
    """17,408 INT8 MACs with FP16 and 6 MB in 12 mm2 at SF4P (ISSCC 2025): within 35 %.

    The overhead of `technology/silicon.yaml` was chosen on this very unit, so the test guards
    the number against drift and is no validation.
    """
    result = evaluate(
        chip("exynos-2400"),
        load_model("llama-3.2-1b"),
        load_scenario("phone-chat"),
        load_technology().silicon,
    )
    area = float(result.columns["npu_area_mm2"][0])
    assert area == pytest.approx(12.0, rel=0.35)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_loads_under_its_own_name(name: str) -> None:
    assert load_scenario(name).name == name


def test_the_six_standard_scenarios_ask_what_they_say() -> None:
    asked = {
        name: (s.prompt_tokens, s.output_tokens, s.batch_size, s.precision.weights.name)
        for name in SCENARIOS
        for s in [load_scenario(name)]
    }
    assert asked["phone-chat"] == (256, 256, 1, "int4-g32")
    assert asked["phone-summary"] == (1024, 256, 1, "int4-g32")
    assert asked["long-context"] == (8192, 256, 1, "int4-g32")
    assert asked["server-batch"] == (1024, 256, 32, "fp8")
    assert asked["llama-bench-tg128"] == (1, 129, 1, "q4_0")
    assert asked["int8-1k"] == (1024, 2, 1, "int8")
