"""One chip on one model as tables: the summary, its operators, and chips side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dse.cost.metric import BOUNDS, metric
from dse.report.placement import PhasePlacement, placement_rows
from dse.report.quality import quality_cells
from dse.report.quantity import format_metric, format_unit, metric_title
from dse.report.serving import resident_text, serving_text
from dse.report.tables import Column, Table
from dse.workload.curve import PLAIN

if TYPE_CHECKING:
    from dse.cost import QualityReport, StageCost
    from dse.workload import Scenario

__all__ = ["Evaluation", "compare_table", "scenario_text", "summary_table"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one evaluation said, and of what.

    Parameters
    ----------
    chip, chip_title, model, model_title, unit : str
        Keys in the library and names for people; the unit that ran the model.
    stack : str or None
        Software stack that ran it; None for the chip's own defaults.
    dram_capacity_bytes : float
        Capacity of the chip's DRAM, B.
    sustained_w : float
        What the chip can dissipate for ever, W; infinite where unknown.
    is_partial_die : bool
        Whether area and cost cover only the described parts of the die.
    metrics : dict of str to float
        All of `TEXT_METRICS`, or of `IMAGE_METRICS` for a network of layers, SI.
    stages : tuple of StageCost
        Of a network of layers.
    placements : tuple of PhasePlacement
        Where the phases ran, if several units worked together.
    quality : QualityReport or None
        What the formats do to the model.
    resident : float or None
        Share in DRAM of what may stay on flash; None where nothing may.
    """

    chip: str
    chip_title: str
    model: str
    model_title: str
    unit: str
    dram_capacity_bytes: float
    sustained_w: float
    is_partial_die: bool
    metrics: dict[str, float]
    stages: tuple[StageCost, ...] = ()
    placements: tuple[PhasePlacement, ...] = ()
    stack: str | None = None
    quality: QualityReport | None = None
    resident: float | None = None

    def text(self, name: str) -> str:
        """One metric for people."""
        return format_metric(name, self.metrics[name])


def scenario_text(scenario: Scenario) -> str:
    """One line that says what was asked of the model.

    Examples
    --------
    >>> from dse.workload import Scenario
    >>> scenario_text(Scenario(prompt_tokens=512))
    'prompt 512, output 256, batch 1; weights fp16, activations fp16, kv fp16'
    """
    formats = scenario.precision
    texts = [f"weights {formats.weights.name}"]
    if formats.head != formats.weights:
        texts.append(f"head {formats.head.name}")
    if formats.embedding != formats.head:
        texts.append(f"embedding {formats.embedding.name}")
    texts += [f"activations {formats.activations.name}", f"kv {formats.kv.name}"]
    if formats.quantisation != PLAIN:
        texts.append(f"quantisation {formats.quantisation}")
    if scenario.fusion != "full":
        texts.append(f"fusion {scenario.fusion}")
    if scenario.steps is not None:
        texts = [text for text in texts if text.split()[0] in ("weights", "activations", "fusion")]
        asked = f"steps {scenario.steps}, guidance {scenario.guidance}"
        return f"{asked}, batch {scenario.batch_size}; {', '.join(texts)}"
    asked = (
        f"prompt {scenario.prompt_tokens}, output {scenario.output_tokens}, "
        f"batch {scenario.batch_size}"
    )
    return "; ".join(part for part in (asked, *serving_text(scenario), ", ".join(texts)) if part)


def summary_table(result: Evaluation, scenario: Scenario) -> Table:
    """All that one evaluation says, one line per metric with what explains it."""
    stack = f", stack {result.stack}" if result.stack else ""
    of_chip = (
        ("memory_bytes", _memory(result) + resident_text(scenario, result.resident)),
        ("npu_area_mm2", _area_of(result)),
        ("area_mm2", _die(result)),
        ("cost_usd", "die, package and DRAM" + _PARTIAL * result.is_partial_die),
    )
    timed = _image_rows(result) if result.stages else _text_rows(result, scenario)
    placed = placement_rows(result.placements)
    rows = [
        *timed,
        *placed,
        *((metric_title(name), result.text(name), note) for name, note in of_chip),
    ]
    if result.quality is not None:
        rows.append(("Quality", *quality_cells(result.quality)))
    return Table(
        columns=(Column(""), Column("", is_number=True), Column("", may_fold=True)),
        rows=tuple(rows),
        title=f"{result.model_title} on {result.chip_title} ({result.unit}{stack})\n"
        f"{scenario_text(scenario)}",
        strong=frozenset((i, 1) for i in range(1 if result.stages else 3)),
    )


def _text_rows(result: Evaluation, scenario: Scenario) -> list[tuple[str, str, str]]:
    """Times and energies of a language model."""
    notes = (
        ("ttft_s", _wait(result, "prefill")),
        ("tpot_s", _wait(result, "decode")),
        ("decode_tok_s", ""),
        ("prefill_tok_s", ""),
        ("e2e_latency_s", f"{scenario.output_tokens} tokens"),
        ("energy_per_token_j", ""),
        ("e2e_energy_j", ""),
        ("prefill_power_w", _power(result, "prefill_power_w")),
        ("decode_power_w", _power(result, "decode_power_w")),
    )
    return [(metric_title(name), result.text(name), note) for name, note in notes]


def _image_rows(result: Evaluation) -> list[tuple[str, str, str]]:
    """Times and energies of a network of layers, stage by stage."""
    total = sum(stage.seconds for stage in result.stages)
    stages = [
        (
            f"  {stage.name.replace('_', ' ')}",
            format_unit(stage.seconds, "s"),
            f"{stage.runs} x {format_unit(stage.seconds / stage.runs, 's')}, "
            f"{format_unit(stage.seconds / total, '%')}; {format_unit(stage.energy_j, 'J')}",
        )
        for stage in result.stages
    ]
    share = result.text("image_utilisation")
    wait = f"waits for {BOUNDS[int(result.metrics['image_bound'])]}; {share} of the peak rate"
    return [
        (metric_title("image_s"), result.text("image_s"), wait),
        *stages,
        (metric_title("image_energy_j"), result.text("image_energy_j"), ""),
        (
            metric_title("image_power_w"),
            result.text("image_power_w"),
            _power(result, "image_power_w"),
        ),
    ]


def _wait(result: Evaluation, phase: str) -> str:
    """What most of a phase waits for, and how well it uses that."""
    bound = BOUNDS[int(result.metrics[f"{phase}_bound"])]
    if bound == "matrix" and phase == "prefill":
        share, peak = result.text("prefill_utilisation"), result.text("peak_ops_per_s")
        return f"waits for matrix: {share} of {peak}"
    if bound == "dram" and phase == "decode":
        share = result.text("decode_dram_utilisation")
        return f"waits for dram: {share} of {result.text('dram_bandwidth_bytes_per_s')}"
    return f"waits for {bound}"


def _area_of(result: Evaluation) -> str:
    return "the units with their SRAM" if result.placements else f"{result.unit} with its SRAM"


def _die(result: Evaluation) -> str:
    if result.is_partial_die:
        return "described parts only: no die area is published"
    return f"DRAM takes {result.text('edge_fraction')} of the die's edge"


def _power(result: Evaluation, name: str) -> str:
    if math.isinf(result.sustained_w):
        return ""
    sustained = format_unit(result.sustained_w, "W")
    if result.metrics[name] > result.sustained_w:
        return f"over the {sustained} that it can sustain"
    return f"within the {sustained} that it can sustain"


def _memory(result: Evaluation) -> str:
    """How the use compares with the DRAM; a model that does not fit is said loudly."""
    capacity = format_unit(result.dram_capacity_bytes, "B")
    free = result.metrics["memory_free_bytes"]
    if free < 0:
        return f"DOES NOT FIT: {format_unit(-free, 'B')} more than its {capacity}"
    parts = f"of {capacity}: weights {result.text('weight_bytes')}"
    if "kv_cache_bytes" not in result.metrics:
        return parts
    return f"{parts}, KV {result.text('kv_cache_bytes')}"


# Rows of a comparison, of which those are shown that what is run has; every entry is a metric.
_COMPARED = (
    "image_s",
    "image_energy_j",
    "image_power_w",
    "ttft_s",
    "tpot_s",
    "decode_tok_s",
    "e2e_latency_s",
    "energy_per_token_j",
    "e2e_energy_j",
    "prefill_power_w",
    "decode_power_w",
    "memory_bytes",
    "memory_free_bytes",
    "fits",
    "npu_area_mm2",
    "area_mm2",
    "cost_usd",
    "peak_ops_per_s",
    "dram_bandwidth_bytes_per_s",
    "prefill_bound",
    "decode_bound",
    "image_bound",
)


_DIE_METRICS = ("area_mm2", "edge_fraction", "cost_usd")
_PARTIAL = ", of the described parts"
_PARTIAL_NOTE = "p described parts only: no die area is published, so it is not ranked"


def compare_table(results: Sequence[Evaluation], scenario: Scenario) -> Table:
    """Chips side by side; the best value of each row carries a star."""
    rows, strong = [], set()
    for i, name in enumerate(each for each in _COMPARED if each in results[0].metrics):
        values = [result.metrics[name] for result in results]
        partial = {j for j, r in enumerate(results) if r.is_partial_die and name in _DIE_METRICS}
        ranked = [math.inf if j in partial else value for j, value in enumerate(values)]
        best = set() if name == "fits" else _best(ranked, metric(name).sense)
        marks = {**dict.fromkeys(best, " *"), **dict.fromkeys(partial, " p")}
        blank = "  " if marks else ""
        cells = [result.text(name) + marks.get(j, blank) for j, result in enumerate(results)]
        strong |= {(i, j + 1) for j in best}
        rows.append((metric_title(name), *cells))
    columns = [Column(result.chip_title, is_number=True) for result in results]
    return Table(
        columns=(Column(""), *columns),
        rows=tuple(rows),
        title=f"{results[0].model_title}\n{scenario_text(scenario)}",
        notes=("* best of the row",) + (_PARTIAL_NOTE,) * any(r.is_partial_die for r in results),
        strong=frozenset(strong),
    )


def _best(values: Sequence[float], sense: int) -> set[int]:
    """Places of the best value; none where nothing is better or all are equal."""
    finite = [value for value in values if math.isfinite(value)]
    if sense == 0 or len(values) < 2 or not finite or len(set(values)) == 1:
        return set()
    best = max(finite) if sense > 0 else min(finite)
    return {i for i, value in enumerate(values) if value == best}
