"""The design space: axes over fields of a chip and its scenarios, and designs as rows of indices.

A design is a row of k integers, one per axis: its value's place on that axis. Rows become chips
by *gathering*: a numeric leaf turns into an array of shape (n,), and a categorical leaf (a node,
a DRAM type, a number format) into the same dataclass with arrays inside. The cost model then sees
n chips as one.
"""

from dse.space.axis import Axis, Setting
from dse.space.leaves import Index, gather, replace_leaf
from dse.space.space import Space
from dse.space.target import Target

__all__ = ["Axis", "Index", "Setting", "Space", "Target", "gather", "replace_leaf"]
