"""What silicon, DRAM and wafers cost: plain numbers, read from ``hw_configs/technology``."""

from dse.technology.dram import DramType
from dse.technology.node import Node
from dse.technology.silicon import Silicon, SramLaw

__all__ = ["DramType", "Node", "Silicon", "SramLaw"]
