"""A farm of the workers of a Dask cluster that is there; the one place that knows Dask.

Whoever reaches the scheduler can run code on its workers, and the job travels as a pickle: the
cluster must be trusted, as Dask's own documentation says.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import math
import pickle
import time
from collections import OrderedDict, deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
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
# Whose words of a lost connection are left out: the error says it in one line.
_TALKERS = ("distributed", "tornado")
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
        _check_installed()
        with ExitStack() as stack:
            stack.enter_context(_quiet())
            self._client = _connect(address, _CONNECT_S)
            stack.callback(self._client.close, timeout=2)
            with _explained(address):
                _wait_for_worker(self._client, address, _WORKER_S)
                _check_versions(self._client.get_versions(packages=list(_PACKAGES)), address)
            self._stack = stack.pop_all()

    def __enter__(self) -> DaskFarm:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the cluster, which goes on."""
        self._stack.close()

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


def _check_installed() -> None:
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise ClusterError(
            "a cluster needs the package distributed: pip install 'dse[cluster]'"
        ) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the loggers of Dask and of what it stands on; their levels return afterwards."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith(_TALKERS)]
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _connect(address: str, timeout_s: float) -> Client:
    from distributed import Client

    try:
        place = _address_in(Path(address)) if Path(address).is_file() else address
        # A client that finds nobody leaves threads and messages behind; so knock first.
        asyncio.run(_knock(place, timeout_s))
        return Client(place, timeout=timeout_s, set_as_default=False)
    except Exception as error:  # of any kind: whoever listens there may answer anything
        raise ClusterError(
            f"{address}: no Dask scheduler answers: {_first_line(error)}; "
            "an address looks like tcp://node7:8786"
        ) from error


def _address_in(scheduler_file: Path) -> str:
    return str(json.loads(scheduler_file.read_text(encoding="utf-8"))["address"])


async def _knock(address: str, timeout_s: float) -> None:
    """Ask who listens, for no longer than that; Dask itself bounds its handshake in no way."""
    try:
        kind = await asyncio.wait_for(_kind_at(address, timeout_s), timeout_s)
    except TimeoutError:
        raise TimeoutError(f"no answer within {timeout_s:g} s") from None
    if kind != "Scheduler":
        raise ValueError(f"it is a {kind}")


async def _kind_at(address: str, timeout_s: float) -> str:
    """Kind of the Dask server that listens: ``Scheduler``, ``Worker`` or ``Nanny``."""
    from distributed import Security
    from distributed.comm import connect
    from distributed.core import send_recv

    how = Security().get_connection_args("client")
    comm = await connect(address, timeout=2 * timeout_s, **how)  # it gives up when we do
    try:
        return str((await send_recv(comm, op="identity"))["type"])
    finally:
        comm.abort()


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
