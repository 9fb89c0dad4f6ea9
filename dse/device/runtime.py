"""A request in the foreground of a unit that others use too: its latency and its energy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.chip import Chip
from dse.cost import Stack, derive, evaluate
from dse.device.queue import Share, Sharing, fair_share, priority_share
from dse.technology import Silicon
from dse.workload import Model, Scenario

__all__ = ["RuntimeDefaults", "Served", "Service", "serve", "service_of"]

Array = npt.NDArray[np.float64]
_POLICIES = {"fair": fair_share, "priority": priority_share}


@dataclass(frozen=True, slots=True)
class RuntimeDefaults:
    """What a scheduler does where nothing else is said.

    Parameters
    ----------
    slice_s : dict of str to float
        Time slice by kind of unit, s.
    task_s : float
        Mean work of one background task, s.
    """

    slice_s: dict[str, float]
    task_s: float


@dataclass(frozen=True, slots=True)
class Service:
    """What a request takes of a unit that it has for itself; arrays of shape (n,).

    Parameters
    ----------
    ttft_s, tpot_s, latency_s : Array
        Prefill, one decode step, and the whole request, s.
    energy_j : Array
        Energy of the whole request, J.
    static_w : Array
        What burns whether the unit works or not, W.
    switch_s, refill_j : Array
        Time of a launch and of filling the local SRAM anew, s; energy of the latter, J.
    """

    ttft_s: Array
    tpot_s: Array
    latency_s: Array
    energy_j: Array
    static_w: Array
    switch_s: Array
    refill_j: Array


@dataclass(frozen=True, slots=True)
class Served:
    """The same request on a unit that it shares; arrays of shape (n,).

    Parameters
    ----------
    share : Share
        How the unit was shared.
    ttft_s, tpot_s, latency_s : Array
        Means, the wait for the unit counted in the first and the last, s.
    energy_j : Array
        Its own work, its own switches, and what burns statically until it is done, J.
    switch_j : Array
        What all switches meanwhile cost the chip, of the background too, J.
    """

    share: Share
    ttft_s: Array
    tpot_s: Array
    latency_s: Array
    energy_j: Array
    switch_j: Array


def service_of(
    chip: Chip,
    model: Model,
    scenario: Scenario,
    silicon: Silicon,
    unit: str | None = None,
    stack: Stack | None = None,
) -> Service:
    """Evaluate a request alone, and what a switch costs its unit.

    A thread that comes back finds the local SRAM full of another's data and reads its own again:

        t_switch = t_dispatch + S / B_DRAM,   E_switch = S e_DRAM                             (1)

    Parameters
    ----------
    chip, model, scenario, silicon, unit, stack
        As for `dse.cost.evaluate`, with one unit; numeric leaves may be arrays of shape (n,).
    """
    batch = derive(chip, scenario.precision, silicon, unit, stack)
    alone = evaluate(chip, model, scenario, silicon, unit, stack)
    return Service(
        ttft_s=alone["ttft_s"],
        tpot_s=alone["tpot_s"],
        latency_s=alone["e2e_latency_s"],
        energy_j=alone["e2e_energy_j"],
        static_w=batch.static_w,
        switch_s=np.asarray(batch.dispatch_s + batch.sram_bytes * batch.dram_s_per_byte),
        refill_j=np.asarray(batch.sram_bytes * batch.dram_j),
    )


def serve(service: Service, sharing: Sharing, policy: str) -> Served:
    """Latency and energy of a request under a policy.

        T = W + x / rate                                                                      (1)
        E = E_alone + P_static (T - x) + turns E_switch                                       (2)

    Dynamic energy follows the work, which sharing does not change; static power is charged to the
    request for as long as someone waits for it. The means hold for a request that is long against
    a slice and a background task.

    Parameters
    ----------
    service : Service
        The request alone.
    sharing : Sharing
        What competes with it.
    policy : str
        ``fair`` or ``priority``.
    """
    share = _POLICIES[policy](sharing)
    latency = share.delay_s + service.latency_s * share.stretch
    waiting = latency - service.latency_s
    refilled = _times(share.turns_per_s, latency) * service.refill_j
    each_j = service.static_w * sharing.switch_s + service.refill_j
    return Served(
        share=share,
        ttft_s=np.asarray(share.delay_s + service.ttft_s * share.stretch),
        tpot_s=np.asarray(service.tpot_s * share.stretch),
        latency_s=np.asarray(latency),
        energy_j=np.asarray(service.energy_j + service.static_w * waiting + refilled),
        switch_j=np.asarray(_times(share.switches_per_s, latency) * each_j),
    )


def _times(per_s: Array, seconds: Array) -> Array:
    """How often something happens; infinite for ever, however seldom."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(seconds), np.inf, per_s * seconds)
