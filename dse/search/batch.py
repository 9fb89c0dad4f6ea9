"""A batch of proposals of which enough are new."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dse.search.ledger import Ledger
from dse.search.proposer import Proposer
from dse.space import Space

__all__ = ["ask_batch"]

# Random designs drawn for each one that is missing, before the space is taken to hold no more.
_TRIES = 100


def ask_batch(
    space: Space,
    proposer: Proposer,
    ledger: Ledger,
    size: int,
    wanted: Sequence[Sequence[int]] = (),
) -> list[list[int]]:
    """Ask for a batch, and have random new designs stand in for what was proposed before.

    Parameters
    ----------
    space : Space
        What is searched.
    proposer, ledger : Proposer, Ledger
        Who proposes, and what it was told.
    size : int
        Distinct new designs of the batch.
    wanted : sequence of rows
        Designs to be proposed in any case; there may be more of them than `size`.

    Returns
    -------
    list of rows
        All that the proposer must be told of, in this order; without a new design only where
        the space seems to hold no more.
    """
    rows = proposer.ask(max(size, len(wanted)), wanted)
    taken = set(space.encode(np.array(rows, dtype=np.int64)).tolist())
    missing = size - sum(number not in ledger for number in taken)
    random = proposer.random()
    fresh: list[list[int]] = []
    for _ in range(_TRIES * max(0, missing)):
        if len(fresh) == missing:
            break
        row = random.integers(0, space.shape)
        number = int(space.encode(row[None])[0])
        if number not in taken and number not in ledger:
            taken.add(number)
            fresh.append(row.tolist())
    return rows + (proposer.ask(len(fresh), fresh) if fresh else [])
