"""A cluster gives the bytes that this process gives, whatever becomes of its workers."""

from __future__ import annotations

import importlib
import json
import logging
import pickle
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from dse.cli.main import main
from dse.errors import ClusterError
from dse.farm import DaskFarm
from dse.farm import cluster as rooms
from dse.store import read_journal
from dse.sweep import SweepJob
from tests.farm.conftest import Cluster
from tests.farm.jobs import Picks

FILES = ("front.csv", "results.csv", "summary.json")


def bytes_of(folder):
    return {name: (folder / name).read_bytes() for name in FILES}


def run(*arguments):
    return main([str(argument) for argument in arguments])


@contextmanager
def reporting(monkeypatch, report):
    """Have the command call `report` where its progress bar would move."""

    @contextmanager
    def bar():
        yield report

    with monkeypatch.context() as patch:
        for command in ("sweep", "search"):
            patch.setattr(f"dse.cli.{command}.progress_reports", bar)
        yield


SWEEPS = {"grid": ("--grid",), "sample": ("--samples", "40000")}


@pytest.fixture(scope="module")
def here(space_file, tmp_path_factory):
    """The same sweeps by this process alone."""
    folder = tmp_path_factory.mktemp("here")
    for name, what in SWEEPS.items():
        assert run("sweep", space_file, *what, "--out", folder / name) == 0
    return folder


@pytest.mark.parametrize("name", SWEEPS)
def test_a_sweep_survives_the_loss_of_a_worker(
    cluster, space_file, here, tmp_path, monkeypatch, name
):
    what, here = SWEEPS[name], here / name
    seen = []

    def kill_once(progress):
        if not seen:
            cluster.kill_worker()
        seen.append(progress.done)

    with reporting(monkeypatch, kill_once):
        code = run(
            "sweep", space_file, *what, "--out", tmp_path / "there", "--dask", cluster.address
        )
    assert code == 0
    assert len(cluster.workers) == 1
    assert len(seen) > 2
    assert bytes_of(tmp_path / "there") == bytes_of(here)
    journals = [(folder / "journal.jsonl").read_bytes() for folder in (tmp_path / "there", here)]
    assert journals[0] == journals[1]


def test_a_search_survives_the_loss_of_a_worker(cluster, space_file, tmp_path, monkeypatch):
    settings = ("search", space_file, "--trials", 120)
    assert run(*settings, "--out", tmp_path / "here") == 0
    stages = []

    def kill_once(progress):
        if progress.stage == "search" and "search" not in stages:
            cluster.kill_worker()
        stages.append(progress.stage)

    with reporting(monkeypatch, kill_once):
        code = run(*settings, "--out", tmp_path / "there", "--dask", cluster.address)
    assert code == 0
    assert len(cluster.workers) == 1
    assert {"sweep", "search", "polish"} <= set(stages)
    assert bytes_of(tmp_path / "there") == bytes_of(tmp_path / "here")


def test_without_workers_left_it_waits_for_the_next_one(
    cluster, space_file, here, tmp_path, monkeypatch
):
    settings = ("sweep", space_file, *SWEEPS["sample"])
    seen = []

    def replace_all(progress):
        if not seen:
            cluster.kill_worker()
            cluster.kill_worker()
            cluster.start_worker()
        seen.append(progress.done)

    with reporting(monkeypatch, replace_all):
        code = run(*settings, "--out", tmp_path / "there", "--dask", cluster.address)
    assert code == 0
    assert bytes_of(tmp_path / "there") == bytes_of(here / "sample")


def test_a_lost_scheduler_ends_the_run_which_can_be_gone_on_with(
    cluster, space_file, here, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(rooms, "_CONNECT_S", 2.0)
    settings = ("sweep", space_file, "--grid", "--out", tmp_path / "there")
    seen = []

    def kill_all(progress):
        if not seen:
            cluster.close()
        seen.append(progress.done)

    with reporting(monkeypatch, kill_all):
        assert run(*settings, "--dask", cluster.address) == 5
    said = capsys.readouterr().err
    out = tmp_path / "there"
    advice = f"stopped; `dse resume {out} --local` goes on from its last piece without a cluster"
    assert advice in said
    assert f"dse: {cluster.address}: the cluster was lost" in said
    assert "Traceback" not in said
    done = len(read_journal(tmp_path / "there" / "journal.jsonl")) - 1
    assert done == len(seen)
    # As it was started, it finds no cluster, and says the same.
    assert run("resume", out) == 5
    said = capsys.readouterr().err
    assert advice in said
    assert "no Dask scheduler answers" in said
    assert run("resume", out, "--local") == 0
    assert f"went on after {done} pieces" in capsys.readouterr().err
    assert bytes_of(tmp_path / "there") == bytes_of(here / "grid")


def test_a_run_goes_on_with_another_cluster_and_its_advice_says_which(
    calm_cluster, space_file, here, tmp_path, monkeypatch, capsys
):
    out = tmp_path / "run"

    def stop(progress):
        raise KeyboardInterrupt

    with reporting(monkeypatch, stop):
        assert run("sweep", space_file, "--grid", "--out", out) == 130
        capsys.readouterr()
        assert run("resume", out, "--dask", calm_cluster.address) == 130
        again = f"`dse resume {out} --dask {calm_cluster.address}` goes on from its last piece"
        assert again in capsys.readouterr().err
        assert run("resume", out, "--local") == 130
        assert f"`dse resume {out} --local` goes on" in capsys.readouterr().err
    assert run("resume", out, "--dask", calm_cluster.address) == 0
    assert bytes_of(out) == bytes_of(here / "grid")


def test_other_versions_on_the_workers_are_refused(
    calm_cluster, space_file, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("dse.__version__", "9.9.9")
    out, address = tmp_path / "run", calm_cluster.address
    assert run("sweep", space_file, "--samples", 9, "--out", out, "--dask", address) == 5
    assert "dse 0.1.0 there, 9.9.9 here" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_worker_that_comes_late_is_checked_too(toy):
    payload = pickle.dumps(SweepJob(toy.make_space(), toy.SILICON, 100, 0))
    versions = rooms._versions()
    assert rooms._work(payload, "late", versions, 0).designs > 0
    with pytest.raises(ClusterError, match=r"a worker has other versions \(numpy .* there, 1\.0"):
        rooms._work(payload, "late", versions | {"numpy": "1.0"}, 0)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("tcp://127.0.0.1:9", "no answer within 0.2 s"),
        ("nonsense", "missing port number"),
        ("carrier-pigeon://roof:1", "unknown address scheme"),
    ],
)
def test_nobody_there(space_file, tmp_path, monkeypatch, capsys, address, reason):
    monkeypatch.setattr(rooms, "_CONNECT_S", 0.2)
    out = tmp_path / "run"
    for command in ("sweep", "search"):
        assert run(command, space_file, "--out", out, "--dask", address) == 5
        said = capsys.readouterr().err
        assert said.startswith(f"dse: {address}: no Dask scheduler answers: ")
        assert reason in said
        assert said.count("\n") == 1
        assert not out.exists()


@contextmanager
def peer(answer):
    """Address of a listener that is no scheduler: it sends `answer`, and then is silent."""
    kept = []

    def serve():
        while True:
            try:
                kept.append(listener.accept()[0])
                kept[-1].sendall(answer)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in kept:
                connection.close()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9, b"\0" * 64, b"\x01" + b"\0" * 63],
    ids=["silent", "http", "zeros", "one frame"],
)
def test_a_peer_that_is_no_scheduler(space_file, tmp_path, monkeypatch, capsys, answer):
    monkeypatch.setattr(rooms, "_CONNECT_S", 0.5)
    out = tmp_path / "run"
    with peer(answer) as address:
        began = time.monotonic()
        assert run("sweep", space_file, "--out", out, "--dask", address) == 5
        assert time.monotonic() - began < 20
    said = capsys.readouterr().err
    assert said.startswith(f"dse: {address}: no Dask scheduler answers: ")
    assert said.count("\n") == 1
    assert not out.exists()


@pytest.mark.timeout(60)
def test_a_worker_is_no_scheduler(calm_cluster):
    with DaskFarm(calm_cluster.address) as farm:
        (worker,) = farm._client.nthreads()
    with pytest.raises(ClusterError, match="no Dask scheduler answers: it is a Worker"):
        DaskFarm(worker)


def test_a_scheduler_without_workers(monkeypatch):
    monkeypatch.setattr(rooms, "_WORKER_S", 0.2)
    empty = Cluster(0)
    try:
        with pytest.raises(ClusterError, match=r"has no worker after 0\.2 s"):
            DaskFarm(empty.address)
    finally:
        empty.close()


def test_a_fault_of_the_work_itself_is_not_taken_for_the_cluster_s(calm_cluster):
    with DaskFarm(calm_cluster.address) as farm, pytest.raises(IndexError, match="out of range"):
        list(farm.results(Picks(), [0, 7]))


def test_a_task_is_a_few_hundred_bytes_whatever_the_space():
    job = "dse-job-0123456789abcdef"
    task = pickle.dumps((rooms._work, job, job[-16:], rooms._versions(), 123_456))
    assert len(task) < 300


def test_without_dask_it_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install 'dse\[cluster\]'"):
        DaskFarm("tcp://127.0.0.1:9")


def test_the_scheduler_s_file_stands_for_its_address(calm_cluster, tmp_path):
    place = tmp_path / "scheduler.json"
    place.write_text(json.dumps({"address": calm_cluster.address}))
    with DaskFarm(str(place)) as farm:
        assert list(farm.results(Picks(), [2, 0, 1])) == [3, 1, 2]


def test_a_lost_cluster_is_told_in_one_line_without_the_words_of_dask(
    cluster, space_file, tmp_path
):
    """In a process of its own: Dask's handlers write to the stderr that they found first."""
    script = (
        "import os, signal, sys\n"
        "import dse.cli.sweep as command\n"
        "from contextlib import contextmanager\n"
        "from dse.cli.main import main\n"
        "from dse.farm import cluster\n"
        "cluster._CONNECT_S = 2.0\n"
        "@contextmanager\n"
        "def reports():\n"
        f"    yield lambda progress: os.kill({cluster.pids[0]}, signal.SIGTERM)\n"
        "command.progress_reports = reports\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    out = tmp_path / "run"
    args = ("sweep", space_file, "--grid", "--out", out, "--dask", cluster.address)
    done = subprocess.run(
        [sys.executable, "-c", script, *args], capture_output=True, text=True, check=False
    )
    assert done.returncode == 5
    advice, reason = done.stderr.splitlines()
    assert advice.startswith("stopped; `dse resume ")
    assert reason.startswith(f"dse: {cluster.address}: the cluster was lost: ")


def test_the_loggers_of_dask_are_as_they_were_afterwards(calm_cluster):
    # The first import of it in a process sets levels of its own.
    importlib.import_module("distributed")
    names = ("distributed", "distributed.client", "distributed.core", "tornado.application")

    def levels():
        return [logging.getLogger(name).getEffectiveLevel() for name in names]

    before = levels()
    with DaskFarm(calm_cluster.address):
        assert min(levels()) > logging.CRITICAL
    assert levels() == before
    with pytest.raises(ClusterError):
        DaskFarm("nonsense")
    assert levels() == before
