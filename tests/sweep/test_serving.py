"""A sweep honours how requests are served, also where that is what varies."""

from __future__ import annotations

import dataclasses

import numpy as np

from dse.chip import Storage
from dse.cost import evaluate
from dse.space import Axis, Space
from dse.sweep import evaluate_designs
from dse.workload import Mix
from tests.sweep.toy import SILICON, make_chip, make_models, make_scenario

WIDE, DEEP = make_models()


def test_designs_are_what_single_evaluations_say() -> None:
    chip = dataclasses.replace(make_chip(), storage=Storage(4e9, 5e-11))
    chip = dataclasses.replace(chip, dram=dataclasses.replace(chip.dram, capacity_bytes=2.5e9))
    scenario = dataclasses.replace(make_scenario(), draft=WIDE, acceptance=0.8)
    axes = (
        Axis("scenario.offload", ("scenario.offload",), ("none", "weights"), ("none", "weights"),
             static=True),
        Axis("scenario.draft_tokens", ("scenario.draft_tokens",), (1, 4), ("1", "4"), static=True),
        Axis("chip.storage.read_bandwidth", ("chip.storage.read_bytes_per_s",), (2e9, 4e9),
             ("2 GB/s", "4 GB/s")),
    )  # fmt: skip
    space = Space("s", "S", chip, (DEEP,), (Mix((scenario,)),), None, axes, ("tpot_s",), ())
    columns = evaluate_designs(space, space.decode(np.arange(8)), SILICON)
    for place, (offload, tokens, rate) in enumerate(
        (o, k, r) for o in ("none", "weights") for k in (1, 4) for r in (2e9, 4e9)
    ):
        alone = evaluate(
            dataclasses.replace(chip, storage=Storage(rate, 5e-11)),
            DEEP,
            dataclasses.replace(scenario, offload=offload, draft_tokens=tokens),
            SILICON,
        )
        for name in ("tpot_s", "ttft_s", "memory_bytes", "fits"):
            assert columns[name][place] == alone[name][0], (name, place)
    assert len(set(columns["tpot_s"])) == 6
