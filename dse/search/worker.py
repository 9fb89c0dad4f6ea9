"""A worker of a shared study: it helps the one that leads, or leads, and finds the same result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dse.search.proposer import SAMPLERS, quiet_optuna
from dse.search.result import SearchResult
from dse.search.run import TRIALS, run_search
from dse.space import Space
from dse.store import Output, start_run
from dse.sweep import SAMPLES, Progress
from dse.technology import Silicon

if TYPE_CHECKING:
    from dse.search.shared import SharedStudy

__all__ = ["join_study", "run_worker"]


@contextmanager
def join_study(  # noqa: PLR0913 - settings are keywords with defaults
    space: Space,
    silicon: Silicon,
    address: str,
    name: str,
    *,
    trials: int = TRIALS,
    seed: int = 0,
    sampler: str = "nsga2",
    samples: int = SAMPLES,
) -> Iterator[SharedStudy]:
    """Join the search of a study in a database; the first worker makes the study.

    Parameters
    ----------
    space, silicon : Space, Silicon
        What to search, and the constants of the reference node.
    address : str
        ``postgresql://user@host/database``.
    name : str
        Name of the study.
    trials, seed, sampler, samples
        As `run_search` takes them; the same for every worker.

    Yields
    ------
    SharedStudy
        For `run_worker`. Its connection is closed when the block ends.

    Raises
    ------
    ValueError
        If the address or a setting is wrong.
    VersionMismatchError
        If the study is of another search; the message names what differs.
    DatabaseError
        If the database cannot be used.
    """
    from dse.search.database import Session
    from dse.search.shared import SharedStudy

    if trials < 0:
        raise ValueError(f"trials must be >= 0, but got {trials}")
    if sampler not in SAMPLERS:
        raise ValueError(f'sampler must be one of {", ".join(SAMPLERS)}, but got "{sampler}"')
    settings = {"trials": trials, "seed": seed, "sampler": sampler, "samples": samples}
    with quiet_optuna(), Session(address) as session:
        yield SharedStudy(session, name, space, silicon, settings)


def run_worker(
    study: SharedStudy,
    out: Output | Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> SearchResult:
    """Work at a study until all its designs were told, and find its result.

    Parameters
    ----------
    study : SharedStudy
        From `join_study`.
    out : Output, Path or None
        Run folder to write, the same as that of a search by one process; this worker's own, and
        taken before it does any work.
    progress : callable, optional
        Called after every batch that this worker leads, and in the stages around them.

    Returns
    -------
    SearchResult
        The same for every worker, and for `run_search` with the same settings.

    Raises
    ------
    DatabaseError
        If the database goes away; a new worker goes on when it is back.
    StoreError
        If the run folder cannot be used.
    """
    what = study.space, study.silicon
    with ExitStack() as stack:
        folder = None
        if out is not None:
            folder = stack.enter_context(start_run("search", *what, study.settings, out))
        study.follow()
        return run_search(*what, out=folder, progress=progress, team=study, **study.settings)
