"""The same request on the phone, or in a data centre behind a radio link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dse.chip import Chip
from dse.cost import Results, Stack, evaluate
from dse.device.link import Radio, radio_use
from dse.dtype import Format
from dse.technology import Silicon
from dse.workload import Model, Scenario

__all__ = ["Cost", "Prices", "Server", "cloud_cost", "device_cost", "on_server"]

Array = npt.NDArray[np.float64]
JOULES_PER_KWH = 3.6e6
SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Prices:
    """What time and energy cost on each side.

    Parameters
    ----------
    gpu_hour_usd : mapping of str to float
        Rent of an hour of an accelerator with its share of a host, by chip, USD.
    host_w : float
        That share's power, W.
    facility_factor : float
        Energy of the building over that of the machines in it (PUE).
    server_kwh_usd, home_kwh_usd : float
        Price of a kilowatt-hour in a data centre, and at home, USD.
    charger_efficiency : float
        Energy into the battery over energy from the wall.
    battery_usd, battery_j, battery_cycles : float
        Price of a new battery, its energy, J, and the full charges after which it is due.
    prompt_bytes, token_bytes : float
        Sent per token of the prompt, and received per token of the answer, B.
    """

    gpu_hour_usd: Mapping[str, float]
    host_w: float
    facility_factor: float
    server_kwh_usd: float
    home_kwh_usd: float
    charger_efficiency: float
    battery_usd: float
    battery_j: float
    battery_cycles: float
    prompt_bytes: float
    token_bytes: float

    def charge_usd(self, joules: Array) -> Array:
        """Electricity from the wall behind energy from the battery, USD."""
        return np.asarray(joules / self.charger_efficiency * self.home_kwh_usd / JOULES_PER_KWH)

    def wear_usd(self, joules: Array) -> Array:
        """What the battery ages, as a part of a new one, USD."""
        return np.asarray(self.battery_usd * joules / (self.battery_j * self.battery_cycles))


@dataclass(frozen=True, slots=True)
class Server:
    """A chip in a data centre, and what it runs.

    Parameters
    ----------
    scenario : Scenario
        The requests that it decodes together, its batch size counted.
    first, result : Results
        Metrics of one request alone, and of that batch, on the chip.
    hour_usd : float
        Rent of an hour of the chip, USD.
    occupancy : float
        Share of the rented time in which full batches run, in (0, 1].
    """

    scenario: Scenario
    first: Results
    result: Results
    hour_usd: float
    occupancy: float

    @property
    def chip_s(self) -> Array:
        """Time of the chip that one request takes up: its prefill, its share of the steps, s."""
        steps = self.scenario.decode_steps * self.result["tpot_s"]
        return np.asarray(self.first["ttft_s"] + steps / self.scenario.batch_size)

    @property
    def chip_j(self) -> Array:
        """Energy of the chip for one request, J."""
        steps = self.scenario.decode_steps * self.result["energy_per_token_j"]
        return np.asarray(self.first["prefill_energy_j"] + steps)

    @property
    def ttft_s(self) -> Array:
        """Rest of the running step, then the request's own prefill, s."""
        return np.asarray(0.5 * self.result["tpot_s"] + self.first["ttft_s"])

    @property
    def tpot_s(self) -> Array:
        """A step of the batch, and the prefills of those that come and go meanwhile, s."""
        steps = self.scenario.decode_steps
        others = (self.scenario.batch_size - 1) * self.first["ttft_s"] / max(1, steps)
        return np.asarray(self.result["tpot_s"] + (others if steps else 0.0))


@dataclass(frozen=True, slots=True)
class Cost:
    """One request on one side, per user; arrays of shape (n,).

    Parameters
    ----------
    ttft_s, tpot_s, latency_s : Array
        Until the user sees the first token, between tokens, and until the last, s.
    phone_j : Array
        From the phone's battery, J.
    radio_j : Array
        What of it the radio takes, J.
    network_j, server_j : Array
        In the network, and in the data centre, its building counted, J.
    phone_usd, wear_usd : Array
        Electricity to charge the phone again, and the wear of its battery, USD.
    rent_usd : Array
        Rent of the accelerator, which holds its electricity, USD.
    server_power_usd : Array
        That electricity alone, USD.
    fits : Array
        1 where the model fits the memory of the chip that runs it.
    """

    ttft_s: Array
    tpot_s: Array
    latency_s: Array
    phone_j: Array
    radio_j: Array
    network_j: Array
    server_j: Array
    phone_usd: Array
    wear_usd: Array
    rent_usd: Array
    server_power_usd: Array
    fits: Array

    @property
    def energy_j(self) -> Array:
        """Energy in total, from the battery, the network and the data centre, J."""
        return self.phone_j + self.network_j + self.server_j

    @property
    def usd(self) -> Array:
        """All that somebody pays for, USD."""
        return self.phone_usd + self.wear_usd + self.rent_usd


def device_cost(
    chip: Chip,
    model: Model,
    scenario: Scenario,
    silicon: Silicon,
    prices: Prices,
    unit: str | None = None,
    stack: Stack | None = None,
) -> Cost:
    """The request on the phone: its battery pays for all of it.

    Parameters
    ----------
    chip, model, scenario, silicon, unit, stack
        As for `dse.cost.evaluate`; a batch shares time and energy evenly.
    prices : Prices
        Of electricity and batteries.
    """
    result = evaluate(chip, model, scenario, silicon, unit, stack)
    energy = result["e2e_energy_j"] / scenario.batch_size
    none = np.zeros_like(energy)
    return Cost(
        ttft_s=result["ttft_s"],
        tpot_s=result["tpot_s"],
        latency_s=result["e2e_latency_s"],
        phone_j=energy,
        radio_j=none,
        network_j=none,
        server_j=none,
        phone_usd=prices.charge_usd(energy),
        wear_usd=prices.wear_usd(energy),
        rent_usd=none,
        server_power_usd=none,
        fits=result["fits"],
    )


def on_server(scenario: Scenario, batch: int, weights: Format) -> Scenario:
    """The same request among `batch` equal ones, with the server's format of weights."""
    precision = replace(scenario.precision, weights=weights, head=weights, embedding=weights)
    return replace(scenario, name="custom", batch_size=batch, precision=precision)


def cloud_cost(phone: Chip, radio: Radio, server: Server, prices: Prices, is_asleep: bool) -> Cost:
    """The request in a data centre: a share of a batch there, radio and idling here.

    The server admits a request between two steps of those that run (iteration-level scheduling),
    always b of them; f is a prefill, d a step of b, n the steps of one request:

        TTFT = t_connect + U / B_up + RTT + d / 2 + f,   TPOT = d + (b - 1) f / n             (1)
        E_phone = E_radio + P_idle t                                                          (2)
        E_server = PUE (e_f + n e_d + P_host (f + n d / b))                                   (3)
        USD = hour (f + n d / b) / (3600 occupancy) + charge + wear                           (4)

    The phone's chip stays awake with its DRAM, to show the text.

    Parameters
    ----------
    phone : Chip
        The phone's chip.
    radio : Radio
        Its link.
    server : Server
        What runs at the other end.
    prices : Prices
        Of electricity and batteries.
    is_asleep : bool
        Whether the radio wakes up for this request alone.

    References
    ----------
    Yu et al., "Orca: a distributed serving system for transformer-based generative models",
    OSDI 2022.
    """
    scenario = server.scenario
    up = prices.prompt_bytes * scenario.prompt_tokens
    token_s = prices.token_bytes / radio.down_bytes_per_s
    wake = radio.connect_s * is_asleep
    ttft = up / radio.up_bytes_per_s + radio.round_trip_s + server.ttft_s + token_s
    tpot = np.maximum(server.tpot_s, token_s)
    latency = ttft + scenario.decode_steps * tpot
    down = prices.token_bytes * scenario.output_tokens
    use = radio_use(radio, up, down, latency, is_asleep)
    phone_j = use.phone_j + _awake_w(phone) * (latency + wake)
    server_j = prices.facility_factor * (server.chip_j + prices.host_w * server.chip_s)
    return Cost(
        ttft_s=np.asarray(wake + ttft),
        tpot_s=tpot,
        latency_s=np.asarray(wake + latency),
        phone_j=phone_j,
        radio_j=use.phone_j,
        network_j=use.network_j + np.zeros_like(phone_j),
        server_j=np.asarray(server_j),
        phone_usd=prices.charge_usd(phone_j),
        wear_usd=prices.wear_usd(phone_j),
        rent_usd=np.asarray(
            server.hour_usd * server.chip_s / (SECONDS_PER_HOUR * server.occupancy)
        ),
        server_power_usd=np.asarray(server_j * prices.server_kwh_usd / JOULES_PER_KWH),
        fits=server.result["fits"],
    )


def _awake_w(phone: Chip) -> Array:
    """Power of a phone's chip that only waits: idle, and DRAM in standby, W."""
    background = phone.dram.capacity_bytes * phone.dram.type.background_w_per_byte
    return np.asarray(phone.power.idle_w + background)
