"""A model cut over several equal chips: each product by columns or by rows, summed over a link."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dse.chip import Chip
from dse.cost import ChipBatch, Results, Stack, derive, evaluate_batch
from dse.device.link import Collective, Link, all_gather, all_reduce
from dse.technology import Silicon
from dse.workload import Kind, Model, Op, Operand, Scenario, Workload, mean, unroll

__all__ = ["Cut", "SplitCost", "evaluate_split", "split_operators", "split_workload"]

Array = npt.NDArray[np.float64]
_BLOCK = r"(wide_)?mlp|shared_expert|experts"
_COLUMNS = re.compile(rf"((shared_|wide_)*(qkv|q)_proj|kv_up_proj|({_BLOCK})_(gate_)?up|lm_head)")
_ROWS = re.compile(rf"((shared_|wide_)*o_proj|({_BLOCK})_down)")
_PER_HEAD = re.compile(r"q_absorb|v_up_proj")
_SCORES = re.compile(r"(shared_)?(local_)?attention(_scores|_context|_softmax)?")
_ELEMENTS = re.compile(rf"rope|({_BLOCK})_act")
# Its partial sums wait for those of the routed experts and are added up with them.
_SUMMED_LATER = "shared_expert_down"


@dataclass(frozen=True, slots=True)
class Cut:
    """Over how many chips a model is cut, and the link between every two of them."""

    chips: int
    link: Link


@dataclass(frozen=True, slots=True)
class SplitCost:
    """A scenario on equal chips that share the work; arrays of shape (n,).

    Parameters
    ----------
    chips : int
        How many.
    ttft_s, tpot_s, latency_s : Array
        As the metrics of one chip, s.
    prefill_link_s, step_link_s : Array
        What of the prefill, and of a decode step, the chips spend on their link, s.
    energy_j, link_j : Array
        Energy of the request on all chips, and what of it the link takes, J.
    power_w : Array
        Mean power of all chips over the request, W.
    memory_bytes : Array
        What each chip must hold, its system's share counted, B.
    fits : Array
        1 where that fits its DRAM, else 0.
    """

    chips: int
    ttft_s: Array
    tpot_s: Array
    latency_s: Array
    prefill_link_s: Array
    step_link_s: Array
    energy_j: Array
    link_j: Array
    power_w: Array
    memory_bytes: Array
    fits: Array


def split_operators(table: tuple[Op, ...], chips: int, batch: int) -> tuple[Op, ...]:
    """Operators of one of `chips` chips that share a table.

    The first product of a block is cut by columns, the second by rows, so that what lies between
    them needs no other chip; attention is cut by heads. Norms, routers, residuals, recurrences
    and compressions to a latent run on every chip alike.

    Parameters
    ----------
    table : tuple of Op
        Prefill or decode.
    chips : int
        How many, >= 1.
    batch : int
        Sequences.

    References
    ----------
    Shoeybi et al., "Megatron-LM", arXiv 1909.08053, section 3.
    """
    return tuple(_part(op, chips, batch) for op in table)


def _part(op: Op, chips: int, batch: int) -> Op:
    if _COLUMNS.fullmatch(op.name):
        width = math.ceil(mean(op.n) / chips)
        return _scaled(op, width / mean(op.n), n=width)
    if _ROWS.fullmatch(op.name):  # partial sums of all results
        depth = math.ceil(mean(op.k) / chips)
        share = depth / mean(op.k)
        return replace(op, k=depth, operand_elements=op.operand_elements * share)
    if _PER_HEAD.fullmatch(op.name):
        heads = math.ceil(op.count / chips)
        return _scaled(op, heads / op.count, count=heads)
    if op.kind is Kind.VECTOR and (_SCORES.fullmatch(op.name) or _ELEMENTS.fullmatch(op.name)):
        return _scaled(op, 1.0 / chips, extra_elements=op.extra_elements / chips)
    return _by_heads(op, chips, batch) if _SCORES.fullmatch(op.name) else op


def _scaled(op: Op, share: float, **dims: Any) -> Op:
    """Scale what an operator reads of weights and caches, writes and computes; set `dims`."""
    return replace(
        op,
        operand_elements=op.operand_elements * share,
        output_elements=op.output_elements * share,
        kv_write_elements=op.kv_write_elements * share,
        lane_ops=op.lane_ops * share,
        exp_count=op.exp_count * share,
        **dims,
    )


def _by_heads(op: Op, chips: int, batch: int) -> Op:
    """Heads of keys and values first; where those are too few, the queries that share them."""
    heads = max(1, round(op.count / batch))
    share = math.ceil(heads / chips) / heads
    queries = math.ceil(mean(op.m) / max(1, chips // heads))
    part = _scaled(op, share * queries / mean(op.m), count=op.count * share, m=queries)
    return replace(part, operand_elements=op.operand_elements * share)


def split_workload(work: Workload, chips: int) -> Workload:
    """What one of `chips` chips runs and stores; every chip keeps the whole embedding."""
    prefill, decode = (
        split_operators(table, chips, work.batch_size) for table in (work.prefill, work.decode)
    )

    def share(operand: Operand) -> float:
        whole, part = (
            sum(op.repeat * op.operand_elements for op in table if op.operand is operand)
            for table in (work.prefill, prefill)
        )
        return part / whole if whole else 1.0

    storage = replace(
        work.storage,
        weight_elements=work.storage.weight_elements * share(Operand.WEIGHTS),
        head_elements=work.storage.head_elements * share(Operand.HEAD),
        kv_elements=work.storage.kv_elements * share(Operand.KV),
    )
    return replace(work, prefill=prefill, decode=decode, storage=storage)


def evaluate_split(
    chip: Chip,
    model: Model,
    scenario: Scenario,
    silicon: Silicon,
    cut: Cut,
    unit: str | None = None,
    stack: Stack | None = None,
) -> SplitCost:
    """Time and energy of a scenario on c equal chips.

        t = max(t_part, t_1 / c) + sum over blocks of (t_all-reduce + t_dispatch)             (1)
        E = c (E_part + P_static t_link) + E_link                                             (2)

    Two sums per layer, one after the attention and one after the feed-forward network, and the
    logits once. Nothing overlaps with them. Chips that together have more SRAM may need less
    DRAM traffic than one; (1) does not count on it, so that c chips are never more than c times
    as fast.

    Parameters
    ----------
    chip : Chip
        One of the chips; numeric leaves may be arrays of shape (n,).
    model, scenario, silicon, unit, stack
        As for `dse.cost.evaluate`, with one unit.
    cut : Cut
        How many chips, c >= 1, and what joins them.
    """
    chips, link = cut.chips, cut.link
    batch = derive(chip, scenario.precision, silicon, unit, stack)
    work = unroll(model, scenario)
    whole = evaluate_batch(batch, work)
    part = whole if chips == 1 else evaluate_batch(batch, split_workload(work, chips))
    sums = [_sums(table, batch, chips, link) for table in (work.prefill, work.decode)]
    times = [np.maximum(part[name], whole[name] / chips) for name in ("ttft_s", "tpot_s")]
    return _gathered(cut, batch, work, (part, times), sums)


def _gathered(
    cut: Cut,
    batch: ChipBatch,
    work: Workload,
    parts: tuple[Results, list[Array]],
    sums: list[Collective],
) -> SplitCost:
    (part, times), chips, link = parts, cut.chips, cut.link
    steps = work.decode_steps
    ttft, tpot = (own + link_sum.seconds for own, link_sum in zip(times, sums, strict=True))
    on_link = sums[0].seconds + steps * sums[1].seconds
    link_j = sums[0].energy_j(link) + steps * sums[1].energy_j(link)
    energy = chips * (part["e2e_energy_j"] + batch.static_w * on_link) + link_j
    latency = ttft + steps * tpot
    return SplitCost(
        chips=chips,
        ttft_s=np.asarray(ttft),
        tpot_s=np.asarray(tpot),
        latency_s=np.asarray(latency),
        prefill_link_s=sums[0].seconds,
        step_link_s=sums[1].seconds,
        energy_j=np.asarray(energy),
        link_j=np.asarray(link_j),
        power_w=np.asarray(energy / latency),
        memory_bytes=part["memory_bytes"],
        fits=part["fits"],
    )


def _sums(table: tuple[Op, ...], batch: ChipBatch, chips: int, link: Link) -> Collective:
    """All that a phase exchanges: an all-reduce after each product cut by rows, and the logits."""
    seconds, sent = np.zeros(1), np.zeros(1)
    for op in table if chips > 1 else ():
        size = op.output_elements * batch.activation_bytes
        if op.name == "lm_head":
            each = all_gather(size, chips, link)
        elif _ROWS.fullmatch(op.name) and op.name != _SUMMED_LATER:
            each = all_reduce(size, chips, link)
        else:
            continue
        seconds = seconds + op.repeat * (each.seconds + batch.dispatch_s)
        sent = sent + op.repeat * each.sent_bytes
    return Collective(seconds, sent)
