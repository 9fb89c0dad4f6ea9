"""Energy in the scope that it was measured in, and single products as a phase of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dse.errors import SpecError
from dse.spec import root
from dse.validate import Library, Measurement, Validation, grouped, phase_of, validate_rows
from dse.validate.kernel_rows import read_calls
from dse.validate.scope import Scope, read_scopes, scope_of

FOLDER = root() / "hw_configs/measurements"


@pytest.fixture(scope="module")
def scopes() -> tuple[Scope, ...]:
    return read_scopes(FOLDER / "scopes.csv")


@pytest.mark.parametrize(
    ("name", "kind", "chip", "notes"),
    [
        ("wall", "desktop_gpu", "X", "WALL peak SYSTEM power (not chip), Intel 265K Custom PC"),
        ("wall", "edge", "Raspberry Pi 4 (BCM2711)", "quoted value"),
        ("phone", "phone", "X", "whole device, sustained"),
        ("card", "dc_gpu", "X", "vLLM steady state; GPU-only energy/output token"),
        ("module", "edge", "X", "MAXN, jetson-stats, decode"),
        ("package", "laptop", "X", "powermetrics package (CPU+GPU+ANE)"),
        ("chip", "edge", "X", "nothing said"),
    ],
)
def test_a_scope_is_read_from_the_words_of_a_row(
    scopes: tuple[Scope, ...],
    rows: tuple[Measurement, ...],
    name: str,
    kind: str,
    chip: str,
    notes: str,
) -> None:
    row = replace(rows[0], chip_class=kind, chip=chip, source="", notes=notes)
    assert scope_of(row, scopes).name == name


def test_each_rule_is_used_or_a_last_resort(
    scopes: tuple[Scope, ...], rows: tuple[Measurement, ...]
) -> None:
    measured = [row for row in rows if row.metric in ("energy_j_per_token", "power_w")]
    used = {scope_of(row, scopes) for row in measured}
    idle = [scope.words.pattern for scope in scopes if scope not in used]
    assert set(idle) <= {"wall", ""}


def test_power_at_the_wall_holds_host_and_losses(scopes: tuple[Scope, ...]) -> None:
    scope = replace(scopes[0], regulator=0.8, rest_w=20.0, supply=0.5)
    assert scope.watts(40.0) == pytest.approx((40.0 / 0.8 + 20.0) / 0.5)


@pytest.mark.parametrize("text", ["x,wall,1.2,0,1", "x,wall,1,-1,1", "x,wall,1,0,0", "(,w,1,0,1"])
def test_an_impossible_scope_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scopes.csv"
    path.write_text(f"words,scope,regulator,rest_w,supply\n{text}\n", encoding="utf-8")
    with pytest.raises(SpecError):
        read_scopes(path)


def test_a_row_without_a_scope_is_an_error(rows: tuple[Measurement, ...]) -> None:
    with pytest.raises(LookupError):
        scope_of(rows[0], ())


def test_energy_is_power_times_time(rows: tuple[Measurement, ...], library: Library) -> None:
    """J per token, W and token/s of one run are predicted with one time of a step."""
    run = [row for row in rows if row.id in {f"YARDSTICK-{n}" for n in (2545, 2546, 2547)}]
    found = validate_rows(run, library, is_all=True).outcomes
    joules, watts, speed = (each.predicted for each in found)
    assert joules * speed == pytest.approx(watts, rel=1e-6)


def test_rows_of_energy_carry_their_scope_and_others_none(shipped: Validation) -> None:
    for each in shipped.outcomes:
        assert bool(each.scope) == (phase_of(each) == "energy"), each.subject.row.id
    by_scope = grouped((o for o in shipped.outcomes if o.scope), lambda o: o.scope)
    assert {"wall", "phone", "card", "module"} <= set(by_scope)


def test_power_of_whole_devices_is_within_a_third(shipped: Validation) -> None:
    by_scope = grouped((o for o in shipped.outcomes if o.scope), lambda o: o.scope)
    for scope in ("wall", "phone"):
        assert by_scope[scope]["energy"].median_abs_error < 0.33, scope


def test_single_products_are_a_phase(shipped: Validation, library: Library) -> None:
    products = [each for each in shipped.outcomes if phase_of(each) == "gemm"]
    assert len(products) == 48
    assert {each.subject.chip_key for each in products} <= set(library.chips)
    vague = [each for each in shipped.unpredictable if each.row.metric == "gemm_tflops"]
    assert {each.reason for each in vague} == {"the size of the product is not stated"}
    assert len(vague) == 12


def test_a_call_from_a_framework_bounds_small_products(shipped: Validation) -> None:
    calls = read_calls(FOLDER / "calls.csv")
    for each in shipped.outcomes:
        call_s = calls.get(each.subject.row.engine.lower())
        if phase_of(each) == "gemm" and call_s:
            m, k, n = (float(x) for x in each.subject.row.model.split()[1].split("x"))
            assert each.predicted < 2.0 * m * k * n / call_s / 1e12


def test_a_table_of_calls_needs_numbers(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("engine,seconds\nx,soon\n", encoding="utf-8")
    with pytest.raises(SpecError):
        read_calls(path)
