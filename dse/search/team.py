"""What a search asks of those who share it: a record of its batches, and help with them."""

from __future__ import annotations

from typing import Any, Protocol

from dse.space import Index
from dse.store import Journal
from dse.sweep import Columns

__all__ = ["Record", "Team"]


class Record(Protocol):
    """Where the batches of a search are kept: a journal, or a shared study."""

    records: list[dict[str, Any]]
    torn_bytes: int

    def append(self, record: dict[str, Any]) -> None:
        """Keep one batch for good."""


class Team(Protocol):
    """Several workers at one search, of which this process leads or comes last."""

    def record(self, journal: Journal | None) -> Record:
        """Record of the study, which also brings the journal of a run folder up to date."""

    def evaluate(self, index: Index) -> Columns:
        """Metrics of designs, shape (n, k), that the team evaluates; those asked for alone."""

    def finish(self) -> None:
        """Tell the others that all designs were told."""
