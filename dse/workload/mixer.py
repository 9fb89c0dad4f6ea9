"""Token mixers with a state of constant size in place of a growing cache of keys and values.

Dimensions are those of the configurations in ``transformers`` 5.23.0 (qwen3_5, nemotron_h, lfm2,
lfm3) and, for RWKV-7, of arXiv 2503.14456, section 4 and appendix.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LANE_OPS", "Mixer"]

# Lane operations per element of the state and token, one FMA each:
# gated_delta_net: decay S, read S k, add the outer product k u, read S q (arXiv 2412.06464);
# mamba2: decay S, add the outer product x B, read S C (arXiv 2405.21060, eq. 1);
# rwkv7: decay S, read S a, add two outer products, read S r (arXiv 2503.14456, section 4).
LANE_OPS = {"gated_delta_net": 4, "mamba2": 3, "rwkv7": 5, "short_conv": 0}


@dataclass(frozen=True, slots=True)
class Mixer:
    """Layers that mix tokens by a recurrence.

    Parameters
    ----------
    kind : str
        ``gated_delta_net`` (Qwen3.5), ``mamba2`` (Nemotron-H), ``rwkv7``, or ``short_conv``
        (LFM2: a gated convolution over the last few tokens, no state beside them).
    num_layers : int
        Layers that mix so; the others attend, or are feed-forward networks alone.
    num_heads : int
        Heads of the state: value heads.
    num_key_heads : int
        Heads that keys and queries are projected for (groups of Mamba-2); each serves
        num_heads / num_key_heads of the others.
    key_dim, value_dim : int
        One head's state is a matrix of key_dim x value_dim: K and V heads of a delta net, state
        size and head size of Mamba-2.
    conv_kernel : int
        Taps of the causal convolution; 0 for none.
    conv_bias : bool
        Whether that convolution has a bias.
    low_ranks : tuple of int
        RWKV-7: ranks of decay, in-context learning rate, value and gate.
    chunk : int
        Tokens that a prefill takes at once, the products within them being matrix products.
    """

    kind: str
    num_layers: int
    num_heads: int = 0
    num_key_heads: int = 0
    key_dim: int = 0
    value_dim: int = 0
    conv_kernel: int = 0
    conv_bias: bool = False
    low_ranks: tuple[int, ...] = ()
    chunk: int = 64

    def width(self, hidden_size: int) -> int:
        """Width of what the mixer puts out, before its last projection."""
        return hidden_size if self.kind == "short_conv" else self.num_heads * self.value_dim

    def conv_channels(self, hidden_size: int) -> int:
        """Channels that the convolution runs over: queries (or C), keys (or B) and values."""
        if not self.conv_kernel:
            return 0
        return self.width(hidden_size) + 2 * self.num_key_heads * self.key_dim

    def input_width(self, hidden_size: int) -> int:
        """Columns of the projections of the hidden state.

        gated_delta_net: 2 K heads' keys and queries, values, their gate, and two scalars a head;
        mamba2: B and C of each group, x, its gate z, and one step size a head; short_conv: the
        signal and its two gates; rwkv7: receptance, key and value.
        """
        width, keys = self.width(hidden_size), 2 * self.num_key_heads * self.key_dim
        return {
            "gated_delta_net": keys + 2 * width + 2 * self.num_heads,
            "mamba2": keys + 2 * width + self.num_heads,
            "short_conv": 3 * hidden_size,
            "rwkv7": 3 * width,
        }[self.kind]

    def weights(self, hidden_size: int) -> int:
        """Matrix elements of one layer's projections; each low rank is a pair of matrices."""
        ends = hidden_size * (self.input_width(hidden_size) + self.width(hidden_size))
        return ends + 2 * hidden_size * sum(self.low_ranks)

    def convolution(self, hidden_size: int) -> int:
        """Elements of one layer's convolution: taps, and maybe a bias, of every channel."""
        taps = self.conv_kernel + (1 if self.conv_bias else 0)
        return taps * self.conv_channels(hidden_size)

    def vectors(self, hidden_size: int) -> int:
        """Elements of one layer's norms, decays and biases.

        gated_delta_net: log decay and step bias a head, and a norm of value_dim; mamba2: the
        same two, a skip, and a norm of the whole width; rwkv7: six token-shift mixes, three key
        and bonus vectors, three biases, and a norm with bias.
        """
        width = self.width(hidden_size)
        return {
            "gated_delta_net": 2 * self.num_heads + self.value_dim,
            "mamba2": 3 * self.num_heads + width,
            "short_conv": 0,
            "rwkv7": 6 * hidden_size + 8 * width,
        }[self.kind]

    def state_elements(self, hidden_size: int) -> int:
        """Elements of one layer's state of one sequence, the last taps of its input included.

        Examples
        --------
        >>> mixer = Mixer("mamba2", 1, num_heads=2, num_key_heads=1, key_dim=8, value_dim=4)
        >>> mixer.state_elements(9)
        64
        """
        taps = max(0, self.conv_kernel - 1) * self.conv_channels(hidden_size)
        return self.num_heads * self.key_dim * self.value_dim + taps

    def chunk_macs(self, tokens: int) -> float:
        """Multiply-accumulates of a chunked prefill per token and head.

        With chunks of C tokens and a state of d x v, the state costs 3 d v a token where it is
        corrected before it is written (delta rule: W S, Q S, K^T U) and 2 d v where it is not
        (Mamba-2), and the products within a chunk

            delta rule  C (3 d + 2 v):  K K^T, T K, Q K^T;  T V, (Q K^T) U                    (1)
            Mamba-2     C (g d + v):    C B^T once per group;  (C B^T) X                      (2)

        with g groups per head. RWKV-7's rule has one product of keys more than (1).

        References
        ----------
        (1) Yang et al., arXiv 2406.06484, section 3.2; Yang, Kautz, Hatamizadeh, arXiv
        2412.06464, section 3.3. (2) Dao, Gu, arXiv 2405.21060, section 6.
        """
        length = min(self.chunk, tokens)
        d, v = self.key_dim, self.value_dim
        if self.kind == "mamba2":
            return 2.0 * d * v + length * (d * self.num_key_heads / self.num_heads + v)
        keys = 4 if self.kind == "rwkv7" else 3
        return 3.0 * d * v + length * (keys * d + 2.0 * v)
