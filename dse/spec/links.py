"""Loads links, prices, and what a scheduler does by default."""

from __future__ import annotations

from dse.device import Link, Prices, Radio, RuntimeDefaults
from dse.errors import Fault, SpecError
from dse.spec.library import did_you_mean, locate
from dse.spec.load import validate
from dse.spec.read import read_spec
from dse.spec.schema.link import LinksFile, LinkSpec, PricesFile, RadioSpec, SharingFile

__all__ = ["load_links", "load_prices", "load_radios", "load_sharing", "named"]


def _links_file() -> LinksFile:
    return validate(LinksFile, read_spec(locate("technology", "links")))


def load_links() -> dict[str, Link]:
    """Load the library's wired links.

    Raises
    ------
    SpecError
        With all faults of the file, located.
    """
    return {name: _link(name, spec) for name, spec in _links_file().links.items()}


def load_radios() -> dict[str, Radio]:
    """Load the library's radios; raises as `load_links` does."""
    return {name: _radio(name, spec) for name, spec in _links_file().radios.items()}


def _link(name: str, spec: LinkSpec) -> Link:
    return Link(
        name=name,
        title=spec.title,
        bytes_per_s=spec.bandwidth * spec.efficiency,
        latency_s=spec.latency,
        energy_j_per_bit=spec.energy,
    )


def _radio(name: str, spec: RadioSpec) -> Radio:
    return Radio(
        name=name,
        title=spec.title,
        up_bytes_per_s=spec.up,
        down_bytes_per_s=spec.down,
        round_trip_s=spec.round_trip,
        connect_s=spec.connect,
        active_w=spec.active,
        up_j_per_bit=spec.up_energy,
        down_j_per_bit=spec.down_energy,
        tail_s=spec.tail,
        tail_w=spec.tail_power,
        network_j_per_bit=spec.network_energy,
    )


def load_prices() -> Prices:
    """Load the library's prices; raises as `load_links` does."""
    spec = validate(PricesFile, read_spec(locate("technology", "prices")))
    return Prices(
        gpu_hour_usd=dict(spec.gpu_hour),
        host_w=spec.host,
        facility_factor=spec.facility,
        server_kwh_usd=spec.server_kwh,
        home_kwh_usd=spec.home_kwh,
        charger_efficiency=spec.charger,
        battery_usd=spec.battery.price,
        battery_j=spec.battery.energy,
        battery_cycles=spec.battery.cycles,
        prompt_bytes=spec.prompt_token,
        token_bytes=spec.output_token,
    )


def load_sharing() -> RuntimeDefaults:
    """Load what a scheduler does by default; raises as `load_links` does."""
    spec = validate(SharingFile, read_spec(locate("technology", "sharing")))
    return RuntimeDefaults({str(kind): value for kind, value in spec.slice.items()}, spec.task)


def named(table: dict[str, Link] | dict[str, Radio], name: str, kind: str) -> Link | Radio:
    """Find an entry of the file by name.

    Raises
    ------
    SpecError
        If there is none.
    """
    if name in table:
        return table[name]
    hint = did_you_mean(name, table) or f": {', '.join(table)}"
    message = f"must be a {kind} of hw_configs/technology/links.yaml{hint}"
    raise SpecError((Fault(name, 0, 0, "", message, "unknown-name"),))
