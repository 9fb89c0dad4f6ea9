"""A space whose designs run their models on all units together."""

from __future__ import annotations

import numpy as np

from dse.spec import load_space, load_technology
from dse.sweep import evaluate_designs

SPACE = """\
schema: dse.space/1
name: together
title: "Both units together"
chip: snapdragon-8-gen-3
models: [llama-3.2-1b]
scenario: phone-chat
unit: {unit}
axes:
  chip.units.gpu.clock: [0.5 GHz, 0.9 GHz]
  chip.sync: [5 us, 20 us, 400 us]
objectives: [tpot_s, energy_per_token_j]
"""


def test_designs_of_several_units_are_one_batch(tmp_path):
    columns = {}
    for unit in ("heterogeneous", "npu"):
        path = tmp_path / "together.yaml"
        path.write_text(SPACE.format(unit=unit))
        space = load_space(path)
        every = space.decode(np.arange(space.size))
        columns[unit] = evaluate_designs(space, every, load_technology().silicon)
    together, alone = columns["heterogeneous"]["tpot_s"], columns["npu"]["tpot_s"]
    assert len(together) == 6
    assert np.all(together <= alone * (1 + 1e-9))
    assert len(set(np.round(together, 9))) > 2
    assert len(set(alone)) == 1
