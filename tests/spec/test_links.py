"""Links, prices and scheduling habits of the library."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dse.errors import SpecError
from dse.spec import root
from dse.spec.check import check_file
from dse.spec.links import load_links, load_prices, load_radios, load_sharing, named


def test_the_shipped_files_load():
    links, radios = load_links(), load_radios()
    assert links["nvlink4"].bytes_per_s == pytest.approx(366e9, rel=0.01)
    assert links["ucie-s"].energy_j_per_bit == pytest.approx(0.6e-12)
    assert {"wifi-6", "wifi-7", "5g"} <= set(radios)
    assert radios["5g"].up_bytes_per_s == pytest.approx(14.6e6 / 8)
    assert load_prices().gpu_hour_usd["nvidia-h100-sxm"] == 2.95
    assert load_prices().battery_j == pytest.approx(13.9 * 3600)
    assert set(load_sharing().slice_s) == {"cpu", "gpu", "npu"}


def test_an_unknown_name_has_a_suggestion():
    with pytest.raises(SpecError, match=r'link of .*links\.yaml; did you mean "ucie-s"'):
        named(load_links(), "ucie-z", "link")
    with pytest.raises(SpecError, match=r"radio of .*links\.yaml: wifi-6, wifi-7, 5g"):
        named(load_radios(), "pigeon", "radio")


@pytest.mark.parametrize(
    ("file", "old", "new", "path"),
    [
        ("links", "256 GB/s", "256", "links.ucie-s.bandwidth"),
        ("links", "600 mW", "600 W/m2", "radios.5g.active"),
        ("prices", "value: 1.54", "value: 0.54", "facility"),
        ("prices", "2.95 USD", "2.95", "gpu_hour.nvidia-h100-sxm"),
        ("sharing", "  cpu:\n", "  fpga:\n", "slice"),
    ],
)
def test_faults_are_located(tmp_path: Path, file: str, old: str, new: str, path: str) -> None:
    target = tmp_path / f"{file}.yaml"
    shutil.copy(root() / "hw_configs/technology" / target.name, target)
    target.write_text(target.read_text().replace(old, new, 1))
    faults = check_file(target)
    assert faults
    assert any(fault.path.startswith(path) and fault.line for fault in faults)
