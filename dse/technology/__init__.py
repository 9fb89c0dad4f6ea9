"""What silicon, DRAM and wafers cost: plain numbers, read from ``hw_configs/technology``."""

from dse.technology.dram import DramType
from dse.technology.node import Node
from dse.technology.silicon import ActiveEnergy, BankLaw, Silicon, SramLaw, VoltageLaw

__all__ = ["ActiveEnergy", "BankLaw", "DramType", "Node", "Silicon", "SramLaw", "VoltageLaw"]
