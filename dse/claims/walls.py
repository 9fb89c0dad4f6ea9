"""Walls before a model on a phone: memory, compute, communication, tuning, deployment; and power.

Each wall is a margin: what there is over what the targets need. Below 1 the wall stands; the
smallest margin binds first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from dse.claims.bench import EXACT, Bench, Case
from dse.claims.reading import Reading
from dse.cost import derive
from dse.spec.schema.claim import CaseSpec, TuningSpec, WallsPart
from dse.workload import Kind, Model, Operand, Scenario, mean, unroll

__all__ = ["WALLS", "Wall", "WallsRow", "walls", "walls_rows"]

WALLS = ("memory", "compute", "communication", "tuning", "deployment", "power")
# Rendezvous of units that share a layer: after the attention and after the feed-forward network.
_SYNCS = 2
# Metrics whose error a margin has; the others follow from sizes and published rates.
_LIKE = {
    "bandwidth": "decode_tok_s",
    "time to first token": "ttft_s",
    "time of a fine-tuning": "ttft_s",
    "sustained power": "decode_power_w",
}


@dataclass(frozen=True, slots=True)
class Wall:
    """One margin of a wall.

    Parameters
    ----------
    wall, what : str
        One of `WALLS`, and which of its measures.
    has, needs : float
        What there is and what the targets need, both in `unit`.
    unit : str
        SI unit of both.
    """

    wall: str
    what: str
    has: float
    needs: float
    unit: str

    @property
    def margin(self) -> float:
        """What there is over what is needed."""
        return self.has / self.needs


@dataclass(frozen=True, slots=True)
class WallsRow:
    """All walls of one model on one chip, in the order of `WALLS`."""

    chip: str
    chip_title: str
    year: int
    model: str
    model_title: str
    walls: tuple[Wall, ...]

    @property
    def order(self) -> tuple[Wall, ...]:
        """The tightest measure of each wall, the wall that binds first leading."""
        tightest = (
            min((w for w in self.walls if w.wall == name), key=lambda w: w.margin)
            for name in WALLS
        )
        return tuple(sorted(tightest, key=lambda w: w.margin))


def walls(part: WallsPart, bench: Bench) -> Iterator[Reading]:
    """The smallest margin of each model on each chip."""
    asked = part.claimed * part.scale
    for row in walls_rows(part, bench):
        first = row.order[0]
        standing = (wall for wall in row.order if wall.margin < asked)
        case = bench.case(part.case, CaseSpec(chip=row.chip, model=row.model))
        yield Reading(
            label=f"{row.model_title} runs on {row.chip_title}",
            modelled=first.margin / part.scale,
            limit=math.inf,
            bound=f"{first.wall}: {first.what}",
            tolerance=bench.tolerance(_LIKE.get(first.what, ""), case),
            slack=EXACT,
            needs=", ".join(
                f"{wall.what} is {asked / wall.margin:.3g} times better" for wall in standing
            ),
        )


def walls_rows(part: WallsPart, bench: Bench) -> tuple[WallsRow, ...]:
    """All walls of every model on every chip."""
    rows = []
    for model in part.models:
        for chip in part.chips:
            case = bench.case(part.case, CaseSpec(chip=chip, model=model))
            built, network = bench.chip(case), bench.text_model(case)
            rows.append(
                WallsRow(
                    chip=built.name,
                    chip_title=built.title,
                    year=built.year,
                    model=network.name,
                    model_title=network.title,
                    walls=tuple(_walls(part, bench, case)),
                )
            )
    return tuple(rows)


def _walls(part: WallsPart, bench: Bench, case: Case) -> Iterator[Wall]:
    yield from _memory(part, bench, case)
    row, chip = bench.figures(case).modelled, bench.chip(case)
    yield Wall("compute", "time to first token", part.ttft, row["ttft_s"], "s")
    yield _communication(part, bench, case)
    yield from _tuning(part.tuning, bench, case)
    yield from _deployment(part, bench, case)
    needed_w = row["energy_per_token_j"] / part.tpot
    yield Wall("power", "sustained power", float(chip.power.sustained_w), needed_w, "W")


def _memory(part: WallsPart, bench: Bench, case: Case) -> Iterator[Wall]:
    """DRAM that the system leaves over; bandwidth that a decode at the target rate draws."""
    row, chip, scenario = bench.figures(case).modelled, bench.chip(case), bench.scenario(case)
    reserved = float(chip.system_reserved_bytes)
    total = row["memory_bytes"] + row["memory_free_bytes"]
    yield Wall("memory", "capacity", total - reserved, row["memory_bytes"] - reserved, "B")
    batch = derive(chip, scenario.precision, bench.silicon, case.unit, bench.stack(case))
    streamed = 1.0 / float(batch.dram_s_per_byte[0])
    yield Wall("memory", "bandwidth", streamed, row["decode_dram_bytes"] / part.tpot, "B/s")


def _communication(part: WallsPart, bench: Bench, case: Case) -> Wall:
    """Time of a token, against what two units that share every layer spend on their exchange.

    t = layers x 2 (t_sync + hidden x bytes / B_DRAM)                                     (1)
    """
    chip, model, scenario = bench.chip(case), bench.text_model(case), bench.scenario(case)
    sync_s = bench.silicon.sync_s if chip.sync_s is None else float(chip.sync_s)
    batch = derive(chip, scenario.precision, bench.silicon, case.unit, bench.stack(case))
    sent = model.hidden_size * scenario.precision.activations.bytes_per_element
    each = sync_s + sent * float(batch.dram_s_per_byte[0])
    needs = model.num_layers * _SYNCS * each
    return Wall("communication", "exchange between two units", part.tpot, needs, "s")


def _tuning(tuning: TuningSpec, bench: Bench, case: Case) -> Iterator[Wall]:
    """Memory and time of low-rank adapters on frozen, quantised weights.

        M = weights + a sum over matrices of r (in + out) + s h (2 L + c)                     (1)
        t = passes x tokens / (prefill rate)                                                  (2)

    for adapters of rank r at a bytes each, one 16-bit activation kept per layer and token, and
    c bytes per token and channel for the layer that is worked on. Frozen weights need no gradient
    of their own: forward, again to recompute, and backward for the inputs make three passes.

    References
    ----------
    (1) Dettmers et al., "QLoRA", arXiv 2305.14314; activations: Korthikanti et al., arXiv
    2205.05198, equation 2 without the scores, which a fused kernel does not keep.
    """
    row, model = bench.figures(case).modelled, bench.text_model(case)
    chip = bench.chip(case)
    channel = 2.0 * model.num_layers + tuning.activation_bytes
    activations = tuning.sequence * model.hidden_size * channel
    adapters = tuning.adapter_bytes * tuning.rank * _adapter_width(model, bench.scenario(case))
    total = row["memory_bytes"] + row["memory_free_bytes"] - float(chip.system_reserved_bytes)
    needs = row["weight_bytes"] + adapters + activations
    yield Wall("tuning", "memory of a fine-tuning", total, needs, "B")
    seconds = tuning.passes * tuning.tokens / row["prefill_tok_s"]
    yield Wall("tuning", "time of a fine-tuning", tuning.time, seconds, "s")


def _adapter_width(model: Model, scenario: Scenario) -> float:
    """Inputs and outputs of all matrices of all layers, added up: per rank, the parameters."""
    table = unroll(model, scenario).decode
    return sum(
        op.repeat * op.count * (mean(op.k) + mean(op.n))
        for op in table
        if op.operand is Operand.WEIGHTS and op.kind is Kind.GEMM
    )


def _deployment(part: WallsPart, bench: Bench, case: Case) -> Iterator[Wall]:
    """Flash, the download, and reading the model into the DRAM."""
    weights = bench.figures(case).modelled["weight_bytes"]
    storage, goal = bench.chip(case).storage, part.deployment
    yield Wall("deployment", "flash", goal.storage, weights, "B")
    radio = bench.radios[goal.link]
    yield Wall("deployment", "download", goal.download, weights / radio.down_bytes_per_s, "s")
    if storage is not None:
        seconds = weights / float(storage.read_bytes_per_s)
        yield Wall("deployment", "start from flash", goal.start, seconds, "s")
