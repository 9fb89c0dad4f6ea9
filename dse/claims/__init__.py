"""Claims of vendors and articles, modelled with the library's own physics and judged by rule."""

from dse.claims.bench import Bench
from dse.claims.reading import VERDICTS, Reading, Verdict, judge
from dse.claims.run import KINDS, JudgedClaim, JudgedPart, judge_claim
from dse.claims.walls import WALLS, Wall, WallsRow

__all__ = [
    "KINDS",
    "VERDICTS",
    "WALLS",
    "Bench",
    "JudgedClaim",
    "JudgedPart",
    "Reading",
    "Verdict",
    "Wall",
    "WallsRow",
    "judge",
    "judge_claim",
]
