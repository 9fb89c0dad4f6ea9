"""JSON Schemas of what shares a unit, cuts a model, or asks the cloud."""

from __future__ import annotations

from dse.report.schema_parts import COUNT, NUMBER, REAL, STACK, TEXT, Schema, many, record

__all__ = ["cloud_schema", "runtime_schema", "split_schema"]

_OF_WHAT = ("chip", "model", "unit")


def runtime_schema(scenario: Schema) -> Schema:
    """Describe ``dse.runtime/1``; `scenario` describes a scenario."""
    whole = ("ttft_s", "tpot_s", "latency_s", "energy_j")
    shared = ("switch_j", "stretch", "delay_s", "switches_per_s", "background")
    threads = {"threads": {"type": ["integer", "null"], "description": "null: a stream."}}
    background = dict.fromkeys(("load", "task_s", "slice_s", "switch_s"), REAL)
    policy = {"policy": {"enum": ["fair", "priority"]}} | dict.fromkeys((*whole, *shared), NUMBER)
    return record(
        {
            **dict.fromkeys(_OF_WHAT, TEXT),
            "stack": STACK,
            "scenario": scenario,
            "background": record(background | threads),
            "alone": record(dict.fromkeys(whole, REAL)),
            "policies": many(record(policy)),
        }
    )


def split_schema(scenario: Schema) -> Schema:
    """Describe ``dse.split/1``; `scenario` describes a scenario."""
    link = {"name": TEXT} | dict.fromkeys(("bytes_per_s", "latency_s", "energy_j_per_bit"), REAL)
    names = ("ttft_s", "tpot_s", "latency_s", "prefill_link_s", "step_link_s", "energy_j")
    more = ("link_j", "power_w", "memory_bytes", "fits")
    return record(
        {
            **dict.fromkeys(_OF_WHAT, TEXT),
            "stack": STACK,
            "scenario": scenario,
            "link": record(link),
            "splits": many(record({"chips": COUNT} | dict.fromkeys((*names, *more), NUMBER))),
        }
    )


def cloud_schema(scenario: Schema) -> Schema:
    """Describe ``dse.cloud/1``; `scenario` describes a scenario."""
    energies = ("phone_j", "radio_j", "network_j", "server_j", "energy_j")
    money = ("phone_usd", "wear_usd", "rent_usd", "server_power_usd", "usd")
    times = ("ttft_s", "tpot_s", "latency_s")
    side = record(
        {"chip": TEXT, "model": TEXT, "scenario": scenario, "meets": {"type": "boolean"}}
        | dict.fromkeys((*times, *energies, *money, "fits"), NUMBER)
    )
    aims = ("ttft_s", "latency_s", "phone_j", "energy_j", "usd")
    limits = dict.fromkeys(("ttft_s", "tpot_s"), REAL)
    return record(
        {
            "link": TEXT,
            "targets": record(limits, optional=tuple(limits)),
            "phone": side,
            "cloud": side,
            "winners": record({aim: {"enum": ["phone", "cloud", None]} for aim in aims}),
        }
    )
