"""Quality under quantisation: rows are met, bits never hurt, and nothing is carried past a row."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.dtype import DType, Format, parse_format
from dse.errors import UnitError
from dse.spec import load_qualities
from dse.workload import (
    BEST,
    METHODS,
    Measured,
    Precision,
    Quality,
    Scenario,
    parse_method,
    quality_of,
)
from dse.workload.curve import curve_of

KNOWN = load_qualities()
FP16 = parse_format("fp16")
NARROW = {4.0: DType.INT4, 6.0: DType.INT6, 8.0: DType.INT8}


def row(bits: float, ratio: float, method: str = "rtn", **changes: object) -> Measured:
    """One perplexity of 10 x ratio over 10."""
    made = Measured("x", method, bits, 16.0, 16.0, "ppl", True, 10.0 * ratio, 10.0, "s", "A")
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def stored(bits: object, grouped: bool = True) -> Format:
    """Integers of so many bits, or of an array of them; from 16 on they are floats."""
    code = DType.INT2 if grouped else DType.INT8
    codes = np.where(np.asarray(bits) >= 16.0, int(DType.FP16), int(code))
    return Format("*", codes, bits)  # type: ignore[arg-type]


def precision(
    weights: object,
    method: str = "rtn",
    kv: object = 16.0,
    activations: float = 16.0,
    grouped: bool = True,
) -> Precision:
    acts = FP16 if activations >= 16.0 else Format("*", int(NARROW[activations]), activations)
    return Precision(stored(weights, grouped), FP16, FP16, acts, stored(kv), method)


TWO = quality_of([row(4.0, 1.1), row(8.0, 1.001)], "m")


def test_a_row_is_met_and_between_two_the_excess_is_geometric() -> None:
    ratios = TWO.perplexity_ratio(precision(np.array([4.0, 6.0, 8.0])))
    assert ratios.tolist() == pytest.approx([1.1, 1.01, 1.001], rel=1e-12)
    assert ratios[0] == 11.0 / 10.0


def test_nothing_is_known_outside_the_rows_and_nothing_is_lost_in_16_bits() -> None:
    ratios = TWO.perplexity_ratio(precision(np.array([3.999, 8.001, 15.0, 16.0, 32.0])))
    assert np.isnan(ratios[:3]).all()
    assert ratios[3:].tolist() == [1.0, 1.0]
    assert float(Quality().perplexity_ratio(precision(16.0))) == 1.0
    assert math.isnan(float(Quality().perplexity_ratio(precision(8.0))))


def test_narrow_activations_floats_and_other_methods_are_something_else() -> None:
    assert math.isnan(float(TWO.perplexity_ratio(precision(4.0, activations=8.0))))
    assert math.isnan(float(TWO.perplexity_ratio(precision(16.0, activations=8.0))))
    assert math.isnan(float(TWO.perplexity_ratio(precision(4.0, "awq"))))
    floats = dataclasses.replace(precision(16.0), weights=parse_format("fp8"))
    assert math.isnan(float(TWO.perplexity_ratio(floats)))
    floats = dataclasses.replace(precision(4.0), activations=parse_format("fp8"))
    assert math.isnan(float(TWO.perplexity_ratio(floats)))


def test_of_two_rows_with_the_same_bits_the_lesser_counts_and_noise_is_levelled() -> None:
    curve = curve_of("rtn", 16.0, [(4.0, 1.2, 0), (4.0, 1.1, 1), (5.0, 1.15, 2), (6.0, 1.0, 3)])
    assert curve.bits == (4.0, 5.0, 6.0)
    assert curve.ratios == (1.1, 1.1, 1.0)
    assert curve.rows == (1, 1, 3)
    assert curve.at(5.5) == pytest.approx(1.05)  # to no loss, a straight line


def test_best_is_the_least_after_training_and_never_rises() -> None:
    quality = quality_of(
        [row(4.0, 1.02, "awq"), row(4.5, 1.05), row(8.5, 1.001), row(4.0, 1.001, "llm-qat")], "m"
    )
    bits = np.array([3.9, 4.0, 4.5, 8.5, 8.6])
    ratios = quality.perplexity_ratio(precision(bits, BEST))
    assert np.isnan(ratios[[0, 4]]).all()
    assert ratios[1:4].tolist() == pytest.approx([1.02, 1.02, 1.001])


def test_best_does_not_take_what_was_rounded_down() -> None:
    coarse = row(4.0, 1.0, "spinquant", step=0.2)
    assert coarse.is_coarse
    fine = row(4.0, 1.02, "awq", step=0.01)
    quality = quality_of([coarse, fine], "m")
    assert float(quality.perplexity_ratio(precision(4.0, BEST))) == pytest.approx(1.02)
    assert float(quality.perplexity_ratio(precision(4.0, "spinquant"))) == 1.0
    alone = quality_of([coarse], "m")
    assert float(alone.perplexity_ratio(precision(4.0, BEST))) == 1.0


def test_cache_and_weights_multiply_and_what_was_measured_together_is_met() -> None:
    cache = row(16.0, 1.01, kv_bits=8.5)
    quality = quality_of([row(4.0, 1.1), cache], "m")
    assert float(quality.perplexity_ratio(precision(4.0, kv=8.5))) == pytest.approx(1.1 * 1.01)
    assert math.isnan(float(quality.perplexity_ratio(precision(4.0, kv=8.0))))
    narrow = {"activation_bits": 4.0}
    both = [row(4.0, 1.2, **narrow), row(4.0, 1.3, kv_bits=4.0, **narrow)]
    joint = quality_of(both, "m").perplexity_ratio(precision(4.0, kv=4.0, activations=4.0))
    assert float(joint) == pytest.approx(1.3, rel=1e-15)


def test_scores_of_tasks_are_on_no_curve() -> None:
    quality = quality_of([row(4.0, 0.98, is_perplexity=False)], "m")
    assert quality.rows
    assert not quality.weights
    assert math.isnan(float(quality.perplexity_ratio(precision(4.0))))


@pytest.mark.parametrize("name", KNOWN)
def test_every_row_of_the_library_is_met_or_beaten_by_one_with_no_more_bits(name: str) -> None:
    quality = KNOWN[name]
    for each in quality.rows:
        if not each.is_perplexity or each.of_kv_alone:
            continue
        asked = precision(
            each.weight_bits, each.method, each.kv_bits, each.activation_bits, each.is_grouped
        )
        ratio = float(quality.perplexity_ratio(asked))
        rivals = [
            other.ratio
            for other in quality.rows
            if other.is_perplexity
            and not other.of_kv_alone
            and other.method == each.method
            and other.is_grouped == each.is_grouped
            and other.activation_bits == each.activation_bits
            and other.weight_bits <= each.weight_bits
            and other.kv_bits == each.kv_bits
        ]
        assert ratio == pytest.approx(min(rivals), rel=1e-12), each


@pytest.mark.parametrize("name", KNOWN)
def test_more_bits_are_never_worse(name: str) -> None:
    fine, whole = np.linspace(1.0, 16.0, 1501), np.array([2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 16.0])
    for method, activations in itertools.product([BEST, *METHODS], [4.0, 8.0, 16.0]):
        for asked in (
            precision(fine, method, activations=activations),
            precision(whole, method, activations=activations, grouped=False),
            precision(4.0, method, fine, activations=activations, grouped=False),
        ):
            ratios = KNOWN[name].perplexity_ratio(asked)
            known = ratios[~np.isnan(ratios)]
            assert (np.diff(known) <= 1e-12 * known[:-1]).all(), (method, activations)


@given(
    st.sampled_from(sorted(KNOWN)),
    st.sampled_from([BEST, *METHODS]),
    st.lists(st.tuples(st.floats(1.0, 16.0), st.floats(2.0, 16.0)), min_size=1, max_size=8),
)
def test_a_batch_is_its_designs_one_by_one(
    name: str, method: str, designs: list[tuple[float, float]]
) -> None:
    weights, kv = (np.array(column) for column in zip(*designs, strict=True))
    batch = KNOWN[name].perplexity_ratio(precision(weights, method, kv))
    singles = [
        float(KNOWN[name].perplexity_ratio(precision(w, method, k)))
        for w, k in zip(weights, kv, strict=True)
    ]
    np.testing.assert_array_equal(batch, singles)


def test_a_row_left_out_is_found_again() -> None:
    """The error of interpolation, recorded and not tuned: each inner row, drawn without it.

    Of the losses that matter, below 30 %: the median factor between the loss drawn and measured.
    Leaving a row out doubles the gap, so what a user meets is nearer.
    """
    factors, straight = [], []
    for quality in KNOWN.values():
        if quality.why:
            continue
        for curve in quality.weights:
            for i in range(1, len(curve.bits) - 1):
                measured, bits = curve.ratios[i], curve.bits[i]
                if not 1.0 < measured < 1.3:
                    continue
                ends = (i - 1, i + 1)
                points = [(curve.bits[j], curve.ratios[j], j) for j in ends]
                drawn = float(curve_of(curve.method, 16.0, points).at(bits))
                line = np.interp(bits, *zip(*(p[:2] for p in points), strict=True))
                factors.append(abs(math.log((drawn - 1.0) / (measured - 1.0))))
                straight.append(abs(math.log((line - 1.0) / (measured - 1.0))))
    assert len(factors) >= 35
    assert math.exp(np.median(factors)) == pytest.approx(1.36, abs=0.02)
    assert math.exp(np.median(straight)) == pytest.approx(1.69, abs=0.02)


def test_whole_channels_are_not_groups() -> None:
    quality = quality_of([row(4.0, 1.2, is_grouped=False), row(3.5, 1.3), row(4.5, 1.05)], "m")
    by_channel = quality.perplexity_ratio(precision(4.0, grouped=False))
    by_group = quality.perplexity_ratio(precision(4.0))
    assert float(by_channel) == pytest.approx(1.2)
    assert float(by_group) == pytest.approx(1.0 + math.sqrt(0.3 * 0.05))
    # Where no whole channel was measured, groups speak for them.
    assert float(quality.perplexity_ratio(precision(4.5, grouped=False))) == pytest.approx(1.05)


def test_names_of_methods() -> None:
    assert parse_method(" AWQ ") == "awq"
    assert parse_method("best") == BEST
    with pytest.raises(UnitError, match="must be a method"):
        parse_method("magic")
    assert Scenario().precision.quantisation == "rtn"
