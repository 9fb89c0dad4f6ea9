"""The tables through which the workers of a study pass designs to each other, and their record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Float,
    Integer,
    MetaData,
    Table,
    Text,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from dse.errors import DatabaseError
from dse.search.database import Session

__all__ = ["Board", "Place"]

Evaluate = Callable[[list[int]], list[list[float]]]

_TABLES = MetaData()


def _key(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement=False)


# `batches` says how many the study has, once it is finished.
_STUDIES = Table("dse_studies", _TABLES, _key("study_id"), Column("batches", Integer))
# The record of a batch that was told, as a line of a journal holds it.
_BATCHES = Table(
    "dse_batches", _TABLES, _key("study_id"), _key("batch"), Column("record", Text, nullable=False)
)
# The open batch in parts: numbers of designs, and their metrics once they are evaluated.
_SLICES = Table(
    "dse_slices",
    _TABLES,
    _key("study_id"),
    _key("batch"),
    _key("slice"),
    Column("designs", ARRAY(BigInteger), nullable=False),
    Column("metrics", ARRAY(Float(53), dimensions=2)),
)


class Place(NamedTuple):
    """Where a slice lies: its batch, and its number in it."""

    batch: int
    slice: int


class Board:
    """What the workers of one study share beside Optuna's tables.

    Parameters
    ----------
    session : Session
        The worker's connection.
    study_id : int
        Optuna's number of the study.
    """

    def __init__(self, session: Session, study_id: int) -> None:
        self._session = session
        self._study = study_id
        self._work, self._done = f"dse_{study_id}_work", f"dse_{study_id}_done"
        # Number of an advisory lock, but for the slice: the study in the upper half of 64 bits.
        self._lock = literal(study_id << 32, BigInteger)
        self._missing = (
            select(_SLICES.c.batch, _SLICES.c.slice)
            .where(_SLICES.c.study_id == study_id, _SLICES.c.metrics.is_(None))
            .order_by(_SLICES.c.batch, _SLICES.c.slice)
        )

    @staticmethod
    def make_tables(session: Session) -> None:
        """Make the tables where they are missing."""
        with session.begin() as connection:
            _TABLES.create_all(connection)

    def open(self) -> None:
        """Enter a new study."""
        with self._session.begin() as connection:
            connection.execute(insert(_STUDIES).values(study_id=self._study))

    def listen(self, *, leads: bool) -> None:
        """Have the session's `wait` return at new slices, or for the leader at finished ones."""
        self._session.listen(self._done if leads else self._work)

    @property
    def is_finished(self) -> bool:
        """Whether all batches were told."""
        query = select(_STUDIES.c.batches).where(_STUDIES.c.study_id == self._study)
        with self._session.begin() as connection:
            return connection.scalar(query) is not None

    def records(self) -> list[dict[str, Any]]:
        """Records of the batches told so far, in their order."""
        query = select(_BATCHES.c.record).where(_BATCHES.c.study_id == self._study)
        with self._session.begin() as connection:
            found = connection.scalars(query.order_by(_BATCHES.c.batch)).all()
        return [json.loads(text) for text in found]

    def publish(self, batch: int, slices: Sequence[Sequence[int]]) -> None:
        """Lay out a batch for evaluation.

        What a leader that died laid out of the same designs stays, with the metrics found so far.
        """
        query = select(_SLICES.c.designs).where(_SLICES.c.study_id == self._study)
        with self._session.begin() as connection:
            laid = connection.scalars(query.order_by(_SLICES.c.batch, _SLICES.c.slice)).all()
            if list(chain(*laid)) == list(chain(*slices)):
                return
            connection.execute(delete(_SLICES).where(_SLICES.c.study_id == self._study))
            rows = [
                {"study_id": self._study, "batch": batch, "slice": place, "designs": list(part)}
                for place, part in enumerate(slices)
            ]
            connection.execute(insert(_SLICES), rows)
            connection.execute(select(func.pg_notify(self._work, "")))

    def take(self, evaluate: Evaluate) -> bool:
        """Evaluate a slice that nobody has at hand; False if there is none.

        The session holds a lock of the slice until its metrics are written, and no transaction is
        open while it is evaluated, however long that takes. Should this process die, the server
        gives the slice back.
        """
        while (place := self._claim()) is not None:
            with self._held(place):
                if self._finish(place, evaluate):
                    return True
        return False

    def take_over(self, evaluate: Evaluate) -> bool:
        """Evaluate the first slice without metrics, also if others have it at hand.

        Whose metrics are written first does not matter: they depend on the designs alone.
        """
        missing = self.missing()
        return bool(missing) and self._finish(missing[0], evaluate)

    def missing(self) -> list[Place]:
        """Places of the slices that have no metrics yet."""
        with self._session.begin() as connection:
            return [Place(*row) for row in connection.execute(self._missing).all()]

    def _claim(self) -> Place | None:
        """Lock the first slice without metrics that is not locked; None if there is none.

        The offset has the server go through the slices in their order, and try the lock of one
        after the other until it gets one.
        """
        rows = self._missing.offset(0).subquery()
        query = select(rows).where(func.pg_try_advisory_lock(self._lock + rows.c.slice)).limit(1)
        with self._session.begin() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Place(*row)

    @contextmanager
    def _held(self, place: Place) -> Iterator[None]:
        """Give the lock of a slice back when the block ends; with the session it ends anyway."""
        try:
            yield
        finally:
            with suppress(DatabaseError), self._session.begin() as connection:
                connection.execute(select(func.pg_advisory_unlock(self._lock + place.slice)))

    def _finish(self, place: Place, evaluate: Evaluate) -> bool:
        """Evaluate a slice; False if others did since it was looked up."""
        key = (_SLICES.c.study_id, _SLICES.c.batch, _SLICES.c.slice)
        here = [column == value for column, value in zip(key, (self._study, *place), strict=True)]
        here.append(_SLICES.c.metrics.is_(None))
        with self._session.begin() as connection:
            designs = connection.scalar(select(_SLICES.c.designs).where(*here))
        if designs is None:
            return False
        metrics = evaluate(list(designs))
        # Another leader may have laid out others in its place.
        change = update(_SLICES).where(*here, _SLICES.c.designs == designs)
        with self._session.begin() as connection:
            connection.execute(change.values(metrics=metrics))
            connection.execute(select(func.pg_notify(self._done, "")))
        return True

    def metrics(self) -> list[list[float]] | None:
        """Metrics of the batch that lies open, design by design; None while some are missing."""
        query = select(_SLICES.c.metrics).where(_SLICES.c.study_id == self._study)
        with self._session.begin() as connection:
            parts = connection.scalars(query.order_by(_SLICES.c.slice)).all()
        return None if None in parts else [row for part in parts for row in part]

    def seal(self, batch: int, record: dict[str, Any]) -> None:
        """Add a batch to the record, and clear it away."""
        text = json.dumps(record, separators=(",", ":"), allow_nan=False)
        row = {"study_id": self._study, "batch": batch, "record": text}
        with self._session.begin() as connection:
            connection.execute(insert(_BATCHES), row)
            connection.execute(delete(_SLICES).where(_SLICES.c.study_id == self._study))

    def finish(self, batches: int) -> None:
        """Say that all batches were told, and how many there are."""
        change = update(_STUDIES).where(_STUDIES.c.study_id == self._study)
        with self._session.begin() as connection:
            connection.execute(change.values(batches=batches))
            connection.execute(select(func.pg_notify(self._work, "")))
