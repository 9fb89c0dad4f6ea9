"""Judges claims: every figure of each is modelled by the function of its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dse.claims.bench import Bench
from dse.claims.kinds import absolute, formats, parameters, ratio
from dse.claims.reading import Reading, Verdict, judge
from dse.claims.service import service, sharing
from dse.claims.walls import WallsRow, walls, walls_rows
from dse.errors import Fault, SpecError
from dse.spec.claims import Claim
from dse.spec.schema.claim import ClaimPart, UnjudgedPart, WallsPart

__all__ = ["KINDS", "JudgedClaim", "JudgedPart", "judge_claim"]

KINDS: Mapping[str, Callable[[Any, Bench], Iterator[Reading]]] = {
    "absolute": absolute,
    "format": formats,
    "parameters": parameters,
    "ratio": ratio,
    "service": service,
    "sharing": sharing,
    "unjudged": lambda _part, _bench: iter(()),
    "walls": walls,
}


@dataclass(frozen=True, slots=True)
class JudgedPart:
    """One figure of a claim, what the model makes of it, and the verdict.

    Parameters
    ----------
    name : str
        Key of the part in the claim's file.
    part : part of a claim
        As the file has it.
    readings : tuple of Reading
        In the file's order.
    verdict : Verdict
        By the rule of `judge`.
    walls : tuple of WallsRow
        All margins, of a part about walls.
    """

    name: str
    part: ClaimPart
    readings: tuple[Reading, ...]
    verdict: Verdict
    walls: tuple[WallsRow, ...] = ()

    @property
    def decisive(self) -> Reading | None:
        """The reading that decided, if any."""
        return None if self.verdict.reading is None else self.readings[self.verdict.reading]


@dataclass(frozen=True, slots=True)
class JudgedClaim:
    """A claim and its judged figures."""

    claim: Claim
    parts: tuple[JudgedPart, ...]


def judge_claim(claim: Claim, bench: Bench) -> JudgedClaim:
    """Model every figure of a claim, and judge it.

    Parameters
    ----------
    claim : Claim
        The claim.
    bench : Bench
        Shared between claims, so that no case is evaluated twice.

    Raises
    ------
    SpecError
        If a case has no such unit, metric or field.
    """
    parts = []
    for name, part in claim.parts.items():
        try:
            parts.append(_judged(name, part, bench))
        except SpecError as error:  # of a change, which does not know whose it is
            where = f"{claim.name}: parts.{name}"
            faults = (replace(fault, file=f"{where}: {fault.file}") for fault in error.faults)
            raise SpecError(tuple(faults)) from None
        except KeyError as error:
            message = f"no unit of the chip, metric of the model or rent is called {error}"
            fault = Fault(claim.name, 0, 0, f"parts.{name}", message, "unknown-name")
            raise SpecError((fault,)) from None
    return JudgedClaim(claim, tuple(parts))


def _judged(name: str, part: ClaimPart, bench: Bench) -> JudgedPart:
    readings = tuple(KINDS[part.kind](part, bench))
    missing = "; ".join(part.missing) if isinstance(part, UnjudgedPart) else ""
    return JudgedPart(
        name=name,
        part=part,
        readings=readings,
        verdict=judge(part.claimed, part.sense, readings, missing),
        walls=walls_rows(part, bench) if isinstance(part, WallsPart) else (),
    )
