"""The sustained decode as table, document and picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from dse.device import Battery, Device, ThermalPath, curve, operating_points, sustain
from dse.report.figures import save_figure
from dse.report.sustained import (
    SustainedView,
    sustained_object,
    sustained_schema,
    sustained_table,
)
from dse.report.sustained_figure import sustained_figure
from dse.workload import Scenario
from tests.conftest import SILICON, SOLAR, build_chip, precision

ASK = Scenario(prompt_tokens=64, output_tokens=32, precision=precision())
POINTS = operating_points(build_chip(), SOLAR, ASK, SILICON)
PATH = ThermalPath(4.0, 12.0, 4.4, 180.0, 0.7, 25.0, 43.0, 95.0)
PHONE = Device("Toy phone", 1.3, 0.88, 8.0, 4.0, PATH, Battery(15.0 * 3600.0))


def view(**changes: Any) -> SustainedView:
    device = replace(PHONE, **changes)
    times = np.linspace(0.0, 1200.0, 61)
    return SustainedView(
        "Model on chip", device, POINTS, sustain(device, POINTS), curve(device, POINTS, times)
    )


def cells(of: SustainedView) -> dict[str, tuple[str, str]]:
    return {row[0]: (row[1], row[2]) for row in sustained_table(of).rows}


def test_table_says_what_is_left() -> None:
    rows = cells(view())
    assert rows["Clock falls after"][1] == "the skin reaches 43.0 degC in air of 25.0 degC"
    assert rows["Skin in the end"] == ("43.0 degC", "limit 43.0 degC")
    assert rows["Battery per 1,000 tokens"][0].endswith(" %")
    assert "15.0 Wh" in rows["Tokens per charge"][1]


def test_without_heat_and_battery_there_are_no_such_rows() -> None:
    rows = cells(view(thermal=None, battery=None))
    assert "Skin in the end" not in rows
    assert "Tokens per charge" not in rows
    assert rows["Clock falls after"][0] == "never"


def test_power_limit_is_named() -> None:
    assert "over the 1.00 W" in cells(view(thermal=None, sustained_w=1.0))["Clock falls after"][1]


@pytest.mark.parametrize("changes", [{}, {"thermal": None}, {"battery": None}])
def test_object_fits_its_schema(changes: dict[str, Any]) -> None:
    document = sustained_object(view(**changes))
    jsonschema.validate(document, sustained_schema())
    assert len(document["curve"]["tok_s"]) == 61


def test_cheapest_clock_of_a_lower_rate_costs_less() -> None:
    fast, slow = view(), replace(view(), least_tok_s=1.0)
    assert slow.cheapest()["tok_s"] >= 1.0
    assert slow.cheapest()["energy_per_token_j"] <= fast.cheapest()["energy_per_token_j"]
    assert fast.cheapest()["tok_s"] >= 0.998 * float(POINTS.tok_s.max())


@pytest.mark.parametrize("changes", [{}, {"thermal": None}])
def test_picture(tmp_path: Path, changes: dict[str, Any]) -> None:
    figure = sustained_figure(view(**changes))
    save_figure(figure, tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert len(figure.axes) == (2 if "thermal" in changes else 3)
    assert "<svg" in text
    # What is drawn is the curve that was followed.
    line = figure.axes[0].get_lines()[0]
    assert np.asarray(line.get_ydata()) == pytest.approx(np.ravel(view(**changes).curve.tok_s))
