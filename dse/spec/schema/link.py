"""The files of links, of prices, and of how a unit is shared."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dse.spec.schema.field import Key, Quantity, Section, Title

__all__ = ["LinksFile", "PricesFile", "SharingFile"]

_Bandwidth = Annotated[float, Quantity("bandwidth", high="1 PB/s")]
_Time = Annotated[float, Quantity("time", high="1 h", zero=True)]
_Span = Annotated[float, Quantity("time", high="1 h")]
_Power = Annotated[float, Quantity("power", high="100 kW", zero=True)]
_PerBit = Annotated[float, Quantity("energy_per_bit", high="1 J/bit", zero=True)]
_Share = Annotated[float, Quantity("ratio", high="1")]
_Money = Annotated[float, Quantity("money", high="1000000 USD", zero=True)]
_Text = Annotated[float, Quantity("capacity", high="1 GB")]


class LinkSpec(Section):
    """A wired link between chips."""

    title: Title = Field(description="Name for people.")
    bandwidth: _Bandwidth = Field(description="What one chip sends while it receives as much.")
    efficiency: _Share = Field(1.0, description="Share of it that carries data.")
    latency: _Time = Field(description="Of a short message, one way.")
    energy: _PerBit = Field(description="Both ends and the wire.")


class RadioSpec(Section):
    """A phone's radio and the network behind it."""

    title: Title = Field(description="Name for people.")
    down: _Bandwidth = Field(description="What one user receives.")
    up: _Bandwidth = Field(description="What one user sends.")
    round_trip: _Time = Field(description="To a server and back, while connected.")
    connect: _Time = Field(description="From asleep to connected.")
    active: _Power = Field(description="Of the phone's radio in use, bits not counted.")
    up_energy: _PerBit = Field(description="What a bit sent adds to it.")
    down_energy: _PerBit = Field(description="What a bit received adds to it.")
    tail: _Time = Field(description="How long it stays awake after the last bit.")
    tail_power: _Power = Field(description="Its power then.")
    network_energy: _PerBit = Field(description="Energy of the network behind it.")


class LinksFile(Section):
    """Links and radios."""

    links: dict[Key, LinkSpec] = Field(min_length=1, description="Wired links by key.")
    radios: dict[Key, RadioSpec] = Field(min_length=1, description="Radios by key.")


class BatterySpec(Section):
    """What wears out as it is charged."""

    price: _Money = Field(description="Of a new one, put in.")
    energy: Annotated[float, Quantity("energy", high="1000 Wh")] = Field(
        description="Of a full charge."
    )
    cycles: Annotated[float, Quantity("ratio", high="1000000")] = Field(
        description="Full charges until it is due."
    )


class PricesFile(Section):
    """What a request costs in a data centre and on a phone."""

    gpu_hour: dict[Key, _Money] = Field(
        min_length=1, description="Rent of an hour of an accelerator, by chip."
    )
    host: _Power = Field(description="Power of a host per accelerator.")
    facility: Annotated[float, Quantity("ratio", low="1", high="10")] = Field(
        description="Energy of the building over that of its machines."
    )
    server_kwh: _Money = Field(description="Of a kilowatt-hour in a data centre.")
    home_kwh: _Money = Field(description="Of a kilowatt-hour at home.")
    charger: _Share = Field(description="Energy into the battery over that from the wall.")
    battery: BatterySpec = Field(description="The phone's battery.")
    prompt_token: _Text = Field(description="Sent per token of the prompt.")
    output_token: _Text = Field(description="Received per token of the answer.")


class SharingFile(Section):
    """How a scheduler shares a unit where nothing else is said."""

    slice: dict[Literal["npu", "gpu", "cpu"], _Span] = Field(
        min_length=3, description="Time slice by kind of unit."
    )
    task: _Span = Field(description="Mean work of one background task.")
