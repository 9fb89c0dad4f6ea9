"""Where the pieces of a run are worked on: threads of this process, or a cluster."""

from dse.farm.cluster import DaskFarm
from dse.farm.local import Farm, Job, LocalFarm

__all__ = ["DaskFarm", "Farm", "Job", "LocalFarm"]
