"""The technology files against the figures that they were taken from."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from dse.cost.money import dies_per_wafer, yield_fraction
from dse.dtype import DType
from dse.spec import Technology, load_technology
from dse.spec.library import locate
from dse.spec.provenance import provenance
from dse.spec.read import read_spec

FILES = ("nodes", "dram", "silicon")
MIB = 2.0**20

# TSMC's claims chained from N7: dynamic energy and logic area over N7.
OVER_N7 = {
    "n7": (1.0, 1.0),
    "n6": (0.93, 0.85),
    "n5": (0.70, 0.56),
    "n4": (0.63, 0.53),
    "n4p": (0.55, 0.53),
    "n3b": (0.51, 0.33),
    "n3e": (0.46, 0.35),
    "n3p": (0.43, 0.335),
    "n2": (0.33, 0.29),
}
# pJ per bit, device to fabric; loaded latency in ns; mW per GB while active.
DRAM = {
    "lpddr4x": (7.0, 110, 12),
    "lpddr5": (6.0, 110, 12),
    "lpddr5x": (5.0, 110, 12),
    "lpddr5t": (4.8, 110, 12),
    "lpddr6": (4.2, 115, 10),
    "ddr5": (12.0, 80, 25),
    "gddr6": (7.0, 150, 40),
    "gddr6x": (7.25, 150, 40),
    "gddr7": (5.0, 150, 20),
    "hbm2": (5.5, 400, 30),
    "hbm2e": (5.5, 400, 30),
    "hbm3": (4.5, 450, 30),
    "hbm3e": (4.2, 450, 30),
    "hbm4": (3.5, 450, 25),
    "hybrid-bonded-3d": (1.0, 60, 30),
    "wide-io2": (2.5, 90, 10),
}
# SRAM read energy at N4: MiB, pJ/B (N7 anchors of Jouppi 2021 and accelforge x 0.8).
SRAM_ANCHORS = [(1, 1.4), (4, 1.6), (8, 2.39), (32, 5.34), (128, 12.0)]


@pytest.fixture(scope="module")
def technology() -> Technology:
    return load_technology()


@pytest.mark.parametrize("file", FILES)
def test_every_number_has_a_source_and_a_confidence(file: str) -> None:
    numbers = list(provenance(read_spec(locate("technology", file)).tree))
    bare = [n.path for n in numbers if not n.source or n.confidence not in ("A", "B", "C")]
    assert len(numbers) > 30
    assert bare == []


@pytest.mark.parametrize("file", FILES)
def test_what_is_inferred_or_recalled_is_graded_c(file: str) -> None:
    admissions = ("inferred", "recalled", "rule", "estimate", "taken as")
    numbers = provenance(read_spec(locate("technology", file)).tree)
    proud = [n.path for n in numbers if n.confidence != "C" and n.source.startswith(admissions)]
    assert proud == []


def test_reference_node_is_one_in_every_ratio(technology: Technology) -> None:
    node = technology.nodes["n4"]
    ratios = (node.logic_energy, node.logic_area, node.sram_energy, node.sram_area)
    assert ratios == (1.0, 1.0, 1.0, 1.0)


@pytest.mark.parametrize("key", OVER_N7)
def test_node_ratios_are_the_claims_over_the_n4_entry(technology: Technology, key: str) -> None:
    energy, area = OVER_N7[key]
    node = technology.nodes[key]
    assert node.logic_energy == pytest.approx(energy / OVER_N7["n4"][0], rel=0.01)
    assert node.logic_area == pytest.approx(area / OVER_N7["n4"][1], rel=0.01)


def test_no_newer_node_of_a_foundry_needs_more_energy(technology: Technology) -> None:
    for line in (
        ("n16", "n7", "n6", "n5", "n4", "n4p", "n3b", "n3e", "n3p", "n2"),
        ("samsung-8n", "sf4", "sf4p", "sf3"),
    ):
        for old, new in itertools.pairwise(technology.nodes[key] for key in line):
            assert new.logic_energy <= old.logic_energy
            assert new.sram_energy <= old.sram_energy
            assert new.sram_leakage_w_per_byte <= old.sram_leakage_w_per_byte


def test_leakage_of_a_ga100_die_stays_below_its_measured_constant_power(
    technology: Technology,
) -> None:
    """826 mm2 at N7 draw 54 W at rest, clocks and idle HBM included (Antepara et al., SC 2025)."""
    leakage_w = 826 * technology.nodes["n7"].logic_leakage_w_per_mm2
    assert 5.0 < leakage_w < 54.0


@pytest.mark.parametrize("key", DRAM)
def test_dram_figures_are_those_of_the_data(technology: Technology, key: str) -> None:
    energy_pj, latency_ns, background_mw = DRAM[key]
    kind = technology.drams[key]
    assert kind.energy_j_per_bit == pytest.approx(energy_pj * 1e-12)
    assert kind.latency_s == pytest.approx(latency_ns * 1e-9)
    assert kind.background_w_per_byte == pytest.approx(background_mw * 1e-12)


def test_every_dram_type_was_checked(technology: Technology) -> None:
    assert set(technology.drams) == set(DRAM)


def test_only_lpddr6_spends_bits_of_the_burst_on_metadata(technology: Technology) -> None:
    payload = {key: kind.payload_fraction for key, kind in technology.drams.items()}
    assert payload.pop("lpddr6") == pytest.approx(256 / 288, rel=1e-3)
    assert set(payload.values()) == {1.0}


def test_phy_of_a_phone_bus_and_of_an_hbm_stack(technology: Technology) -> None:
    """X Elite die: 0.72 mm2 per x16, and 0.2 for the controller; GA100: 58 + 31.8 for 5 to 6."""
    assert 64 * technology.drams["lpddr5x"].phy_area_mm2_per_bit == pytest.approx(3.68, rel=0.01)
    stack = 1024 * technology.drams["hbm2e"].phy_area_mm2_per_bit
    assert 89.8 / 6 <= stack <= 89.8 / 5


@pytest.mark.parametrize(("mebibytes", "picojoules"), SRAM_ANCHORS)
def test_sram_law_goes_through_its_anchors(
    technology: Technology, mebibytes: float, picojoules: float
) -> None:
    energy = technology.silicon.sram.read_j_per_byte(mebibytes * MIB)
    assert energy == pytest.approx(picojoules * 1e-12, rel=0.02)


def test_mac_energies_are_ordered_and_keep_the_measured_ratio(technology: Technology) -> None:
    """Samsung's 4 nm NPU: 0.4695 pJ per FP16 and 0.1726 per INT8 multiply-accumulate."""
    energy = technology.silicon.mac_energy_j
    integers = [energy[DType[f"INT{bits}"]] for bits in (2, 3, 4, 5, 6, 8, 16)]
    assert integers == sorted(integers)
    assert energy[DType.INT8] == pytest.approx(0.10e-12)
    assert energy[DType.FP16] / energy[DType.INT8] == pytest.approx(0.4695 / 0.1726, rel=0.15)


@pytest.mark.parametrize("dtype", list(DType))
def test_a_narrower_type_never_needs_a_larger_cell(technology: Technology, dtype: DType) -> None:
    area = technology.silicon.mac_area_mm2
    same_kind = [other for other in DType if other.is_float == dtype.is_float]
    assert all(area[other] <= area[dtype] for other in same_kind if other.bits < dtype.bits)


def test_bf16_cell_is_the_one_of_tpu_v4i(technology: Technology) -> None:
    """14 mm2 per 128 x 128 array at N7."""
    cell = technology.silicon.mac_area_mm2[DType.BF16] * technology.nodes["n7"].logic_area
    assert cell * 128 * 128 == pytest.approx(14.0, rel=0.02)


def test_a_120_mm2_die_at_n4_costs_34_usd(technology: Technology) -> None:
    """Worked check of the data: 528.2 dies, yield 0.889, 34.1 USD per good die."""
    node, silicon = technology.nodes["n4"], technology.silicon
    dies = dies_per_wafer(np.array(120.0), silicon.wafer_diameter_mm)
    good = dies * yield_fraction(np.array(120.0), node.defects_per_mm2, silicon.yield_alpha)
    assert node.wafer_usd / float(good) == pytest.approx(34.1, abs=0.1)
