"""Metrics of a mix of requests, and of the worst of several."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from dse.chip import Chip
from dse.cost.batch import Array
from dse.cost.counts import Counts
from dse.cost.evaluate import evaluate_columns
from dse.cost.metric import Mean, metric
from dse.technology import Silicon
from dse.workload import Mix, Model

__all__ = ["JUDGE", "evaluate_mix", "mean_columns", "with_times", "worst_columns"]

Columns = Mapping[str, Array]

# Durations that the means over time weigh by.
_TIMES = {Mean.PREFILL: "ttft_s", Mean.DECODE: "tpot_s"}
# What a metric of neither sense is taken from: the request that makes the slowest decode.
JUDGE = "tpot_s"


def evaluate_mix(
    subject: tuple[Chip, Model, Mix],
    silicon: Silicon,
    unit: str | None,
    names: Collection[str],
    counts: Sequence[Counts] | None = None,
) -> dict[str, Array]:
    """Some metrics of a model under a mix of requests, on many chips.

    Parameters
    ----------
    subject : tuple
        Chip, model and mix, with leaves of any shapes that broadcast together.
    silicon, unit
        As for `evaluate_columns`.
    names : collection of str
        Metrics asked for, of `TEXT_METRICS`.
    counts : sequence of Counts, optional
        By scenario, what `count_work` says of it, where it is known already.

    Returns
    -------
    dict of str to ndarray
        By name, each as small as what it depends on; `mean_columns` says what they mean.
    """
    chip, model, mix = subject
    asked = with_times(names) if len(mix.scenarios) > 1 else tuple(names)
    known: Sequence[Counts | None] = counts or [None] * len(mix.scenarios)
    by_case = [
        evaluate_columns((chip, model, scenario), silicon, unit, asked, each)
        for scenario, each in zip(mix.scenarios, known, strict=True)
    ]
    return mean_columns(by_case, mix, names)


def with_times(names: Collection[str]) -> tuple[str, ...]:
    """Metrics that a mean of these is made of: the names, and the times that weigh them."""
    times = [_TIMES[metric(name).mean] for name in names if metric(name).mean in _TIMES]
    return tuple(dict.fromkeys((*names, *times)))


def mean_columns(by_case: Sequence[Columns], mix: Mix, names: Collection[str]) -> dict[str, Array]:
    """Metrics of a mix from those of its scenarios.

        x = sum over scenarios of w c x_i / sum of w c                                        (1)

    with the shares w of the requests, and c what the metric's mean is over: 1 for requests, the
    decode steps, the output tokens after the first, or the seconds of prefill or decode, of one
    request. Where a metric has no mean, the worst x_i counts.

    Parameters
    ----------
    by_case : sequence of mapping
        By scenario, its metrics: at least `with_times` of the names.
    mix : Mix
        The scenarios and their shares.
    names : collection of str
        Metrics asked for.

    Notes
    -----
    Weights are constants, or seconds that cancel: (1) of a rate is tokens over seconds, so every
    mean of a metric with a sense is monotone in whatever all x_i are monotone in; powers are, as
    for a single request, energies over times.

    Examples
    --------
    >>> from dse.workload import Scenario
    >>> mix = Mix((Scenario(output_tokens=11), Scenario(output_tokens=31)), (0.5, 0.5))
    >>> fast, slow = ({"tpot_s": np.array([t]), "decode_tok_s": np.array([1 / t])}
    ...               for t in (0.1, 0.2))
    >>> mean_columns([fast, slow], mix, ["tpot_s"])["tpot_s"]  # 10 x 0.1 s and 30 x 0.2 s
    array([0.175])
    """
    if len(by_case) == 1:
        return {name: by_case[0][name] for name in names}
    return {name: _mean(name, by_case, mix) for name in names}


def _mean(name: str, by_case: Sequence[Columns], mix: Mix) -> Array:
    entry = metric(name)
    values = [columns[name] for columns in by_case]
    if entry.mean is Mean.NONE:
        return _worst(name, values)
    parts = _parts(entry.mean, by_case, mix)
    if not entry.sense:
        return _of_largest(values, [np.asarray(part) for part in parts])
    total, whole = parts[0] * values[0], parts[0]
    for part, value in zip(parts[1:], values[1:], strict=True):
        total, whole = total + part * value, whole + part
    return np.asarray(total / whole)


def _parts(mean: Mean, by_case: Sequence[Columns], mix: Mix) -> list[Array | float]:
    """What each scenario has of what a mean is over, w c of equation (1)."""
    counts: Sequence[Array | float] = (1.0,) * len(by_case)
    if mean in (Mean.STEP, Mean.DECODE):
        counts = mix.decode_steps
    elif mean is Mean.OUTPUT:
        counts = mix.decode_tokens
    if mean in _TIMES:
        time = _TIMES[mean]
        counts = [count * columns[time] for count, columns in zip(counts, by_case, strict=True)]
    return [weight * count for weight, count in zip(mix.weights, counts, strict=True)]


def worst_columns(parts: Sequence[Columns], names: Collection[str]) -> dict[str, Array]:
    """Each metric of what has to serve several models, or requests that count in full.

    Parameters
    ----------
    parts : sequence of mapping
        Metrics of each of them; `JUDGE` among them where a name has no sense.
    names : collection of str
        Metrics asked for.

    Returns
    -------
    dict of str to ndarray
        The largest where less is better, the least where more is, and that of the part with the
        largest ``tpot_s`` where neither.
    """
    if len(parts) == 1:
        return {name: parts[0][name] for name in names}
    result = {}
    for name in names:
        values = [columns[name] for columns in parts]
        if metric(name).sense:
            result[name] = _worst(name, values)
        else:
            result[name] = _of_largest(values, [columns[JUDGE] for columns in parts])
    return result


def _worst(name: str, values: Sequence[Array]) -> Array:
    worst, result = np.maximum if metric(name).sense < 0 else np.minimum, values[0]
    for other in values[1:]:
        result = worst(result, other)
    return result


def _of_largest(values: Sequence[Array], scores: Sequence[Array]) -> Array:
    """The value with the largest score, the first of equals."""
    best, result = scores[0], values[0]
    for score, value in zip(scores[1:], values[1:], strict=True):
        result = np.where(score > best, value, result)
        best = np.maximum(best, score)
    return result
