"""What enters beside each layer: per-layer embeddings, low-rank and alternating residuals."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SideInput"]


@dataclass(frozen=True, slots=True)
class SideInput:
    """Embeddings of each token for each layer (Gemma 3n and 4), and Gemma 3n's residuals.

    The table has a row of num_layers x width elements per token of the vocabulary. A token
    reads one row of it, wherever it is kept; this is why its parameters do not count among the
    "effective" ones. ``modeling_gemma3n.py`` and ``modeling_gemma4.py`` of ``transformers``
    5.23.0.

    Parameters
    ----------
    width : int
        Elements per token and layer.
    vocab_size : int
        Rows of the table.
    laurel_rank : int
        Rank of a learned residual beside each layer's attention (arXiv 2411.07501); 0 for none.
    altup_inputs : int
        Streams of the hidden state, of which each layer updates one and predicts the others
        (AltUp, arXiv 2301.13310); 1 for none.
    """

    width: int
    vocab_size: int
    laurel_rank: int = 0
    altup_inputs: int = 1

    def table(self, num_layers: int) -> int:
        """Elements of the table of embeddings."""
        return self.vocab_size * num_layers * self.width

    def weights(self, hidden_size: int, num_layers: int) -> int:
        """Matrix elements of all layers."""
        entry = hidden_size * num_layers * self.width
        layer = 2 * hidden_size * (self.width + self.laurel_rank)
        streams = self.altup_inputs - 1
        return entry + num_layers * layer + 2 * streams * hidden_size**2

    def vectors(self, hidden_size: int, num_layers: int) -> int:
        """Norm, router and coefficient elements of all layers."""
        layer = hidden_size + (hidden_size if self.laurel_rank else 0)
        streams = self.altup_inputs
        if streams > 1:  # router and its norm, output scale; coefficients of both steps
            layer += (streams + 2) * hidden_size + streams**3 + streams**2
        return self.width + num_layers * layer

    def parameters(self, hidden_size: int, num_layers: int) -> int:
        """Parameters of table, matrices and vectors."""
        matrices = self.weights(hidden_size, num_layers)
        return self.table(num_layers) + matrices + self.vectors(hidden_size, num_layers)
