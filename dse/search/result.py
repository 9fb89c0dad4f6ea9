"""What a search found, and what of it a run folder keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dse.search.ledger import Milestone
from dse.space import Index, Space
from dse.store import Table
from dse.sweep import Reach, Survey

__all__ = ["SearchResult", "summary_of"]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found.

    Parameters
    ----------
    space : Space
        What was searched.
    sampler : str
        Optuna sampler that proposed.
    seed, trials : int
        Seed, and distinct designs that the sampler was told of.
    evaluated, feasible : int
        Evaluations in all stages, and how many of them met every requirement.
    is_exhaustive : bool
        Whether the first sweep covered the space: the front is then exact and nothing was
        proposed.
    optimal_steps : int
        No design so many steps from the front improves it; a step is the next choice on one
        axis. 0 where the local search was cut short.
    front_index : Index
        Designs of the front, shape (m, k), by rising objectives.
    front : dict of str to ndarray
        The same as a table.
    cloud : dict of str to ndarray
        The designs proposed and a sample of the first sweep, as a table in their order.
    reach : Reach
        How near the designs came to each requirement, and the nearest design.
    history : tuple of Milestone
        Growth of the front.
    resumed : int
        Batches taken over from the journal of an interrupted run.
    torn_bytes : int
        Length of the torn last line that was cut off that journal.
    """

    space: Space
    sampler: str
    seed: int
    trials: int
    evaluated: int
    feasible: int
    is_exhaustive: bool
    optimal_steps: int
    front_index: Index
    front: Table
    cloud: Table
    reach: Reach
    history: tuple[Milestone, ...]
    resumed: int = 0
    torn_bytes: int = 0


def summary_of(survey: Survey, result: SearchResult) -> dict[str, Any]:
    """Describe a search in JSON values."""
    return survey.summary() | {
        "trials": result.trials,
        "is_exhaustive": result.is_exhaustive,
        "optimal_steps": result.optimal_steps,
        "history": [
            {
                "stage": entry.stage,
                "evaluated": entry.evaluated,
                "front": entry.front,
                "hypervolume": entry.hypervolume,
            }
            for entry in result.history
        ],
    }
