"""Where cases are evaluated: as modelled, and at the best that the hardware allows."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

from dse.chip import Chip
from dse.cost import BOUNDS, NEUTRAL, Stack, evaluate, metric
from dse.device import Prices, Radio, RuntimeDefaults
from dse.errors import Fault, SpecError
from dse.spec import load_model, load_stack, load_technology, load_workload
from dse.spec.changes import changed_chip, changed_scenario
from dse.spec.claims import load_accuracy
from dse.spec.links import load_prices, load_radios, load_sharing
from dse.spec.schema.claim import CaseSpec
from dse.technology import Silicon
from dse.workload import Model, Network, Scenario

__all__ = ["EXACT", "Bench", "Case", "Figures", "best_ratio", "phase_of"]

# A runtime that loses nothing: no launches, no conversion, every engine and the bus at its peak.
_IDEAL = dataclasses.replace(NEUTRAL, name="ideal", dram_efficiency=math.inf)
_WORDS = {
    "matrix": "peak compute",
    "vector": "the vector engine",
    "sram": "local SRAM",
    "cache": "the cache",
    "dram": "memory bandwidth",
    "dispatch": "launching",
    "flash": "flash bandwidth",
}
# Slack of a limit that follows from a bus, a rate or a capacity: the rounding of a claim.
EXACT = 0.02


def phase_of(name: str) -> str:
    """Phase whose accuracy a metric has: of `PhaseErrors`, or ``exact``.

    Examples
    --------
    >>> [phase_of(name) for name in ("tpot_s", "ttft_s", "decode_power_w", "weight_bytes")]
    ['decode', 'prefill', 'energy', 'exact']
    """
    if name.endswith(("_j", "_w")):
        return "energy"
    starts = {
        "decode": ("decode_tok_s", "tpot_s", "e2e_latency_s"),
        "prefill": ("prefill_tok_s", "ttft_s"),
        "image": ("image_s",),
    }
    return next((phase for phase, names in starts.items() if name in names), "exact")


@dataclass(frozen=True, slots=True)
class Case:
    """A chip at work, by names of the library and what is changed about them."""

    chip: str
    model: str
    scenario: str
    unit: str | None
    stack: str | None
    changes: tuple[tuple[str, str], ...]

    def of(self, root: str) -> dict[str, str]:
        """Changes of the chip, or of the scenario, by path within it."""
        start = f"{root}."
        return {k.removeprefix(start): v for k, v in self.changes if k.startswith(start)}


class Figures:
    """Metrics of a case as modelled, and at the best that its hardware allows.

    Parameters
    ----------
    run : callable
        Evaluates the case on its own chip and stack, or at best.
    """

    def __init__(self, run: Callable[[bool], Mapping[str, float]]) -> None:
        self._run = run

    @cached_property
    def modelled(self) -> Mapping[str, float]:
        """Metrics under the case's own software."""
        return self._run(False)

    @cached_property
    def best(self) -> Mapping[str, float]:
        """Metrics of a runtime that loses nothing, with the whole bus at its disposal."""
        return self._run(True)

    def bound(self, name: str) -> str:
        """What sets the best value of a metric."""
        phase = phase_of(name)
        if phase in ("decode", "prefill", "image"):
            return _WORDS[BOUNDS[int(self.best[f"{phase}_bound"])]]
        words = {
            "energy": "the energy of bytes and operations",
            "peak_ops_per_s": "peak compute",
            "dram_bandwidth_bytes_per_s": "memory bandwidth",
        }
        return words.get(phase) or words.get(name) or "memory"


class Bench:
    """Evaluates each case once.

    Examples
    --------
    >>> bench = Bench()
    >>> said = CaseSpec(chip="apple-m4", model="llama-3.2-1b", scenario="phone-chat")
    >>> figures = bench.figures(bench.case(said))
    >>> figures.best["decode_tok_s"] > figures.modelled["decode_tok_s"]
    True
    """

    def __init__(self) -> None:
        self._figures: dict[Case, Figures] = {}
        self._chips: dict[tuple[str, str], Chip] = {}
        self._models: dict[str, Model | Network] = {}
        self._scenarios: dict[tuple[str, str], Scenario] = {}
        self._stacks: dict[str, Stack] = {}

    @cached_property
    def silicon(self) -> Silicon:
        """Constants of the reference node."""
        return load_technology().silicon

    @cached_property
    def prices(self) -> Prices:
        """Of accelerators, electricity and batteries."""
        return load_prices()

    @cached_property
    def radios(self) -> Mapping[str, Radio]:
        """Radios by name."""
        return load_radios()

    @cached_property
    def sharing(self) -> RuntimeDefaults:
        """What a scheduler does by default."""
        return load_sharing()

    @cached_property
    def _accuracy(self) -> tuple[Mapping[str, Mapping[str, float]], Mapping[str, float]]:
        file = load_accuracy()
        segments = {name: errors.model_dump() for name, errors in file.segments.items()}
        return {str(name): errors for name, errors in segments.items()}, file.ratios.model_dump()

    def case(self, *parts: CaseSpec | None) -> Case:
        """Lay cases over one another, the last on top.

        Raises
        ------
        SpecError
            If what is left names no chip, model or scenario.
        """
        fields: dict[str, str] = {}
        changes: dict[str, str] = {}
        for part in parts:
            if part is not None:
                said = part.model_dump(exclude={"changes"}, exclude_none=True)
                fields |= {str(key): str(value) for key, value in said.items()}
                changes |= {str(key): str(value) for key, value in part.changes.items()}
        lacks = [name for name in ("chip", "model", "scenario") if name not in fields]
        if lacks:
            message = f"a case names no {' and no '.join(lacks)}"
            raise SpecError((Fault("claim", 0, 0, "case", message, "missing-key"),))
        return Case(
            chip=fields["chip"],
            model=fields["model"],
            scenario=fields["scenario"],
            unit=fields.get("unit"),
            stack=fields.get("stack"),
            changes=tuple(changes.items()),
        )

    def chip(self, case: Case) -> Chip:
        """The case's chip."""
        changes = case.of("chip")
        key = (case.chip, repr(changes))
        if key not in self._chips:
            self._chips[key] = changed_chip(case.chip, changes)
        return self._chips[key]

    def model(self, case: Case) -> Model | Network:
        """The case's model."""
        if case.model not in self._models:
            self._models[case.model] = load_workload(case.model)
        return self._models[case.model]

    def text_model(self, case: Case) -> Model:
        """The case's model, where it must be a language model."""
        model = self.model(case)
        return model if isinstance(model, Model) else load_model(case.model)

    def scenario(self, case: Case) -> Scenario:
        """The case's scenario."""
        changes = case.of("scenario")
        key = (case.scenario, repr(changes))
        if key not in self._scenarios:
            self._scenarios[key] = changed_scenario(case.scenario, changes)
        return self._scenarios[key]

    def stack(self, case: Case) -> Stack | None:
        """The case's software."""
        if case.stack is None:
            return None
        if case.stack not in self._stacks:
            self._stacks[case.stack] = load_stack(case.stack)
        return self._stacks[case.stack]

    def figures(self, case: Case) -> Figures:
        """All metrics of a case, as modelled and at best."""
        if case not in self._figures:
            self._figures[case] = Figures(partial(self._row, case))
        return self._figures[case]

    def _row(self, case: Case, at_best: bool) -> Mapping[str, float]:
        chip = _freed(self.chip(case)) if at_best else self.chip(case)
        stack = _IDEAL if at_best else self.stack(case)
        model, scenario = self.model(case), self.scenario(case)
        return evaluate(chip, model, scenario, self.silicon, case.unit, stack).row()

    def tolerance(self, name: str, case: Case | None = None) -> float:
        """How far a metric may be off: of a case's segment, or without one of a ratio."""
        segments, ratios = self._accuracy
        phase = phase_of(name)
        if phase == "exact":
            return EXACT
        if case is None:
            return ratios[phase]
        return segments.get(self.chip(case).segment, segments["phone"])[phase]

    def slack(self, name: str) -> float:
        """How uncertain the limit of a metric is: energies rest on estimated constants."""
        return self._accuracy[1]["energy"] if phase_of(name) == "energy" else EXACT


def best_ratio(name: str, case: Figures, base: Figures, same_chip: bool) -> tuple[float, float]:
    """How much better a metric is than in a baseline: as modelled, and at most.

    On one chip both reach the same share of the limit, so that the ratio of the limits bounds
    their ratio. Of two chips the older stays as modelled, and the newer may come to its limit.
    """
    sense = metric(name).sense
    modelled = (case.modelled[name] / base.modelled[name]) ** sense
    under = base.best if same_chip else base.modelled
    return modelled, max(modelled, (case.best[name] / under[name]) ** sense)


def _freed(chip: Chip) -> Chip:
    """The chip without what only one unit's port and its buffers withhold from the bus."""
    units = tuple(dataclasses.replace(u, max_dram_bytes_per_s=math.inf) for u in chip.units)
    dram = dataclasses.replace(chip.dram, max_outstanding_bytes=math.inf)
    return dataclasses.replace(chip, units=units, dram=dram)
