"""What the pieces of a sweep amount to, piece by piece, and as records of a journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from dse.pareto import Front, Sieve
from dse.space import Index, Space
from dse.sweep.account import Account
from dse.sweep.designs import requirements

__all__ = ["Findings", "Hints", "Tally"]

Array = npt.NDArray[np.float64]

# Designs that passed the sieve and wait to be compared with the front and with each other.
WAITING = 1 << 14
# Points of the front beyond which the table is made anew only after it grew by a quarter.
_SMALL_FRONT = 4096


@dataclass(frozen=True, slots=True)
class Findings:
    """What one piece adds.

    Parameters
    ----------
    designs, feasible : int
        Designs, and how many meet every requirement.
    values : ndarray
        Objectives of those that may be on the front, shape (m, k): all that are, and maybe some
        that a design of the same sweep dominates.
    numbers : Index
        Their numbers, (m,).
    account : Account
        What they amount to against the requirements; its best designs may be those of the pieces
        before it.
    """

    designs: int
    feasible: int
    values: Array
    numbers: Index
    account: Account


class Tally:
    """Front, counts and account of the pieces so far: exact after each, in their order.

    Parameters
    ----------
    space : Space
        The space.

    Attributes
    ----------
    pieces : int
        Pieces so far.
    evaluated, feasible : int
        Designs so far, and how many of them meet every requirement.
    front : Front
        The front, by the designs' numbers.
    account : Account
        How near the designs come to the requirements.
    """

    def __init__(self, space: Space) -> None:
        self.pieces = 0
        self.evaluated = 0
        self.feasible = 0
        self.front = Front(len(space.objectives))
        self.account = Account.empty(len(requirements(space)))

    def add(self, found: Findings) -> dict[str, Any]:
        """Take in the next piece.

        Returns
        -------
        dict
            The record of the piece, as JSON values: the counts and the account after it, and what
            it added to the front. It is the same whoever worked on the piece, and after whatever
            else: what a filter dropped, or let pass, is not on the front of these pieces.
        """
        self.pieces += 1
        self.evaluated += found.designs
        self.feasible += found.feasible
        self.account.add(found.account)
        self.front.update(found.values, found.numbers)
        new = np.isin(self.front.ids.ravel(), found.numbers)
        return {
            "piece": self.pieces - 1,
            "evaluated": self.evaluated,
            "feasible": self.feasible,
            "numbers": self.front.ids.ravel()[new].tolist(),
            "values": self.front.values[new].tolist(),
            "account": self.account.to_json(),
        }

    def restore(self, records: Sequence[Mapping[str, Any]], ends: Index) -> None:
        """Take over the records of the first pieces.

        Parameters
        ----------
        records : sequence of mapping
            What `add` returned, in order.
        ends : Index
            Designs up to the end of each of these pieces; fewer if the sweep has fewer.

        Raises
        ------
        ValueError, KeyError, TypeError
            If they are not those of the first pieces of this sweep.
        """
        read = [(int(record["piece"]), int(record["evaluated"])) for record in records]
        if read != list(enumerate(ends.tolist())):
            raise ValueError("its pieces are not those of this sweep")
        if records:
            self._take_over(records)

    def _take_over(self, records: Sequence[Mapping[str, Any]]) -> None:
        last = records[-1]
        self.pieces = len(records)
        self.evaluated, self.feasible = int(last["evaluated"]), int(last["feasible"])
        self.account = Account.from_json(last["account"])
        values = [row for record in records for row in record["values"]]
        self.front.update(values, [n for record in records for n in record["numbers"]])


class Hints:
    """What this process knows of the pieces before one: a filter that spares work.

    A piece is only ever told of pieces before it. What it then leaves out, those pieces dominate,
    or come no farther from a requirement: the front and the account after it are the same.

    Parameters
    ----------
    space : Space
        The space.
    deep : int
        The objective that the sieve does not cut.
    """

    def __init__(self, space: Space, deep: int) -> None:
        self._lock = Lock()
        self._deep = deep
        self._last = -1
        self._front = Front(len(space.objectives))
        self._sieve: Sieve | None = None
        self._sieved = 0
        self._waiting: list[Findings] = []
        self._none = Account.empty(len(requirements(space)))
        self._account = self._none.without_counts()

    def before(self, piece: int) -> tuple[Sieve | None, Array, Account]:
        """Sieve, the points that it was made of, and an account without counts, for a piece."""
        with self._lock:
            if self._last >= piece:
                return None, self._front.values[:0], self._none.without_counts()
            return self._sieve, self._front.values, self._account.without_counts()

    def learn(self, piece: int, found: Findings) -> None:
        """Take in what a piece has found."""
        with self._lock:
            self._last = max(self._last, piece)
            self._account.add(found.account)
            if len(found.numbers):
                self._waiting.append(found)
            waiting = sum(len(each.numbers) for each in self._waiting)
            if waiting >= WAITING or (self._sieve is None and waiting):
                self._compare()

    def _compare(self) -> None:
        values = np.concatenate([each.values for each in self._waiting])
        self._front.update(values, np.concatenate([each.numbers for each in self._waiting]))
        self._waiting = []
        size = len(self._front)
        if size <= _SMALL_FRONT or size > 1.25 * self._sieved or size < self._sieved:
            self._sieve, self._sieved = Sieve(self._front.values, self._deep), size
