"""Networks: how often stages run, on how much, and what they keep in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dse.dtype import parse_format
from dse.workload import Embedding, Linear, Network, Scenario, Stage, norm_layer, unroll_network

TEXT = Stage("text", (Embedding(100, 4, 7), Linear(7, 4, 4)), is_guided=True)
BODY = Stage("body", (norm_layer(10, 4), Linear(10, 4, 8, repeat=3)), True, True)
IMAGE = Stage("image", (Linear(20, 8, 4),))
NETWORK = Network("toy", "Toy", (TEXT, BODY, IMAGE), steps=20, guidance=2)


def test_stages_run_once_or_at_every_step():
    work = unroll_network(NETWORK, Scenario())
    assert [(stage.name, stage.runs) for stage in work.stages] == [
        ("text", 1),
        ("body", 20),
        ("image", 1),
    ]


def test_a_scenario_overrules_steps_and_guidance():
    work = unroll_network(NETWORK, Scenario(steps=4, guidance=1, batch_size=3))
    assert work.stages[1].runs == 4
    assert [stage.table[-1].m for stage in work.stages] == [21, 30, 60]


def test_guidance_is_a_batch_of_the_guided_stages():
    work = unroll_network(NETWORK, Scenario())
    assert [stage.table[-1].m for stage in work.stages] == [14, 20, 20]


def test_parameters_count_weights_vectors_and_tables():
    assert TEXT.parameters() == 100 * 4 + 4 * 4 + 4
    assert BODY.parameters() == 8 + 3 * (32 + 8)
    assert NETWORK.parameters() == TEXT.parameters() + BODY.parameters() + 8 * 4 + 4


def test_storage_holds_every_parameter_once():
    storage = unroll_network(NETWORK, Scenario()).storage
    held = storage.weight_elements + storage.embedding_elements + storage.parameter_elements
    assert held == NETWORK.parameters()
    assert storage.kv_elements == storage.head_elements == 0.0
    assert storage.activation_elements > 0.0


def test_keys_and_values_are_activations_whatever_the_cache():
    int8 = parse_format("int8")
    precision = replace(Scenario().precision, kv=int8)
    asked = NETWORK.asked(Scenario(precision=precision))
    assert asked.precision.kv == asked.precision.activations != int8
    assert (asked.steps, asked.guidance) == (20, 2)


def test_one_stage_alone_runs_once_on_one_input():
    body = NETWORK.only("body")
    (stage,) = unroll_network(body, Scenario()).stages
    assert (stage.runs, stage.table[-1].m) == (1, 10)
    assert body.name == "toy:body"
    with pytest.raises(KeyError):
        NETWORK.only("tail")
