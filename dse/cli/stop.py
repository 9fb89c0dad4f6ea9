"""SIGINT, SIGTERM and SIGHUP: an exception at once, and a flag in case something swallows it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

__all__ = [
    "HUNG_UP",
    "INTERRUPTED",
    "TERMINATED",
    "catch_signals",
    "is_stopped",
    "stop_code",
    "watched",
]

HUNG_UP = 129
INTERRUPTED = 130
TERMINATED = 143

_CODES = {
    signal.SIGHUP: HUNG_UP,
    signal.SIGINT: INTERRUPTED,
    signal.SIGTERM: TERMINATED,
}
_T = TypeVar("_T")

# The signals received since `catch_signals`; the exit code is that of the last.
_received: list[signal.Signals] = []


@contextmanager
def catch_signals() -> Iterator[None]:
    """Turn the signals into exceptions, except where the parent had them ignored, as nohup has.

    The exceptions leave through the `finally` clauses, so that a run folder stays resumable. A
    second signal of the kind ends the process at once.
    """
    _received.clear()
    previous = {number: signal.getsignal(number) for number in _CODES}
    for number, handler in previous.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _stop(number: int, _frame: FrameType | None) -> None:
    _received.append(signal.Signals(number))
    signal.signal(number, signal.SIG_DFL)
    _raise()


def _raise() -> None:
    if _received[-1] == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(_CODES[_received[-1]])


def is_stopped() -> bool:
    """Whether a signal came, even if its exception was swallowed."""
    return bool(_received)


def stop_code() -> int | None:
    """Exit code of the signal that came; None if none did."""
    return _CODES[_received[-1]] if _received else None


def watched(report: Callable[[_T], None] | None) -> Callable[[_T], None]:
    """Add to a run's reports the check for a signal whose exception was swallowed.

    A signal may arrive where no exception can pass, such as a C extension's import or a
    destructor: Python then prints it, or drops it, and goes on.
    """

    def show(progress: _T) -> None:
        if _received:
            _raise()
        if report is not None:
            report(progress)

    return show
