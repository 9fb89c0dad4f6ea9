"""Forks children of a process that has imported everything, and makes them fail on request.

A request is one line of JSON on stdin, its answer one line on stdout. A child runs a search or a
proof of the toy space, or a command line, and may be made to fail at its k-th event: a call of
`os.write`, `os.fsync`, `os.replace` or `os.ftruncate`, by which the store makes things last. It is
killed, signalled or refused service before that call, in the middle of it, or after it. Or it is
killed after so many seconds, whatever it does.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable
from importlib import util
from pathlib import Path
from typing import Any

_CAPABILITY_VERSION_3 = 0x20080522
EVENTS = ("write", "fsync", "replace", "ftruncate")
SIGNALS = {
    "kill": signal.SIGKILL,
    "int": signal.SIGINT,
    "term": signal.SIGTERM,
    "hup": signal.SIGHUP,
}
SAMPLES = 64


def load_toy() -> Any:
    path = Path(__file__).parents[1] / "sweep" / "toy.py"
    spec = util.spec_from_file_location("toy", path)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Hooks:
    """Counts events and does what was asked at one of them.

    Parameters
    ----------
    at : int or None
        Number of the event, from 0.
    where : str
        ``before``, ``half`` (of a write; before anything else) or ``after``.
    action : str
        ``kill``, ``int``, ``term``, ``full`` (no space left on device), ``limit N`` for files of
        at most N bytes from then on, or ``wait`` for the server to let it go on.
    """

    def __init__(self, at: int | None, where: str, action: str, gate: tuple[int, int]) -> None:
        self.at, self.where, self.action, self.gate = at, where, action, gate
        self.count = 0
        self.log: list[str] = []
        self.real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in EVENTS}

    def install(self) -> None:
        for name in EVENTS:
            setattr(os, name, functools.partial(self.event, name))

    def event(self, name: str, *args: Any, **options: Any) -> Any:
        number, self.count = self.count, self.count + 1
        self.log.append(name)
        call = functools.partial(self.real[name], *args, **options)
        if number != self.at:
            return call()
        if self.where == "after":
            result = call()
            self.act()
            return result
        if self.where == "half" and name == "write":
            handle, data = args
            self.real["write"](handle, data[: len(data) // 2])
        self.act()
        return call()

    def act(self) -> None:
        if self.action == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self.action.startswith("limit "):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(self.action.split()[1]),) * 2)
            return
        if self.action == "wait":
            self.real["write"](self.gate[1], b"w")
            os.read(self.gate[0], 1)
            return
        os.kill(os.getpid(), SIGNALS[self.action])


def run_job(job: dict[str, Any]) -> int:
    """Run what was asked; return the exit code."""
    if job["kind"] == "cli":
        from dse import search
        from dse.cli.main import main

        search.run_search = functools.partial(search.run_search, samples=SAMPLES)
        return main(job["argv"])
    out = Path(job["out"])
    toy = load_toy()
    if job["kind"] == "search":
        from dse.search import run_search
        from dse.space import Target

        targets = (Target("tpot_s", 0.03, -1), Target("decode_power_w", 3.5, -1))
        axes = (toy.ROWS, toy.CLOCK, toy.SRAM, toy.BUS, toy.WEIGHTS)
        space = toy.make_space(*axes, targets=targets, models=1)
        options = {name: job[name] for name in ("sampler", "trials", "samples")}
        options["scouts"] = job.get("scouts", 0)
        run_search(space, toy.SILICON, out=out, **options)
    else:
        from dse.certify import proof, run, run_certify

        proof._LEAF, proof._BATCH, proof._CLIMBS, run._SAVE_S = 1, 48, 0, 0.0
        axes = (toy.ROWS, toy.CLOCK, toy.SRAM, toy.BUS, toy.WEIGHTS)
        run_certify(toy.make_space(*axes, models=1), toy.SILICON, 0.02, samples=16, out=out)
    return 0


def prepare(job: dict[str, Any]) -> None:
    """Take away what the job shall do without."""
    if job.get("cwd"):
        os.chdir(job["cwd"])
    os.environ.update(job.get("env", {}))
    if job.get("output"):
        for handle, name in ((1, "stdout"), (2, "stderr")):
            place = Path(job["output"], name)
            file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
            os.dup2(file, handle)
    if job.get("stdout") == "closed pipe":
        reader, writer = os.pipe()
        os.close(reader)
        os.dup2(writer, 1)
    if job.get("stdout") == "full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
    if job.get("powerless"):
        drop_capabilities()


def drop_capabilities() -> None:
    """Give up what lets root write where permissions forbid it; others have nothing to give."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, none):
        raise OSError(ctypes.get_errno(), "capset")


def child(job: dict[str, Any], report: int, gate: tuple[int, int]) -> None:
    """Do the job and never return."""
    hooks = Hooks(job.get("at"), job.get("where", "before"), job.get("action", "kill"), gate)
    code = 70
    try:
        prepare(job)
        hooks.install()
        hooks.real["write"](report, b"r")
        try:
            code = run_job(job)
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        hooks.real["write"](report, json.dumps(hooks.log).encode())
        os._exit(code)


def serve(job: dict[str, Any], beside: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run a child to its end; at its gate, run another beside it."""
    reader, writer = os.pipe()
    there, here = os.pipe(), os.pipe()
    process = os.fork()
    if not process:
        os.close(reader)
        child(job, writer, (there[0], here[1]))
    os.close(writer)
    os.read(reader, 1)
    began = time.perf_counter()
    if job.get("delay") is not None and not select.select([reader], [], [], job["delay"])[0]:
        os.kill(process, signal.SIGKILL)
    answer: dict[str, Any] = {}
    if beside is not None:
        os.read(here[0], 1)
        answer["beside"] = serve(beside)
        os.write(there[1], b"g")
    text = b"".join(iter(lambda: os.read(reader, 65_536), b""))
    status = os.waitpid(process, 0)[1]
    for handle in (reader, *there, *here):
        os.close(handle)
    answer["code"] = os.waitstatus_to_exitcode(status)
    answer["events"] = json.loads(text) if text else None
    answer["seconds"] = time.perf_counter() - began
    for name in ("stdout", "stderr") if job.get("output") else ():
        place = Path(job["output"], name)
        answer[name] = place.read_bytes().decode("utf-8", "replace") if place.exists() else ""
    return answer


def warm_up() -> None:
    """Import what a child would import, by doing a little of what it does."""
    from dse.certify import run_certify
    from dse.search import SAMPLERS, run_search
    from dse.spec import load_space, load_technology

    toy = load_toy()
    space = toy.make_space(models=1)
    for sampler in SAMPLERS:
        run_search(space, toy.SILICON, trials=25, samples=8, sampler=sampler, scouts=64)
    run_certify(space, toy.SILICON, 0.5, samples=8)
    load_space("phone_10b")
    load_technology()


def main() -> None:
    warm_up()
    for line in sys.stdin:
        request = json.loads(line)
        answer = serve(request["job"], request.get("beside"))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
