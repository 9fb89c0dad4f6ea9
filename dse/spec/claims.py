"""Loads claims, and how far the model's figures may be off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dse.cost.metric import IMAGE_METRICS, TEXT_METRICS
from dse.errors import Fault, SpecError
from dse.spec.fault import fault_at
from dse.spec.library import did_you_mean, list_specs, locate, locate_name
from dse.spec.load import validate
from dse.spec.read import read_spec
from dse.spec.schema.accuracy import AccuracyFile
from dse.spec.schema.claim import ClaimPart, ClaimSpec
from dse.spec.tree import FieldPath, Node, find, walk

__all__ = ["Claim", "load_accuracy", "load_claim"]

# Keys whose text names a spec of the library, and the kinds it may be of.
_NAMES = {
    "chip": ("chip",),
    "chips": ("chip",),
    "model": ("model", "network"),
    "models": ("model",),
    "scenario": ("scenario",),
    "stack": ("stack",),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as its file has it.

    Parameters
    ----------
    name, title, claimant, date, modelling : str
        As in `dse.spec.schema.claim.ClaimSpec`.
    source, confidence : str
        Where it was read, and whether it was really made: A, B or C.
    parts : mapping of str to part
        Its figures, in the order of the file.
    """

    name: str
    title: str
    claimant: str
    date: str
    modelling: str
    source: str
    confidence: str
    parts: Mapping[str, ClaimPart]


def load_claim(ref: str | Path) -> Claim:
    """Load a claim by its name in the library or by the path of its file.

    Raises
    ------
    SpecError
        With all faults of the file, located.
    """
    draft = read_spec(locate("claim", ref))
    faults = list(_unknown(draft.tree))
    try:
        spec = validate(ClaimSpec, draft)
    except SpecError as error:
        raise SpecError((*error.faults, *faults)) from None
    if faults:
        raise SpecError(tuple(faults))
    return Claim(
        name=spec.name,
        title=spec.title,
        claimant=spec.claimant,
        date=spec.date,
        modelling=spec.modelling,
        source=draft.tree.source,
        confidence=draft.tree.confidence,
        parts=spec.parts,
    )


def load_accuracy() -> AccuracyFile:
    """Load how far predictions were off where somebody measured; raises as `load_claim` does."""
    return validate(AccuracyFile, read_spec(locate("technology", "accuracy")))


def _unknown(tree: Node) -> Iterator[Fault]:
    """Yield a fault for each name that the library does not have, and for each unknown metric."""
    parts = find(tree, ("parts",))
    for inner, leaf in walk(parts) if parts is not None else ():
        path: FieldPath = ("parts", *inner)
        keys = [key for key in path if isinstance(key, str)]
        if "changes" in keys:
            yield from _unknown_root(tree, path)
            continue
        if not isinstance(leaf.value, str):
            continue
        if keys[-1] == "metric":
            known = [m.name for m in (*TEXT_METRICS, *IMAGE_METRICS) if m.sense]
            if leaf.value not in known:
                hint = did_you_mean(leaf.value, known)
                yield fault_at(tree, path, "unknown-name", "must be a metric", got=True, hint=hint)
        elif keys[-1] in _NAMES:
            yield from _unknown_name(tree, path, leaf.value, _NAMES[keys[-1]])


def _unknown_root(tree: Node, path: FieldPath) -> Iterator[Fault]:
    """Yield a fault for a change of anything but a chip or a scenario."""
    if not str(path[-1]).startswith(("chip.", "scenario.")):
        rule = "must be a path that begins with chip. or scenario."
        yield fault_at(tree, path, "axis", rule, at_key=True)


def _unknown_name(
    tree: Node, path: FieldPath, name: str, kinds: tuple[str, ...]
) -> Iterator[Fault]:
    if all(locate_name(kind, name) is None for kind in kinds):
        hint = did_you_mean(name, [each for kind in kinds for each in list_specs(kind)])
        rule = f"must be the name of a {' or '.join(kinds)} of the library"
        yield fault_at(tree, path, "unknown-name", rule, got=True, hint=hint)
