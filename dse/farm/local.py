"""The protocol of a farm, and the farm of this process's own threads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

__all__ = ["Farm", "Job", "LocalFarm"]

Task_contra = TypeVar("Task_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)
T = TypeVar("T")
R = TypeVar("R")


class Job(Protocol[Task_contra, Result_co]):
    """What is the same for all tasks of a run; it must survive pickling.

    The result of a task depends on the job and the task alone, so that it does not matter where,
    in which order, or how often one is worked on.
    """

    def work(self, task: Task_contra) -> Result_co:
        """Work on one task; several threads may call at once."""


class Farm(Protocol):
    """Works on tasks of a job side by side."""

    def results(self, job: Job[T, R], tasks: Iterable[T]) -> Generator[R, None, None]:
        """Give the results in the order of the tasks; closed before its end, it stops the work.

        Parameters
        ----------
        job : Job
            What to work on.
        tasks : iterable
            Its tasks; taken as needed, a few more than there are hands.
        """


class LocalFarm:
    """Threads of this process; NumPy releases the interpreter's lock.

    Parameters
    ----------
    threads : int, optional
        As many as there are cores if not given.

    Examples
    --------
    >>> class Square:
    ...     def work(self, task):
    ...         return task * task
    >>> list(LocalFarm(2).results(Square(), range(4)))
    [0, 1, 4, 9]
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or os.cpu_count() or 1

    def results(self, job: Job[T, R], tasks: Iterable[T]) -> Generator[R, None, None]:
        """Give the results in the order of the tasks; see `Farm`."""
        running: deque[Future[Any]] = deque()
        with ThreadPoolExecutor(max_workers=self._threads) as pool:
            try:
                for task in tasks:
                    running.append(pool.submit(job.work, task))
                    if len(running) > 2 * self._threads:
                        yield running.popleft().result()
                while running:
                    yield running.popleft().result()
            finally:
                for waiting in running:
                    waiting.cancel()
