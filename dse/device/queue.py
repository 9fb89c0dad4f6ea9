"""One unit shared by what the user waits for and what runs behind it.

Two ways to share: fairly, a slice each in turn, or by priority, the foreground before all else.
Both are classical queues; what a switch between threads costs is added to them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["POLICIES", "Share", "Sharing", "background_busy", "fair_share", "priority_share"]

Array = npt.NDArray[np.float64]
Numbers = float | Array
POLICIES = ("fair", "priority")


@dataclass(frozen=True, slots=True)
class Sharing:
    """What competes with the foreground for a unit; numbers are floats or arrays of shape (n,).

    Parameters
    ----------
    load : float or Array
        Share of the unit that the background keeps busy where nothing else runs, >= 0: the sum
        over its threads.
    threads : int or None
        Background threads, >= 1, that share the load evenly, each of which works, then pauses;
        None for a stream of tasks from so many sources that it never dries up (Poisson).
    task_s : float or Array
        Mean work of one background task, s.
    slice_s : float or Array
        Time slice, and what runs before a thread can be stopped, s.
    switch_s : float or Array
        Cost of one switch from thread to thread, s.
    """

    load: Numbers
    threads: int | None
    task_s: Numbers
    slice_s: Numbers
    switch_s: Numbers

    @property
    def slices(self) -> Array:
        """Slices that a background task takes, its last one begun counted whole.

        E ceil(S / q) = 1 / (1 - exp(-q / E S)) of an exponential S.
        """
        return np.asarray(-1.0 / np.expm1(-np.asarray(self.slice_s) / self.task_s))


@dataclass(frozen=True, slots=True)
class Share:
    """How the foreground fares; arrays that broadcast to shape (n,).

    Parameters
    ----------
    stretch : Array
        Time that it takes over the time that it takes alone, >= 1; infinite where it starves.
    delay_s : Array
        Mean time before it begins, s.
    turns_per_s : Array
        Times per second that the unit is switched back to it, 1/s.
    switches_per_s : Array
        All switches per second while it runs, 1/s.
    background : Array
        Share of the unit's time in which the background gets work done meanwhile.
    """

    stretch: Array
    delay_s: Array
    turns_per_s: Array
    switches_per_s: Array
    background: Array


def fair_share(sharing: Sharing) -> Share:
    r"""Fair time slices: processor sharing with whole slices and switches.

    With i background threads at work a round takes phi + i tau: a slice of the foreground and a
    turn of each of the others, switches counted; no switch is needed where it is alone. A
    background task ends with its turn with probability 1 / k, of k slices. The number at work is
    then a birth-death process, and the foreground's rate is the mean of q / (phi + i tau):

        w_i = C(m, i) p^i (1 - p)^(m - i) prod_{l <= i} (k / b) (phi + l tau),  p = load / m   (1)
        1 / stretch = (w_0 + sum_{i >= 1} w_i q / (phi + i tau)) / sum_i w_i                   (2)

    Of tasks without end (m to infinity) the sums are closed, rho = load (1 + k s / b):

        1 / stretch = (1 - rho) q / phi + (1 - q / phi) (1 - rho)^(1 + phi / tau)              (3)

    Without switches and with slices much shorter than a task, (3) is 1 - load: the sojourn time
    x / (1 - rho) of M/G/1 processor sharing, which depends on no more than the mean of the tasks.

    Parameters
    ----------
    sharing : Sharing
        The competition.

    References
    ----------
    Kleinrock, "Queueing Systems" vol. 2, 1976, section 4.4 (round robin and its limit);
    Harchol-Balter, "Performance Modeling and Design of Computer Systems", 2013, chapter 30
    (processor sharing) and 13 (birth-death processes); a long job among short ones as a permanent
    customer: Whitt, "The M/G/1 processor-sharing queue with long and short jobs", 1998.
    """
    slice_s, switch_s = np.asarray(sharing.slice_s) + 0.0, np.asarray(sharing.switch_s) + 0.0
    own_s = slice_s + switch_s
    turn_s = np.asarray(sharing.task_s) / sharing.slices + switch_s
    solve = _stream if sharing.threads is None else _threads
    rate, alone, rounds = solve(sharing, own_s, turn_s)
    with np.errstate(divide="ignore"):
        stretch = np.where(rate > 0.0, 1.0 / rate, np.inf)
    # The rest of the time is the background's: turns of tau, of which the switch is lost.
    behind = (1.0 - alone - rounds * own_s) / turn_s
    return Share(
        stretch=stretch,
        delay_s=np.zeros_like(stretch),
        turns_per_s=rounds,
        switches_per_s=rounds + behind,
        background=np.asarray(behind * (turn_s - switch_s)),
    )


def _stream(sharing: Sharing, own_s: Array, turn_s: Array) -> tuple[Array, Array, Array]:
    """Rate of the foreground, share of time alone, and rounds per second: (3), Poisson tasks."""
    work_s = turn_s * sharing.slices / sharing.task_s
    left = np.maximum(0.0, 1.0 - np.asarray(sharing.load) * work_s)
    alone = np.asarray(left ** (1.0 + own_s / turn_s))
    rounds = np.asarray((left - alone) / own_s)
    return alone + rounds * sharing.slice_s, alone, rounds


def _threads(sharing: Sharing, own_s: Array, turn_s: Array) -> tuple[Array, Array, Array]:
    """The same for a given number of threads: the sums of (1) and (2), in logarithms."""
    count = sharing.threads or 1
    share = np.minimum(1.0, np.asarray(sharing.load) / count) + 0.0
    with np.errstate(divide="ignore"):
        busy, idle = np.log(share), np.log1p(-share)
    logs = [_times(count, idle)]
    product = np.zeros_like(own_s + turn_s)
    for i in range(1, count + 1):
        step = (own_s + i * turn_s) * sharing.slices / sharing.task_s
        product = product + np.log((count - i + 1) / i) + np.log(step)
        logs.append(product + _times(i, busy) + _times(count - i, idle))
    table = np.stack(np.broadcast_arrays(*logs))
    weights = np.exp(table - table.max(axis=0))
    chance = weights / weights.sum(axis=0)
    rounds = np.zeros_like(chance[0])
    for i in range(1, count + 1):
        rounds = rounds + chance[i] / (own_s + i * turn_s)
    return chance[0] + rounds * sharing.slice_s, chance[0], rounds


def _times(count: int, logarithm: Array) -> Array:
    """A power's logarithm, with 0^0 = 1."""
    return np.asarray(count * logarithm) if count else np.zeros_like(logarithm)


def background_busy(sharing: Sharing) -> Array:
    """Share of time in which the background alone keeps the unit busy, switches not counted.

    rho of a stream. Of m threads, the machine repair model, whose chance of idling is Erlang's B
    of m lines and the traffic (1 - p) / p:

        B_0 = 1,  B_k = (1 - p) B_{k-1} / (k p + (1 - p) B_{k-1})                             (1)

    References
    ----------
    Kleinrock, "Queueing Systems" vol. 1, 1975, sections 3.6 and 3.8.
    """
    load = np.asarray(sharing.load) + 0.0
    if sharing.threads is None:
        return np.minimum(1.0, load)
    share = np.minimum(1.0, load / sharing.threads)
    idle = np.ones_like(share)
    for i in range(1, sharing.threads + 1):
        rest = (1.0 - share) * idle
        idle = rest / (i * share + rest)
    return np.asarray(1.0 - idle)


def priority_share(sharing: Sharing) -> Share:
    """Priority, preemptive-resume: the foreground waits for a running slice, then for nobody.

        W = P(busy) (E q_run^2 / (2 E q_run) + s)                                             (1)

    Without slices and switches W is 0 and the foreground sees an empty unit, as the highest class
    of M/G/1 with preemptive-resume priority does. A running turn is a whole slice, or what is
    left of a task; the mean of its rest is that of the truncated exponential.

    Parameters
    ----------
    sharing : Sharing
        The competition.

    References
    ----------
    Kleinrock, "Queueing Systems" vol. 2, 1976, sections 3.4 and 3.6; Harchol-Balter,
    "Performance Modeling and Design of Computer Systems", 2013, chapter 32; residual life:
    Kleinrock vol. 1, 1975, section 5.2.
    """
    busy = background_busy(sharing)
    x = np.asarray(sharing.slice_s) / np.asarray(sharing.task_s)
    # E min(S, q) and E min(S, q)^2 of an exponential S of mean b, in units of b and b^2.
    first = -np.expm1(-x)
    second = 2.0 * (first - x * np.exp(-x))
    rest = sharing.task_s * second / (2.0 * first)
    delay = np.asarray(busy * (rest + sharing.switch_s))
    zero = np.zeros_like(delay)
    return Share(1.0 + zero, delay, zero, zero, zero)
