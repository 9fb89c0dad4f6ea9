"""The steps that bring a model onto a chip: tables and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dse.cost.metric import BOUNDS
from dse.report.evaluation import scenario_text
from dse.report.quantity import format_metric, format_unit
from dse.report.tables import Column, Table
from dse.report.view import target_text

if TYPE_CHECKING:
    from dse.advise import StepSet, StepsResult, Taken
    from dse.space import Target
    from dse.spec.step_space import StepSpace

__all__ = [
    "STEP_COSTS",
    "StepsView",
    "costs_table",
    "counted",
    "price_text",
    "progress_table",
    "tightest",
]

# What a step may cost, and what its column is called.
STEP_COSTS = {"area_mm2": "die", "cost_usd": "cost", "decode_power_w": "power"}
_CHEAPEST = "the cheapest: in USD, then perplexity, then watts"
# A change below this share of what was there is none to people.
_NOTICED = 5e-4
_ORDER = "order: at each place the step that then comes nearest to all targets together"


@dataclass(frozen=True, slots=True)
class StepsView:
    """What was asked, and what came of it.

    Parameters
    ----------
    model, model_title : str
        Key in the library, and name for people.
    stack : str or None
        Software stack that runs it; None for the chip's own defaults.
    changes : mapping of str to str
        Fields of the chip that the user replaced.
    space : StepSpace
        The steps and the start.
    result : StepsResult
        What was found.
    """

    model: str
    model_title: str
    stack: str | None
    changes: Mapping[str, str]
    space: StepSpace
    result: StepsResult

    @property
    def targets(self) -> tuple[Target, ...]:
        """What the user asks; not what is asked of every design."""
        return self.result.requirements[:-2]

    @property
    def headline(self) -> str:
        """Model, chip and unit, and how many steps it takes."""
        found = counted(self.result.found.count, "step")
        answer = found if self.result.is_met else "no set of steps will do"
        return f"{self.model_title} on {self.space.chip.title} ({self.space.unit}): {answer}"

    @property
    def title(self) -> str:
        """The headline, the start and the targets."""
        space = self.space
        asked = ", ".join(target_text(target) for target in self.targets)
        return (
            f"{self.headline}\n"
            f"start: {scenario_text(space.scenario)}\n"
            f"targets: {asked}, fits the DRAM"
        )


def progress_table(view: StepsView) -> Table:
    """The targeted metrics after each step, and the wall that each step broke."""
    result, names = view.result, [target.metric for target in view.targets]
    lines = [
        ("", "start", *_cells(names, result.start.metrics), *_waits(result.start.metrics), "")
    ]
    for place, taken in enumerate(result.taken, start=1):
        cells = _cells(names, taken.after)
        lines.append((str(place), taken.step.title, *cells, *_waits(taken.after), _walls(taken)))
    columns = (
        Column("", is_number=True),
        Column("step", may_fold=True),
        *(Column(name, is_number=True) for name in names),
        Column("of DRAM", is_number=True),
        Column("prefill"),
        Column("decode"),
        Column("breaks the wall of", may_fold=True),
    )
    return Table(columns, tuple(lines), title=view.title, notes=tuple(_notes(view)), lead=2)


def _cells(names: list[str], metrics: Mapping[str, float]) -> tuple[str, ...]:
    return (*(format_metric(name, metrics[name]) for name in names), _share(metrics))


def _share(metrics: Mapping[str, float]) -> str:
    capacity = metrics["memory_bytes"] + metrics["memory_free_bytes"]
    return f"{100.0 * metrics['memory_bytes'] / capacity:.0f} %"


def _waits(metrics: Mapping[str, float]) -> tuple[str, str]:
    return _bound(metrics, "prefill_bound"), _bound(metrics, "decode_bound")


def _bound(metrics: Mapping[str, float], name: str) -> str:
    return BOUNDS[int(metrics[name])]


def _walls(taken: Taken) -> str:
    """Requirements that were met or undone, and phases that wait for something else now."""
    parts = [_requirement(target) for target in taken.met]
    parts += [f"undoes {_requirement(target)}" for target in taken.lost]
    for phase in ("prefill", "decode"):
        before, after = (_bound(m, f"{phase}_bound") for m in (taken.before, taken.after))
        if before != after:
            parts.append(f"{phase}: {before} to {after}")
    return ", ".join(parts)


def _requirement(target: Target) -> str:
    names = {"memory_free_bytes": "capacity", "buildable": "what can be built"}
    return names.get(target.metric, target.metric)


def _notes(view: StepsView) -> Iterator[str]:
    result = view.result
    if result.is_met and not result.taken:
        yield "the start meets the targets"
    elif result.is_met:
        steps = counted(result.found.count, "step")
        yield f"no set of fewer steps meets the targets: {counted(result.tried, 'set')} tried"
        if result.equals == 1:
            yield f"no other set of {steps} meets them"
        else:
            yield f"{result.equals} sets of {steps} meet them, of which this is {_CHEAPEST}"
    if result.taken:
        yield _ORDER
    states = [result.start.metrics, *(taken.after for taken in result.taken)]
    if any(metrics["memory_free_bytes"] < 0.0 for metrics in states):
        yield "above 100 % of the DRAM: timed as if it fitted"
    yield from (f"as many steps: {_set_text(other)}" for other in result.others)
    if result.is_met:
        yield _next(view)
    if view.space.left_out:
        texts = (f"{step.name} ({reason})" for step, reason in view.space.left_out)
        yield f"not on this chip: {', '.join(texts)}"


def counted(number: int, noun: str) -> str:
    """Write a number of things.

    Examples
    --------
    >>> counted(1, "step"), counted(2, "step")
    ('1 step', '2 steps')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _set_text(found: StepSet) -> str:
    names = (
        choice.step.name + (f" x {choice.times}" if choice.times > 1 else "")
        for choice in found.choices
        if choice.step is not None
    )
    cost = format_metric("cost_usd", found.metrics["cost_usd"], 4)
    return f"{', '.join(names)}; {cost}, perplexity {_percent(found.perplexity - 1.0)}"


def _next(view: StepsView) -> str:
    """What binds next: the requirement with least to spare, and what both phases wait for."""
    target, spare = tightest(view)
    metrics = view.result.found.metrics
    prefill, decode = _waits(metrics)
    return (
        f"next: {target_text(target)} has {format_unit(spare, '%')} to spare; "
        f"the prefill waits for {prefill}, the decode for {decode}"
    )


def tightest(view: StepsView) -> tuple[Target, float]:
    """The requirement that is met with least to spare, and how much that is, as a share of it."""
    metrics = view.result.found.metrics
    capacity = metrics["memory_bytes"] + metrics["memory_free_bytes"]
    spare = [
        (-float(target.violation(metrics[target.metric])), place, target)
        for place, target in enumerate(view.targets)
    ]
    fits = view.result.requirements[-2]
    spare.append((metrics["memory_free_bytes"] / capacity, len(spare), fits))
    least, _, target = min(spare, key=lambda entry: entry[:2])
    return target, least


def costs_table(view: StepsView) -> Table:
    """What each step costs: by difference, in the order of the steps."""
    lines = []
    for place, taken in enumerate(view.result.taken, start=1):
        costs = (_difference(name, taken) for name in STEP_COSTS)
        lines.append((str(place), taken.step.title, *costs, _quality(taken)))
    start, found = view.result.start, view.result.found
    whole = (_change(name, start.metrics, found.metrics) for name in STEP_COSTS)
    mark = "" if found.is_measured else " ~"
    lines.append(("", "together", *whole, _percent(found.perplexity - 1.0) + mark))
    columns = (
        Column("", is_number=True),
        Column("costs", may_fold=True),
        *(Column(title, is_number=True) for title in STEP_COSTS.values()),
        Column("perplexity", is_number=True),
    )
    notes = () if found.is_measured else ("~ as stated of other models: none was measured of it",)
    return Table(columns, tuple(lines), notes=notes, lead=2)


def _difference(name: str, taken: Taken) -> str:
    return _change(name, taken.before, taken.after)


def _change(name: str, before: Mapping[str, float], after: Mapping[str, float]) -> str:
    change = after[name] - before[name]
    if abs(change) < _NOTICED * abs(before[name]):
        return "-"
    sign = "+" if change > 0.0 else "-"
    return sign + format_metric(name, abs(change))


def price_text(taken: Taken) -> str:
    """What a step costs, in one line; nothing of what it leaves alone.

    A rise of perplexity is marked with ~ where it is not measured of the model.
    """
    costs = [(name, _difference(name, taken)) for name in STEP_COSTS]
    parts = [text for _, text in costs if text != "-"]
    quality = _quality(taken)
    return ", ".join([*parts, f"perplexity {quality}"] if quality != "-" else parts) or "nothing"


def _quality(taken: Taken) -> str:
    ratio = taken.after["perplexity_ratio"] / taken.before["perplexity_ratio"]
    if abs(ratio - 1.0) < 5e-5:
        return "-"
    return _percent(ratio - 1.0) + ("" if taken.is_measured else " ~")


def _percent(share: float) -> str:
    return f"{100.0 * share:+.2f} %"
