"""What was modelled of a claim, and the verdict that follows by rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["VERDICTS", "Reading", "Verdict", "judge"]

# Kinds of verdict.
VERDICTS = ("holds", "holds only if", "physically impossible", "cannot be judged")


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a claim, and what the model makes of it.

    Parameters
    ----------
    label : str
        The condition under which the claim is read so.
    modelled : float
        The model's figure, in the unit of the claim.
    limit : float
        The best figure that physics allows on this hardware: every byte at the peak of the bus,
        every operation at the peak rate, no launch, no software; infinite where nothing limits
        it.
    bound : str
        What sets the limit.
    tolerance : float
        How far the model was off where somebody measured: a figure that misses the claim by no
        more than this counts as one that reaches it.
    slack : float
        How uncertain the limit itself is.
    missing : str
        What the library would have to know for the reading to count; empty where it counts.
    needs : str
        What else would have to be true, where the figure is possible but not reached.
    """

    label: str
    modelled: float
    limit: float
    bound: str
    tolerance: float = 0.0
    slack: float = 0.0
    missing: str = ""
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a claim.

    Parameters
    ----------
    kind : str
        One of `VERDICTS`.
    words : str
        The verdict with its condition.
    reading : int or None
        Index of the reading that decided; None where nothing counts.
    """

    kind: str
    words: str
    reading: int | None


def judge(claimed: float, sense: str, readings: Sequence[Reading], missing: str = "") -> Verdict:
    """Judge a claim by its readings.

    1. Readings that lack something do not count; where none counts, the claim cannot be judged.
    2. A reading is possible where the claimed figure is not beyond its limit, and kept where it
       is possible and the modelled figure misses the claimed one by no more than the tolerance.
    3. All kept: it holds. Some: it holds only if their conditions are given. None, but some
       possible: it holds only if what the nearest of them needs comes true. None possible: it is
       physically impossible.

    Parameters
    ----------
    claimed : float
        The claimed figure.
    sense : str
        ``at least``, ``at most`` or ``about``.
    readings : sequence of Reading
        In the same unit.
    missing : str
        What is missing where there are no readings.

    Examples
    --------
    >>> judge(2.0, "at least", [Reading("read so", 2.1, 2.2, "compute", tolerance=0.1)]).words
    'holds'
    >>> judge(64.0, "at least", [Reading("read so", 8.0, 8.0, "storage")]).words
    'physically impossible: storage allows 8, read so'
    """
    counted = [i for i, reading in enumerate(readings) if not reading.missing]
    if not counted:
        lacks = "; ".join(dict.fromkeys(r.missing for r in readings)) or missing
        return Verdict(VERDICTS[3], f"cannot be judged: {lacks}", None)
    possible = [i for i in counted if _is_possible(claimed, sense, readings[i])]
    nearest = min(possible or counted, key=lambda i: _shortfall(claimed, sense, readings[i]))
    kept = [i for i in possible if _is_kept(claimed, sense, readings[i])]
    if kept:
        return _kept(claimed, sense, readings, (kept, counted))
    near = readings[nearest]
    only = f"{near.label}, and " if len(counted) > 1 else ""
    if possible:
        return Verdict(VERDICTS[1], f"holds only if {only}{_needs(claimed, near)}", nearest)
    allows = "is exceeded" if near.limit in (0.0, math.inf) else f"allows {near.limit:.3g}"
    words = f"{near.bound} {allows}, {near.label}"
    return Verdict(VERDICTS[2], f"physically impossible: {words}", nearest)


def _kept(
    claimed: float, sense: str, readings: Sequence[Reading], which: tuple[list[int], list[int]]
) -> Verdict:
    """Say of what is kept whether a condition, or the model's own error, comes with it."""
    kept, counted = which
    best = min(kept, key=lambda i: _shortfall(claimed, sense, readings[i]))
    near = readings[best]
    is_short = sense != "about" and _shortfall(claimed, sense, near) > math.log1p(near.slack)
    within = f", within the model's error of {100.0 * near.tolerance:.0f} %" if is_short else ""
    if len(kept) == len(counted):
        return Verdict(VERDICTS[0], f"holds{within}", best)
    labels = " or ".join(readings[i].label for i in kept)
    return Verdict(VERDICTS[1], f"holds only if {labels}{within}", best)


def _is_possible(claimed: float, sense: str, reading: Reading) -> bool:
    if sense == "at least":
        return claimed <= reading.limit * (1.0 + reading.slack)
    return sense == "about" or claimed >= reading.limit * (1.0 - reading.slack)


def _shortfall(claimed: float, sense: str, reading: Reading) -> float:
    """Logarithm of what the modelled figure misses the claimed one by; 0 where it reaches it."""
    if reading.modelled <= 0.0 or not math.isfinite(reading.modelled):
        return math.inf
    by = math.log(claimed / reading.modelled)
    return abs(by) if sense == "about" else max(0.0, by if sense == "at least" else -by)


def _is_kept(claimed: float, sense: str, reading: Reading) -> bool:
    return _shortfall(claimed, sense, reading) <= math.log1p(reading.tolerance)


def _needs(claimed: float, near: Reading) -> str:
    """What a possible figure needs: a share of the limit, or what the reading says itself."""
    if near.needs:
        return near.needs
    share, reached = sorted((near.limit / claimed, claimed / near.limit))[0], near.modelled
    modelled = sorted((near.limit / reached, reached / near.limit))[0]
    return (
        f"{100.0 * share:.0f} % of what {near.bound} allows is reached "
        f"(modelled: {100.0 * modelled:.0f} %)"
    )
