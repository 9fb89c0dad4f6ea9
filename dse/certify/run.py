"""A certified search: a sample to start from, then branch and bound until EPS is proven."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import numpy as np

from dse.certify.certificate import Certificate, CertifyResult
from dse.certify.frame import Boxes
from dse.certify.proof import Counts, Proof, ProofState
from dse.cost import team_units
from dse.errors import CertifyError, CorruptRunError
from dse.pareto import knee
from dse.space import Space
from dse.store import FRONT, RESULTS, Output, RunFolder, Table, start_run
from dse.sweep import Points, Progress, Survey, Watch
from dse.technology import Silicon

__all__ = ["SAMPLES", "run_certify"]

# Size of the first sample, and rows of it that are kept.
SAMPLES = 16_384
_KEEP = 4096
# Seconds between two states on disk.
_SAVE_S = 30.0
# Arrays of a state on disk, and of one of format 1.
_BOXES = {"low", "high", "bound", "missed", "counts", "front"}
_STATE = _BOXES | {"open", "front_values", "stage", "seconds"}
_STATE_1 = _BOXES | {"numbers"}


def run_certify(  # noqa: PLR0913 - all but three are keywords with defaults
    space: Space,
    silicon: Silicon,
    eps: float,
    *,
    seed: int = 0,
    samples: int = SAMPLES,
    timeout_s: float = math.inf,
    out: Output | Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> CertifyResult:
    """Find a front and prove that no design of the space beats it by more than a factor 1 + EPS.

    Parameters
    ----------
    space : Space
        What to search.
    silicon : Silicon
        Constants of the reference node.
    eps : float
        At least 0; 0 for the exact front, one design per distinct vector of objectives.
    seed : int
        Seed of the sample and of the random designs in boxes.
    samples : int
        Size of the first sample.
    timeout_s : float
        Time after which it stops with what it has, s.
    out : Output, Path or None
        Run folder to write; if it holds the same run, that is gone on with.
    progress : callable, optional
        Called after every batch of boxes.

    Returns
    -------
    CertifyResult
        An interrupt (Ctrl-C) ends it like the timeout; the certificate says what was reached.

    Raises
    ------
    CertifyError
        If the units that run the models have no bound.
    StoreError
        If the run folder cannot be used.
    """
    _check(space, eps)
    settings = {"certify": eps, "seed": seed, "samples": samples}
    session = _Session(space, silicon, settings, progress)
    with ExitStack() as stack:
        stack.callback(session.proof.close)
        if out is not None:
            session.folder = stack.enter_context(
                start_run("search", space, silicon, settings, out)
            )
        try:
            complete = session.run(timeout_s)
        except BaseException as error:
            session.save()
            if not isinstance(error, KeyboardInterrupt):
                raise
            session.is_interrupted, complete = True, False
        return session.result(complete)


def _check(space: Space, eps: float) -> None:
    if not 0.0 <= eps < math.inf:
        raise ValueError(f"eps must be >= 0 and finite, but got {eps}")
    if team_units(space.chip, space.unit):
        raise CertifyError(
            f"several units share the work ({space.unit}), and how they best do so has no bound; "
            "a certificate needs a space of one unit"
        )


def _saved(folder: RunFolder) -> Table:
    """Where an earlier session stood; empty if there was none."""
    state = folder.saved()
    if state and set(state) not in (_STATE, _STATE_1):
        raise CorruptRunError(f"{folder.path}: the state of its proof is not whole")
    return state


class _Session:
    """One stretch of a certified search."""

    def __init__(
        self,
        space: Space,
        silicon: Silicon,
        settings: Mapping[str, Any],
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self.started = self.saved = time.monotonic()
        self.survey = Survey(space, silicon)
        self.seed, self.progress = int(settings["seed"]), progress
        self.watch = Watch(space, silicon)
        self.proof = Proof(space, silicon, float(settings["certify"]), self.seed)
        self.points = Points(space, int(settings["samples"]), self.seed)
        self.folder: RunFolder | None = None
        self.is_interrupted = False
        self.resumed, self.before_s = 0, 0.0
        # Where the proof stood after its last whole step: what is saved, whenever it ends.
        self._border: ProofState | None = None

    def run(self, timeout_s: float) -> bool:
        proof = self.proof
        for index in self.points.blocks():
            self.survey.evaluate(index, is_whole=False)
        state = _saved(self.folder) if self.folder else {}
        if state:
            self._restore(state)
        else:
            proof.evaluate(self.survey.front_index)
            proof.counts.evaluated = self.survey.evaluated
            proof.counts.feasible = self.survey.feasible
            proof.climb()
            proof.cover()
        self._border = proof.state()
        complete = proof.run(self.started + timeout_s, self._after_step)
        self._border = proof.state()
        self.save()
        return complete

    def _restore(self, state: Table) -> None:
        boxes = Boxes(*(state[name] for name in ("low", "high", "bound", "missed")))
        counts = Counts(*(int(count) for count in state["counts"]))
        if "stage" in state:
            cut = int(state["open"])
            reached, stage = (float(number) for number in state["stage"])
            front = state["front_values"], state["front"]
            now = ProofState(boxes[:cut], boxes[cut:], *front, counts, reached, stage)
            self.before_s = float(state["seconds"])
        else:  # of format 1, which did not say which boxes wait, nor the objectives
            self.proof.evaluate(state["front"])
            reached, self.before_s = (float(number) for number in state["numbers"])
            now = replace(self.proof.state(), open=boxes, counts=counts, reached=reached)
        self.proof.restore(now)
        self.resumed = len(boxes)

    def save(self) -> None:
        """Keep the state in the run folder, if there is one and anything to keep."""
        border = self._border
        if self.folder is None or border is None:
            return
        boxes = Boxes.joined(border.open, border.parked)
        self.folder.save(
            {
                "low": boxes.low,
                "high": boxes.high,
                "bound": boxes.bound,
                "missed": boxes.missed,
                "open": np.array(len(border.open)),
                "front": border.ids,
                "front_values": border.values,
                "counts": np.array(astuple(border.counts)),
                "stage": np.array([border.reached, border.stage]),
                "seconds": np.array(self._seconds()),
            }
        )
        self.saved = time.monotonic()

    def _seconds(self) -> float:
        return self.before_s + time.monotonic() - self.started

    def _after_step(self, proof: Proof) -> None:
        self._border = proof.state()
        if time.monotonic() - self.saved > _SAVE_S:
            self.save()
        if self.progress is not None:
            left = len(proof.open) + len(proof.parked)
            done, front = proof.counts.boxes, proof.archive.front
            counts = done, done + left, len(front), proof.counts.feasible
            found = front.values, front.ids, self.survey.reach.nearest
            self.progress(Progress("certify", *counts, self.watch.standing(*found)))

    def result(self, complete: bool) -> CertifyResult:
        """Tables of what was found, and the certificate; written where there is a folder."""
        proof, space = self.proof, self.proof.space
        index = proof.archive.front.ids
        reached = math.inf if self._border is None else proof.measure()
        certificate = Certificate(
            space_size=space.size,
            eps=proof.eps,
            eps_reached=proof.reached if complete else reached,
            boxes=proof.counts.boxes,
            open_boxes=len(proof.open) + len(proof.parked),
            seconds=self._seconds(),
            complete=complete,
        )
        result = CertifyResult(
            space=space,
            certificate=certificate,
            evaluated=proof.counts.evaluated,
            feasible=proof.counts.feasible,
            front_index=index,
            front=self.survey.table(index),
            reach=self.survey.reach,
            is_interrupted=self.is_interrupted,
            resumed=self.resumed,
        )
        if self.folder is not None:
            self._write(self.folder, result)
        return result

    def _write(self, folder: RunFolder, result: CertifyResult) -> None:
        folder.write_table(FRONT, result.front)
        cloud = self.points.cloud(_KEEP, self.seed)
        folder.write_table(RESULTS, self.survey.table(cloud))
        front = self.proof.archive.front
        best = front.ids[[knee(front.values)]] if len(front) else None
        # The time goes into the manifest: what was found is the same however long it took.
        certificate = result.certificate.to_json()
        seconds = certificate.pop("seconds")
        summary = self.survey.summary() | {
            "evaluated": result.evaluated,
            "feasible": result.feasible,
            "front": len(front),
            "knee": None if best is None else int(self.proof.space.encode(best)[0]),
            "certificate": certificate,
        }
        (folder.finish if result.certificate.complete else folder.pause)(summary, seconds)
