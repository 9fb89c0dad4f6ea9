"""Lower bounds on the objectives of every design in a box, and whether any can meet the targets.

The kernel is monotone in each coefficient, so one evaluation of a box's best coefficients bounds
every design in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from dse.certify.buildable import Buildable
from dse.certify.envelope import ROUNDING, Envelope, directions
from dse.certify.frame import Ranks
from dse.certify.job import Job
from dse.cost import ChipBatch, batch_columns, mean_columns, with_times, worst_columns
from dse.space import Index, Space, Target
from dse.sweep import ALWAYS, Columns, objective_values
from dse.technology import Silicon
from dse.workload import Mix, Model, Scenario, Workload, unroll

__all__ = ["Bounder"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Shares of a time: better coefficients shorten the whole and the part at peak rates.
_SHARES = {"prefill_utilisation": "ttft_s", "decode_dram_utilisation": "tpot_s"}
# Power is energy over time, of which a better coefficient lowers both.
_POWERS = {
    "prefill_power_w": ("prefill_energy_j", "ttft_s", "prefill_tok_s"),
    "decode_power_w": ("energy_per_token_j", "tpot_s", "decode_tok_s"),
}
# Boxes per kernel call: the temporaries of one operator stay in the L2 cache.
_CHUNK = 8192


class Bounder:
    """Bounds of boxes of a space.

    Parameters
    ----------
    space : Space
        The space, with its objectives and targets.
    silicon : Silicon
        Constants of the reference node.

    Attributes
    ----------
    frame : Frame
        The ranks and the roots of the space.
    """

    def __init__(self, space: Space, silicon: Silicon) -> None:
        self.space = space
        self._envelope = Envelope(space, silicon, directions(space, silicon))
        self.frame = self._envelope.frame
        self._buildable = Buildable(self.frame)
        self._targets = [
            target
            for target in (*space.targets, *ALWAYS, Target("edge_fraction", 1.0, -1))
            if target.metric != "buildable"
        ]
        asked = {*space.objectives, *(target.metric for target in self._targets)}
        self._names = tuple(sorted(asked))
        self._powers = {name: trio for name, trio in _POWERS.items() if name in asked}
        self._shares = {name: seconds for name, seconds in _SHARES.items() if name in asked}
        needed = {*asked, *(name for trio in self._powers.values() for name in trio)}
        self._needed = set(with_times(needed)) - {"buildable", "perplexity_ratio", *_POWERS}
        self._limits = {t.metric: t.limit for t in space.targets if t.sense < 0}
        # NumPy lets go of the interpreter lock: threads share the work.
        self._pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def bound(self, low: Ranks, high: Ranks) -> tuple[Array, Array]:
        """Bound the objectives and the violations of boxes.

        Parameters
        ----------
        low, high : Ranks
            First and last ranks, shape (n, axes).

        Returns
        -------
        tuple
            Bounds on the objectives, to be minimised, shape (n, objectives), and on the relative
            violation of every limit, shape (n, limits): where one is positive, or an objective is
            not finite, no design of the box meets the requirements.
        """
        values = np.full((len(low), len(self.space.objectives)), np.inf)
        missed = np.full((len(low), len(self._targets)), np.inf)

        def fill(rows: Index) -> None:
            columns = self._columns(low[rows], high[rows])
            values[rows] = objective_values(self.space, columns)
            for place, target in enumerate(self._targets):
                missed[rows, place] = target.violation(columns[target.metric]) - ROUNDING

        self._spread(fill, np.flatnonzero(self._buildable.possible(low, high)))
        missed[np.isnan(missed)] = np.inf
        missed[~np.isfinite(values).all(axis=1)] = np.inf
        return values, missed

    def _spread(self, fill: Callable[[Index], None], rows: Index) -> None:
        size = min(_CHUNK, max(512, -(-len(rows) // (os.cpu_count() or 1))))
        parts = [rows[start : start + size] for start in range(0, len(rows), size)]
        if len(parts) == 1:
            fill(parts[0])
        elif parts:
            for _ in self._pool.map(fill, parts):
                pass

    def _columns(self, low: Ranks, high: Ranks) -> Columns:
        """Best metrics over boxes, by the worst model and mix of requests."""
        columns = {name: np.empty(len(low)) for name in self._names}
        for rows, batches, mixes in self._envelope.best(low, high):
            jobs = self._jobs(mixes)
            found = [self._of_job(batches, job) for job in jobs]
            longest = self._longest(jobs, (low[rows], high[rows]), self._is_strong(found, jobs))
            self._bound_shares(found, jobs, (low[rows], high[rows]))
            for part, job, slow in zip(found, jobs, longest, strict=True):
                self._bound_powers(part, job, slow, batches)
            worst = worst_columns(found, self._names)
            for name in self._names:
                columns[name][rows] = worst[name]
        return columns

    def _jobs(self, mixes: tuple[Mix, ...]) -> list[Job]:
        numbers = iter(self._envelope.formats.numbers)
        formats = [[next(numbers) for _ in mix.scenarios] for mix in mixes]
        return [
            Job(model, mix, tuple(unroll(model, each) for each in mix.scenarios), tuple(each_of))
            for model in self.space.models
            for mix, each_of in zip(mixes, formats, strict=True)
        ]

    def _is_strong(self, found: list[Columns], jobs: list[Job]) -> Mask:
        """Where a power may be beyond its limit, so that its dearer bound is worth while."""
        result = np.zeros(len(found[0]["buildable"]), dtype=np.bool_)
        for name, (energy, seconds, _) in self._powers.items():
            limit = 0.0 if name in self.space.objectives else self._limits.get(name, np.inf)
            for part, job in zip(found, jobs, strict=True):
                result |= part[energy] * job.tokens(name) > limit * part[seconds]
        return result

    def _longest(self, jobs: list[Job], box: tuple[Ranks, Ranks], wanted: Mask) -> list[Columns]:
        """Longest times by job: those of the worst coefficients, within their limits."""
        times = {seconds for _, seconds, _ in self._powers.values()}
        longest = [
            {name: np.full(wanted.shape, self._limits.get(name, np.inf)) for name in times}
            for _ in jobs
        ]
        some = np.flatnonzero(wanted)
        if not len(some):
            return longest
        for places, batches, _ in self._envelope.worst(box[0][some], box[1][some]):
            rows = some[places]
            for known, job in zip(longest, jobs, strict=True):
                for name, seconds in job.columns(batches, times).items():
                    known[name][rows] = np.minimum(known[name][rows], seconds)
        return longest

    def _bound_shares(
        self, found: list[Columns], jobs: list[Job], box: tuple[Ranks, Ranks]
    ) -> None:
        """Replace shares u of a time, u = c / t <= 1, by bounds.

            u <= c_worst / t_best = u_worst t_worst / t_best                                  (1)

        for the part c, the time of the products at peak rates or of the DRAM bytes at the peak
        bandwidth, never grows as a coefficient gets better, nor does t. Of a mix, u is the mean
        over t, so that u t is the mean of c.
        """
        if not self._shares:
            return
        names = {*self._shares, *self._shares.values()}
        count = len(box[0])
        most = [{name: np.ones(count) for name in self._shares} for _ in jobs]
        for rows, batches, _ in self._envelope.worst(*box):
            for part, job, own in zip(found, jobs, most, strict=True):
                ends = job.columns(batches, names)
                for name, seconds in self._shares.items():
                    least = np.broadcast_to(part[seconds], count)[rows]
                    share = ends[name] * ends[seconds] / least
                    own[name][rows] = np.fmin(share, 1.0) * (1.0 + ROUNDING)
        for part, own in zip(found, most, strict=True):
            part.update(own)

    def _bound_powers(
        self, part: Columns, job: Job, longest: Columns, batches: list[ChipBatch]
    ) -> None:
        """Replace powers, of which the best coefficients lower energy and time, by bounds.

            P >= max(least energy / longest time, P_static)                                   (2)

        A limit on the power in its turn asks for time, and the time for static energy:

            t >= (E_0 - P_static t_0) / (P_max - P_static),  E >= E_0 + P_static (t - t_0)    (3)

        with t_0 and E_0 those of the best coefficients. Both hold of a mix as of one request, for
        its energies and times are sums with the same weights.
        """
        least = np.minimum.reduce([batches[number].static_w for number in job.formats])
        for name, (energy, seconds, rate) in self._powers.items():
            limit = self._limits.get(name, np.inf)
            tokens = job.tokens(name)
            shortest, joules = part[seconds], part[energy] * tokens
            static = np.broadcast_to(least, shortest.shape)
            excess, room = (1.0 - ROUNDING) * (joules - static * shortest), limit - static
            # Without room no time is long enough.
            needed = np.divide(excess, room, out=np.full(room.shape, np.inf), where=room > 0.0)
            is_late = (joules > limit * shortest) & (excess > 0.0)
            later = np.where(is_late, np.maximum(needed, shortest), shortest)
            part[name] = np.maximum(joules / np.maximum(longest[seconds], shortest), static)
            part[energy] = (joules + static * (later - shortest) * (1.0 - ROUNDING)) / tokens
            part[rate] = part[rate] * (shortest / later)
            part[seconds] = later

    def _of_job(self, batches: list[ChipBatch], job: Job) -> Columns:
        """Metrics of the best coefficients, each over all boxes."""
        each = zip(job.formats, job.works, job.mix.scenarios, strict=True)
        by_case = [
            self._of_scenario(batches[number], work, job.model, scenario)
            for number, work, scenario in each
        ]
        return mean_columns(by_case, job.mix, list(by_case[0]))

    def _of_scenario(
        self, batch: ChipBatch, work: Workload, model: Model, scenario: Scenario
    ) -> Columns:
        """Metrics of the best coefficients for one scenario."""
        found = batch_columns(batch, work, self._needed)
        if "perplexity_ratio" in self._names and model.quality is not None:
            found["perplexity_ratio"] = model.quality.perplexity_ratio(scenario.precision)
        shape = np.broadcast_shapes(batch.area_mm2.shape, *(np.shape(v) for v in found.values()))
        columns = {name: np.broadcast_to(values, shape) for name, values in found.items()}
        columns.setdefault("perplexity_ratio", np.full(shape, np.nan))
        columns["buildable"] = np.ones(shape)  # of a box as a whole `Buildable` knows more
        return columns
