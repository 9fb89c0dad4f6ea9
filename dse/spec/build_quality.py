"""The file of measured qualities to the curves that models carry."""

from __future__ import annotations

from collections.abc import Iterator

from dse.spec.schema import QuantisationSpec
from dse.spec.schema.quality import SetSpec
from dse.spec.tree import Node
from dse.workload import REFERENCE_BITS, Measured, Quality, quality_of

__all__ = ["to_qualities"]


def to_qualities(spec: QuantisationSpec, tree: Node) -> dict[str, Quality]:
    """Build what is known of each model, by its name; relatives have what they lean on.

    Parameters
    ----------
    spec : QuantisationSpec
        The validated file.
    tree : Node
        The same with who vouches for each set.
    """
    rows: dict[str, list[Measured]] = {}
    for part, node in zip(spec.sets, tree.value["sets"].value, strict=True):
        rows.setdefault(part.model, []).extend(_rows(part, node))
    known = {name: quality_of(found, name) for name, found in rows.items()}
    for name, relative in spec.relatives.items():
        if name not in known and relative.model in known:
            known[name] = quality_of(rows[relative.model], relative.model, relative.why)
    return known


def _rows(part: SetSpec, node: Node) -> Iterator[Measured]:
    for row in part.rows:
        yield Measured(
            name=row.name,
            method=row.method,
            weight_bits=part.reference_weights if row.weights is None else row.weights,
            activation_bits=row.activations,
            kv_bits=row.kv,
            metric=part.metric,
            is_perplexity=part.kind == "perplexity",
            value=row.result,
            reference=part.reference,
            source=node.source,
            confidence=node.confidence,
            step=part.step,
            is_grouped=not row.per_channel,
            of_kv_alone=part.reference_weights < REFERENCE_BITS,
        )
