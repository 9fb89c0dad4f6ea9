"""What lies around a chip, in the chip file and, by segment, in the technology's device file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dse.spec.schema.field import Quantity, Section, Title

__all__ = ["BatterySpec", "DeviceSpec", "DevicesFile", "ThermalSpec"]

_Resistance = Annotated[
    float | None, Quantity("thermal_resistance", low="0.001 K/W", high="1000 K/W")
]
_Capacity = Annotated[float | None, Quantity("heat_capacity", low="0.01 J/K", high="1000000 J/K")]
_Limit = Annotated[float | None, Quantity("temperature", high="200 degC")]


class ThermalSpec(Section):
    """Way of heat from the chip to the air; what is left out holds as in the segment's class."""

    package_resistance: _Resistance = Field(None, description="From the chip to the case.")
    package_capacity: _Capacity = Field(
        None, description="Heat capacity of the chip, its package and the board around it."
    )
    case_resistance: _Resistance = Field(None, description="From the case to the air.")
    case_capacity: _Capacity = Field(None, description="Heat capacity of the rest of the device.")
    spreading: Annotated[float | None, Quantity("ratio", low="0.1", high="0.98")] = Field(
        None,
        description="Coefficient of thermal spreading: mean over largest temperature rise of the "
        "skin.",
    )
    ambient: _Limit = Field(None, description="Temperature of the air.")
    skin_limit: _Limit = Field(
        None, description="Temperature of the hottest spot of the skin that throttles the chip."
    )
    package_limit: _Limit = Field(None, description="Temperature of the chip that throttles it.")


class BatterySpec(Section):
    """Battery of the device."""

    energy: Annotated[float, Quantity("energy", low="0.01 Wh", high="100000 Wh")] = Field(
        description="Energy of a full charge."
    )


class DeviceSpec(Section):
    """Device that a chip sits in; what is left out holds as in the segment's class."""

    title: Title | None = Field(None, description="Name of the device for people.")
    rest: Annotated[float | None, Quantity("power", high="10 kW", zero=True)] = Field(
        None, description="Power of display, radios and system beside the chip."
    )
    regulator: Annotated[float | None, Quantity("ratio", low="0.1", high="1")] = Field(
        None, description="Power of the chip over what its regulators take from the battery."
    )
    thermal: ThermalSpec | None = Field(
        None,
        description="Way of heat to the air; where neither the chip nor its class has one, the "
        "cooler is as good as the chip's sustained power.",
    )
    battery: BatterySpec | None = Field(None, description="Battery; none for the mains.")


class DevicesFile(Section):
    """Usual devices by market segment."""

    classes: dict[Literal["phone", "laptop", "desktop", "edge", "datacentre"], DeviceSpec] = Field(
        description="What holds for chips of a segment that say nothing else."
    )
