"""Dominance, ranks, hypervolume, knee and thinning of point sets; everything is minimised.

A row with a NaN is never on a front; -0 equals +0; infinities are ordinary numbers; equal rows
do not dominate each other, so that duplicates of a front point are all kept.
"""

from dse.pareto.choice import crowding, knee, thin
from dse.pareto.dominance import non_dominated, rank
from dse.pareto.front import Front
from dse.pareto.hypervolume import hypervolume
from dse.pareto.sieve import Sieve

__all__ = ["Front", "Sieve", "crowding", "hypervolume", "knee", "non_dominated", "rank", "thin"]
