"""A farm of the workers of a Dask cluster that is there; the one place that knows Dask.

Whoever reaches the scheduler can run code on its workers, and the job travels as a pickle: the
cluster must be trusted, as Dask's own documentation says.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import pickle
import time
from collections import OrderedDict, deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import dse
from dse.errors import ClusterError
from dse.farm.local import Job

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["DaskFarm"]

T = TypeVar("T")
R = TypeVar("R")

# Time to reach the scheduler, and to wait for its first worker, s.
_CONNECT_S = 10.0
_WORKER_S = 60.0
# Tasks under way for each thread of the cluster, and beyond: enough to hide the way there and
# back, also of short ones.
_PER_THREAD, _SPARE = 4, 32
# Time between two counts of those threads, s.
_ASK_S = 1.0
# What decides the last digit of a result: all must run the same.
_PACKAGES = ("dse", "numpy", "scipy")
# Jobs that a worker process keeps made, latest last.
_KEPT_JOBS = 4

_jobs: OrderedDict[str, Job[Any, Any]] = OrderedDict()
_lock = Lock()


class DaskFarm:
    """The workers of an existing cluster; use it in a ``with`` statement.

    A worker that dies costs no result: Dask has others repeat what it had not delivered.

    Parameters
    ----------
    address : str
        Address of the scheduler, e.g. ``tcp://node7:8786``, or path of its scheduler file.

    Raises
    ------
    ClusterError
        If Dask is not installed, the scheduler cannot be reached, has no worker, or runs other
        versions than this process.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._client = _connect(address, _CONNECT_S)
        try:
            with _explained(address):
                _wait_for_worker(self._client, address, _WORKER_S)
                _check_versions(self._client.get_versions(packages=list(_PACKAGES)), address)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> DaskFarm:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the cluster, which goes on."""
        self._client.close(timeout=2)

    def results(self, job: Job[T, R], tasks: Iterable[T]) -> Generator[R, None, None]:
        """Give the results in the order of the tasks; see `Farm`.

        The job travels once to each worker, a task is a few hundred bytes, and there are never
        more under way than the cluster's threads need.
        """
        payload = pickle.dumps(job)
        key = hashlib.sha256(payload).hexdigest()[:16]
        with _explained(self.address):
            # A task and no scattered data, so that the scheduler can make it again when the
            # workers that hold it are lost.
            shipped = self._client.submit(bytes, payload, key=f"dse-job-{key}")
            running: deque[Future] = deque()
            try:
                yield from self._flow(key, shipped, iter(tasks), running)
            finally:
                self._client.cancel([shipped, *running])

    def _flow(
        self, key: str, shipped: Future, tasks: Iterator[Any], running: deque[Future]
    ) -> Iterator[Any]:
        """Keep a bounded number of tasks under way, counted from the first without a result."""
        versions = _versions()
        wanted, asked = 0, -math.inf
        while True:
            if time.monotonic() - asked > _ASK_S:
                hands = sum(self._client.nthreads().values())
                wanted, asked = _SPARE + _PER_THREAD * hands, time.monotonic()
            room = islice(tasks, max(0, wanted - len(running)))
            submit = partial(self._client.submit, _work, shipped, key, versions, pure=False)
            running.extend(map(submit, room))
            if not running:
                return
            running[0].exception()  # waits for it
            done = []
            while running and running[0].done():
                done.append(running.popleft())
            yield from self._client.gather(done)


def _work(payload: bytes, key: str, versions: Mapping[str, str], task: Any) -> Any:
    """Work on one task in a worker, which makes the job once."""
    if versions != _versions():
        raise ClusterError(_mismatch("a worker", _versions(), versions))
    with _lock:
        job = _jobs.get(key)
        if job is None:
            job = _jobs[key] = pickle.loads(payload)  # noqa: S301 (a trusted cluster; see above)
        _jobs.move_to_end(key)
        while len(_jobs) > _KEPT_JOBS:
            _jobs.popitem(last=False)
    return job.work(task)


def _connect(address: str, timeout_s: float) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError(
            "a cluster needs the package distributed: pip install 'dse[cluster]'"
        ) from None
    try:
        place = _address_in(Path(address)) if Path(address).is_file() else address
        # A client that finds nobody leaves threads and messages behind; so knock first.
        asyncio.run(_knock(place, timeout_s))
        return Client(place, timeout=timeout_s, set_as_default=False)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ClusterError(
            f"{address}: no Dask scheduler answers: {_first_line(error)}; "
            "an address looks like tcp://node7:8786"
        ) from error


def _address_in(scheduler_file: Path) -> str:
    return str(json.loads(scheduler_file.read_text(encoding="utf-8"))["address"])


async def _knock(address: str, timeout_s: float) -> None:
    from distributed import Security
    from distributed.comm import connect

    how = Security().get_connection_args("client")
    comm = await connect(address, timeout=timeout_s, **how)
    await comm.close()


def _wait_for_worker(client: Client, address: str, timeout_s: float) -> None:
    try:
        client.wait_for_workers(1, timeout=timeout_s)
    except TimeoutError:
        raise ClusterError(f"{address}: has no worker after {timeout_s:g} s") from None


def _versions() -> dict[str, str]:
    return {"dse": dse.__version__, **_installed()}


@cache
def _installed() -> dict[str, str]:
    return {name: version(name) for name in _PACKAGES if name != "dse"}


def _check_versions(found: Mapping[str, Any], address: str) -> None:
    """Refuse workers whose results might differ in a digit."""
    here = _versions()
    for name, info in found["workers"].items():
        there = {each: info["packages"].get(each) for each in _PACKAGES}
        if there != here:
            raise ClusterError(f"{address}: {_mismatch(f'worker {name}', there, here)}")


def _mismatch(who: str, there: Mapping[str, str | None], here: Mapping[str, str]) -> str:
    parts = [
        f"{name} {there.get(name) or 'not at all'} there, {here[name]} here"
        for name in here
        if there.get(name) != here[name]
    ]
    return f"{who} has other versions ({'; '.join(parts)}); install the same on all machines"


@contextmanager
def _explained(address: str) -> Iterator[None]:
    """Turn what the cluster, and not a task, raises into an error that names it."""
    from concurrent.futures import CancelledError

    from distributed import KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        yield
    except KilledWorker as error:
        raise ClusterError(
            f"{address}: a task was given up because the workers that it ran on died, the last "
            f"on {error.last_worker.address}; is there enough memory?"
        ) from error
    except (CommClosedError, CancelledError, OSError) as error:
        raise ClusterError(f"{address}: the cluster was lost: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0]
