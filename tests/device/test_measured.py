"""Throttling of real phones against the model; nothing in the model was fitted to these rows.

Software is taken as competent: what heat leaves of a rate is compared, not the runtime. The errors
stand here as figures: a change that moves one of them has to be seen. Chips' energies move them,
so the bounds leave room for that.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from dse.device import curve, operating_points, sustain
from dse.dtype import parse_format
from dse.spec import load_chip, load_device, load_model, load_technology, root
from dse.validate.measurement import read_measurements
from dse.workload import Precision, Scenario

FOLDER = root() / "hw_configs/measurements"
# A phone that was warm when it started is compared with the steady state.
LATE = 1e6


@dataclass(frozen=True)
class Row:
    """One measured run, and the same of the model."""

    device: str
    unit: str
    burst: float
    kept: float
    measured_burst: float
    measured_kept: float
    device_w: float
    measured_w: float
    skin: float
    measured_skin: float
    slows_s: float
    quarter_s: float


def number(text: str) -> float:
    return float(text) if text else float("nan")


@cache
def rows() -> tuple[Row, ...]:
    with (FOLDER / "sustained.csv").open(encoding="utf-8", newline="") as file:
        return tuple(row(each) for each in csv.DictReader(file))


def row(given: dict[str, str]) -> Row:
    weights, half = parse_format(given["weights"]), parse_format("fp16")
    request = Scenario(
        prompt_tokens=30,
        output_tokens=128,
        precision=Precision(weights, weights, weights, half, half),
    )
    chip, device = load_chip(given["chip"]), load_device(given["chip"])
    model, silicon = load_model(given["model"]), load_technology().silicon
    points = operating_points(chip, model, request, silicon, given["unit"])
    run = curve(device, points, [0.0, number(given["after_s"] or str(LATE))])
    return Row(
        device=given["device"],
        unit=given["unit"],
        burst=float(run.tok_s[0, 0]),
        kept=float(run.tok_s[1, 0]),
        measured_burst=number(given["burst_tok_s"]),
        measured_kept=number(given["sustained_tok_s"]),
        device_w=float(device.device_w(run.chip_w)[1, 0]),
        measured_w=number(given["device_w"]),
        skin=float(run.skin_degc[1, 0]),
        measured_skin=number(given["skin_degc"]),
        slows_s=float(sustain(device, points).slows_s[0]),
        quarter_s=number(given["quarter_s"]),
    )


def errors(modelled: list[float], measured: list[float]) -> np.ndarray:
    both = np.array(modelled) / np.array(measured) - 1.0
    return both[np.isfinite(both)]


def test_rows_are_those_of_the_table_of_measurements() -> None:
    """A row that names others states their values."""
    known = {each.id: each for each in read_measurements(FOLDER / "measured.csv")}
    with (FOLDER / "sustained.csv").open(encoding="utf-8", newline="") as file:
        for given in csv.DictReader(file):
            rates = [
                known[name].value
                for name in given["rows"].split()
                if known[name].metric == "decode_tok_s"
            ]
            if rates:
                wanted = [float(given["burst_tok_s"]), float(given["sustained_tok_s"])]
                assert set(rates) == set(wanted), given["rows"]


def test_every_phone_of_interest_is_there() -> None:
    assert {each.device for each in rows()} == {
        "iPhone 16 Pro",
        "iPhone 17 Pro",
        "Galaxy S24 Ultra",
        "Galaxy S25 Ultra",
    }


def test_sustained_rate() -> None:
    """Median absolute error 12 % over 19 runs; worst S24 Ultra, whose runtime is slow."""
    error = errors([r.kept for r in rows()], [r.measured_kept for r in rows()])
    assert len(error) == 19
    assert float(np.median(np.abs(error))) == pytest.approx(0.12, abs=0.06)


def test_share_of_the_burst_that_is_kept() -> None:
    """Median absolute error 23 %, median 1 %: not biased."""
    modelled = [r.kept / r.burst for r in rows()]
    error = errors(modelled, [r.measured_kept / r.measured_burst for r in rows()])
    assert float(np.median(np.abs(error))) == pytest.approx(0.23, abs=0.08)
    assert abs(float(np.median(error))) < 0.12


def test_power_of_the_whole_phone() -> None:
    """Median absolute error 8 % over 13 runs: iPhone 17 Pro keeps 4.3 W, measured 4.2 to 4.9."""
    error = errors([r.device_w for r in rows()], [r.measured_w for r in rows()])
    assert len(error) == 13
    assert float(np.median(np.abs(error))) == pytest.approx(0.08, abs=0.05)
    phone = [r for r in rows() if r.device == "iPhone 17 Pro" and r.measured_w != 4.49]
    assert {round(r.device_w, 1) for r in phone if np.isfinite(r.measured_w)} == {4.3}


def test_skin() -> None:
    """S25 Ultra: 43 degC for 42 on the CPU after 3 min, 43 for 36 to 38 on the NPU after 10."""
    gaps = [r.skin - r.measured_skin for r in rows() if np.isfinite(r.measured_skin)]
    assert len(gaps) == 2
    assert sorted(gaps) == [pytest.approx(1.0, abs=1.0), pytest.approx(6.0, abs=2.0)]


def test_throttling_comes_too_late() -> None:
    """A weakness, on record: iPhone 17 Pro loses a quarter after 35 to 40 s on the GPU and 390 s
    on the NPU; here its rate falls after 390 and 670 s.

    The governor of this model waits for the limit, a real one acts before it; and a burst of the
    GPU that drew twice the modelled power would get hot in a fifth of the time.
    """
    late = {(r.unit, r.quarter_s): r.slows_s / r.quarter_s for r in rows() if r.quarter_s > 0}
    assert set(late) == {("npu", 390.0), ("gpu", 35.0), ("gpu", 40.0)}
    assert late["npu", 390.0] == pytest.approx(1.7, abs=0.8)
    assert late["gpu", 35.0] == pytest.approx(11.0, abs=5.0)


def test_the_npu_keeps_more_of_its_burst_than_the_gpu() -> None:
    """As measured on iPhone 17 Pro with Gemma-4-E2B: 67 % against 38 and 48 %."""
    phone = [r for r in rows() if r.device == "iPhone 17 Pro" and r.quarter_s > 0]
    npu = min(r.kept / r.burst for r in phone if r.unit == "npu")
    assert npu > max(r.kept / r.burst for r in phone if r.unit == "gpu")


def test_file_is_plain_text() -> None:
    assert Path(FOLDER / "sustained.csv").read_text(encoding="utf-8").endswith("\n")
