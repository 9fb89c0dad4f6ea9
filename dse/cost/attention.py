"""Bytes that fused attention moves across a memory boundary, given the near side's capacity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dse.cost.batch import Array
from dse.cost.matrix import ACCUMULATOR_BYTES
from dse.cost.traffic import CUTS, MARGIN, SLICE, Widths

__all__ = ["Heads", "attention_input_bytes"]


@dataclass(frozen=True, slots=True)
class Heads:
    """Query rows, and the keys and values that they share.

    Parameters
    ----------
    rows, keys : float
        Query rows, and distinct keys.
    attended : float
        Keys that one row attends to in the mean; fewer than `keys` under a causal mask.
    query, value, stored : float
        Widths of a query, of a value and of what is stored per key; elements.
    """

    rows: float
    keys: float
    attended: float
    query: float
    value: float
    stored: float


@dataclass(frozen=True, slots=True)
class _Rows:
    """Bytes of single rows on the near side, and of all of them on the far side.

    Parameters
    ----------
    query, key : Array
        A query, and a key with its value, B.
    state : float
        Running maximum, sum and output of a row in 32 bits, B.
    queries, cache : Array
        All queries that are not on the near side already, and all keys and values, B.
    room : Array
        Near side beside one tile of scores, B.
    """

    query: Array
    key: Array
    state: float
    queries: Array
    cache: Array
    room: Array


def attention_input_bytes(
    heads: Heads, capacity_bytes: Array, widths: Widths, left_weight: Array
) -> Array:
    """Least bytes that fused attention reads at the far side, and spills there.

    q + c + r x the least of four schedules, with q bytes of m queries, c of n keys and values,
    r = attended / n the share of the keys that a row meets in a further pass, and u = v + 2:

        queries resident, m1 rows:            c (ceil(m / m1) - 1)                            (1)
        keys resident, n1 keys:               (q + 8 u m) (ceil(n / n1) - 1)                  (2)
        all queries and n1 keys resident:     8 u m (ceil(n / n1) - 1)                        (3)
        outputs resident, m / p rows:         q (ceil(n / n1) - 1) + c (p - 1), p in `CUTS`   (4)

    In (1) a block of queries stays with its running maximum, sum and output in 32 bits while
    keys stream past. In (2) and (3) a block of keys stays and queries stream past; where there
    are several blocks, maximum, sum and output of every row go out and come back between them. In
    (4) maximum, sum and output stay while blocks of keys and, for each, all queries pass.

    Scores exist 16 x 16 at a time and what streams comes in slices of 16 rows. A buffer that is
    refilled is double, unless it serves a whole pass over the other operand. Against every order
    of four loops over blocks and slices this is within 5 % of the optimum
    (tests/cost/twins/attention.py); with all cuts in place of `CUTS` it is the optimum itself.

    Parameters
    ----------
    heads : Heads
        Lengths and widths.
    capacity_bytes : Array
        Near-side memory, B, (n,). Where not even slices fit, they run as if they did.
    widths : Widths
        Bytes per element of queries (left) and of the cache (right).
    left_weight : Array
        Share of the queries that is not on the near side already, 0 to 1, (n,).

    Returns
    -------
    Array
        B, (n,); never grows with capacity, never below the compulsory bytes.

    References
    ----------
    Dao et al., "FlashAttention", arXiv 2205.14135, algorithm 1 and theorem 2; Dao,
    "FlashAttention-2", arXiv 2307.08691, section 3.1 (rows outside, as in (1)).

    Examples
    --------
    >>> heads, byte = Heads(4096.0, 1024.0, 1024.0, 128.0, 128.0, 256.0), np.ones(1)
    >>> moved = attention_input_bytes(heads, np.array([2.0**20]), Widths(byte, byte), byte)
    >>> moved == 4096 * 128 + 1024 * 256  # all keys fit: one pass, though not all queries do
    array([ True])
    """
    m, n = heads.rows, heads.keys
    few, part = min(SLICE, m), min(SLICE, n)
    query, key = heads.query * widths.left, heads.stored * widths.right
    room = capacity_bytes - few * part * ACCUMULATOR_BYTES
    state = (heads.value + 2.0) * ACCUMULATOR_BYTES
    of = _Rows(query, key, state, m * query * left_weight, n * key, room)
    with np.errstate(divide="ignore", invalid="ignore"):
        keys = np.minimum(2.0 * part, n) * key
        best = of.cache * (_blocks(m, room - keys, query + state, keys - part * key) - 1.0)
        if not np.all(best <= 0.0):
            best = _keys_resident(heads, of, best)
            best = _outputs_resident(heads, of, best)
    once = of.queries + of.cache
    return np.asarray(once + (heads.attended / n) * best)


def _keys_resident(heads: Heads, of: _Rows, best: Array) -> Array:
    """Least further bytes of `best` and of schedules (2) and (3), or of slices of both."""
    m, n, few = heads.rows, heads.keys, min(SLICE, heads.rows)
    spilled = 2.0 * of.state * m
    smallest = np.maximum(
        of.cache * (np.ceil(m / few) - 1.0),
        (spilled + of.queries) * (np.ceil(n / min(SLICE, n)) - 1.0),
    )
    room = of.room - few * of.state
    streamed = min(2.0 * few, m) * of.query
    again = _blocks(n, room - streamed, of.key, streamed - few * of.query) - 1.0
    best = np.minimum(np.minimum(best, smallest), (spilled + of.queries) * again)
    again = _blocks(n, room - m * of.query, of.key, 0.0) - 1.0
    return np.asarray(np.minimum(best, spilled * again))


def _outputs_resident(heads: Heads, of: _Rows, best: Array) -> Array:
    """Least further bytes of `best` and of schedule (4).

    p blocks of rows cost c (p - 1) or more, and their state must fit: what no design wants for
    that is left out.
    """
    m, few = heads.rows, min(SLICE, heads.rows)
    most = float(np.max(best * MARGIN / of.cache)) + 1.0
    least = float(np.min(m * of.state / np.maximum(of.room, of.state)))
    room = of.room - min(2.0 * few, m) * of.query
    last = float(np.ceil(m / few))
    for parts in (*(c for c in (1, *CUTS) if c < last), last):
        if parts >= most:
            break
        if parts < least:
            continue
        rows = max(float(np.ceil(m / parts)), few)
        buffers = 1.0 if parts == 1 else 2.0
        again = _blocks(heads.keys, room - rows * of.state, buffers * of.key, 0.0) - 1.0
        best = np.fmin(best, of.queries * again + of.cache * (parts - 1.0))
    return best


def _blocks(length: float, room: Array, each: Array, spare: Array | float) -> Array:
    """Blocks of `length` in a room, at `each` bytes an element; infinite below one slice.

    Where all of it fits, so much of what streams past needs no second buffer.
    """
    block = np.floor(room / each)
    block[block < min(SLICE, length)] = 0.0
    blocks = np.ceil(length / block)
    blocks[room + spare >= length * each] = 1.0
    return np.asarray(blocks)
