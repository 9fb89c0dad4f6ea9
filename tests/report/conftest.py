"""A made-up run, seen as pictures and tables see it."""

from __future__ import annotations

import numpy as np
import pytest

from dse.cost.metric import METRICS
from dse.pareto import knee, non_dominated
from dse.report.view import ChipPoint, FrontView
from dse.space import Target

OBJECTIVES = ("tpot_s", "energy_per_token_j", "cost_usd")


def build_view(count: int = 400, seed: int = 3, objectives: tuple[str, ...] = OBJECTIVES):
    """Random designs with a trade between time and energy, two targets and three chips."""
    random = np.random.default_rng(seed)
    columns = {entry.name: np.ones(count) for entry in METRICS}
    time = 10 ** random.uniform(-1.8, -0.2, count)
    columns["tpot_s"] = time
    columns["decode_tok_s"] = 1.0 / time
    columns["energy_per_token_j"] = 0.05 + 0.004 / time * random.uniform(0.5, 2.0, count)
    columns["cost_usd"] = 40.0 + 4.0 / time * random.uniform(0.8, 1.6, count)
    feasible = (time <= 0.2) & (columns["cost_usd"] <= 300.0)
    signs = [-1.0 if name == "decode_tok_s" else 1.0 for name in objectives]
    values = np.column_stack(
        [sign * columns[name] for sign, name in zip(signs, objectives, strict=True)]
    )
    values[~feasible] = np.nan
    base = dict.fromkeys(columns, 1.0)
    chips = tuple(
        ChipPoint(
            f"chip-{i}",
            f"Some Chip {i}",
            base
            | {
                "tpot_s": 0.06 + 0.001 * i,
                "energy_per_token_j": 0.2 + 0.002 * i,
                "cost_usd": 90.0 + i,
                "decode_tok_s": 15.0,
                "fits": float(i != 2),
            },
            is_base=i == 0,
        )
        for i in range(8)
    )
    return FrontView(
        title="A made-up space",
        subtitle="Some Model: prompt 1024, output 256\ntargets: tpot_s <= 200 ms",
        columns=columns,
        feasible=feasible,
        front=non_dominated(values),
        knee=knee(values),
        objectives=objectives,
        targets=(Target("tpot_s", 0.2, -1), Target("cost_usd", 300.0, -1)),
        chips=chips,
    )


@pytest.fixture(scope="session")
def make_view():
    """The builder of views."""
    return build_view


@pytest.fixture(scope="session")
def view():
    """One view that many tests look at."""
    return build_view()
