"""One Optuna study in a database that several workers search, equal to a search by one process.

One worker leads: it proposes the batches in their order, as a search on one machine does. The
designs of a batch lie on a board as slices; every worker, the leader too, takes a slice, evaluates
it and writes its metrics. When all slices are there, the leader tells its sampler, and the batch
becomes part of the record. What a batch proposes depends on the record before it alone, and what a
slice gives on its designs alone: neither the number of workers, nor their pace, nor their deaths
can change the result.

Whoever leads holds a lock of its session, and whoever evaluates a slice one of that slice:
PostgreSQL frees both when the connection of a dead process drops, and the next worker takes over.
A slice that a worker keeps for too long, as one does that was stopped, others evaluate as well.
Told designs become finished trials of the Optuna study, in the order of the proposals.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dse.errors import CorruptRunError, DatabaseError, VersionMismatchError
from dse.search.board import Board, Place
from dse.search.coding import Coding
from dse.search.database import Session
from dse.search.proposer import directions_of, distributions_of, finished_trial
from dse.space import Index, Space
from dse.store import Journal, Manifest, make_manifest
from dse.sweep import Columns, Evaluator, asked_metrics
from dse.technology import Silicon

if TYPE_CHECKING:
    from optuna import Study

__all__ = ["SharedStudy"]

# Two numbers make an advisory lock: its kind ("dse" in ASCII, and one digit) and the study.
_SETUP, _LEAD, _PRESENT = 0x64736500 + 1, 0x64736500 + 2, 0x64736500 + 3
_MANIFEST = "dse:manifest"
# Slices of a batch for each worker.
_SLICES = 4
# Seconds after which a worker without work looks whether the leader is still there.
_PATIENCE_S = 1.0
# A slice is kept for too long after so many seconds, or so many times the longest that this worker
# took for one, whichever is more.
_LONG_S, _LONGEST = 600.0, 3.0


class SharedStudy:
    """A worker's view of the study; what `dse.search.team` asks for.

    Parameters
    ----------
    session : Session
        The worker's connection.
    name : str
        Name of the Optuna study, made where it is missing.
    space, silicon : Space, Silicon
        What is searched, and the constants of the reference node.
    settings : mapping
        Settings of the search: ``trials``, ``seed``, ``sampler``, ``samples``.

    Attributes
    ----------
    is_new : bool
        Whether this worker made the study.
    evaluated, led : int
        Designs that this worker evaluated for the team, and batches that it proposed.
    records : list of dict
        Batches told so far.
    torn_bytes : int
        What was cut off the journal of the run folder, where there is one.

    Raises
    ------
    VersionMismatchError
        If the study is of another search, of other versions, or not of dse.
    DatabaseError
        If the database cannot be used.
    """

    def __init__(
        self,
        session: Session,
        name: str,
        space: Space,
        silicon: Silicon,
        settings: Mapping[str, Any],
    ) -> None:
        self.session, self.name = session, name
        self.space, self.silicon, self.settings = space, silicon, dict(settings)
        self.is_new = False
        self.evaluated = self.led = self.torn_bytes = 0
        self.records: list[dict[str, Any]] = []
        self._entries: list[dict[str, Any]] = []
        self._leads = False
        self._longest_s = 0.0
        # The slices that others had at hand when this worker first had nothing to do, and when.
        self._kept: tuple[list[Place], float] = ([], 0.0)
        self._journal: Journal | None = None
        self._asked = asked_metrics(space)
        self._evaluator = Evaluator(space, silicon)
        self._coding = Coding(space)
        self._distributions = distributions_of(self._coding)
        with session.locked(_SETUP, 0), session.report():
            self._study, self._id = self._join()
        self._board = Board(session, self._id)
        session.attend(_PRESENT, self._id)

    @property
    def workers(self) -> int:
        """Workers at the study now."""
        return self.session.attendance(_PRESENT, self._id)

    def follow(self) -> None:
        """Evaluate what the leader lays out, until nobody leads or all batches were told."""
        self._board.listen(leads=False)
        while not self._board.is_finished:
            if self._help():
                continue
            if self.session.try_lock(_LEAD, self._id):
                self._leads = True
                self._board.listen(leads=True)
                return
            self.session.wait(_PATIENCE_S)

    def record(self, journal: Journal | None) -> SharedStudy:
        """Read what was told so far, and bring the journal and the Optuna study up to date."""
        self._journal = journal
        self.torn_bytes = journal.torn_bytes if journal else 0
        self.records = self._board.records()
        for batch, record in enumerate(self.records):
            self._keep(batch, record)
        self._entries = [entry for record in self.records for entry in record["trials"]]
        return self

    def evaluate(self, index: Index) -> Columns:
        """Have the team evaluate designs, shape (n, k); the metrics asked for alone."""
        numbers = self.space.encode(index)
        workers = self.workers
        # Several slices each, for the workers are not equally fast, and the leader comes late.
        count = _SLICES * workers if workers > 1 else 1
        parts = np.array_split(numbers, min(len(numbers), count))
        self._board.publish(len(self.records), [part.tolist() for part in parts])
        self._show()
        while (metrics := self._board.metrics()) is None:
            if not self._help():
                self.session.wait(_PATIENCE_S)
        values = np.array(metrics, dtype=np.float64)
        return {name: values[:, place].copy() for place, name in enumerate(self._asked)}

    def append(self, record: dict[str, Any]) -> None:
        """Make a batch part of the record: from here on it is told, whoever dies."""
        batch = len(self.records)
        self._board.seal(batch, record)
        self.records.append(record)
        self.led += 1
        self._entries += record["trials"]
        self._keep(batch, record)

    def finish(self) -> None:
        """Tell the others that all designs were told."""
        if self._leads:
            self._show()
            self._board.finish(len(self.records))

    def _join(self) -> tuple[Study, int]:
        """Load the study, or make it; by one worker at a time."""
        import optuna

        storage = self.session.make_storage()
        Board.make_tables(self.session)
        directions = directions_of(self.space)
        study = optuna.create_study(
            study_name=self.name, storage=storage, directions=directions, load_if_exists=True
        )
        number = storage.get_study_id_from_name(self.name)
        manifest = make_manifest("search", self.space, self.silicon, self.settings)
        known = study.user_attrs.get(_MANIFEST)
        if known is not None:
            self._check_same(Manifest.from_json(known, self._place), manifest)
        elif study.get_trials(deepcopy=False) or study.directions != directions:
            raise VersionMismatchError(f"{self._place}: is not a study of dse; choose another")
        else:
            self.is_new = True
            Board(self.session, number).open()
            # Set last: a study without it is one whose maker died, and is made anew.
            study.set_user_attr(_MANIFEST, dataclasses.replace(manifest, columns=()).to_json())
        return study, number

    @property
    def _place(self) -> str:
        return f'study "{self.name}" in {self.session.shown}'

    def _check_same(self, known: Manifest, manifest: Manifest) -> None:
        differences = manifest.differences(known)
        if differences:
            raise VersionMismatchError(
                f"{self._place}: is of another search ({'; '.join(differences)}); choose another"
            )

    def _help(self) -> bool:
        """Evaluate a slice that is free, or that others keep for too long; False if none is."""
        if self._board.take(self._metrics):
            return True
        places, now = self._board.missing(), time.monotonic()
        if places != self._kept[0]:
            self._kept = places, now
        if now - self._kept[1] < max(_LONG_S, _LONGEST * self._longest_s):
            return False
        return self._board.take_over(self._metrics)

    def _metrics(self, designs: list[int]) -> list[list[float]]:
        """Metrics asked for of designs, one row for each."""
        began = time.monotonic()
        index = self.space.decode(np.array(designs, dtype=np.int64))
        columns = self._evaluator.evaluate(index, self._asked)
        self.evaluated += len(designs)
        self._longest_s = max(self._longest_s, time.monotonic() - began)
        rows: list[list[float]] = np.column_stack([columns[name] for name in self._asked]).tolist()
        return rows

    def _keep(self, batch: int, record: dict[str, Any]) -> None:
        """Write a batch into the journal of the run folder, unless it holds the batch already."""
        if self._journal is None:
            return
        if batch >= len(self._journal.records):
            self._journal.append(record)
        elif self._journal.records[batch] != record:
            raise CorruptRunError(
                f"batch {batch} of the run folder's journal is not that of {self._place};"
                " choose another folder, or begin its command again with --force"
            )

    def _show(self) -> None:
        """Add to the Optuna study the trials of the record that it lacks.

        Optuna takes far longer for a trial than its evaluation does, so that this is done while
        the others evaluate.
        """
        with self.session.report():
            shown = len(self._study.get_trials(deepcopy=False))
            if shown > len(self._entries):
                raise DatabaseError(f"{self._place}: holds trials that dse did not write")
            for entry in self._entries[shown:]:
                row = np.array([entry["row"]], dtype=np.int64)
                attrs = {"design": int(self.space.encode(row)[0])}
                trial = finished_trial(self._coding, self._distributions, entry, attrs)
                self._study.add_trial(trial)
