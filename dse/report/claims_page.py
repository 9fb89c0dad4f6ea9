"""The page of the claims, written by the command itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dse.report.accuracy import markdown
from dse.report.claims import claims_table, readings_table, walls_table

if TYPE_CHECKING:
    from dse.claims import JudgedClaim

__all__ = ["claims_page"]

_INTRODUCTION = """\
# Claims, and what the model makes of them

This page is written by `dse claims --docs docs/claims.md`; do not edit it. Each claim is a file
of `hw_configs/claims`: what was said, by whom, and the chip, model, scenario and metric by which
it is modelled. The verdict follows from the numbers:

1. Every figure has one or more **readings**, the conditions under which it may be meant. For each
   there is what the model predicts, and a **bound**: the same hardware with every byte at the
   peak of the bus, every operation at the peak rate, no launch and no software. Of a ratio
   between two chips, or two units, the older one stays as modelled and the newer one comes to its
   bound.
2. A reading is *possible* if the claimed figure is not beyond its bound: by more than 2 % where
   the bound follows from a bus, a rate or a capacity; where it is one of energy, whose constants
   are estimates, by more than the error of ratios of energies.
3. It is *kept* if it is possible and the prediction misses the claimed figure by no more than the
   **model's error**: the median error of that kind of figure where somebody measured
   (`hw_configs/technology/accuracy.yaml`, after [accuracy.md](accuracy.md)).
4. A reading does not count where the library takes a number from the very claim, or where the
   model cannot tell the claimed ratio from none at all.

| verdict | when |
| --- | --- |
| holds | every reading that counts is kept |
| holds only if ... | some are kept: their conditions; none, but some are possible: what it takes |
| physically impossible | no reading is possible |
| cannot be judged | no reading counts: what is missing |

A verdict is about the figure, not about the claimant: that a figure is possible does not say that
a product reached it. The letter behind a source says whether the claim was really made: A read at
the claimant's, B read in the press, C not found or recalled.
"""


def claims_page(judged: Sequence[JudgedClaim]) -> str:
    """Write the whole page."""
    return "\n".join([_INTRODUCTION, markdown(claims_table(judged)), *_sections(judged)])


def _sections(judged: Sequence[JudgedClaim]) -> Iterator[str]:
    for each in judged:
        claim = each.claim
        said = f"{claim.claimant}, {claim.date} ({claim.source}) [{claim.confidence}]"
        yield f"## {claim.title}\n\n`{claim.name}`: {said}.\n\n{claim.modelling}\n"
        for part in each.parts:
            if part.readings:
                yield _deeper(markdown(readings_table(part)))
            else:
                yield f"### {part.part.title}: {part.verdict.words}\n"
        rows = [row for part in each.parts for row in part.walls]
        if rows:
            yield _deeper(markdown(walls_table(rows)))


def _deeper(text: str) -> str:
    return f"#{text}"
