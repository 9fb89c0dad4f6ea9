"""Links between chips, and radios between a phone and a network: time and energy of bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Collective", "Link", "Radio", "RadioUse", "all_gather", "all_reduce", "radio_use"]

Array = npt.NDArray[np.float64]
Numbers = float | Array


@dataclass(frozen=True, slots=True)
class Link:
    """A wired link, as each of its chips sees it; numbers may be arrays of shape (n,).

    Parameters
    ----------
    name, title : str
        Key in ``hw_configs/technology/links.yaml``, and name for people.
    bytes_per_s : float
        What one chip can send while it receives as much, protocol paid, B/s.
    latency_s : float
        From the first bit sent to the last bit of a short message received, s.
    energy_j_per_bit : float
        Both ends and the wire, J/bit.
    """

    name: str
    title: str
    bytes_per_s: Numbers
    latency_s: Numbers
    energy_j_per_bit: Numbers


@dataclass(frozen=True, slots=True)
class Radio:
    """A phone's way to the network.

    Parameters
    ----------
    name, title : str
        Key in ``hw_configs/technology/links.yaml``, and name for people.
    up_bytes_per_s, down_bytes_per_s : float
        What one user gets, B/s.
    round_trip_s : float
        To a server and back while connected, s.
    connect_s : float
        From asleep to connected, s.
    active_w : float
        Power of the phone's radio while connected and in use, bits not counted, W.
    up_j_per_bit, down_j_per_bit : float
        What each bit adds to it, J/bit.
    tail_s, tail_w : float
        How long it stays awake after the last bit, s, and its power then, W.
    network_j_per_bit : float
        Energy of the network behind it, J/bit.
    """

    name: str
    title: str
    up_bytes_per_s: float
    down_bytes_per_s: float
    round_trip_s: float
    connect_s: float
    active_w: float
    up_j_per_bit: float
    down_j_per_bit: float
    tail_s: float
    tail_w: float
    network_j_per_bit: float


@dataclass(frozen=True, slots=True)
class Collective:
    """One collective operation over all chips: time, s, and bytes sent by all of them, B."""

    seconds: Array
    sent_bytes: Array

    def energy_j(self, link: Link) -> Array:
        """Energy of its bits, J."""
        return np.asarray(8.0 * self.sent_bytes * link.energy_j_per_bit)


def all_reduce(size: Numbers, chips: int, link: Link) -> Collective:
    """Sum an array of `size` bytes over chips, each of which has it in the end.

    The faster of two ways: around a ring, in parts, or each chip sends all it has to all others,
    which is quicker for short messages:

        t_ring = 2 (c - 1) (a + V / (c B)),   all bytes 2 (c - 1) V                           (1)
        t_direct = a + (c - 1) V / B,         all bytes c (c - 1) V                           (2)

    Parameters
    ----------
    size : float or Array
        Bytes of the array, V.
    chips : int
        How many, c >= 1; one has nothing to send.
    link : Link
        Latency a, bandwidth B of each chip.

    References
    ----------
    (1) Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for clusters of
    workstations", JPDC 69(2), 2009; (2) is the one-shot all-to-all of Thakur, Rabenseifner and
    Gropp, "Optimization of collective communication operations in MPICH", IJHPCA 19(1), 2005.
    """
    if chips == 1:
        return Collective(np.zeros(1), np.zeros(1))
    volume = np.atleast_1d(np.asarray(size, dtype=np.float64))
    hops = 2.0 * (chips - 1)
    ring = hops * (link.latency_s + volume / (chips * np.asarray(link.bytes_per_s)))
    direct = link.latency_s + (chips - 1) * volume / np.asarray(link.bytes_per_s)
    sent = np.where(ring < direct, hops * volume, chips * (chips - 1) * volume)
    return Collective(np.minimum(ring, direct), sent)


def all_gather(size: Numbers, chips: int, link: Link) -> Collective:
    """Collect an array of `size` bytes in all, of which each chip has its part.

        t = a + (c - 1) V / (c B),   all bytes (c - 1) V                                     (1)

    Parameters
    ----------
    size, chips, link
        As for `all_reduce`.

    References
    ----------
    (1) Direct exchange: Thakur, Rabenseifner and Gropp, IJHPCA 19(1), 2005, section 4.1.
    """
    if chips == 1:
        return Collective(np.zeros(1), np.zeros(1))
    volume = np.atleast_1d(np.asarray(size, dtype=np.float64))
    part = (chips - 1) * volume / (chips * np.asarray(link.bytes_per_s))
    return Collective(np.asarray(link.latency_s + part), (chips - 1) * volume)


@dataclass(frozen=True, slots=True)
class RadioUse:
    """What one exchange over a radio costs the phone and the network, J."""

    phone_j: Array
    network_j: Array


def radio_use(
    radio: Radio, up_bytes: Numbers, down_bytes: Numbers, connected_s: Numbers, is_asleep: bool
) -> RadioUse:
    """Energy of an exchange: connected power, bits, and the tail.

        E = P_active (t_connect + t) + e_up U + e_down D + P_tail t_tail                      (1)

    Parameters
    ----------
    radio : Radio
        The radio.
    up_bytes, down_bytes : float or Array
        U and D, B.
    connected_s : float or Array
        From the first bit sent to the last received, t, s.
    is_asleep : bool
        Whether it must wake up for this, and stays awake after it for this alone.

    References
    ----------
    (1) Huang et al., "A close examination of performance and power characteristics of 4G LTE
    networks", MobiSys 2012, sections 4 and 5.
    """
    up, down = 8.0 * np.asarray(up_bytes), 8.0 * np.asarray(down_bytes)
    phone = radio.active_w * np.asarray(connected_s)
    phone = phone + up * radio.up_j_per_bit + down * radio.down_j_per_bit
    if is_asleep:
        phone = phone + radio.active_w * radio.connect_s + radio.tail_w * radio.tail_s
    return RadioUse(np.asarray(phone), np.asarray((up + down) * radio.network_j_per_bit))
