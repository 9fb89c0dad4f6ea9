"""What a device does over minutes and days: heat, battery, clocks. NumPy alone."""

from dse.device.battery import Battery, percent_per_1000, tokens_per_charge
from dse.device.cloud import Cost, Prices, Server, cloud_cost, device_cost, on_server
from dse.device.device import Device
from dse.device.dvfs import (
    FULL,
    GRID,
    Clocks,
    OperatingPoints,
    at_clocks,
    cheapest,
    operating_points,
    rate_within,
)
from dse.device.link import Collective, Link, Radio, RadioUse, all_gather, all_reduce, radio_use
from dse.device.queue import POLICIES, Share, Sharing, fair_share, priority_share
from dse.device.runtime import RuntimeDefaults, Served, Service, serve, service_of
from dse.device.sustained import LIMITS, Curve, Sustained, curve, sustain
from dse.device.tensor_split import Cut, SplitCost, evaluate_split, split_operators, split_workload
from dse.device.thermal import Heat, ThermalPath, skin_degc, steady, temperatures

__all__ = [
    "FULL",
    "GRID",
    "LIMITS",
    "POLICIES",
    "Battery",
    "Clocks",
    "Collective",
    "Cost",
    "Curve",
    "Cut",
    "Device",
    "Heat",
    "Link",
    "OperatingPoints",
    "Prices",
    "Radio",
    "RadioUse",
    "RuntimeDefaults",
    "Served",
    "Server",
    "Service",
    "Share",
    "Sharing",
    "SplitCost",
    "Sustained",
    "ThermalPath",
    "all_gather",
    "all_reduce",
    "at_clocks",
    "cheapest",
    "cloud_cost",
    "curve",
    "device_cost",
    "evaluate_split",
    "fair_share",
    "on_server",
    "operating_points",
    "percent_per_1000",
    "priority_share",
    "radio_use",
    "rate_within",
    "serve",
    "service_of",
    "skin_degc",
    "split_operators",
    "split_workload",
    "steady",
    "sustain",
    "temperatures",
    "tokens_per_charge",
]
