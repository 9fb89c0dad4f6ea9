"""Devices around chips: class of the segment, overrides of the chip's file, and their faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from dse.errors import SpecError
from dse.spec import list_specs, load_chip, load_device
from dse.spec.changes import changed_draft
from dse.spec.device import device_from


def test_every_chip_has_a_device() -> None:
    for name in list_specs("chip"):
        device, chip = load_device(name), load_chip(name)
        assert (device.thermal is not None) == (chip.segment == "phone"), name
        assert (device.battery is not None) == (chip.segment in ("phone", "laptop")), name
        assert device.peak_w == chip.power.peak_w


def test_chip_overrides_its_class_number_by_number() -> None:
    own, usual = load_device("apple-a19-pro"), load_device("apple-a16")
    assert own.thermal is not None and usual.thermal is not None  # noqa: PT018
    assert own.title == "iPhone 17 Pro"
    assert own.thermal.case_k_per_w == 3.93
    assert usual.thermal.case_k_per_w == 4.4
    assert own.thermal.package_k_per_w == usual.thermal.package_k_per_w == 4.0
    assert own.rest_w == usual.rest_w == 1.3
    assert own.battery is not None
    assert own.battery.energy_j == 16.5 * 3600.0


def test_size_and_mass_give_resistance_and_capacity() -> None:
    """10 W/m2/K over the skin and 0.9 J/g/K, as the sources of the files say."""
    bodies = {
        "apple-a18-pro": (149.6, 71.5, 8.25, 199.0),
        "apple-a19-pro": (150.0, 71.9, 8.75, 206.0),
        "snapdragon-8-gen-3": (162.3, 79.0, 8.6, 232.0),
        "snapdragon-8-elite": (162.8, 77.6, 8.2, 218.0),
    }
    for name, (height, width, depth, grams) in bodies.items():
        path = load_device(name).thermal
        assert path is not None
        area_m2 = 2e-6 * (height * width + (height + width) * depth)
        assert path.case_k_per_w == pytest.approx(1.0 / (10.0 * area_m2), rel=5e-3)
        assert path.case_j_per_k == pytest.approx(0.9 * grams, rel=5e-3)


def test_command_line_changes_reach_the_device() -> None:
    draft = changed_draft("chip", "apple-a19-pro", {"device.thermal.ambient": "35 degC"})
    path = device_from(draft).thermal
    assert path is not None
    assert path.ambient_degc == 35.0


@pytest.mark.parametrize(
    ("chip", "path", "value", "slug"),
    [
        ("apple-a19-pro", "device.thermal.spreading", "1.2", "range"),
        ("apple-a19-pro", "device.thermal.ambient", "25 K/W", "unit"),
        ("apple-a19-pro", "device.battery.energy", "0 Wh", "range"),
        ("apple-a19-pro", "device.thermal.colour", "red", "unknown-key"),
        ("nvidia-h100-sxm", "device.thermal.case_resistance", "0.1 K/W", "missing-key"),
    ],
)
def test_faults(chip: str, path: str, value: str, slug: str) -> None:
    with pytest.raises(SpecError) as caught:
        device_from(changed_draft("chip", chip, {path: value}))
    assert slug in {fault.slug for fault in caught.value.faults}


def test_file_of_ones_own(tmp_path: Path) -> None:
    text = (
        "schema: dse.chip/1\nbase: apple-a19-pro\nname: mine\ntitle: Mine\n"
        "device: {rest: 0 W, battery: {energy: 10 Wh}}\n"
    )
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    device = load_device(file)
    assert device.rest_w == 0.0
    assert device.battery is not None
    assert device.battery.energy_j == 36000.0
    assert device.thermal is not None
    assert device.thermal.case_k_per_w == 3.93
