"""Clocks and voltages: what a decode yields and draws at each, and which of them to run.

A clock is one more axis of the arrays of a chip: `operating_points` evaluates a grid of clocks of
the unit and of its memory in one call of the kernel, for one design or for n.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dse.chip import Chip
from dse.cost import Stack, derive, evaluate_batch
from dse.technology import Silicon
from dse.workload import Model, Scenario, unroll

__all__ = [
    "FULL",
    "GRID",
    "Clocks",
    "OperatingPoints",
    "at_clocks",
    "cheapest",
    "operating_points",
    "rate_within",
]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Clocks:
    """k pairs of clocks, each over the published one, arrays of shape (k,).

    Parameters
    ----------
    core, memory : Array
        Clock of the unit, and data rate of the DRAM, as fractions.
    """

    core: Array
    memory: Array


def _grid(core: Array, memory: Array) -> Clocks:
    cores, memories = np.meshgrid(core, memory, indexing="ij")
    return Clocks(cores.ravel(), memories.ravel())


# Steps of a twentieth and an eighth, about as fine as the tables of phones.
GRID = _grid(np.linspace(0.15, 1.0, 18), np.linspace(0.25, 1.0, 7))
# The published clocks alone: a governor that can only pause.
FULL = Clocks(np.ones(1), np.ones(1))


@dataclass(frozen=True, slots=True)
class OperatingPoints:
    """A decode at k pairs of clocks on n designs; arrays of shape (k, n).

    Parameters
    ----------
    clocks : Clocks
        The pairs.
    volts : Array
        Voltage of the unit over the reference voltage of the technology.
    tok_s : Array
        Rate over the whole batch of sequences, 1/s.
    running_w, paused_w : Array
        Power of the chip and its memory while it decodes, and while it waits at these clocks, W.
    """

    clocks: Clocks
    volts: Array
    tok_s: Array
    running_w: Array
    paused_w: Array

    def take(self, index: npt.NDArray[np.intp]) -> OperatingPoints:
        """Give some of the pairs."""
        clocks = Clocks(self.clocks.core[index], self.clocks.memory[index])
        parts = (self.volts, self.tok_s, self.running_w, self.paused_w)
        return OperatingPoints(clocks, *(part[index] for part in parts))


def at_clocks(
    chip: Chip, unit: str, silicon: Silicon, core: npt.ArrayLike, memory: npt.ArrayLike
) -> tuple[Chip, Silicon]:
    """Chip with the clock of a unit and of its memory scaled, and a voltage law that it follows.

    A unit that states its highest clock keeps its voltage curve. Another one runs at its
    segment's usual voltage: its published clock is taken as the one that needs this voltage, or
    where the curve ends below it, as the highest clock of a curve raised to end there.

    Parameters
    ----------
    chip : Chip
        Leaves are floats or arrays of shape (n,).
    unit : str
        Unit to scale.
    silicon : Silicon
        Constants of the reference node.
    core, memory : array_like
        Fractions of the published clock and data rate; (k, 1) against n designs.
    """
    own = chip.unit(unit)
    law = silicon.voltage
    usual = law.supply_v.get(chip.segment, law.reference_v)
    fraction = float(np.interp(usual, law.volts, law.clock_fractions))
    is_free = np.isinf(np.asarray(own.max_clock_hz))
    if usual > law.volts[-1] and np.any(is_free):
        raised = tuple(volts * usual / law.volts[-1] for volts in law.volts)
        silicon = replace(silicon, voltage=replace(law, volts=raised))
    # Leaves may be arrays; their declared type is that of one chip.
    clock: Any = own.clock_hz * np.asarray(core)
    highest: Any = np.where(is_free, own.clock_hz / fraction, own.max_clock_hz)
    scaled = replace(own, clock_hz=clock, max_clock_hz=highest)
    units = tuple(scaled if each is own else each for each in chip.units)
    rate: Any = chip.dram.data_rate_per_s * np.asarray(memory)
    return replace(chip, units=units, dram=replace(chip.dram, data_rate_per_s=rate)), silicon


def operating_points(
    chip: Chip,
    model: Model,
    scenario: Scenario,
    silicon: Silicon,
    unit: str | None = None,
    *,
    clocks: Clocks = GRID,
    stack: Stack | None = None,
) -> OperatingPoints:
    """Rate and power of a decode at each pair of clocks.

    Dynamic energy of the unit follows V^2 and its leakage V^3, V from its clock; the energy of a
    DRAM bit does not fall with the data rate, which is on the safe side. Launches take the time
    that they take at the full clock, for the host makes them.

    Parameters
    ----------
    chip, model, scenario, silicon, unit
        As for `dse.cost.evaluate`; leaves of the chip are floats or arrays of shape (n,).
    clocks : Clocks
        Pairs to evaluate, k of them.
    stack : Stack, optional
        As for `dse.cost.evaluate`.

    Returns
    -------
    OperatingPoints
        Arrays of shape (k, n).
    """
    name = chip.unit(unit).name
    core, memory = clocks.core[:, None], clocks.memory[:, None]
    scaled, silicon = at_clocks(chip, name, silicon, core, memory)
    chips = derive(scaled, scenario.precision, silicon, name, stack)
    result = evaluate_batch(chips, unroll(model, scenario))
    of_unit = scaled.unit(name)
    volts = silicon.voltage.ratio(of_unit.clock_hz, of_unit.max_clock_hz, chip.segment)
    parts = (volts, result["decode_tok_s"], result["decode_power_w"], chips.static_w)
    shape = np.broadcast_shapes(*(np.shape(part) for part in parts), (core.shape[0], 1))
    return OperatingPoints(clocks, *(np.broadcast_to(part, shape).copy() for part in parts))


def rate_within(points: OperatingPoints, chip_w: npt.ArrayLike) -> Array:
    """Fastest decode within a budget of power: one pair of clocks, and pauses where it must.

        rate = max over pairs of rate_i min(1, (P - P_paused_i) / (P_running_i - P_paused_i))  (1)

    With `FULL` it is a governor that only pauses: the rate falls linearly in the power above
    that of waiting. With `GRID` it is a governor that knows the chip: it first lowers the clock
    of whichever of unit and memory the decode does not wait for. Software of phones lies between.
    0 where the budget does not even pay for waiting.

    Parameters
    ----------
    points : OperatingPoints
        Arrays of shape (k, n).
    chip_w : array_like
        Budgets, W, of shape (n,) or (m, n); infinite for none.

    Returns
    -------
    Array
        1/s, of the budgets' shape broadcast with (n,).

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> points = OperatingPoints(FULL, one, 40.0 * one, 6.0 * one, 1.0 * one)
    >>> rate_within(points, [[0.5], [3.5], [9.0]]).ravel()
    array([ 0., 20., 40.])
    """
    budget = np.asarray(chip_w, dtype=np.float64)
    best: Array = np.zeros(np.broadcast_shapes(budget.shape, points.tok_s.shape[1:]))
    for i in range(points.tok_s.shape[0]):
        spare = (budget - points.paused_w[i]) / (points.running_w[i] - points.paused_w[i])
        best = np.maximum(best, points.tok_s[i] * np.clip(spare, 0.0, 1.0))
    return best


def cheapest(
    points: OperatingPoints, least_tok_s: npt.ArrayLike, rest_w: npt.ArrayLike = 0.0
) -> npt.NDArray[np.intp]:
    """Index of the pair of clocks that costs least energy per token and still meets a rate.

    E_i = (P_running_i + P_rest) / rate_i

    A rate beyond the fastest pair asks for the fastest.

    Parameters
    ----------
    points : OperatingPoints
        Arrays of shape (k, n).
    least_tok_s : array_like
        Rate to meet, 1/s, of shape (n,).
    rest_w : array_like
        Power beside the chip that runs as long as the decode does, W.

    Returns
    -------
    ndarray
        (n,).
    """
    target = np.minimum(np.asarray(least_tok_s), points.tok_s.max(axis=0) * (1.0 - 1e-9))
    energy = (points.running_w + np.asarray(rest_w)) / points.tok_s
    allowed = np.where(points.tok_s >= target, energy, np.inf)
    return np.asarray(np.argmin(allowed, axis=0))
