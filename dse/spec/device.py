"""Builds the device around a chip: what its file says, laid over the class of its segment."""

from __future__ import annotations

from pathlib import Path

from dse.device import Battery, Device, ThermalPath
from dse.errors import SpecError
from dse.spec.fault import fault_at
from dse.spec.library import locate
from dse.spec.load import validate
from dse.spec.read import Draft, read_spec
from dse.spec.schema import ChipSpec
from dse.spec.schema.device import DevicesFile, DeviceSpec, ThermalSpec

__all__ = ["device_from", "load_device"]

_TITLES = {
    "phone": "a phone of its class",
    "laptop": "a laptop of its class",
    "desktop": "a desktop computer",
    "edge": "a board",
    "datacentre": "a server",
}


def load_device(ref: str | Path) -> Device:
    """Load the device around a chip, by the chip's name in the library or its file's path.

    Raises
    ------
    SpecError
        With all faults of the chip's file, or of the devices' file, located.
    """
    return device_from(read_spec(locate("chip", ref)))


def device_from(draft: Draft) -> Device:
    """Validate a chip and build the device around it.

    Raises
    ------
    SpecError
        With all its faults; among them a thermal path with a missing part.
    """
    chip = validate(ChipSpec, draft)
    classes = validate(DevicesFile, read_spec(locate("technology", "device"))).classes
    usual = classes.get(chip.segment) or DeviceSpec()
    own = chip.device or DeviceSpec()
    battery = own.battery or usual.battery
    return Device(
        title=own.title or _TITLES[chip.segment],
        rest_w=_either(own.rest, usual.rest, 0.0),
        regulator=_either(own.regulator, usual.regulator, 1.0),
        peak_w=chip.power.peak,
        sustained_w=chip.power.sustained,
        thermal=_thermal(own.thermal, usual.thermal, draft),
        battery=Battery(battery.energy) if battery else None,
    )


def _either(own: float | None, usual: float | None, default: float) -> float:
    if own is not None:
        return own
    return default if usual is None else usual


def _thermal(
    own: ThermalSpec | None, usual: ThermalSpec | None, draft: Draft
) -> ThermalPath | None:
    """Lay the chip's own numbers over those of its class."""
    given = {**_said(usual), **_said(own)}
    if not given:
        return None
    missing = [name for name in ThermalSpec.model_fields if name not in given]
    if missing:
        rule = f"must give every number of a thermal path, but lacks {', '.join(missing)}"
        raise SpecError((fault_at(draft.tree, ("device", "thermal"), "missing-key", rule),))
    return ThermalPath(
        package_k_per_w=given["package_resistance"],
        package_j_per_k=given["package_capacity"],
        case_k_per_w=given["case_resistance"],
        case_j_per_k=given["case_capacity"],
        spreading=given["spreading"],
        ambient_degc=given["ambient"],
        skin_limit_degc=given["skin_limit"],
        package_limit_degc=given["package_limit"],
    )


def _said(spec: ThermalSpec | None) -> dict[str, float]:
    return spec.model_dump(exclude_none=True) if spec else {}
