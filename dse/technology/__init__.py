"""What silicon, DRAM and wafers cost: plain numbers, read from ``hw_configs/technology``."""

from dse.technology.dram import DramType
from dse.technology.node import Node
from dse.technology.silicon import BankLaw, Silicon, SramLaw, VoltageLaw

__all__ = ["BankLaw", "DramType", "Node", "Silicon", "SramLaw", "VoltageLaw"]
