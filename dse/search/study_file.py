"""Trials as an SQLite file that Optuna and its dashboard open.

Optuna makes the file and the study. Its `add_trials` then takes 25 ms and more for each trial, so
that the rows are written by SQLAlchemy into Optuna's own tables, in one transaction;
`tests/search/test_study.py` holds them equal to what `add_trials` writes.
"""

from __future__ import annotations

import json
import sqlite3
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dse.cost import metric
from dse.errors import StoreError
from dse.search.proposer import quiet_optuna
from dse.search.study import study_trials
from dse.store import Run
from dse.store.files import atomic_path

if TYPE_CHECKING:
    from optuna.storages import RDBStorage
    from optuna.trial import FrozenTrial

__all__ = ["STUDY", "export_study"]

STUDY = "dse"


def export_study(run: Run, path: Path) -> int:
    """Write a run as an Optuna study named ``dse`` into an SQLite file.

    Parameters
    ----------
    run : Run
        Read with both tables.
    path : Path
        The file, which appears when it is complete.

    Returns
    -------
    int
        Trials in it.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    trials = study_trials(run)
    with quiet_optuna(), atomic_path(path) as place, _sqlite_errors(path):
        write_study(trials, tuple(run.manifest.space["objectives"]), place)
    return len(trials)


def write_study(trials: Sequence[FrozenTrial], objectives: Sequence[str], place: Path) -> None:
    """Write trials into a new SQLite file."""
    import optuna
    from sqlalchemy import insert

    storage = optuna.storages.RDBStorage(
        "sqlite://", engine_kwargs={"creator": lambda: sqlite3.connect(place)}
    )
    way = optuna.study.StudyDirection
    senses = [way.MAXIMIZE if metric(name).sense > 0 else way.MINIMIZE for name in objectives]
    study = optuna.create_study(storage=storage, study_name=STUDY, directions=senses)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names of objectives are marked experimental
        study.set_metric_names(list(objectives))
    identity = storage.get_study_id_from_name(STUDY)
    with storage.engine.begin() as connection:
        for table, rows in _rows(trials, identity).items():
            if rows:
                connection.execute(insert(table), rows)
    _close(storage)


def _close(storage: RDBStorage) -> None:
    storage.remove_session()
    storage.engine.dispose()


def _rows(trials: Sequence[FrozenTrial], study: int) -> dict[Any, list[dict[str, Any]]]:
    """Rows of Optuna's tables; a trial's number is its place, its key the number + 1."""
    from optuna.storages._rdb import models

    heads = models.TrialModel, models.TrialParamModel, models.TrialValueModel
    attributes = models.TrialUserAttributeModel, models.TrialSystemAttributeModel
    rows: dict[Any, list[dict[str, Any]]] = {model: [] for model in (*heads, *attributes)}
    texts: dict[int, str] = {}
    for number, trial in enumerate(trials):
        key = {"trial_id": number + 1}
        rows[models.TrialModel].append(
            {
                **key,
                "number": number,
                "study_id": study,
                "state": trial.state,
                "datetime_start": trial.datetime_start,
                "datetime_complete": trial.datetime_complete,
            }
        )
        rows[models.TrialParamModel] += [key | param for param in _params(trial, texts)]
        rows[models.TrialValueModel] += [
            key | {"objective": place, "value": value, "value_type": "FINITE"}
            for place, value in enumerate(trial.values or ())
        ]
        for model, entries in zip(attributes, (trial.user_attrs, trial.system_attrs), strict=True):
            rows[model] += [
                key | {"key": name, "value_json": json.dumps(value)}
                for name, value in entries.items()
            ]
    return rows


def _params(trial: FrozenTrial, texts: dict[int, str]) -> Iterator[dict[str, Any]]:
    """Rows of a trial's parameters; `texts` keeps the JSON of each distribution object."""
    from optuna.distributions import distribution_to_json

    for name, value in trial.params.items():
        distribution = trial.distributions[name]
        text = texts.setdefault(id(distribution), distribution_to_json(distribution))
        yield {
            "param_name": name,
            "param_value": distribution.to_internal_repr(value),
            "distribution_json": text,
        }


@contextmanager
def _sqlite_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite refuses into a `StoreError` that names the file."""
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, StorageInternalError, sqlite3.Error) as error:
        cause = getattr(error, "orig", None) or error.__cause__ or error
        reason = str(getattr(cause, "orig", None) or cause).splitlines()[0]
        raise StoreError(f"{path}: cannot write: {reason}") from error
