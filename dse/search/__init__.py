"""Search of large spaces: a sweep first, Optuna's samplers next, a local search last."""

from dse.search.diagnose import Diagnosis, Miss, Widening, diagnose
from dse.search.ledger import Milestone
from dse.search.proposer import SAMPLERS
from dse.search.result import SearchResult
from dse.search.run import TRIALS, run_search

__all__ = [
    "SAMPLERS",
    "TRIALS",
    "Diagnosis",
    "Milestone",
    "Miss",
    "SearchResult",
    "Widening",
    "diagnose",
    "run_search",
]
